"""Kidney function from a whole record: gathers what the reading needs from its keys."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol

from cards.facts.labs import indexed
from cards.facts.patient import Patient
from cards.facts.problems import Problem
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.record import Record
from cards.facts.renal import RenalFunction
from cards.facts.renal_limits import RENAL_LIMITS, RenalLimits
from cards.facts.renal_reading import RenalInputs, read_renal_function
from cards.facts.resources import (
    Interval,
    Resource,
    codings,
    concept_texts,
    flag,
    interval,
    obj,
    period,
    reference_of,
    remembered_concept,
    text,
    type_and_id,
)
from cards.facts.stay import Stay
from cards.facts.therapy_dates import supply_end
from cards.facts.value_sets import lasting_key
from terminology.coding import Coding
from terminology.medications import MedicationLookup

_ORDERS = ("MedicationOrder", "MedicationPrescription", "MedicationRequest", "MedicationStatement")
_SERVICES = ("Procedure", "CarePlan", *sorted(SERVICE_TYPES))
_NEVER_TAKEN = frozenset({"entered-in-error", "draft", "not-taken", "cancelled", "unknown"})


class Terms(Protocol):
    """What this module needs of the terminology."""

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this system and code."""

    def medication(self, codings: tuple[Coding, ...], texts: tuple[str, ...]) -> MedicationLookup:
        """The medication that these codes and texts name."""

    def classes(self, ingredient_name: str) -> frozenset[str]:
        """Drug classes of an ingredient."""

    def __hash__(self) -> int:
        """By identity: what it says of vocabulary is remembered."""


def renal_function(
    patient: Patient,
    problems: tuple[Problem, ...],
    record: Record,
    stay: Stay,
    terms: Terms,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits = RENAL_LIMITS,
) -> RenalFunction:
    """The kidney function that a record tells of."""
    inputs = RenalInputs(
        observations=indexed(record, terms),
        services=record.of_type(*_SERVICES),
        encounter=next(iter(record.of_type("Encounter")), None),
        stay=stay,
        changed_classes=lambda: changed_classes(record, terms, now, zone, limits),
        not_supplied=record.none_there("kidney", "creatinine") if record.state("kidney") != "given" else "",
        no_weight=record.none_there("body", "weight"),
    )
    return read_renal_function(patient, problems, inputs, terms, now, zone, limits)


class _Use(NamedTuple):
    """One list entry: what it holds, when it began, when it ended or will end."""

    ingredients: frozenset[str]
    began: Interval | None
    ended: Interval | None


def changed_classes(
    record: Record, terms: Terms, now: datetime, zone: tzinfo, limits: RenalLimits = RENAL_LIMITS
) -> frozenset[str]:
    """Classes that act on the kidney, of drugs started or stopped within `recent_change_days`.

    A renewal is no start: an ingredient with an older entry was there before. A changed dose is not seen.
    """
    known = {f"{one['resourceType']}/{text(one.get('id'))}": one for one in record.of_type("Medication")}
    wanted = frozenset(limits.changing_classes)
    by_name: dict[str, list[_Use]] = {}
    for one in record.of_type(*_ORDERS):
        use = _use(one, known, terms, wanted, zone)
        if use is not None:
            for name in use.ingredients:
                by_name.setdefault(name, []).append(use)
    since = now - timedelta(days=limits.recent_change_days)
    changed: set[str] = set()
    for name, same in by_name.items():
        if _started(same, since) or _stopped(same, since, now):
            changed |= terms.classes(name) & wanted
    return frozenset(changed)


def _started(same: Iterable[_Use], since: datetime) -> bool:
    """Whether every entry of the drug began of late; one without a date may be old."""
    return all(use.began is not None and use.began.latest >= since for use in same)


def _stopped(same: Iterable[_Use], since: datetime, now: datetime) -> bool:
    """Whether the drug's last entry ended of late."""
    ends = [use.ended for use in same]
    last = max((end.latest for end in ends if end is not None), default=None)
    return None not in ends and last is not None and since <= last < now


def _use(
    order: Resource, known: dict[str, Resource], terms: Terms, wanted: frozenset[str], zone: tzinfo
) -> _Use | None:
    ingredients = _ingredients(order, known, terms, wanted)
    if not ingredients or flag(order.get("doNotPerform")):
        return None
    if text(order.get("status")).lower() in _NEVER_TAKEN:
        return None
    start, end = period(order.get("effectivePeriod"), zone)
    began = start or _first_date(
        order, ("authoredOn", "dateWritten", "effectiveDateTime", "dateAsserted"), zone
    )
    ended = end or interval(order.get("dateEnded"), zone) or supply_end(order, zone)
    return _Use(ingredients, began, ended)


def _ingredients(
    order: Resource, known: dict[str, Resource], terms: Terms, wanted: frozenset[str]
) -> frozenset[str]:
    """The ingredients of the wanted classes."""
    concept, pointer = order.get("medicationCodeableConcept"), order.get("medicationReference")
    key = lasting_key(concept, terms) if pointer is None else None
    if key is not None:
        return _remembered(key, terms, wanted)
    kind, bare = type_and_id(reference_of(pointer))
    product = known.get(f"{kind}/{bare}", {})
    named = (
        *concept_texts(concept),
        *concept_texts(product.get("code")),
        text(obj(pointer).get("display")),
    )
    coded = (*codings(concept), *codings(product.get("code")))
    return _of_classes(coded, tuple(name for name in named if name), terms, wanted)


@lru_cache(maxsize=8192)
def _remembered(key: bytes, terms: Terms, wanted: frozenset[str]) -> frozenset[str]:
    concept = remembered_concept(key)
    return _of_classes(concept.codings, concept.texts, terms, wanted)


def _of_classes(
    coded: tuple[Coding, ...], named: tuple[str, ...], terms: Terms, wanted: frozenset[str]
) -> frozenset[str]:
    return frozenset(
        part.name
        for medication in terms.medication(coded, named).medications
        for part in medication.ingredients
        if terms.classes(part.name) & wanted
    )


def _first_date(order: Resource, names: tuple[str, ...], zone: tzinfo) -> Interval | None:
    for name in names:
        when = interval(order.get(name), zone)
        if when is not None:
            return when
    return None
