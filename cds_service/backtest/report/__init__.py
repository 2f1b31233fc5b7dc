"""The report of a run: one page for people, the same as Markdown, JSON and CSV."""

from pathlib import Path
from typing import Any

import duckdb
import orjson

from cds_service.backtest.parts import write_json
from cds_service.backtest.report.comparison import compare
from cds_service.backtest.report.figures import all_tables, open_run, totals
from cds_service.backtest.report.page import page
from cds_service.backtest.report.plain import csv_text, markdown
from cds_service.figures.tables import Table, suppressed


class NoRun(ValueError):  # noqa: N818  named for what is wrong
    """A folder that holds no complete run, or one that cannot be compared; the message says what to do."""


def write_report(out: Path, against: Path | None, to: Path, least: int) -> list[Path]:
    """Writes the report of the run in `out` to a folder, compared with another run where one is named.

    Numbers about fewer than `least` patients are left out of every file. Raises NoRun.
    """
    manifest = read_manifest(out)
    titles = manifest.pop("titles")
    with duckdb.connect() as database:
        open_run(out, database)
        total = totals(database)
        tables = [suppressed(one) for one in all_tables(database, total, titles, least)]
        compared: dict[str, Any] | None = None
        changed: list[Table] = []
        if against is not None:
            before = read_manifest(against)
            _comparable(manifest, before)
            open_run(against, database, "_before")
            compared, found = compare(database, titles, least)
            changed = [suppressed(one) for one in found]
            compared = {
                **compared,
                "versions_before": before["versions"],
                "settings_before": before["settings"],
            }
    content = {
        "run": manifest,
        "least_patients": least,
        "totals": _small_totals(total, least),
        "compared": compared,
        "tables": {one.id: one.as_json() for one in (*changed, *tables)},
    }
    to.mkdir(parents=True, exist_ok=True)
    written = [to / "report.html", to / "report.md", to / "report.json"]
    written[0].write_text(page(content, changed, tables), encoding="utf-8")
    written[1].write_text(markdown(content, changed, tables), encoding="utf-8")
    write_json(written[2], content)
    for table in (*changed, *tables):
        path = to / f"{table.id}.csv"
        path.write_text(csv_text(table), encoding="utf-8")
        written.append(path)
    return written


def read_manifest(out: Path) -> dict[str, Any]:
    """The manifest of a complete run. Raises NoRun."""
    try:
        manifest: dict[str, Any] = orjson.loads((out / "manifest.json").read_bytes())
    except FileNotFoundError:
        begun = (
            "begun and not complete: run the same command again" if (out / "run.json").exists() else "none"
        )
        raise NoRun(f"{out} holds no complete run ({begun})") from None
    except (OSError, orjson.JSONDecodeError):
        raise NoRun(f"the manifest in {out} cannot be read") from None
    return manifest


def _comparable(now: dict[str, Any], before: dict[str, Any]) -> None:
    if now["hash_key"] != before["hash_key"]:
        raise NoRun(
            "the two runs used different hash keys, so their orders cannot be matched: run one of them again "
            "with the --hash-key of the other"
        )


def _small_totals(total: dict[str, Any], least: int) -> dict[str, Any]:
    """The totals, without the number of cards where too few patients got one."""
    if 0 < total["patients_with_cards"] < least:
        return {**total, "cards": None, "with_cards": None, "patients_with_cards": None}
    return total
