"""The knowledge of one release, or of one site, as it is written: what two of are compared.

It is read without schemas, so that a release of another year can still be compared with this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cards.knowledge.loader import HOME, knowledge_files
from cards.knowledge.overlay import Overlay, read_overlay
from cards.knowledge.policy_file import SitePolicy
from cards.knowledge.strict_yaml import KnowledgeFileError, read
from cards.knowledge.values import NotAValueError, with_values

# Files that only a release has: what has none of them is a site's overlay.
_OF_RELEASE = ("ruleset.yaml", "seed.yaml", "offers.yaml", "risks.yaml")
_NOT_COMPARED = frozenset({"ruleset.yaml", "policy.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`statements` by id, each with its drug and the full text of its sources; `off` are those switched off, in
    words; `policy` and `topics_off` are the site's; `others` are the remaining files by name.
    """

    name: str
    statements: Mapping[str, Mapping[str, Any]]
    off: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    topics_off: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)


def snapshot(folder: Path, day: date) -> Snapshot:
    """Of a folder: a release, or a site's overlay on the shipped knowledge as it is in force on that day.

    Raises KnowledgeFileError for a folder that is neither, and for a file that cannot be read.
    """
    within = folder / "cards" / "knowledge"
    folder = within if within.is_dir() else folder
    if any((folder / name).exists() for name in _OF_RELEASE):
        return _release(folder)
    return site_snapshot(read_overlay(folder), day)


def site_snapshot(site: Overlay, day: date) -> Snapshot:
    """Of the shipped knowledge with a site's overlay."""
    base = _release(HOME)
    statements = dict(base.statements)
    for name, sets in site.changes.items():
        for one in sets:
            if name not in statements:
                raise one.where.error(f"there is no statement {name}", "statement")
            try:
                statements[name] = with_values(statements[name], one.values)
            except NotAValueError as error:
                raise one.where.error(str(error), "set") from None
    if site.folder is not None:
        statements |= _statements(site.folder)
    off = {
        name: f"until {one.expires} ({one.owner}: {one.reason})"
        for name, one in site.off.items()
        if one.applies_on(day)
    }
    return Snapshot(
        name=f"{base.name} with overlay {site.version}" if site.version else base.name,
        statements=statements,
        off=off,
        policy=_policy(site.policy),
        topics_off={name: f"{one.owner}: {one.reason}" for name, one in site.policy.topics_off.items()},
        others=base.others,
    )


def _release(folder: Path) -> Snapshot:
    ruleset = read(folder / "ruleset.yaml") if (folder / "ruleset.yaml").exists() else {}
    policy = read(folder / "policy.yaml") if (folder / "policy.yaml").exists() else {}
    return Snapshot(
        name=str((ruleset or {}).get("release", "")) or folder.name,
        statements=_statements(folder),
        policy={name: value for name, value in (policy or {}).items() if name != "topics_off"},
        others={
            path.name: read(path) for path in sorted(folder.glob("*.yaml")) if path.name not in _NOT_COMPARED
        },
    )


def _policy(policy: SitePolicy) -> dict[str, Any]:
    return {
        "repeat_days": policy.repeat_days,
        "max_cards": policy.max_cards,
        "review_months": policy.review_months,
    }


def _statements(folder: Path) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for path in knowledge_files(folder):
        document = read(path)
        if not isinstance(document, dict) or not isinstance(document.get("statements"), list):
            raise KnowledgeFileError(f"{path.name}: needs a list of statements")
        sources = document.get("sources") or {}
        drug = {"drug": document["drug"]} if "drug" in document else {}
        for one in document["statements"]:
            if not isinstance(one, dict) or "id" not in one:
                raise KnowledgeFileError(f"{path.name}: a statement needs an id")
            named = {key: sources.get(key) for key in one.get("sources", ())}
            found[str(one["id"])] = {**one, **drug, "sources": named}
    return found
