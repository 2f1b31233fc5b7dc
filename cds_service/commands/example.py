"""`cds-service example`: synthetic hook requests, dated relative to the day they are printed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from importlib.resources import files

import click

from cds_service.commands.failures import Failed, reported
from cds_service.hooks.keys import templates
from cds_service.json_bytes import to_text
from cds_service.relative_dates import dated
from cds_service.sandbox.example_requests import hook_request, transaction
from cds_service.sandbox.patients import synthetic_patients
from cds_service.settings import Settings, read_settings
from cds_service.site_terminology import site_terminology

_FOLDER = files("cds_service") / "examples"


@click.command("example")
@click.argument("name", required=False)
@click.option(
    "--hook", default="order-sign", type=click.Choice(["order-sign", "order-select", "patient-view"])
)
@click.option("--patients", is_flag=True, help="Print a transaction Bundle of the synthetic patients.")
def example_command(name: str | None, hook: str, patients: bool) -> None:
    """Print the synthetic request NAME, or the one about the synthetic patient NAME; without NAME, list them.

    --hook is for patients; the bundle of --patients loads them into a FHIR server.
    """
    with reported():
        settings = read_settings()
    today = datetime.now(UTC).astimezone(settings.zone).date()
    if patients:
        click.echo(to_text(transaction(synthetic_patients(today).values())))
    elif name is None:
        click.echo("\n".join([*names(), *synthetic_patients(today)]))
    elif name in synthetic_patients(today):
        click.echo(about_patient(name, today, settings, hook))
    else:
        click.echo(example(name, today), nl=False)


def names() -> list[str]:
    """The names of the examples that are files."""
    return sorted(one.name.removesuffix(".json") for one in _FOLDER.iterdir() if one.name.endswith(".json"))


def example(name: str, today: date) -> str:
    """The JSON text of one example as of `today`. Raises Failed for a name that is none."""
    if name not in names():
        known = [*names(), *synthetic_patients(today)]
        raise Failed(f"there is no example {name}; there are {_listed(known)}")
    return dated((_FOLDER / f"{name}.json").read_text(encoding="utf-8"), today)


def about_patient(name: str, today: date, settings: Settings, hook: str) -> str:
    """The JSON text of a request about a synthetic patient, who is known."""
    queries = templates(site_terminology(settings).sets.sets)
    return to_text(hook_request(synthetic_patients(today)[name], queries, today, hook))


def _listed(found: Iterable[str]) -> str:
    return ", ".join(found)
