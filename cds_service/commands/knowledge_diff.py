"""`cds-service knowledge diff` and `export`: two releases, or a release and a site's overlay, compared in words."""

import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cards.knowledge.compare import differences
from cards.knowledge.overlay import read_overlay
from cards.knowledge.snapshot import Snapshot, site_snapshot, snapshot
from cds_service.commands.as_of import moment
from cds_service.commands.failures import Failed, reported
from cds_service.commands.overlay_option import overlay_option
from cds_service.settings import read_settings

_FORMAT = "neuropathic-cds-hooks knowledge 1"


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def diff_command(old: str, new: str, form: str) -> None:
    """Say in words what differs between OLD and NEW.

    Each is `base` (the knowledge of this installation), the folder of a site's overlay, the knowledge folder of
    another release (or the folder that holds its cards/knowledge), its wheel, or a file of `knowledge export`.
    """
    with reported():
        zone = read_settings().zone
        today = moment(None, zone).astimezone(zone).date()
        before, after = _read(old, today), _read(new, today)
    found = differences(before, after)
    if form == "json":
        click.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
        return
    click.echo(f"{before.name} -> {after.name}")
    for one in found:
        click.echo(one.line())
    click.echo(f"{len(found)} differences" if found else "no difference")


@click.command("export")
@overlay_option
def export_command(overlay: Path | None) -> None:
    """Print the knowledge as JSON, with the site's overlay if there is one: a release to compare later ones with."""
    with reported():
        settings = read_settings()
        today = moment(None, settings.zone).astimezone(settings.zone).date()
        made = site_snapshot(read_overlay(overlay or settings.knowledge_overlay), today)
    click.echo(json.dumps({"format": _FORMAT, **asdict(made)}, default=_number, indent=1, ensure_ascii=False))


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in knowledge")


def _read(named: str, today: date) -> Snapshot:
    if named == "base":
        return site_snapshot(read_overlay(None), today)
    path = Path(named)
    if path.is_dir():
        return snapshot(path, today)
    if not path.is_file():
        raise Failed(f"there is no {named}: name a folder, a wheel, a file of `knowledge export`, or base")
    return _of_wheel(path, today) if zipfile.is_zipfile(path) else _of_export(path)


def _of_wheel(path: Path, today: date) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as wheel:
        listed = [
            name
            for name in wheel.namelist()
            if name.startswith("cards/knowledge/") and name.endswith(".yaml")
        ]
        if not listed:
            raise Failed(f"{path} holds no cards/knowledge")
        for name in listed:
            wheel.extract(name, folder)
        return snapshot(Path(folder), today)


def _of_export(path: Path) -> Snapshot:
    try:
        document = json.loads(path.read_bytes(), parse_float=Decimal)
    except ValueError as error:
        raise Failed(f"{path} is no file of `knowledge export`: {error}") from None
    if not isinstance(document, dict) or document.pop("format", None) != _FORMAT:
        raise Failed(f"{path} is no file of `knowledge export`")
    members: Mapping[str, Any] = document
    try:
        return Snapshot(**members)
    except TypeError:
        raise Failed(
            f"{path} was exported by another release, in a form that this one does not read"
        ) from None
