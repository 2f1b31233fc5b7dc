"""`cds-service knowledge approve`: keeps a clinician's approval of statements in the site's overlay."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from cards.knowledge.overlay import APPROVALS, read_overlay
from cards.knowledge.site_values import reviewed
from cards.knowledge.strict_yaml import KnowledgeFileError, read
from cds_service.commands.as_of import moment
from cds_service.commands.failures import Failed, reported
from cds_service.commands.overlay_option import overlay_option
from cds_service.settings import read_settings
from cds_service.site_knowledge import site_knowledge

_HEAD = """\
# Who approved which statement, and when; written by `cds-service knowledge approve`. A fingerprint stands for the
# content that was approved: a statement that changes loses its approval.
approvals:
"""


@click.command("approve")
@click.option(
    "--statement", "names", multiple=True, required=True, metavar="ID", help="May be given more than once."
)
@click.option("--by", required=True, metavar="NAME", help="The clinician who approves.")
@click.option("--role", default="", metavar="ROLE", help="For instance: clinical pharmacist.")
@click.option("--date", "on", type=click.DateTime(("%Y-%m-%d",)), help="Day of the approval. Default: today.")
@overlay_option
def approve_command(
    names: tuple[str, ...], by: str, role: str, on: datetime | None, overlay: Path | None
) -> None:
    """Record that a clinician has approved statements as they stand now, with the site's own values."""
    with reported():
        settings = read_settings()
        today = moment(None, settings.zone).astimezone(settings.zone).date()
        folder = overlay or settings.knowledge_overlay
        if folder is None:
            raise Failed(
                "approvals are kept in a site's overlay: name its folder in CDS_KNOWLEDGE_OVERLAY or --overlay"
            )
        day = on.date() if on else today
        if day > today:
            raise Failed(f"--date: {day} is still to come")
        if len(by.strip()) < 3:
            raise Failed("--by needs the name of the clinician who approves")
        knowledge = site_knowledge(None, folder)
        for name in names:
            if name not in knowledge.statements:
                raise Failed(f"there is no statement {name}; see 'cds-service knowledge list'")
        entries = [
            _entry(
                name, by.strip(), role.strip(), day, knowledge.statements[name].fingerprint, knowledge.version
            )
            for name in dict.fromkeys(names)
        ]
        keep_approvals(folder, entries)
        site = read_overlay(folder)
    for name in dict.fromkeys(names):
        one = knowledge.statements[name]
        click.echo(f"{name}: {reviewed(one, one.fingerprint, site).review.words(today)}")


def keep_approvals(folder: Path, entries: list[dict[str, Any]]) -> None:
    """Adds them to the file, whose earlier entries and comments stay. Raises KnowledgeFileError or Failed."""
    path = folder / APPROVALS
    before = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    known = (read(path) or {}).get("approvals") or [] if path.exists() else []
    fresh = path.with_name(f".{APPROVALS}.new")
    try:
        fresh.write_text(f"{before.rstrip()}\n{_block(entries)}", encoding="utf-8")
        if not _holds(fresh, len(known) + len(entries)):  # the list is written in another style
            fresh.write_text(_HEAD + _block([*known, *entries]), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise Failed(f"cannot write {path}: {error.strerror}") from None
    read_overlay(folder)


def _holds(path: Path, count: int) -> bool:
    try:
        document = read(path)
    except KnowledgeFileError:
        return False
    return (
        isinstance(document, dict)
        and document.keys() == {"approvals"}
        and len(document["approvals"]) == count
    )


def _block(entries: list[dict[str, Any]]) -> str:
    return "".join(f"  {line}\n" for line in _dumped(entries).splitlines())


def _dumped(entries: list[dict[str, Any]]) -> str:
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=1000)


def _entry(name: str, by: str, role: str, day: date, fingerprint: str, release: str) -> dict[str, Any]:
    entry = {"statement": name, "by": by, "role": role, "date": day}
    return {
        **{key: value for key, value in entry.items() if value},
        "fingerprint": fingerprint,
        "release": release,
    }
