"""Medication orders and the medication list, from MedicationRequest, MedicationOrder and MedicationStatement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Literal, Protocol

from cards.facts.dosage import DailyDose, read_dose
from cards.facts.record import Issue
from cards.facts.resources import (
    Interval,
    Resource,
    codings,
    concept_texts,
    flag,
    interval,
    obj,
    objects,
    period,
    reference_of,
    text,
    type_and_id,
)
from cards.facts.strengths import ingredient_strength
from terminology.coding import Coding
from terminology.medications import Ingredient, Medication, MedicationLookup, Strength

ORDER_TYPES = frozenset({"MedicationRequest", "MedicationOrder", "MedicationPrescription"})
LIST_TYPES = ORDER_TYPES | {"MedicationStatement"}

_STOPPING = frozenset({"stopped", "cancelled", "discontinued", "revoked"})
_NOT_TAKEN = frozenset({"stopped", "cancelled", "completed", "entered-in-error", "not-taken", "discontinued"})
_NO_EXPOSURE_INTENTS = frozenset({"plan", "proposal", "option"})


class Medications(Protocol):
    """What this module needs of the terminology."""

    def medication(self, codings: tuple[Coding, ...], texts: tuple[str, ...]) -> MedicationLookup:
        """The medication that these codes and texts name."""

    def classes(self, ingredient_name: str) -> frozenset[str]:
        """Drug classes of an ingredient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One medication order or list entry, with one of the drugs it names.

    `id` is "Type/id"; `has_drug` is False for an order in which no drug has been chosen yet; `named` is
    the drug as the order words it. A stopping order (`kind` stop) gives no exposure.
    """

    id: str
    kind: Literal["draft", "stop", "active"]
    resource: Resource
    named: str
    has_drug: bool
    lookup: MedicationLookup
    medication: Medication | None
    ingredient: Ingredient | None
    classes: frozenset[str]
    strength: Strength | None
    dose: DailyDose
    authored: Interval | None = None
    ends: Interval | None = None
    prior: frozenset[str] = frozenset()

    @property
    def drug_key(self) -> tuple[str, str]:
        """(ingredient, release), the key of a product's statements; ("", "") when the drug is unknown."""
        if self.medication is None or self.ingredient is None:
            return ("", "")
        return (self.ingredient.name, self.medication.release)


def order_id(resource: Resource) -> str:
    """ "Type/id" of a resource; the id may be longer than FHIR allows, as some EHRs send it."""
    return f"{text(resource.get('resourceType'))}/{text(resource.get('id'))}"


def other_patient(resource: Resource, patient_id: str) -> bool:
    """Whether the subject is plainly another patient; an unresolvable subject is not."""
    subject = reference_of(resource.get("subject")) or reference_of(resource.get("patient"))
    kind, bare = type_and_id(subject)
    return kind == "Patient" and bool(patient_id) and bare != patient_id


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
            issues.append(Issue("other-patient", "An order for another patient was left out.", order_id(resource)))
            continue
        status = text(resource.get("status"))
        if status == "entered-in-error" or flag(resource.get("doNotPerform")):
            continue
        kind: Literal["draft", "stop"] = "stop" if status in _STOPPING else "draft"
        orders.extend(_orders(resource, kind, known, terms, weight_kg, zone))
    return tuple(orders), tuple(issues)


def read_medication_list(
    resources: Iterable[Resource],
    known: Mapping[str, Resource],
    terms: Medications,
    weight_kg: Decimal | None,
    now: datetime,
    zone: tzinfo,
) -> tuple[Order, ...]:
    """What the patient is taking: active, on-hold, or supplied for a period that is still running."""
    found: dict[str, Order] = {}
    for resource in resources:
        if resource.get("resourceType") not in LIST_TYPES or not _in_force(resource, now, zone):
            continue
        for number, order in enumerate(_orders(resource, "active", known, terms, weight_kg, zone)):
            found.setdefault(f"{order.id}#{number}", order)
    return tuple(found.values())


def _in_force(resource: Resource, now: datetime, zone: tzinfo) -> bool:
    status = text(resource.get("status"))
    if flag(resource.get("doNotPerform")) or text(resource.get("intent")) in _NO_EXPOSURE_INTENTS:
        return False
    if text(resource.get("taken")) == "n" or flag(resource.get("wasNotTaken")):
        return False
    supply_end = period(obj(resource.get("dispenseRequest")).get("validityPeriod"), zone)[1]
    if status == "completed":  # de-identified exports complete every order; the supply period tells
        return supply_end is not None and supply_end.latest >= now
    if status in _NOT_TAKEN or status == "draft":
        return False
    ended = _end(resource, zone)
    return ended is None or ended.latest >= now


def _end(resource: Resource, zone: tzinfo) -> Interval | None:
    """When the therapy ends, where the order says so: the latest end over all instructions."""
    if text(resource.get("dateEnded")):
        return interval(resource.get("dateEnded"), zone)
    effective = period(resource.get("effectivePeriod"), zone)[1]
    if effective is not None:
        return effective
    ends = []
    for dosage in objects(resource.get("dosageInstruction")) or objects(resource.get("dosage")):
        repeat = obj(obj(dosage.get("timing")).get("repeat"))
        end = period(repeat.get("boundsPeriod"), zone)[1]
        if end is None:
            return None
        ends.append(end)
    return max(ends, key=lambda end: end.latest) if ends else None


