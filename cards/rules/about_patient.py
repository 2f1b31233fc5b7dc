"""Predicates about the patient: age, sex and problems."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from cards.facts.problems import Problem
from cards.rules.answer import HOLDS_NOT, Answer, Check, Situation, unknown, whether


def _age(situation: Situation) -> tuple[int, int] | Answer:
    patient = situation.ctx.patient
    return patient.age if patient.age is not None else unknown(f"age not known: {patient.why_no_age}")


def age_at_least(situation: Situation, years: Decimal) -> Answer:
    """The oldest reading of the birth date is at least so many years."""
    age = _age(situation)
    return age if isinstance(age, Answer) else whether(age[1] >= years, f"Age {age[1]} years", str(age[1]))


def age_below(situation: Situation, years: Decimal) -> Answer:
    """The youngest reading of the birth date is below so many years."""
    age = _age(situation)
    return age if isinstance(age, Answer) else whether(age[0] < years, f"Age {age[0]} years", str(age[0]))


def sex(situation: Situation, wanted: str) -> Answer:
    """The sex for clinical use, else the administrative gender."""
    known = situation.ctx.patient.sex
    return unknown("sex not known") if known == "unknown" else whether(known == wanted, f"Sex {known}")


def inpatient(situation: Situation) -> Answer:
    """The present encounter is a hospital stay."""
    return whether(situation.ctx.inpatient, "In hospital")


def ancestry(situation: Situation, value_set: str) -> Answer:
    """Recorded race, ethnicity or ancestry is in the value set; never read from a name."""
    recorded = situation.ctx.patient.ancestry
    if recorded is None:
        return unknown("no ancestry recorded")
    return whether(value_set in recorded, "Ancestry as recorded for the patient")


def condition(situation: Situation, value_set: str) -> Answer:
    """An active problem is in the value set."""
    return _problem(situation, situation.ctx.active_problem(value_set), value_set)


def condition_within(situation: Situation, value_set: str, days: Decimal) -> Answer:
    """A problem of the value set, active or not, began at most so many days ago; undated is not known."""
    dated, undated = _since(situation, value_set, days)
    if dated is not None:
        return _problem(situation, dated, value_set)
    if undated is not None:
        return unknown(f"{undated.text or value_set}: no date on file")
    return _problem(situation, None, value_set)


def history(situation: Situation, value_set: str, days: Decimal) -> Answer:
    """A problem of the value set, active or not, at most so many days old; an undated one counts."""
    dated, undated = _since(situation, value_set, days)
    return _problem(situation, dated or undated, value_set)


def _since(situation: Situation, value_set: str, days: Decimal) -> tuple[Problem | None, Problem | None]:
    """The newest problem of the set that began within so many days, and one without a date."""
    first = situation.ctx.now - timedelta(days=int(days))
    of_set = [p for p in situation.ctx.problems if value_set in p.value_sets]
    recent = [p for p in of_set if p.dated is not None and p.dated.latest >= first]
    newest = max(recent, key=lambda p: p.dated.latest if p.dated else first, default=None)
    undated = next((p for p in of_set if p.dated is None and not _surely_before(p, first)), None)
    return newest, undated


def _surely_before(problem: Problem, first: Any) -> bool:
    known = [when for when in (problem.onset, problem.recorded) if when is not None]
    return bool(known) and all(when.latest < first for when in known)


def _problem(situation: Situation, found: Problem | None, value_set: str) -> Answer:
    if found is None:
        if situation.ctx.record.state("conditions") != "given":
            return unknown(situation.ctx.record.no_list("conditions", "problem list"))
        return HOLDS_NOT
    zone, now = situation.ctx.policy.zone, situation.ctx.now
    return whether(True, lambda: _listed(found, value_set, zone), lambda: _ago(found, now, zone))


def _listed(problem: Problem, value_set: str, zone: tzinfo) -> str:
    named = problem.text or value_set.replace("-", " ")
    when = f", {problem.dated.latest.astimezone(zone).date().isoformat()}" if problem.dated else ""
    return f"Problem list: {named}{when}"


def _ago(problem: Problem, now: datetime, zone: tzinfo) -> str:
    if problem.dated is None:
        return ""
    days = (now.astimezone(zone).date() - problem.dated.latest.astimezone(zone).date()).days
    if days < 1:
        return "today"
    count, unit = (days, "day") if days < 14 else (days // 7, "week") if days < 365 else (days // 365, "year")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


CHECKS: dict[str, Check] = {
    "age-at-least": age_at_least,
    "age-below": age_below,
    "sex": sex,
    "inpatient": inpatient,
    "ancestry": ancestry,
    "condition": condition,
    "condition-within": condition_within,
    "history": history,
}
