"""`cds-service backtest`: what the service would have said to the orders of a bulk export."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cds_service.commands.failures import Failed, reported
from cds_service.settings import read_settings

_FOLDER = click.Path(path_type=Path, file_okay=False)
_KEY_FILE = ".hash-key"  # the service's own, where it runs in this folder


@click.group("backtest")
def backtest_group() -> None:
    """Evaluate the orders of a bulk FHIR export as the service would have, before anyone is interrupted."""


@backtest_group.command("run")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=_FOLDER, help="Folder for the tables and the manifest.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only orders signed from this local day on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only orders signed up to this local day.")
@click.option("--engine", type=click.Choice(("local", "spark")), default="local", show_default=True)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A site's knowledge. Default: CDS_KNOWLEDGE_OVERLAY.",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes, or executors of Spark; one per core.")
@click.option(
    "--hash-key",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="CDS_HASH_KEY_FILE",
    help=f"File with the key of the hashes; made where there is none. Default: {_KEY_FILE} in this folder.",
)
@click.option("--spark-master", help="Master of Spark. Default: local-cluster with --jobs executors.")
def run_command(sources: tuple[Path, ...], out: Path, **options: Any) -> None:
    """Evaluate every order in SOURCES: NDJSON (one file per type or many), Bundles, each also with .gz, or folders.

    Run the same command again to go on after an interruption.
    """
    with _reported():
        from cds_service.backtest.progress import Progress
        from cds_service.backtest.run import Run, run
        from cds_service.store.keyed_hash import read_key

        jobs = options["jobs"] or os.cpu_count() or 1
        manifest = run(
            Run(
                sources=list(sources),
                out=out,
                settings=_run_settings({**options, "out": out}),
                key=read_key(options["hash_key"] or Path(_KEY_FILE), make=True),
                engine=options["engine"],
                jobs=jobs,
                spark_master=options["spark_master"] or f"local-cluster[{jobs},1,1024]",
                progress=Progress(),
            )
        )
    click.echo(_summary(manifest, out))


@backtest_group.command("report")
@click.argument("run_folder", metavar="OUT", type=_FOLDER)
@click.option(
    "--against", type=_FOLDER, help="The run to compare with, for instance of the knowledge before."
)
@click.option("--to", type=_FOLDER, help="Folder for the report. Default: OUT/report.")
@click.option(
    "--small-cells",
    type=click.IntRange(1, 1000),
    default=11,
    show_default=True,
    help="Counts of fewer patients than this are not shown.",
)
def report_command(run_folder: Path, against: Path | None, to: Path | None, small_cells: int) -> None:
    """Write what a run found: report.html, report.md, report.json and one CSV per table."""
    with _reported():
        from cds_service.backtest.report import write_report

        for path in write_report(run_folder, against, to or run_folder / "report", small_cells):
            click.echo(path)


@backtest_group.command("explain")
@click.argument("run_folder", metavar="OUT", type=_FOLDER)
@click.argument("order", required=False)
@click.option("--order", "named", metavar="HASH", help="The order, by its hash in the tables.")
@click.option(
    "--source", "sources", multiple=True, type=click.Path(path_type=Path), help="Where the export lies now."
)
@click.option(
    "--hash-key", type=click.Path(path_type=Path, dir_okay=False), envvar="CDS_HASH_KEY_FILE",
    help=f"The key of the run. Default: {_KEY_FILE} in this folder.",
)  # fmt: skip
def explain_command(
    run_folder: Path, order: str | None, named: str | None, sources: tuple[Path, ...], hash_key: Path | None
) -> None:
    """Print how one order was read and why each card came or not. It needs the sources of the run."""
    wanted = named or order
    if not wanted:
        raise click.UsageError("name the order by its hash: backtest explain OUT --order HASH")
    with _reported():
        from cds_service.backtest.explain import explain
        from cds_service.json_bytes import to_text
        from cds_service.store.keyed_hash import read_key

        key = read_key(hash_key or Path(_KEY_FILE), make=False)
        click.echo(to_text(explain(run_folder, wanted.lower(), list(sources), key)))


def _run_settings(options: dict[str, Any]) -> Any:
    from cds_service.backtest.run import begun_on
    from cds_service.backtest.settings import RunSettings

    site = read_settings()
    overlay = options["overlay"] or site.knowledge_overlay
    since, until = _day(options["since"]), _day(options["until"])
    if since and until and until < since:
        raise Failed("--until lies before --since")
    return RunSettings(
        jurisdiction=site.jurisdiction,
        zone=str(site.zone),
        since=since,
        until=until,
        overlay=overlay.resolve() if overlay else None,
        in_force_on=begun_on(options["out"]) or datetime.now(site.zone).date(),
        require_approval=site.require_approval,
        rxnorm_file=site.rxnorm_file,
        value_sets_folder=site.value_sets_folder,
    )


def _day(when: datetime | None) -> date | None:
    return when.date() if when else None


def _summary(manifest: dict[str, Any], out: Path) -> str:
    rows, read = manifest["rows"], manifest["read"]
    lines = [
        f"{rows['orders']:,} orders of {rows['patients']:,} patients, {rows['cards']:,} cards; "
        f"{read['resources']:,} resources read",
    ]
    bad = manifest["bad_lines"]
    if bad["count"]:
        first = bad["sample"][0]
        lines.append(
            f"{bad['count']:,} lines could not be read; the first: {first['file']}, line {first['line']}: "
            f"{first['reason']}"
        )
    passed_over = manifest["files_not_read"]
    if passed_over["count"]:
        lines.append(
            f"{passed_over['count']:,} files of other kinds were not read; the first: {passed_over['sample'][0]}"
        )
    if manifest.get("already_complete"):
        lines.append("This run was complete already.")
    lines.append(f"Next: cds-service backtest report {out}")
    return "\n".join(lines)


@contextmanager
def _reported() -> Iterator[None]:
    """As `reported`, with the failures of a back-test and a missing extra."""
    try:
        with reported():
            yield
    except ModuleNotFoundError as error:
        extra = "spark" if error.name in ("pyspark", "pandas", "py4j") else "backtest"
        raise Failed(
            f"this needs {error.name}, which is not installed: pip install 'neuropathic-cds-hooks[{extra}]'"
        ) from error
    except (ValueError, RuntimeError) as error:
        if type(error).__module__.startswith(("cds_service.backtest", "cds_service.store")):
            raise Failed(str(error)) from error
        raise
