"""`cds-service example`: synthetic hook requests, dated relative to the day they are printed."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import click

from cds_service.commands.failures import Failed, reported
from cds_service.settings import read_settings

_FOLDER = files("cds_service") / "examples"
# "$date(-12d)", "$time(-12d)", "$date(-74y)": the day so long ago, or 09:00 of it.
_RELATIVE = re.compile(r"\$(date|time)\(-(\d{1,5})([dy])\)", re.ASCII)


@click.command("example")
@click.argument("name", required=False)
def example_command(name: str | None) -> None:
    """Print the synthetic request NAME; without NAME, list them."""
    if name is None:
        click.echo("\n".join(names()))
        return
    with reported():
        zone = read_settings().zone
    click.echo(example(name, datetime.now(UTC).astimezone(zone).date()), nl=False)


def names() -> list[str]:
    """The names of all examples."""
    return sorted(one.name.removesuffix(".json") for one in _FOLDER.iterdir() if one.name.endswith(".json"))


def example(name: str, today: date) -> str:
    """The JSON text of one example as of `today`. Raises Failed for a name that is none."""
    if name not in names():
        raise Failed(f"there is no example {name}; there are {_listed(names())}")
    text = (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
    return _RELATIVE.sub(lambda match: _written(match, today), text)


def _written(match: re.Match[str], today: date) -> str:
    form, count, unit = match[1], int(match[2]), match[3]
    day = today - timedelta(days=count) if unit == "d" else _years_before(today, count)
    return f"{day.isoformat()}T09:00:00Z" if form == "time" else day.isoformat()


def _years_before(today: date, years: int) -> date:
    """The same day so many years ago, so that the age is exactly that; 1 March for 29 February."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return date(today.year - years, 3, 1)


def _listed(found: Iterable[str]) -> str:
    return ", ".join(found)
