"""Which statements can speak: not those of a topic that is off, nor switched off, nor waiting for an approval."""

from dataclasses import replace
from datetime import date

from cards.knowledge.index import NOT_APPROVED, Knowledge, by_class, by_drug
from cards.knowledge.rule_types import DoseLimit, RenalDose
from cards.knowledge.statements import Statement


def in_force(loaded: Knowledge) -> Knowledge:
    """The knowledge with its indexes; asked for a day, it leaves out what is switched off on it."""
    ends = {one.switched_off.expires for one in loaded.statements.values() if one.switched_off}
    phases = tuple((day, _indexed(loaded, day)) for day in sorted(ends))
    return replace(_indexed(loaded, None), _phases=phases)


def _indexed(loaded: Knowledge, day: date | None) -> Knowledge:
    """As it is on a day; None: once every switch-off has ended."""
    dormant = {one.id: why for one in loaded.statements.values() if (why := _why_dormant(one, loaded, day))}
    speaking = replace(_without(loaded, frozenset(dormant)), dormant=dormant)
    unbound = frozenset(name for name in dormant if not _bounds(loaded.statements[name], loaded, day))
    if len(unbound) == len(dormant):
        return speaking
    return replace(speaking, _bounding=_without(loaded, unbound))


def _without(loaded: Knowledge, left_out: frozenset[str]) -> Knowledge:
    kept = [one for one in loaded.statements.values() if one.id not in left_out]
    return replace(loaded, of_drug=by_drug(kept), of_class=by_class(kept))


def _why_dormant(statement: Statement, loaded: Knowledge, day: date | None) -> str:
    """Why a statement is not in force, "" where it is."""
    topic, off = loaded.policy.topics_off.get(statement.topic), statement.switched_off
    if topic is not None:
        return f"this site has turned the topic {topic.topic} off ({topic.owner}: {topic.reason})"
    if off is not None and day is not None and off.applies_on(day):
        return f"this site has switched it off until {off.expires} ({off.owner}: {off.reason})"
    if loaded.require_approval and statement.review.current is None:
        return f"{NOT_APPROVED}: {statement.review.words(date.min)}"
    return ""


def _bounds(statement: Statement, loaded: Knowledge, day: date | None) -> bool:
    """Whether an offered change must keep to it all the same."""
    if isinstance(statement.rule, RenalDose | DoseLimit):
        return True
    return _why_dormant(statement, loaded, day).startswith(NOT_APPROVED)
