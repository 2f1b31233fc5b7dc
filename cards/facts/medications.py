"""Medication orders and the medication list, of every FHIR version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from cards.facts.dispensed import GIVEN_TYPES, lately_given
from cards.facts.dosage import DailyDose
from cards.facts.drug_meaning import Meant, Medications, meaning_of
from cards.facts.record import Issue
from cards.facts.resources import Interval, Resource, flag, objects, reference_of, text, type_and_id
from cards.facts.therapy_dates import authored, course_days, ended_at, stated_end, therapy
from terminology.medications import Ingredient, Medication, MedicationLookup, Strength

ORDER_TYPES = frozenset({"MedicationRequest", "MedicationOrder", "MedicationPrescription"})
LIST_TYPES = ORDER_TYPES | {"MedicationStatement"}

_REPLACING = frozenset({"priorPrescription", "replaces"})
_NOTHING: frozenset[str] = frozenset()
_GIVEN_DOSE = DailyDose(why="known from a dispense or administration only")
_STOPPING = frozenset({"stopped", "cancelled", "discontinued", "revoked"})


# Not frozen, which would make it several times as slow to make: there is one for each entry of a record.
@dataclass(slots=True, kw_only=True)
class Order:
    """One medication order or list entry, with one of the drugs it names; or an order of a procedure.

    `id` is "Type/id"; `has_drug` is False for an order in which no drug has been chosen yet; `named` is
    the drug as the order words it. A stopping order (`kind` stop) gives no exposure, nor does an entry of the
    list that has `ended`. `classes` are its drug classes, its ingredients' names and the groups of
    classes.yaml; for a procedure the value sets of its code, with `sites` and the `planned` time.
    """

    id: str
    kind: Literal["draft", "stop", "active", "ended"]
    resource: Resource
    named: str
    has_drug: bool
    lookup: MedicationLookup
    medication: Medication | None
    ingredient: Ingredient | None
    drug_key: tuple[str, str]
    classes: frozenset[str]
    strength: Strength | None
    dose: DailyDose
    zone: tzinfo = UTC
    ends: Interval | None = None
    prior: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    planned: Interval | None = None

    @property
    def authored(self) -> Interval | None:
        """When the entry was written, or when taking began."""
        return authored(self.resource, self.zone)

    @property
    def course_days(self) -> Decimal | None:
        """How many days the order is for."""
        return course_days(self.resource, self.zone)


_Places = dict[tuple[str | int, int], Order]


def order_id(resource: Resource) -> str:
    """ "Type/id" of a resource; the id may be longer than FHIR allows, as some EHRs send it."""
    return f"{text(resource.get('resourceType'))}/{text(resource.get('id'))}"


def other_patient(resource: Resource, patient_id: str) -> bool:
    """Whether the subject is plainly another patient; an unresolvable subject is not."""
    subject = reference_of(resource.get("subject")) or reference_of(resource.get("patient"))
    kind, bare = type_and_id(subject)
    return kind == "Patient" and bool(patient_id) and bare != patient_id


def unreadable(resource: Resource, error: Exception) -> Issue:
    """The issue of a resource whose reading failed; names the error's type and nothing of its content."""
    kind = text(resource.get("resourceType")) or "resource"
    return Issue(
        "unreadable-resource", f"a {kind} could not be read ({type(error).__name__})", order_id(resource)
    )


def read_drafts(
    resources: Iterable[Resource],
    known: Mapping[str, Resource],
    patient_id: str,
    terms: Medications,
    weight_kg: Decimal | None,
    zone: tzinfo,
) -> tuple[tuple[Order, ...], tuple[Issue, ...]]:
    """Draft orders in the order given, and what was left out. Proposals count: they are being ordered."""
    orders: list[Order] = []
    issues: list[Issue] = []
    for resource in resources:
        if resource.get("resourceType") not in ORDER_TYPES:
            continue
        if other_patient(resource, patient_id):
            issues.append(
                Issue("other-patient", "An order for another patient was left out.", order_id(resource))
            )
            continue
        status = text(resource.get("status"))
        if status == "entered-in-error" or flag(resource.get("doNotPerform")):
            continue
        kind: Literal["draft", "stop"] = "stop" if status in _STOPPING else "draft"
        try:
            meant = meaning_of(resource, known, terms, weight_kg)
            orders.extend(_orders(resource, meant, kind, zone, stated_end(resource, zone)))
        except Exception as error:  # one unreadable order must not take the advice on the others away
            issues.append(unreadable(resource, error))
    return tuple(orders), tuple(issues)


