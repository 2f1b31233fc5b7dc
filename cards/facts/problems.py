"""The problem list: Condition resources as the value sets they belong to, and whether they still hold."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

import orjson

from cards.facts.resources import (
    Concept,
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
    remembered_concept,
    structure,
    text,
)
from cards.facts.sites import names_places, sites_of
from cards.facts.value_sets import ValueSets, lasting_key
from terminology.obstetric_codes import obstetric_code

# The status codes of every FHIR version.
_OVER = frozenset({"inactive", "resolved", "remission"})
_STILL_HOLDS = frozenset({"active", "recurrence", "relapse"})
_NEVER_WAS = frozenset({"entered-in-error", "refuted"})
_TO_THE_DAY = frozenset({"day", "time"})
_ENDS = frozenset(f"abatement{kind}" for kind in ("Boolean", "String", "Age", "Range", "DateTime", "Period"))


class Problem(NamedTuple):
    """One condition. `active` is False once it is resolved, in remission, or ended in the past.

    `obstetric` says that a code of it is about pregnancy, delivery or lactation, or denies one of them. Its dates
    are read from the resource when a question is about them; few are.
    """

    value_sets: frozenset[str]
    source: str
    text: str
    active: bool
    sites: frozenset[str]
    obstetric: bool
    resource: Resource
    zone: tzinfo

    @property
    def onset(self) -> Interval | None:
        """When it began."""
        when = interval(self.resource.get("onsetDateTime"), self.zone)
        return when or period(self.resource.get("onsetPeriod"), self.zone)[0]

    @property
    def recorded(self) -> Interval | None:
        """When it was written down."""
        for name in (
            "recordedDate",
            "assertedDate",
            "dateRecorded",
            "dateAsserted",
        ):  # R4, STU3, DSTU2, DSTU1
            when = interval(self.resource.get(name), self.zone)
            if when is not None:
                return when
        return None

    @property
    def dated(self) -> Interval | None:
        """When it began, or else when it was recorded; None where neither is known to the day."""
        onset = self.onset
        when = onset if onset is not None and onset.precision in _TO_THE_DAY else self.recorded
        return when if when is not None and when.precision in _TO_THE_DAY else None


def read_problems(
    conditions: Iterable[Resource], terms: ValueSets, now: datetime, zone: tzinfo
) -> tuple[Problem, ...]:
    """The conditions, without those entered in error or refuted. No clinical status counts as active."""
    problems = []
    for condition in conditions:
        if condition.get("resourceType") != "Condition":
            continue
        status = _status(condition)
        if status.never_was:
            continue
        meant = _meant(condition.get("code"), terms)
        problems.append(
            Problem(
                value_sets=meant.value_sets,
                source=f"Condition/{text(condition.get('id'))}",
                text=meant.names[0] if meant.names else "",
                active=not status.over and not _abated(condition, now, zone),
                sites=sites_of(condition, meant.names) if names_places(condition) else meant.sites,
                obstetric=meant.obstetric,
                resource=condition,
                zone=zone,
            )
        )
    return tuple(problems)


def has(problems: Iterable[Problem], value_set: str) -> bool:
    """Whether an active problem is in the value set."""
    return any(problem.active and value_set in problem.value_sets for problem in problems)


class _Meant(NamedTuple):
    """What a code means: its value sets, its names, the regions that they name, and whether it is obstetric."""

    value_sets: frozenset[str]
    names: tuple[str, ...]
    sites: frozenset[str]
    obstetric: bool


def _meant(code: object, terms: ValueSets) -> _Meant:
    key = lasting_key(code, terms)
    return _new_meaning(read_concept(code), terms) if key is None else _remembered_meaning(key, terms)


@lru_cache(maxsize=8192)
def _remembered_meaning(key: bytes, terms: ValueSets) -> _Meant:
    return _new_meaning(remembered_concept(key), terms)


def _new_meaning(code: Concept, terms: ValueSets) -> _Meant:
    sets = frozenset[str]().union(*(terms.value_sets(coding) for coding in code.codings))
    obstetric = any(obstetric_code(coding) is not None for coding in code.codings)
    return _Meant(sets, code.texts, sites_of({}, code.texts), obstetric)


class _Status(NamedTuple):
    """Whether a condition was never there, and whether it is said to be over."""

    never_was: bool
    over: bool


def _status(condition: Resource) -> _Status:
    stated = (condition.get("verificationStatus"), condition.get("clinicalStatus"))
    key = structure(stated)
    return _new_status(*stated) if key is None else _remembered_status(key)


@lru_cache(maxsize=512)
def _remembered_status(key: bytes) -> _Status:
    return _new_status(*orjson.loads(key))


def _new_status(verification: object, clinical: object) -> _Status:
    said = _words(clinical)
    over = not said.isdisjoint(_OVER) and said.isdisjoint(_STILL_HOLDS)
    return _Status(not _words(verification).isdisjoint(_NEVER_WAS), over)


def _words(status: object) -> frozenset[str]:
    """The codes of a status, which is a CodeableConcept since R4 and was a code before."""
    bare = (text(item) for item in as_list(status))
    coded = (coding.code for coding in codings(status))
    written = concept_texts(status) if not codings(status) else ()
    return frozenset(word.lower() for word in (*bare, *coded, *written) if word)


def _abated(condition: Resource, now: datetime, zone: tzinfo) -> bool:
    """Whether it has ended for certain; a partial date that may still lie ahead leaves it active."""
    if _ENDS.isdisjoint(condition):
        return False
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
