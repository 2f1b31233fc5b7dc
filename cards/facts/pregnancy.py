"""Pregnancy, lactation and childbearing potential at one moment, and the evidence that decided."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

from cards.facts.childbearing import (
    Contraception,
    Potential,
    Taken,
    read_childbearing,
    sex_for_pregnancy,
)
from cards.facts.patient import Patient
from cards.facts.pregnancy_dating import coded_trimester, trimester_at
from cards.facts.pregnancy_evidence import Day, Evidence, dated, local_day, newest
from cards.facts.pregnancy_limits import PREGNANCY_LIMITS, PregnancyLimits
from cards.facts.pregnancy_person import judged, lactation
from cards.facts.pregnancy_record import gather, usable
from cards.facts.pregnancy_status import Answer, Claims, weigh
from cards.facts.problems import Problem
from cards.facts.record import Record
from cards.facts.value_sets import ValueSets

Intention = Literal["wants", "does-not-want", "unknown"]

# (what, value, date, source)
Decided = tuple[str, str, str, str]


class Pregnancy(NamedTuple):
    """What the record says about pregnancy now.

    `ga_days` is the gestational age as counted, `ga_days_least` and `ga_days_most` its bounds in days, all
    None unless the status is yes; `ga_days_most` None beside a least one is no upper bound. `ga_basis` says
    where the age comes from. `infant_days` is the age of the youngest infant, `negative_test_days` the age
    of the newest negative test that nothing has overtaken. `conflict`: the record contradicts itself.
    """

    status: Answer = "unknown"
    ga_days: int | None = None
    ga_days_least: int | None = None
    ga_days_most: int | None = None
    ga_basis: str = ""
    trimester: int | None = None
    lactating: Answer = "unknown"
    lactating_why: str = ""
    infant_days: int | None = None
    childbearing_potential: Potential = "unknown"
    childbearing_why: str = ""
    contraception: Contraception = "none-recorded"
    contraception_sources: tuple[str, ...] = ()
    negative_test_days: int | None = None
    intention: Intention = "unknown"
    evidence: tuple[Decided, ...] = ()
    lactating_evidence: tuple[Decided, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    conflict: bool = False

    @property
    def ga_weeks(self) -> int | None:
        """Completed weeks."""
        return None if self.ga_days is None else self.ga_days // 7

    @property
    def ga_words(self) -> str:
        """The gestational age for people, "" when it is not known."""
        least, most = self.ga_days_least, self.ga_days_most
        if least is None:
            return ""
        if self.ga_days is not None and least == most:
            return _weeks(least)
        if most is None:
            return f"at least {_weeks(least)}"
        return f"between {_weeks(least)} and {_weeks(most)}" if least else f"up to {_weeks(most)}"

    @property
    def why(self) -> str:
        """The reason of the status with the evidence that decided."""
        found = "; ".join(f"{what} {value}, {when} ({source})" for what, value, when, source in self.evidence)
        return f"{self.reason}: {found}" if found else self.reason

    def may_have_reached(self, weeks: int) -> bool:
        """Whether pregnant and possibly so many completed weeks or more; true when the age is not known."""
        if self.status != "yes":
            return False
        _, most = self._bounds
        return most is None or most >= 7 * weeks

    def may_be_below(self, weeks: int) -> bool:
        """Whether pregnant and possibly fewer completed weeks than that; true when the age is not known."""
        return self.status == "yes" and self._bounds[0] < 7 * weeks

    def may_be_due_within(self, days: int) -> bool:
        """Whether pregnant and the due date may be at most so many days ahead, or past."""
        _, most = self._bounds
        return self.status == "yes" and (most is None or most >= PREGNANCY_LIMITS.term_days - days)

    @property
    def _bounds(self) -> tuple[int, int | None]:
        if self.ga_days_least is not None:
            return self.ga_days_least, self.ga_days_most
        if self.trimester is None:
            return 0, None
        second, third = PREGNANCY_LIMITS.second_trimester_days, PREGNANCY_LIMITS.third_trimester_days
        return ((0, second - 1), (second, third - 1), (third, None))[self.trimester - 1]


def read_pregnancy(
    patient: Patient,
    problems: Iterable[Problem],
    record: Record,
    medications: Iterable[Taken],
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: PregnancyLimits = PREGNANCY_LIMITS,
) -> Pregnancy:
    """Pregnancy, lactation and childbearing potential at `now` (aware), from every key of the record.

    Raises nothing, whatever the resources hold. The order of the resources decides nothing.
    """
    today = local_day(now, zone)
    if today is None:
        return Pregnancy(reason="the date of the evaluation cannot be read")
    person = next(iter(record.of_type("Patient")), None)
    sex = sex_for_pregnancy(person, patient, now, zone)
    found, notes = usable(gather(problems, record, terms, now, zone, limits), patient, today, limits)
    claims = weigh(found, today, limits)
    status, check = judged(patient, sex, found, claims, today, limits)
    feeding = lactation(patient, sex, found, today, limits)
    childbearing = read_childbearing(sex, patient, found, medications, today, limits)
    pregnant = status.answer == "yes"
    read = Pregnancy(
        status=status.answer,
        reason=status.why,
        evidence=tuple(map(_decided, status.evidence)),
        lactating=feeding.answer,
        lactating_why=feeding.why,
        lactating_evidence=tuple(map(_decided, feeding.evidence)),
        infant_days=feeding.infant_days,
        childbearing_potential="yes" if pregnant else childbearing.potential,
        childbearing_why="pregnant" if pregnant else childbearing.why,
        contraception=childbearing.contraception,
        contraception_sources=childbearing.sources,
        negative_test_days=_negative_test_days(found, claims, today),
        intention=_intention(found, today, limits),
        notes=tuple(sorted({*notes, *((check,) if check else ())})),
        conflict=status.conflict or bool(check),
    )
    return _with_age(read, claims, today, limits) if pregnant else read


def _with_age(read: Pregnancy, claims: Claims, today: Day, limits: PregnancyLimits) -> Pregnancy:
    age = claims.gestation
    if age is None:
        return read._replace(trimester=coded_trimester(claims.standing, today, limits))
    least = max(age.least, 0)
    trimester = None if age.days is None else trimester_at(age.days, limits)
    if age.days is None and trimester_at(least, limits) == (
        3 if age.most is None else trimester_at(age.most, limits)
    ):
        trimester = trimester_at(least, limits)
    notes = read.notes
    if age.evidence.kind == "due-date" and not age.evidence.ultrasound:
        notes = (*notes, "Whether ultrasound confirmed the due date is not on record")
    return read._replace(
        ga_days=age.days,
        ga_days_least=least,
        ga_days_most=age.most,
        ga_basis=age.basis,
        trimester=trimester,
        notes=notes,
        evidence=tuple(dict.fromkeys((*read.evidence, _decided(age.evidence)))),
    )


def _negative_test_days(found: list[Evidence], claims: Claims, today: Day) -> int | None:
    """Days since the newest negative test that no evidence of a pregnancy has followed."""
    tests = [one for one in found if one.kind == "test-negative" and one.when is not None]
    if not tests:
        return None
    newest_test = max(tests, key=lambda one: (one.first, one.order))
    if any(one.last >= newest_test.first for one in (*claims.standing, *claims.open)):
        return None
    return max(today - newest_test.first, 0)


def _intention(found: list[Evidence], today: Day, limits: PregnancyLimits) -> Intention:
    said = newest(
        [
            one
            for one in found
            if one.kind in ("intends", "no-intention") and today - one.last <= limits.intention_days
        ]
    )
    if said is None:
        return "unknown"
    return "wants" if said.kind == "intends" else "does-not-want"


def _decided(one: Evidence) -> Decided:
    return (one.what, one.value, dated(one.when), one.source)


def _weeks(days: int) -> str:
    return f"{days // 7} weeks {days % 7} days"
