"""`cds-service feedback export`: what became of the advice, for those who review it.

The columns hold what 45 CFR 170.315(b)(11) asks of feedback on decision support: intervention, action taken,
the user's feedback, user, date and location.
"""

import csv
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import click

from cds_service.commands.db import store
from cds_service.commands.failures import Failed
from cds_service.json_bytes import to_bytes
from cds_service.settings import read_settings

COLUMNS = (
    "date", "intervention", "action", "feedback", "user", "location", "reason_code", "reason_system",
    "reason_display", "suggestions", "client", "service", "hook", "card", "known", "topic", "indicator", "drugs",
    "issued", "stated", "received", "knowledge_version", "terminology_version",
)  # fmt: skip

# A spreadsheet runs a cell that begins with one of these, some also behind blanks, tabs or line breaks.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@click.group("feedback")
def feedback_group() -> None:
    """Feedback that EHRs sent on cards."""


@feedback_group.command("export")
@click.option("--format", "form", type=click.Choice(("csv", "ndjson")), default="csv", show_default=True)
@click.option(
    "--from", "first", metavar="DAY", help="First day received, such as 2026-01-31, in CDS_TIMEZONE."
)
@click.option("--to", "last", metavar="DAY", help="Last day received.")
def export_command(form: str, first: str | None, last: str | None) -> None:
    """Print every answer to a card, the oldest first, joined with the card it is about.

    Users are keyed hashes. `feedback` is what clinicians wrote and may name patients: keep it accordingly.
    """
    from cds_service.store.answers import exported
    from cds_service.store.engine import open_engine
    from cds_service.store.schema import check_schema

    with store() as settings:
        zone = read_settings().zone
        since, until = _start(first, zone, 0), _start(last, zone, 1)
        check_schema(settings.url)
        engine = open_engine(settings.url, 1)
        try:
            with engine.connect().execution_options(reading=True) as connection:
                rows = exported(connection, since, until)
                if form == "csv":
                    write_csv(rows)
                else:
                    for row in rows:
                        click.echo(to_bytes(row))
        finally:
            engine.dispose()


def write_csv(rows: Iterable[dict[str, Any]]) -> None:
    """Rows as CSV on standard output; no cell can run as a formula."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([cell(row[name]) for name in COLUMNS])


def cell(value: Any) -> str:
    """One cell: lists with blanks between, truth as yes or no, and text that only reads as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    written = " ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return f"'{written}" if written.lstrip(" \u00a0").startswith(_FORMULA) else written


def _start(day: str | None, zone: tzinfo, later: int) -> datetime | None:
    """The first moment of a day, or of the day after."""
    if day is None:
        return None
    try:
        found = date.fromisoformat(day) + timedelta(days=later)
    except (ValueError, OverflowError):
        raise Failed(f"a day looks like 2026-01-31, not like {day!r}") from None
    return datetime.combine(found, time(), zone).astimezone(UTC)
