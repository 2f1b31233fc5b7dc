"""Gestational age: which evidence gives it, what it is today, and when the pregnancy it dates must be over."""

from collections.abc import Iterable
from dataclasses import dataclass

from cards.facts.pregnancy_evidence import Day, Evidence, dated, newest
from cards.facts.pregnancy_limits import PregnancyLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Gestation:
    """Gestational age today, in days.

    `days` is the age as it is counted, None where the evidence gives only bounds (a due date known to the
    month, "less than 8 weeks"). `most` is None where there is no upper bound.
    """

    days: int | None
    least: int
    most: int | None
    evidence: Evidence
    basis: str


def gestation(dating: Iterable[Evidence], today: Day, limits: PregnancyLimits) -> Gestation | None:
    """Today's gestational age from evidence that dates the present pregnancy.

    An ultrasound due date before another due date, the newest of each; then a dated observation, the last
    period, the week a code names.
    """
    found = list(dating)
    return next((_read(one, today, limits) for one in _ranked(found)), None)


def _ranked(found: list[Evidence]) -> list[Evidence]:
    groups = (
        [one for one in found if one.kind == "due-date" and one.ultrasound],
        [one for one in found if one.kind == "due-date"],
        [one for one in found if one.kind == "gestational-age"],
        [one for one in found if one.kind == "last-period"],
        [one for one in found if one.coded_week],
    )
    return [best for group in groups if (best := newest(group)) is not None]


def _read(one: Evidence, today: Day, limits: PregnancyLimits) -> Gestation:
    least, most = age(one, today, limits)
    if one.kind == "due-date":
        how = "the due date by ultrasound" if one.ultrasound else "the due date"
        basis = f"{how} {dated(one.due)}"
    elif one.kind == "last-period":
        basis = f"the last menstrual period {dated(one.due)}"
    elif one.kind == "gestational-age":
        basis = f"{one.value} on {dated(one.when)}"
    else:
        basis = f"the week coded on {dated(one.when)}"
    # A code names a completed week: its first day is what is counted, its last the upper bound.
    counted = one.coded_week and one.days is not None and one.days[0] > 0 and one.days[1] is not None
    one_day = one.when is None or one.when[0] == one.when[1] or one.kind in ("due-date", "last-period")
    exact = least == most or (counted and one_day) or (one.kind == "gestational-age" and one_day)
    return Gestation(days=max(least, 0) if exact else None, least=least, most=most, evidence=one, basis=basis)


def age(one: Evidence, today: Day, limits: PregnancyLimits) -> tuple[int, int | None]:
    """(least, most) gestational age today, in days, that one dating evidence gives."""
    if one.due is not None:
        first, last = one.due
        if one.kind == "due-date":
            return limits.term_days - (last - today), limits.term_days - (first - today)
        return today - last, today - first
    low, high = one.days or (0, None)
    return low + today - one.last, None if high is None else high + today - one.first


def over(one: Evidence, limits: PregnancyLimits) -> Day:
    """The last day on which the pregnancy that this evidence dates can still go on."""
    if one.kind == "due-date" and one.due is not None:
        return one.due[1] + limits.past_due_days
    if one.kind == "last-period" and one.due is not None:
        return one.due[1] + limits.longest_gestation_days
    low = one.days[0] if one.days else 0
    return one.last + limits.longest_gestation_days - low


def begun(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    """Whether the pregnancy that this evidence dates can have begun."""
    _, most = age(one, today, limits)
    return most is None or most >= 0


def trimester_at(days: int, limits: PregnancyLimits) -> int:
    """The trimester of a gestational age: 1, 2 or 3."""
    return 1 + (days >= limits.second_trimester_days) + (days >= limits.third_trimester_days)


def coded_trimester(found: Iterable[Evidence], today: Day, limits: PregnancyLimits) -> int | None:
    """The trimester the newest codes name, while that can be trusted; None when they differ."""
    recent = [
        one for one in found if one.trimester is not None and today - one.last <= limits.trimester_digit_days
    ]
    last = max((one.last for one in recent), default=None)
    named = {one.trimester for one in recent if one.last == last}
    return named.pop() if len(named) == 1 else None