def _orders(
    resource: Resource,
    kind: Literal["draft", "stop", "active"],
    known: Mapping[str, Resource],
    terms: Medications,
    weight_kg: Decimal | None,
    zone: tzinfo,
) -> list[Order]:
    """One Order per medication the resource may mean: usually one, two where code and text disagree."""
    coded, texts, product, has_drug = _named_drug(resource, known)
    lookup = terms.medication(coded, texts)
    named = lookup.text or next(iter(texts), "") or next((c.code for c in coded), "")
    stated = _strength(None, product)
    base = Order(
        id=order_id(resource),
        kind=kind,
        resource=resource,
        named=named,
        has_drug=has_drug,
        lookup=lookup,
        medication=None,
        ingredient=None,
        classes=frozenset(),
        strength=stated,
        dose=_dose(resource, stated, weight_kg),
        authored=_authored(resource, zone),
        ends=_end(resource, zone),
        prior=_prior(resource),
    )
    found = []
    for medication in lookup.medications:
        ingredient = _leading_ingredient(medication, terms)
        classes = frozenset().union(*(terms.classes(part.name) for part in medication.ingredients))
        strength = _strength(ingredient, product)
        found.append(
            replace(
                base,
                medication=medication,
                ingredient=ingredient,
                classes=classes,
                strength=strength,
                dose=_dose(resource, strength, weight_kg),
            )
        )
    return found or [base]


def _strength(ingredient: Ingredient | None, product: Resource) -> Strength | None:
    """What the order's own Medication resource states, else what the code or the name gives."""
    stated = ingredient_strength(product, ingredient.name if ingredient else "")
    return stated or (ingredient.strength if ingredient else None)


def _dose(resource: Resource, strength: Strength | None, weight_kg: Decimal | None) -> DailyDose:
    instructions = resource.get("dosageInstruction")
    return read_dose(
        instructions if instructions is not None else resource.get("dosage"),
        strength=strength,
        weight_kg=weight_kg,
        dispense=resource.get("dispenseRequest"),
    )


def _leading_ingredient(medication: Medication, terms: Medications) -> Ingredient | None:
    """The ingredient the advice is about: the first with a drug class we know, else the first."""
    classed = (part for part in medication.ingredients if terms.classes(part.name))
    return next(classed, next(iter(medication.ingredients), None))


def _named_drug(
    resource: Resource, known: Mapping[str, Resource]
) -> tuple[tuple[Coding, ...], tuple[str, ...], Resource, bool]:
    """Codes, texts and Medication resource of an order, and whether it names a drug at all."""
    concept = resource.get("medicationCodeableConcept")
    pointer = resource.get("medicationReference")
    inline = resource.get("medication")  # DSTU1 reference, or the R5 form {concept, reference}
    if isinstance(inline, dict):
        concept = concept or inline.get("concept") or (inline if "coding" in inline else None)
        pointer = pointer or inline.get("reference") or (inline if "reference" in inline else None)
    has_drug = concept is not None or pointer is not None
    product = _resolve(pointer, resource, known)
    coded = (*codings(concept), *codings(product.get("code")))
    identifier = obj(obj(pointer).get("identifier") if isinstance(pointer, dict) else None)
    texts = [
        *concept_texts(concept),
        *concept_texts(product.get("code")),
        text(obj(pointer).get("display")) if isinstance(pointer, dict) else "",
        text(identifier.get("value")),
        *(text(entry.get("value")) for entry in objects(product.get("identifier"))),
    ]
    if not coded and not any(texts):
        for part in objects(product.get("ingredient")):
            coded = (*coded, *codings(part.get("itemCodeableConcept")))
            texts.extend(concept_texts(part.get("itemCodeableConcept")))
    return coded, tuple(dict.fromkeys(name for name in texts if name)), product, has_drug


def _resolve(pointer: object, resource: Resource, known: Mapping[str, Resource]) -> Resource:
    reference = reference_of(pointer)
    if reference.startswith("#"):
        contained = objects(resource.get("contained"))
        return next((part for part in contained if text(part.get("id")) == reference[1:]), {})
    if not reference:
        return {}
    kind, bare = type_and_id(reference)
    if kind:
        return known.get(f"{kind}/{bare}", {})
    return known.get(f"Medication/{reference.rpartition(':')[2]}", {})


def _authored(resource: Resource, zone: tzinfo) -> Interval | None:
    for name in ("authoredOn", "dateWritten", "effectiveDateTime", "dateAsserted"):
        read = interval(resource.get(name), zone)
        if read is not None:
            return read
    return period(resource.get("effectivePeriod"), zone)[0]


def _prior(resource: Resource) -> frozenset[str]:
    """Orders that this one replaces, as "Type/id"."""
    references = [reference_of(resource.get("priorPrescription"))]
    references += [reference_of(entry) for entry in objects(resource.get("replaces"))]
    return frozenset("/".join(type_and_id(reference)) for reference in references if reference)
