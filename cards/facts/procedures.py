"""Orders that are not drugs; and procedures done, devices in place, services planned."""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

from cards.facts.dosage import read_dose
from cards.facts.medications import Order, order_id, other_patient
from cards.facts.problems import Problem
from cards.facts.record import Issue, Record
from cards.facts.resources import (
    Interval,
    Resource,
    concept_texts,
    flag,
    interval,
    obj,
    objects,
    period,
    reference_of,
    text,
)
from cards.facts.sites import sites_of
from cards.facts.value_sets import NamedSets, named_sets_of
from terminology.medications import MedicationLookup

SERVICE_TYPES = frozenset(
    {"ServiceRequest", "DeviceRequest", "ProcedureRequest", "DeviceUseRequest", "DiagnosticOrder"}
)
_SORTED_SERVICES = sorted(SERVICE_TYPES)
_NAMES_OTHERWISE = frozenset({"device", "codeReference", "deviceName", "udi", "orderDetail", "item"})
_STOPPING = frozenset({"revoked", "stopped", "cancelled", "completed", "rejected", "aborted"})
_NOT_DONE = frozenset({"not-done", "entered-in-error", "preparation", "aborted", "cancelled"})
_DEVICE_GONE = frozenset({"entered-in-error", "inactive"})
_NO_DOSE = read_dose(None, strength=None, weight_kg=None, dispense=None)


class Event(NamedTuple):
    """Something done (`when` it was), a device in place, or a service planned (`when` it is due)."""

    kind: Literal["done", "device", "planned"]
    value_sets: frozenset[str]
    when: Interval | None
    source: str
    text: str
    sites: frozenset[str] = frozenset()


def read_service_orders(
    resources: Iterable[Resource], patient_id: str, terms: NamedSets, zone: tzinfo
) -> tuple[tuple[Order, ...], tuple[Issue, ...]]:
    """Draft orders of services and devices, and what was left out."""
    orders: list[Order] = []
    issues: list[Issue] = []
    for resource in resources:
        if resource.get("resourceType") not in SERVICE_TYPES:
            continue
        if other_patient(resource, patient_id):
            what = "An order for another patient was left out."
            issues.append(Issue("other-patient", what, order_id(resource)))
            continue
        status = text(resource.get("status"))
        if status == "entered-in-error" or flag(resource.get("doNotPerform")):
            continue
        concepts = _concepts(resource)
        names = _names_of(concepts)
        orders.append(
            Order(
                id=order_id(resource),
                kind="stop" if status in _STOPPING else "draft",
                resource=resource,
                named=next(iter(names), ""),
                has_drug=False,
                lookup=MedicationLookup(),
                medication=None,
                ingredient=None,
                drug_key=("", ""),
                classes=_sets_of(concepts, terms, on_record=False),
                strength=None,
                dose=_NO_DOSE,
                zone=zone,
                sites=sites_of(resource, names),
                planned=planned_at(resource, zone),
            )
        )
    return tuple(orders), tuple(issues)


def read_events(
    record: Record, terms: NamedSets, now: datetime, zone: tzinfo, problems: Iterable[Problem] = ()
) -> tuple[Event, ...]:
    """What the record tells of procedures done, devices in place, and services planned.

    Only what belongs to a value set is kept; nothing that is entered in error, not done, or for another use. An
    active problem without a known code counts as a device in place where its text names one.
    """
    found: list[Event | None] = [
        _event("done", resource, _done_at, terms, zone)
        for resource in record.of_type("Procedure", "MedicationAdministration")
        if text(resource.get("status")) not in _NOT_DONE
        and not flag(resource.get("notPerformed"))
        and not flag(resource.get("notDone"))
    ]
    found += [
        _event("device", resource, _never, terms, zone)
        for resource in record.of_type("Device")
        if text(resource.get("status")) not in _DEVICE_GONE
    ]
    for resource in record.of_type("DeviceUseStatement", "DeviceUsage"):
        ended = period(resource.get("timingPeriod"), zone)[1]
        over = text(resource.get("status")) in ("completed", "entered-in-error", "not-done", "stopped")
        if not over and (ended is None or ended.latest >= now):
            found.append(_event("device", resource, _never, terms, zone))
    for one in problems:
        if one.active and not one.value_sets:
            named = terms.named_sets(one.text, on_record=True)
            found.append(Event("device", named, None, one.source, one.text) if named else None)
    for resource in record.of_type(*_SORTED_SERVICES):
        status = text(resource.get("status"))
        done = status == "completed"
        if (
            (status in _STOPPING and not done)
            or status == "entered-in-error"
            or flag(resource.get("doNotPerform"))
        ):
            continue
        found.append(_event("done" if done else "planned", resource, planned_at, terms, zone))
    return tuple(event for event in found if event is not None)


