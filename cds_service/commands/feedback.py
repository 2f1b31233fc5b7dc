"""`cds-service feedback`: what became of the advice, for those who review it, and made-up data to show the page.

The columns of the export hold what 45 CFR 170.315(b)(11) asks of feedback on decision support: intervention,
action taken, the user's feedback, user, date and location.
"""

import csv
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import click

from cards.knowledge.loader import load_knowledge
from cds_service.commands.db import failing_database, store
from cds_service.commands.failures import Failed
from cds_service.json_bytes import to_bytes
from cds_service.settings import read_settings
from cds_service.spreadsheet import cell as cell

COLUMNS = (
    "date", "intervention", "action", "feedback", "user", "location", "reason_code", "reason_system",
    "reason_display", "suggestions", "client", "service", "hook", "card", "known", "topic", "indicator", "drugs",
    "issued", "stated", "received", "knowledge_version", "terminology_version",
)  # fmt: skip


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


def _start(day: str | None, zone: tzinfo, later: int) -> datetime | None:
    """The first moment of a day, or of the day after."""
    if day is None:
        return None
    try:
        found = date.fromisoformat(day) + timedelta(days=later)
    except (ValueError, OverflowError):
        raise Failed(f"a day looks like 2026-01-31, not like {day!r}") from None
    return datetime.combine(found, time(), zone).astimezone(UTC)


@feedback_group.command("demo")
@click.option(
    "--database", required=True, metavar="URL", help="A new or empty database, such as sqlite:///demo.sqlite."
)
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True)
@click.option("--cards", "count", type=click.IntRange(1, 1_000_000), default=6_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same counts.")
def demo_command(database: str, days: int, count: int, seed: int) -> None:
    """Fill a database of its own with made-up cards and answers, to show the page /feedback.

    Every row is marked, and the page says that it shows demo data. A database that holds anything is refused.
    """
    from cds_service.store.demo import NotEmptyError, fill
    from cds_service.store.engine import database_url, open_engine
    from cds_service.store.schema import upgrade

    with failing_database():
        settings = read_settings()
        knowledge = load_knowledge(overlay=settings.knowledge_overlay)
        url = database_url(database)
        upgrade(url)
        engine = open_engine(url, 1)
        try:
            answers = fill(engine, knowledge, now=datetime.now(UTC), days=days, count=count, seed=seed)
        except NotEmptyError as error:
            raise Failed(str(error)) from None
        finally:
            engine.dispose()
    click.echo(f"{count} made-up cards and {answers} answers; show them with CDS_DATABASE_URL={database}")
