"""`cds-service terminology coverage`, `import-rxnorm` and `export`: the commands that read or write files."""

import gzip
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cds_service.commands.failures import Failed, reported
from cds_service.json_bytes import UnreadableJson, from_bytes
from cds_service.settings import read_settings
from cds_service.site_terminology import site_terminology
from terminology.coverage import CoverageReader, report
from terminology.published import export
from terminology.rrf import RrfError
from terminology.rxnorm import import_release

_GZIP = b"\x1f\x8b"
_DEFAULT_TARGET = "rxnorm.sqlite"


@click.command("coverage")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path)
)
@click.option("--most", default=20, show_default=True, help="List at most so many unknown codes per system.")
def coverage_command(files: tuple[Path, ...], most: int) -> None:
    """Count which codes of FHIR files are known: JSON, NDJSON, either with .gz; Bundles and hook requests too.

    A folder stands for the files in it. Exit code 1 where a file could not be read.
    """
    with reported():
        reader = CoverageReader(site_terminology(read_settings()))
    unreadable = 0
    for path in _files(files):
        for document, problem in _documents(path):
            if problem:
                unreadable += 1
                click.echo(f"could not read {path}: {problem}", err=True)
            else:
                reader.read(document)
    for line in report(reader.coverage, most):
        click.echo(line)
    sys.exit(1 if unreadable else 0)


@click.command("import-rxnorm")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: "
              f"CDS_RXNORM_FILE, else {_DEFAULT_TARGET} in the working folder.")  # fmt: skip
def import_command(folder: Path, target: Path | None) -> None:
    """Build the site's own table from the RRF files of an RxNorm release in DIR (or its rrf folder).

    Nothing is replaced unless the whole release could be read. The service reads the new file when it starts.
    """
    # Not through the settings: they refuse a file that does not exist yet.
    chosen = target or Path(os.environ.get("CDS_RXNORM_FILE", "").strip() or _DEFAULT_TARGET)
    try:
        imported = import_release(folder, chosen, _progress)
    except (RrfError, OSError) as error:
        raise Failed(f"nothing was imported: {error}") from error
    click.echo(f"wrote {chosen}: RxNorm release {imported.release}")
    for name, count in imported.counts.items():
        click.echo(f"  {name}: {count:,}")
    click.echo(f"Set CDS_RXNORM_FILE={chosen.resolve()} and start the service again.")


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def export_command(folder: Path) -> None:
    """Write the value sets and code maps as FHIR R4B resources, one JSON file each, into DIR."""
    with reported():
        terms = site_terminology(read_settings())
    try:
        counts = export(terms, folder)
    except OSError as error:
        raise Failed(f"cannot write to {folder}: {error.strerror}") from error
    for kind, count in sorted(counts.items()):
        click.echo(f"{kind}: {count}")


def _progress(file: str, rows: int, share: float) -> None:
    click.echo(f"  {file}: {rows:,} rows, {share:.0%}", err=True)


def _files(named: tuple[Path, ...]) -> Iterator[Path]:
    for path in named:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            yield from (one for one in inside if one.suffix in (".json", ".ndjson", ".jsonl", ".gz"))
        else:
            yield path


def _documents(path: Path) -> Iterator[tuple[Any, str]]:
    """Each JSON document of a file, or what is wrong with it; NDJSON is read line by line."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP
        name = path.name.removesuffix(".gz")
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            if name.endswith((".ndjson", ".jsonl")):
                for number, line in enumerate(stream, start=1):
                    if line.strip():
                        yield _document(line, f"line {number}: ")
            else:
                yield _document(stream.read(), "")
    except (OSError, EOFError) as error:
        yield None, str(error)


def _document(content: bytes, where: str) -> tuple[Any, str]:
    try:
        return from_bytes(content), ""
    except UnreadableJson as error:
        return None, f"{where}{error}"
