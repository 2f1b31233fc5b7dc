"""All evidence about pregnancy that a record holds, whatever key it came under."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo

from cards.facts.labs import indexed
from cards.facts.patient import Patient
from cards.facts.pregnancy_conditions import (
    concerns_pregnancy,
    from_episode,
    from_flag,
    from_problem,
    from_procedure,
)
from cards.facts.pregnancy_dating import begun
from cards.facts.pregnancy_evidence import Day, Evidence
from cards.facts.pregnancy_limits import PregnancyLimits
from cards.facts.pregnancy_observations import QUESTIONS, from_observation
from cards.facts.problems import Problem
from cards.facts.record import Record
from cards.facts.value_sets import ValueSets


def gather(
    problems: Iterable[Problem],
    record: Record,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: PregnancyLimits,
) -> Iterator[Evidence | str]:
    """All evidence in a record and its problem list, and a text for each piece that is unreadable."""
    for problem in problems:
        if concerns_pregnancy(problem):
            yield from from_problem(problem, zone)
    if not QUESTIONS.isdisjoint(indexed(record, terms).by_set):  # most records say nothing of pregnancy
        for observation in record.of_type("Observation"):
            yield from from_observation(observation, terms, zone, limits)
    for procedure in record.of_type("Procedure"):
        yield from from_procedure(procedure, terms, zone)
    for episode in record.of_type("EpisodeOfCare"):
        yield from from_episode(episode, terms, now, zone, limits)
    for flag in record.of_type("Flag"):
        yield from from_flag(flag, terms, now, zone)


def usable(
    gathered: Iterable[Evidence | str], patient: Patient, today: Day, limits: PregnancyLimits
) -> tuple[list[Evidence], list[str]]:
    """The evidence of the past, and a note on each that was not used."""
    newborn = patient.age is not None and patient.age[1] < limits.newborn_years
    found: list[Evidence] = []
    notes: list[str] = []
    for one in gathered:
        if isinstance(one, str):
            notes.append(one[:1].upper() + one[1:])
        elif one.first > today + limits.future_tolerance_days:
            notes.append(f"{one.source} is dated in the future and not used")
        elif one.kind == "due-date" and not begun(one, today, limits):
            notes.append(f"{one.source} gives a due date too far ahead to be of a pregnancy now")
        elif one.kind == "last-period" and one.due is not None and one.due[0] > today:
            notes.append(f"{one.source} gives a last menstrual period in the future")
        elif newborn and one.kind in ("due-date", "gestational-age", "last-period"):
            notes.append(f"{one.source} is taken to be about the patient's own birth")
        elif one.when is not None and one.last > today:
            found.append(replace(one, when=(min(one.first, today), today)))
        else:
            found.append(one)
    return found, notes
