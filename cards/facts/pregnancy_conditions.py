"""Evidence about pregnancy from diagnoses, procedures, flags and episodes of care."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final

from cards.facts.pregnancy_evidence import Days, Evidence, Kind, local_days, source_of
from cards.facts.pregnancy_limits import PregnancyLimits
from cards.facts.problems import Problem
from cards.facts.resources import (
    Concept,
    Interval,
    Resource,
    codings,
    concept_texts,
    interval,
    objects,
    period,
    read_concept,
    remembered_concept,
    text,
)
from cards.facts.value_sets import ValueSets, lasting_key, value_sets_of
from terminology.obstetric_codes import ObstetricCode, Stage, obstetric_code

_KINDS: Final[dict[Stage, Kind]] = {
    "pregnant": "pregnant-code",
    "test-positive": "test-positive",
    "negative": "test-negative",
    "possible": "possible",
    "labour": "labour",
    "delivered": "delivered",
    "puerperium": "postpartum",
    "lactation": "postpartum",
    "loss": "loss",
}
# What has happened stays so when its problem is closed; what holds no longer does not.
_EVENTS: Final = frozenset({"labour", "delivered", "puerperium", "lactation", "loss"})
_SETS: Final[dict[str, Kind]] = {
    "hysterectomy": "uterus-absent",
    "sterilisation": "sterilised",
    "menopause": "menopause",
    "contraception-intrauterine": "intrauterine-device",
    "contraception-intrauterine-removed": "device-removed",
    "contraception-hormonal": "hormonal-contraception",
    "contraception-other": "other-contraception",
}
_STAGE_SETS: Final[dict[str, Stage]] = {
    "pregnancy": "pregnant",
    "postpartum": "puerperium",
    "delivery-procedure": "delivered",
    "termination-procedure": "loss",
}
_OURS: Final = frozenset({*_SETS, *_STAGE_SETS})
_STATES: Final = ("Z33", "Z34", "Z3A")
_HAPPENED: Final = frozenset({"", "completed", "in-progress"})
_UNDER_WAY: Final = frozenset({"", "active", "onhold"})
_PAST: Final = re.compile(r"\b(?:history|past|previous|prior|former|post|postpartum|postnatal|no)\b")


def concerns_pregnancy(problem: Problem) -> bool:
    """Whether a problem may say anything about it: most of a problem list does not."""
    return problem.obstetric or not _OURS.isdisjoint(problem.value_sets)


def from_problem(problem: Problem, zone: tzinfo) -> Iterator[Evidence]:
    """What one problem that `concerns_pregnancy` says. History codes say nothing."""
    onset, recorded = local_days(problem.onset, zone), local_days(problem.recorded, zone)
    return _coded(problem.resource, problem.value_sets, onset, recorded, problem.active)


def from_procedure(procedure: Resource, terms: ValueSets, zone: tzinfo) -> Iterator[Evidence]:
    """What one Procedure says: an end of pregnancy, an operation, a device."""
    if text(procedure.get("status")).lower() not in _HAPPENED or not _relevant(procedure, terms):
        return
    when = interval(procedure.get("performedDateTime"), zone) or interval(
        procedure.get("occurrenceDateTime"), zone
    )
    done = local_days(when or _ended(procedure, ("performedPeriod", "occurrencePeriod"), zone), zone)
    sets = value_sets_of(procedure.get("code"), terms)
    for one in _coded(procedure, sets, done, None, active=True):
        if one.kind not in ("pregnant-code", "test-positive", "test-negative", "possible"):
            yield one


def from_flag(flag: Resource, terms: ValueSets, now: datetime, zone: tzinfo) -> Iterator[Evidence]:
    """What one Flag says while it is active."""
    start, over = _running(flag, now, zone)
    if text(flag.get("status")).lower() in ("", "active") and not over:
        yield from _coded(flag, value_sets_of(flag.get("code"), terms), start, None, active=True)


def from_episode(
    episode: Resource, terms: ValueSets, now: datetime, zone: tzinfo, limits: PregnancyLimits
) -> Iterator[Evidence]:
    """An EpisodeOfCare of maternity care that is under way, by the code or the words of its type."""
    start, over = _running(episode, now, zone)
    if text(episode.get("status")).lower() not in _UNDER_WAY or over:
        return
    kind = episode.get("type")
    stages = {found.stage for one in codings(kind) if (found := obstetric_code(one))}
    named = any(_maternity(name, limits) for name in concept_texts(kind))
    if "pregnant" in stages or "pregnancy" in value_sets_of(kind, terms) or named:
        value = next(iter(concept_texts(kind)), "maternity care")
        yield Evidence(kind="pregnant-episode", value=value, source=source_of(episode), when=start)


def _relevant(resource: Resource, terms: ValueSets) -> bool:
    """Whether any of its codes is one of ours: most are not."""
    code = resource.get("code")
    key = lasting_key(code, terms)
    return _of_ours(read_concept(code), terms) if key is None else _remembered(key, terms)


@lru_cache(maxsize=8192)
def _remembered(key: bytes, terms: ValueSets) -> bool:
    return _of_ours(remembered_concept(key), terms)


def _of_ours(code: Concept, terms: ValueSets) -> bool:
    return any(
        obstetric_code(one) is not None or not _OURS.isdisjoint(terms.value_sets(one)) for one in code.codings
    )


def _maternity(name: str, limits: PregnancyLimits) -> bool:
    # An episode's type is an administrative word; texts of problems are never read this way.
    words = set(re.findall(r"[a-z]+", name.lower()))
    return not words.isdisjoint(limits.maternity_words) and not _PAST.search(name.lower())


def _coded(
    resource: Resource, sets: frozenset[str], onset: Days | None, recorded: Days | None, active: bool
) -> Iterator[Evidence]:
    concept = resource.get("code")
    coded = [(one.code, found) for one in codings(concept) if (found := obstetric_code(one))]
    if any(found.stage == "ignore" for _, found in coded):
        return
    coded += [("", ObstetricCode(stage)) for name, stage in _STAGE_SETS.items() if name in sets]
    label = next(iter(concept_texts(concept)), "") or next((one.code for one in codings(concept)), "")
    source = source_of(resource)
    for code, found in coded:
        if not active and found.stage not in _EVENTS:
            continue
        event = found.stage in _EVENTS
        yield Evidence(
            kind=_KINDS[found.stage],
            value=label,
            source=source,
            when=_event_days(onset, recorded) if event else recorded or onset,
            began=onset,
            # These codes name the pregnancy itself, so that an onset is its beginning; a complication
            # may be far older than the pregnancy.
            state=not code or code.upper().startswith(_STATES),
            trimester=found.trimester,
            days=found.days,
            coded_week=found.days is not None,
        )
        if found.stage == "lactation" and active:
            yield Evidence(kind="feeding", value=label, source=source, when=recorded or onset)
    if active:
        for name, kind in _SETS.items():
            if name in sets:
                yield Evidence(kind=kind, value=label, source=source, when=recorded or onset)


def _event_days(onset: Days | None, recorded: Days | None) -> Days | None:
    """When it happened: its own date, which is no later than its recording."""
    if onset is None or recorded is None:
        return onset or recorded
    return (onset[0], min(onset[1], max(recorded[1], onset[0])))


def _running(resource: Resource, now: datetime, zone: tzinfo) -> tuple[Days | None, bool]:
    start, end = period(resource.get("period"), zone)
    return local_days(start, zone), end is not None and end.latest < now


def _ended(resource: Resource, names: Iterable[str], zone: tzinfo) -> Interval | None:
    for name in names:
        for one in objects(resource.get(name)):
            start, end = period(one, zone)
            if end or start:
                return end or start
    return None
