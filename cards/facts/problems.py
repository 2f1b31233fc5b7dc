"""The problem list: Condition resources as the value sets they belong to, and whether they still hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

import orjson

from cards.facts.resources import (
    Interval,
    Resource,
    as_list,
    codings,
    concept_texts,
    flag,
    interval,
    obj,
    period,
    read_concept,
    structure,
    text,
)
from cards.facts.sites import sites_of
from cards.facts.value_sets import ValueSets, value_sets_of

# The status codes of every FHIR version.
_OVER = frozenset({"inactive", "resolved", "remission"})
_STILL_HOLDS = frozenset({"active", "recurrence", "relapse"})
_NEVER_WAS = frozenset({"entered-in-error", "refuted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One condition. `active` is False once it is resolved, in remission, or ended in the past."""

    value_sets: frozenset[str]
    onset: Interval | None
    recorded: Interval | None
    source: str
    text: str
    active: bool
    sites: frozenset[str] = frozenset()

    @property
    def dated(self) -> Interval | None:
        """When it began, or else when it was recorded; None where neither is known to the day."""
        known = (when for when in (self.onset, self.recorded) if when and when.precision in ("day", "time"))
        return next(known, None)


def read_problems(
    conditions: Iterable[Resource], terms: ValueSets, now: datetime, zone: tzinfo
) -> tuple[Problem, ...]:
    """The conditions, without those entered in error or refuted. No clinical status counts as active."""
    problems = []
    for condition in conditions:
        if condition.get("resourceType") != "Condition":
            continue
        if _words(condition.get("verificationStatus")) & _NEVER_WAS:
            continue
        names = read_concept(condition.get("code")).texts
        problems.append(
            Problem(
                value_sets=value_sets_of(condition.get("code"), terms),
                onset=interval(condition.get("onsetDateTime"), zone)
                or period(condition.get("onsetPeriod"), zone)[0],
                recorded=_recorded(condition, zone),
                source=f"Condition/{text(condition.get('id'))}",
                text=names[0] if names else "",
                active=_active(condition, now, zone),
                sites=sites_of(condition, names),
            )
        )
    return tuple(problems)


def has(problems: Iterable[Problem], value_set: str) -> bool:
    """Whether an active problem is in the value set."""
    return any(problem.active and value_set in problem.value_sets for problem in problems)


def _words(status: object) -> frozenset[str]:
    """The codes of a status, which is a CodeableConcept since R4 and was a code before."""
    key = structure(status)
    return _new_words(status) if key is None else _remembered(key)


@lru_cache(maxsize=512)
def _remembered(key: bytes) -> frozenset[str]:
    return _new_words(orjson.loads(key))


def _new_words(status: object) -> frozenset[str]:
    bare = (text(item) for item in as_list(status))
    coded = (coding.code for coding in codings(status))
    written = concept_texts(status) if not codings(status) else ()
    return frozenset(word.lower() for word in (*bare, *coded, *written) if word)


def _recorded(condition: Resource, zone: tzinfo) -> Interval | None:
    names = ("recordedDate", "assertedDate", "dateRecorded", "dateAsserted")  # R4, STU3, DSTU2, DSTU1
    return next((when for name in names if (when := interval(condition.get(name), zone))), None)


def _active(condition: Resource, now: datetime, zone: tzinfo) -> bool:
    status = _words(condition.get("clinicalStatus"))
    if status & _OVER and not status & _STILL_HOLDS:
        return False
    return not _abated(condition, now, zone)


def _abated(condition: Resource, now: datetime, zone: tzinfo) -> bool:
    """Whether it has ended for certain; a partial date that may still lie ahead leaves it active."""
    said = condition.get("abatementBoolean")
    if flag(said) or text(said).lower() == "true" or text(condition.get("abatementString")):
        return True
    if obj(condition.get("abatementAge")) or obj(condition.get("abatementRange")):
        return True
    ended = (
        interval(condition.get("abatementDateTime"), zone)
        or period(condition.get("abatementPeriod"), zone)[1]
    )
    return ended is not None and ended.latest <= now
