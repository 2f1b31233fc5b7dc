"""The problem list: Condition resources as the value sets they belong to, and whether they still hold."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

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
from cards.facts.sites import names_places, sites_of
from cards.facts.value_sets import ValueSets, is_lasting
from terminology.obstetric_codes import obstetric_code

# The status codes of every FHIR version.
_OVER = frozenset({"inactive", "resolved", "remission"})
_STILL_HOLDS = frozenset({"active", "recurrence", "relapse"})
_NEVER_WAS = frozenset({"entered-in-error", "refuted"})
_TO_THE_DAY = frozenset({"day", "time"})
_NO_SETS: frozenset[str] = frozenset()
_LONGEST_KEY = 2_000
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
        meant = _meant(condition, terms)
        if meant.never_was:
            continue
        problems.append(
            Problem(
                value_sets=meant.value_sets,
                source=f"Condition/{text(condition.get('id'))}",
                text=meant.names[0] if meant.names else "",
                active=not meant.over and not _abated(condition, now, zone),
                sites=sites_of(condition, meant.names) if names_places(condition) else meant.sites,
                obstetric=meant.obstetric,
                resource=condition,
                zone=zone,
            )
        )
    return tuple(problems)


def active_sets(problems: Iterable[Problem]) -> frozenset[str]:
    """All value sets that an active problem is in."""
    return _NO_SETS.union(*[problem.value_sets for problem in problems if problem.active])


class _Meant(NamedTuple):
    """What the codes of a condition mean: its status, and what its code says.

    `never_was` and `over` are what it states of itself. The code has value sets, names, the regions that these
    name, and may be `obstetric`.
    """

    never_was: bool
    over: bool
    value_sets: frozenset[str]
    names: tuple[str, ...]
    sites: frozenset[str]
    obstetric: bool


def _meant(condition: Resource, terms: ValueSets) -> _Meant:
    stated = (condition.get("verificationStatus"), condition.get("clinicalStatus"), condition.get("code"))
    key = structure(stated, _LONGEST_KEY) if is_lasting(terms) else None
    return _new_meaning(*stated, terms) if key is None else _remembered(key, terms)


@lru_cache(maxsize=8192)
def _remembered(key: bytes, terms: ValueSets) -> _Meant:
    verification, clinical, code = orjson.loads(key)
    return _new_meaning(verification, clinical, code, terms)


def _new_meaning(verification: object, clinical: object, code: object, terms: ValueSets) -> _Meant:
    concept, said = read_concept(code), _words(clinical)
    return _Meant(
        never_was=not _words(verification).isdisjoint(_NEVER_WAS),
        over=not said.isdisjoint(_OVER) and said.isdisjoint(_STILL_HOLDS),
        value_sets=_NO_SETS.union(*(terms.value_sets(coding) for coding in concept.codings)),
        names=concept.texts,
        sites=sites_of({}, concept.texts),
        obstetric=any(obstetric_code(coding) is not None for coding in concept.codings),
    )


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
