"""Which of several results of one kind stands, and whether it can be used at all."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from cards.facts.lab_reading import Rejected, Result
from cards.facts.labs import Found, newest
from cards.facts.renal import Issue


class Chosen(NamedTuple):
    """The newest result, or the issue that keeps it from being used, with its reason and original text."""

    result: Result | None = None
    issue: Issue = "none"
    why: str = ""
    original: str = ""
    notes: tuple[str, ...] = ()


def choose(
    found: Found,
    name: str,
    low: Decimal,
    high: Decimal,
    cautious: Callable[[Iterable[Decimal]], Decimal],
    not_supplied: str = "",
) -> Chosen:
    """The newest result of the analyte `name`, if it is exact and plausible.

    The newest decides: where it is unusable nothing older is taken in its place. A result without a
    readable value or date cannot be put in order; it is left out, with a note.
    """
    good, bad = found
    first = newest(good, cautious)
    wrong = [one for one in bad if one.code in ("no-unit", "implausible") and _newer(one, first)]
    blocking = wrong[0] if wrong else None
    if blocking is not None:
        issue: Issue = "no-unit" if blocking.code == "no-unit" else "implausible"
        return Chosen(issue=issue, why=f"the {name} was not used: {blocking.why}", original=blocking.original)
    if first is None:
        return _none(bad, name, not_supplied)
    if first.comparator:
        why = f"{name} {first.original} is not an exact value"
        return Chosen(issue="comparator", why=why, original=first.original)
    if not low <= first.value <= high:
        why = f"{name} {first.original} is outside {low}-{high} {first.unit}"
        return Chosen(issue="implausible", why=why, original=first.original)
    return Chosen(result=first, original=first.original, notes=_notes(first, bad, name))


def usable(found: Found, low: Decimal, high: Decimal) -> tuple[Result, ...]:
    """The exact and plausible results, newest first."""
    return tuple(one for one in found[0] if is_usable(one, low, high))


def is_usable(one: Result, low: Decimal, high: Decimal) -> bool:
    """Whether a result is exact and plausible."""
    return not one.comparator and low <= one.value <= high


def _newer(bad: Rejected, first: Result | None) -> bool:
    return first is None or (bad.observed is not None and bad.observed > first.observed)


def _none(bad: tuple[Rejected, ...], name: str, not_supplied: str) -> Chosen:
    ahead = next((one for one in bad if one.code == "future"), None)
    if ahead is not None:
        return Chosen(issue="future", why=f"the {name} was not used: {ahead.why}", original=ahead.original)
    if bad:
        return Chosen(issue="no-creatinine", why=f"the {name} was not used: {bad[0].why}")
    if not_supplied:
        return Chosen(issue="not-supplied", why=not_supplied)
    return Chosen(issue="no-creatinine", why=f"no {name} on file")


def _notes(used: Result, bad: tuple[Rejected, ...], name: str) -> tuple[str, ...]:
    if not bad and used.day_known and not used.by_issue_date:
        return ()
    notes = [f"A {name} was not used: {one.why}" for one in bad if one.observed is None or _newer(one, used)]
    if used.by_issue_date:
        notes.append(f"The {name} has only a date of issue, none of collection")
    if not used.day_known:
        notes.append(f"The day of the {name} is not known, so it counts as old as it can be")
    return tuple(dict.fromkeys(notes))
