"""Laboratory results and body measurements, newest first, and what could not be used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, cast

from cards.facts.lab_reading import FINAL, Listed, Rejected, Result, read_result
from cards.facts.observation import time_of
from cards.facts.record import Record
from cards.facts.renal_limits import RENAL_LIMITS, RenalLimits
from cards.facts.resources import Resource, codings, objects, remembered_concept, structure, text
from cards.facts.value_sets import ValueSets, is_lasting
from terminology.coding import Coding

Found = tuple[tuple[Result, ...], tuple[Rejected, ...]]

_NONE_FOUND: Found = ((), ())
_PROVISIONAL = frozenset({"preliminary", "unknown"})
_NEVER = datetime.min.replace(tzinfo=UTC)


class Need(NamedTuple):
    """How far back a question looks: to the newest result it `accepts`, and for `back` before that."""

    accepts: Callable[[Result], bool]
    back: timedelta = timedelta(0)


def _any(_: Result) -> bool:
    return True


NEWEST = Need(_any)


@dataclass(frozen=True, slots=True)
class Indexed:
    """Observations by the value sets of their codes; each with the part that has the code, and the code."""

    by_set: Mapping[str, list[tuple[Resource, Resource, Coding]]]


def index(observations: Iterable[Resource], terms: ValueSets) -> Indexed:
    """Sorts observations and their components in one pass, so that a question reads only what answers it."""
    found: dict[str, list[tuple[Resource, Resource, Coding]]] = {}
    lasting = is_lasting(terms)
    for observation in observations:
        if observation.get("resourceType") != "Observation":
            continue
        for name, coding in _named(observation.get("code"), terms, lasting):
            found.setdefault(name, []).append((observation, observation, coding))
        if "component" in observation:
            for part in objects(observation["component"]):
                for name, coding in _named(part.get("code"), terms, lasting):
                    found.setdefault(name, []).append((observation, part, coding))
    return Indexed(found)


def indexed(record: Record, terms: ValueSets) -> Indexed:
    """The observations of a record, sorted on first use."""
    found = record.derived.get("observations")
    if found is None:
        found = record.derived["observations"] = index(record.of_type("Observation"), terms)
    return cast("Indexed", found)


def _named(code: object, terms: ValueSets, lasting: bool) -> tuple[tuple[str, Coding], ...]:
    """The value sets of a code, each with the first of its codings that is in it."""
    key = structure(code) if lasting else None
    return _first_codings(codings(code), terms) if key is None else _remembered(key, terms)


@lru_cache(maxsize=8192)
def _remembered(key: bytes, terms: ValueSets) -> tuple[tuple[str, Coding], ...]:
    return _first_codings(remembered_concept(key).codings, terms)


def _first_codings(listed: Iterable[Coding], terms: ValueSets) -> tuple[tuple[str, Coding], ...]:
    found: dict[str, Coding] = {}
    for coding in listed:
        for name in terms.value_sets(coding):
            found.setdefault(name, coding)
    return tuple(found.items())


def results(
    observations: Iterable[Resource] | Indexed,
    value_set: str,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits = RENAL_LIMITS,
    need: Need | None = None,
) -> Found:
    """The usable results of one value set and the rejected ones, newest first; no older ones than are needed.

    A preliminary result counts only where there is no final one of its kind. Those entered in error,
    cancelled, or not yet made are left out. Without `need` all are read.
    """
    indexed = observations if isinstance(observations, Indexed) else index(observations, terms)
    of_set = indexed.by_set.get(value_set)
    if of_set is None:
        return _NONE_FOUND
    listed: list[Listed] = []
    all_final = True
    for observation, part, coding in of_set:
        status = text(observation.get("status")).lower()
        if status not in FINAL:
            if status not in _PROVISIONAL:
                continue
            all_final = False
        when, by_issue_date = time_of(observation, zone)
        observed = None if when is None else min(when.latest, now)
        listed.append(Listed(observation, part, coding, status, when, observed, by_issue_date))
    if need is None or len(listed) < 2 or not all_final:
        return _arranged([read_result(one, value_set, now, limits) for one in listed])
    # What has no date may be of any time, so it comes with the newest.
    listed.sort(key=lambda one: one.observed or now, reverse=True)
    return _arranged(_read_back(listed, value_set, now, limits, need))


def _read_back(
    listed: list[Listed], value_set: str, now: datetime, limits: RenalLimits, need: Need
) -> list[Result | Rejected]:
    """The results as far back as needed; `listed` by the latest instant they may be of, the last first."""
    read: list[Result | Rejected] = []
    accepted: Result | None = None
    for one in listed:
        if accepted and one.observed and accepted.earliest - one.observed > need.back:
            break
        found = read_result(one, value_set, now, limits)
        read.append(found)
        if accepted is None and isinstance(found, Result) and need.accepts(found):
            accepted = found
    return read


def newest(found: Iterable[Result], cautious: Callable[[Iterable[Decimal]], Decimal]) -> Result | None:
    """The newest of results that are newest first; where two share the time, the one `cautious` picks.

    A result known to the day only shares its time with every other of that day.
    """
    listed = list(found)
    if len(listed) < 2:
        return listed[0] if listed else None
    first = listed[0]
    since = first.earliest if first.day_known else first.observed
    same = [one for one in listed if one is first or (one.day_known and one.observed >= since)]
    value = cautious(one.value for one in same)
    return next(one for one in same if one.value == value)


def _arranged(read: list[Result | Rejected]) -> Found:
    good = [one for one in read if isinstance(one, Result)]
    bad = [one for one in read if isinstance(one, Rejected)]
    if len(read) < 2:
        return tuple(good), tuple(bad)
    if any(one.status in FINAL for one in good) or any(one.final and one.code != "no-value" for one in bad):
        good = [one for one in good if one.status in FINAL]
        bad = [one for one in bad if one.final]
    good.sort(key=lambda one: (_middle(one), one.observed, one.value, one.source), reverse=True)
    bad.sort(key=lambda one: (one.observed or _NEVER, one.source), reverse=True)
    return tuple(good), tuple(bad)


def _middle(result: Result) -> datetime:
    return result.earliest + (result.observed - result.earliest) / 2


def is_in(result: Result, value_set: str, terms: ValueSets) -> bool:
    """Whether the result's own code is also in another value set ("body-weight-stated")."""
    return value_set in terms.value_sets(result.code)