@dataclass(slots=True)
class Ended:
    """What the patient took and no longer takes; read by class, for most of it no statement asks.

    `listed` are entries of the list with what they mean, `stopped` those that end today.
    """

    listed: list[tuple[Resource, Meant]]
    stopped: tuple[Order, ...]
    now: datetime
    zone: tzinfo
    classes: frozenset[str] = field(init=False)
    _read: dict[int, list[Order]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        drugs = [drug.classes for _, meant in self.listed for drug in meant.drugs]
        self.classes = frozenset().union(*drugs, *[one.classes for one in self.stopped])

    def of(self, classes: Iterable[str]) -> tuple[Order, ...]:
        """Those of one of the classes, each with the latest time it may have `ends`-ed.

        An entry that does not say when it ended is dated by the end of its supply, by when it was last changed,
        else by when it was written; one that has no date at all is left out.
        """
        found: _Places = {}
        for place, (_, meant) in enumerate(self.listed):
            if any(not drug.classes.isdisjoint(classes) for drug in meant.drugs):
                _place(found, self._orders(place))
        ended = [one for one in found.values() if not one.classes.isdisjoint(classes)]
        return (*ended, *(one for one in self.stopped if not one.classes.isdisjoint(classes)))

    def _orders(self, place: int) -> list[Order]:
        if place not in self._read:
            resource, meant = self.listed[place]
            ends = ended_at(resource, self.now, self.zone)
            read = [] if ends is None else _orders(resource, meant, "ended", self.zone, ends)
            self._read[place] = read
        return self._read[place]


def read_therapy(
    resources: Iterable[Resource],
    known: Mapping[str, Resource],
    terms: Medications,
    weight_kg: Decimal | None,
    now: datetime,
    zone: tzinfo,
) -> tuple[tuple[Order, ...], list[tuple[Resource, Meant]]]:
    """What the patient is taking, and the entries of what was taken and no longer is.

    Taken is what is active, on-hold, or supplied for a period that is still running. A drug of which no order or
    report tells, and that was dispensed or administered lately, counts without a dose.
    """
    taken: _Places = {}
    over: list[tuple[Resource, Meant]] = []
    given: list[Resource] = []
    for resource in resources:
        kind = resource.get("resourceType")
        if kind in LIST_TYPES:
            course = therapy(resource, now, zone)
            if course is None:
                continue
            if course.running:
                meant = meaning_of(resource, known, terms, weight_kg)
                _place(taken, _orders(resource, meant, "active", zone, course.ends))
            else:
                over.append((resource, meaning_of(resource, known, terms, None)))
        elif kind in GIVEN_TYPES and lately_given(resource, now, zone):
            given.append(resource)
    drugs = frozenset(order.drug_key[0] for order in taken.values())
    for resource in given:
        meant = meaning_of(resource, known, terms, None)
        read = _orders(resource, meant, "active", zone, stated_end(resource, zone))
        _place(taken, [replace(one, dose=_GIVEN_DOSE) for one in read], but=drugs)
    return tuple(taken.values()), over


def _place(places: _Places, orders: list[Order], but: frozenset[str] = _NOTHING) -> None:
    """Each drug of each entry once, but those ingredients; entries without an id are different ones."""
    for number, order in enumerate(orders):
        if order.drug_key[0] not in but:
            entry = order.id if text(order.resource.get("id")) else id(order.resource)
            places.setdefault((entry, number), order)


def _orders(
    resource: Resource,
    meant: Meant,
    kind: Literal["draft", "stop", "active", "ended"],
    zone: tzinfo,
    ends: Interval | None,
) -> list[Order]:
    """One Order per drug that the resource may mean."""
    identifier, prior = order_id(resource), _prior(resource)
    return [
        Order(
            id=identifier,
            kind=kind,
            resource=resource,
            named=meant.named,
            has_drug=meant.has_drug,
            lookup=meant.lookup,
            medication=drug.medication,
            ingredient=drug.ingredient,
            drug_key=drug.key,
            classes=drug.classes,
            strength=drug.strength,
            dose=drug.dose,
            zone=zone,
            ends=ends,
            prior=prior,
            sites=meant.sites,
        )
        for drug in meant.drugs
    ]


def _prior(resource: Resource) -> frozenset[str]:
    """Orders that this one replaces, as "Type/id"."""
    if _REPLACING.isdisjoint(resource):
        return _NOTHING
    references = [reference_of(resource.get("priorPrescription"))]
    references += [reference_of(entry) for entry in objects(resource.get("replaces"))]
    return frozenset("/".join(type_and_id(reference)) for reference in references if reference)
