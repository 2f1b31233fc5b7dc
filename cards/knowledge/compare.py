"""What differs between two states of the knowledge, in words that a pharmacist reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cards.knowledge.path_words import TEXTS, path_words
from cards.knowledge.snapshot import Snapshot
from cards.knowledge.values import entry_words, value_text

Kind = Literal[
    "added", "removed", "severity", "value", "condition", "text", "source", "switched-off", "switched-on", "policy",
    "other",
]  # fmt: skip
_SEVERITIES = frozenset({"severity", "to", "avoid_severity", "most"})
_CONDITIONS = frozenset({"any", "all"})
# What a statement is about, and how it is judged.
_SCOPE = frozenset(
    {
        "kind", "applies_to", "supersedes", "jurisdictions", "drug", "subject", "partner", "third", "given", "lab",
        "drug_class", "risk_set",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs: in which statement (or file), of what kind, where, and both values as text."""

    about: str
    kind: Kind
    path: str
    old: str
    new: str
    words: str

    def line(self) -> str:
        """As a line of text."""
        return f"{self.about}: {self.words}"


def differences(old: Snapshot, new: Snapshot) -> tuple[Difference, ...]:
    """All of them: policy, topics, then statements by id, then the other files."""
    return (
        *_of_policy(old, new),
        *(
            one
            for name in sorted({*old.statements, *new.statements})
            for one in _of_statement(name, old, new)
        ),
        *(one for name in sorted({*old.others, *new.others}) for one in _of_file(name, old, new)),
    )


def _of_policy(old: Snapshot, new: Snapshot) -> Iterator[Difference]:
    for name in sorted({*old.policy, *new.policy}):
        before, after = old.policy.get(name), new.policy.get(name)
        if before != after and before is not None and after is not None:
            yield _made("policy", "policy", name, before, after, name.replace("_", " "))
    for topic in sorted({*old.topics_off, *new.topics_off}):
        before, after = old.topics_off.get(topic), new.topics_off.get(topic)
        if before is None or after is None:
            words = f"topic {topic} turned off ({after})" if after else f"topic {topic} turned on again"
            yield Difference(
                about="policy", kind="policy", path=topic, old=before or "on", new=after or "on", words=words
            )


def _of_statement(name: str, old: Snapshot, new: Snapshot) -> Iterator[Difference]:
    before, after = old.statements.get(name), new.statements.get(name)
    if before is None and after is not None:
        words = f"added: {after.get('title')} ({after.get('severity')}; {_cited(after)})"
        yield Difference(about=name, kind="added", path="", old="", new=str(after.get("title")), words=words)
    elif before is not None and after is None:
        words = f"removed: {before.get('title')}"
        yield Difference(
            about=name, kind="removed", path="", old=str(before.get("title")), new="", words=words
        )
    elif before is not None and after is not None:
        for path, was, now in _walk(before, after, ""):
            what, unit = path_words(path)
            yield _made(name, _kind(path), path, was, now, what, unit)
    was_off, is_off = old.off.get(name), new.off.get(name)
    if is_off and not was_off:
        words = f"switched off {is_off}"
        yield Difference(about=name, kind="switched-off", path="", old="on", new=is_off, words=words)
    elif was_off and not is_off and after is not None:
        words = "no longer switched off"
        yield Difference(about=name, kind="switched-on", path="", old=was_off, new="on", words=words)


def _cited(statement: Mapping[str, Any]) -> str:
    sources = statement.get("sources") or {}
    first = next(iter(sources.values()), None) or {}
    return f"{first.get('title', 'no source')}, {first.get('section', '')}".rstrip(", ")


def _of_file(name: str, old: Snapshot, new: Snapshot) -> Iterator[Difference]:
    for path, was, now in _walk(old.others.get(name) or {}, new.others.get(name) or {}, ""):
        yield _made(name, "other", path, was, now, path)


def _made(about: str, kind: Kind, path: str, old: Any, new: Any, what: str, unit: str = "") -> Difference:
    if kind == "condition" and isinstance(old, list) and isinstance(new, list):
        gone = [value_text(one) for one in old if one not in new]
        come = [value_text(one) for one in new if one not in old]
        words = f"{what}: {'; '.join(gone) or 'nothing'} -> {'; '.join(come) or 'nothing'}"
    elif kind == "text":
        words = f"{what} “{value_text(old)}” -> “{value_text(new)}”"
    else:
        words = f"{what} {value_text(old)} -> {value_text(new)} {unit}".rstrip()
    return Difference(
        about=about, kind=kind, path=path, old=value_text(old), new=value_text(new), words=words
    )


def _kind(path: str) -> Kind:
    last = path.rpartition(".")[2].partition("[")[0]
    if path.startswith("sources"):
        return "source"
    if last in _SEVERITIES:
        return "severity"
    if last in _CONDITIONS:
        return "condition"
    if last in TEXTS:
        return "text"
    return "other" if last in _SCOPE else "value"


def _walk(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Paths of what differs, with both values; entries of a list are matched by what they say they are."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (*old, *(one for one in new if one not in old)):
            at = f"{path}.{name}" if path else str(name)
            yield from _walk(old.get(name), new.get(name), at)
    elif _entries(old) and _entries(new):
        before, after = _named(old), _named(new)
        for name in (*before, *(one for one in after if one not in before)):
            yield from _walk(before.get(name), after.get(name), f"{path}[{name}]")
    else:
        yield path, old, new


def _entries(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _named(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Entries by what names them, by their place where nothing does or two have one name."""
    names = [entry_words(one) for one in entries]
    return {
        name if name and names.count(name) == 1 else str(place): entry
        for place, (name, entry) in enumerate(zip(names, entries, strict=True))
    }
