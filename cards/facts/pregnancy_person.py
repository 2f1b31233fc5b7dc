"""Pregnancy and lactation of this patient: where sex, age or surgery rule them out, diagnosis codes do not count.

Codes stray into other people's charts. Only observations and results about the patient stand against that.
"""

from cards.facts.childbearing import outside_ages
from cards.facts.lactation import Lactation, read_lactation
from cards.facts.patient import Patient, Sex
from cards.facts.pregnancy_evidence import Day, Evidence, newest
from cards.facts.pregnancy_limits import PregnancyLimits
from cards.facts.pregnancy_status import Claims, Status, decide


def judged(
    patient: Patient, sex: Sex, found: list[Evidence], claims: Claims, today: Day, limits: PregnancyLimits
) -> tuple[Status, str]:
    """The status, and the data check to show where observations contradict sex, age or surgery."""
    if patient.deceased:
        return Status(answer="unknown", why="the patient has died"), ""
    absent = newest(one for one in found if one.kind == "uterus-absent")
    for applies, least, what, since in (
        (outside_ages(patient, limits), limits.items_outside_ages, "the patient's age", 0),
        (sex == "male", limits.items_against_sex, "the sex on record (male)", 0),
        (
            absent is not None,
            limits.items_against_sex,
            "the absence of the uterus",
            absent.last if absent else 0,
        ),
    ):
        if not applies:
            continue
        if _items(claims, since, today, limits) < least:
            why = f"{what} rules it out, and diagnosis codes alone do not count against that"
            return Status(answer="no", why=why, evidence=(absent,) if absent and since else ()), ""
        return decide(claims, today, limits), f"Observations of pregnancy contradict {what}: check the record"
    return decide(claims, today, limits), ""


def _items(claims: Claims, since: Day, today: Day, limits: PregnancyLimits) -> int:
    """How many observations or results of late say pregnant; those without an id count by what they say."""
    late = [
        one
        for one in (*claims.standing, *claims.open)
        if one.observed
        and (one in claims.standing or (one.when and today - one.last <= limits.pregnant_days))
        and (one.undated or not since or one.last > since)
    ]
    return len({(one.source, one.order if one.source.endswith("/") else None) for one in late})


def lactation(
    patient: Patient, sex: Sex, found: list[Evidence], today: Day, limits: PregnancyLimits
) -> Lactation:
    if outside_ages(patient, limits):
        return Lactation(answer="no", why="the patient's age rules it out")
    if sex == "male":
        # Codes stray into other charts; an answer about this patient's own feeding counts.
        found = [one for one in found if one.observed and one.kind in ("feeding", "not-feeding")]
    return read_lactation(found, today, limits)
