"""The time a command evaluates at."""

from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

import click

from cds_service.commands.failures import Failed


def as_of_option(command: Any) -> Any:
    """`--as-of WHEN`."""
    return click.option(
        "--as-of",
        metavar="WHEN",
        help="Evaluate at this ISO date or time; without a zone, in CDS_TIMEZONE. Default: now.",
    )(command)


def moment(written: str | None, zone: tzinfo) -> datetime:
    """The aware time that --as-of names; a date means its last second, so that its day has happened."""
    if written is None:
        return datetime.now(UTC)
    try:
        if len(written) <= len("2026-01-31"):
            return datetime.combine(date.fromisoformat(written), time(23, 59, 59), zone)
        read = datetime.fromisoformat(written)
    except ValueError:
        raise Failed(
            f"--as-of needs an ISO date or time such as 2026-03-31 or 2026-03-31T14:30, is {written!r}"
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=zone)