def as_order(event: Event) -> Order:
    """A booked service of the record, as the order it is."""
    return Order(
        id=event.source,
        kind="active",
        resource={},
        named=event.text,
        has_drug=False,
        lookup=MedicationLookup(),
        medication=None,
        ingredient=None,
        drug_key=("", ""),
        classes=event.value_sets,
        strength=None,
        dose=_NO_DOSE,
        sites=event.sites,
        planned=event.when,
    )


def planned_at(resource: Resource, zone: tzinfo) -> Interval | None:
    """When a service is to happen: occurrence or schedule; None when the order does not say."""
    for name in ("occurrenceDateTime", "scheduledDateTime"):
        when = interval(resource.get(name), zone)
        if when is not None:
            return when
    for name in ("occurrencePeriod", "scheduledPeriod"):
        start, end = period(resource.get(name), zone)
        if start or end:
            return start or end
    timing = obj(resource.get("occurrenceTiming")) or obj(resource.get("scheduledTiming"))
    events = [interval(event, zone) for event in timing.get("event") or () if isinstance(event, str)]
    return min((one for one in events if one), key=lambda one: one.earliest, default=None)


def _event(
    kind: Literal["done", "device", "planned"],
    resource: Resource,
    dated: Callable[[Resource, tzinfo], Interval | None],
    terms: NamedSets,
    zone: tzinfo,
) -> Event | None:
    """None where the resource is about nothing that has a value set."""
    concepts = _concepts(resource)
    value_sets = _sets_of(concepts, terms, on_record=kind != "planned")
    if not value_sets:
        return None
    names = _names_of(concepts)
    return Event(
        kind=kind,
        value_sets=value_sets,
        when=dated(resource, zone),
        source=order_id(resource),
        text=next(iter(names), ""),
        sites=sites_of(resource, names),
    )


def _never(_: Resource, __: tzinfo) -> None:
    """When it was makes no difference."""


def _concepts(resource: Resource) -> list[object]:
    """Where each kind of resource names what it is about; R5 wraps the concept once more."""
    found: list[object] = []
    for name in ("code", "codeCodeableConcept", "type", "medicationCodeableConcept", "deviceCodeableConcept"):
        if name in resource:
            found.extend(obj(value.get("concept")) or value for value in objects(resource[name]))
    if _NAMES_OTHERWISE.isdisjoint(resource):
        return [one for one in found if one]
    for name in ("device", "codeReference"):
        device = obj(resource.get(name))
        found.append(obj(device.get("concept")) or {"text": text(device.get("display"))})
        found.extend(_contained(resource, reference_of(device)))
    names = (*objects(resource.get("deviceName")), *objects(resource.get("udi")))
    found.extend({"text": text(one.get("name"))} for one in names)
    for detail in objects(resource.get("orderDetail")):
        parameters = objects(detail.get("parameter"))  # R5
        found.extend(obj(one.get("valueCodeableConcept")) for one in parameters)
        found.append(detail)
    found.extend(obj(item.get("code")) for item in objects(resource.get("item")))  # DiagnosticOrder of DSTU2
    return [one for one in found if one]


def _contained(resource: Resource, reference: str) -> list[object]:
    if not reference.startswith("#"):
        return []
    inside = (one for one in objects(resource.get("contained")) if text(one.get("id")) == reference[1:])
    return [concept for one in inside if "contained" not in one for concept in _concepts(one)]


def _sets_of(concepts: list[object], terms: NamedSets, *, on_record: bool) -> frozenset[str]:
    return frozenset().union(*(named_sets_of(concept, terms, on_record=on_record) for concept in concepts))


def _names_of(concepts: list[object]) -> tuple[str, ...]:
    return tuple(name for concept in concepts for name in concept_texts(concept))


def _done_at(resource: Resource, zone: tzinfo) -> Interval | None:
    names = ("performedDateTime", "occurrenceDateTime", "effectiveDateTime", "effectiveTimeDateTime")
    for name in names:
        when = interval(resource.get(name), zone)
        if when is not None:
            return when
    for name in ("performedPeriod", "occurrencePeriod", "effectivePeriod"):
        start, end = period(resource.get(name), zone)
        if start or end:
            return end or start
    return None
