"""Medication orders and the medication list, of every FHIR version."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal, Protocol

import orjson

from cards.facts.dispensed import GIVEN_TYPES, lately_given
from cards.facts.dosage import DailyDose, read_dose, written
from cards.facts.dose_amount import NOT_WEIGHED, NeedsWeightError
from cards.facts.drug_classes import LEADING, groups_of
from cards.facts.drug_named import named_drug
from cards.facts.record import Issue
from cards.facts.resources import (
    MAX_TEXT,
    Interval,
    Resource,
    codings,
    concept_texts,
    flag,
    objects,
    reference_of,
    text,
    type_and_id,
)
from cards.facts.sites import sites_of
from cards.facts.strengths import ingredient_strength
from cards.facts.therapy_dates import authored, course_days, ended_at, in_force, stated_end, was_taken
from cards.facts.value_sets import lasting_key
from terminology.coding import Coding
from terminology.medications import Ingredient, Medication, MedicationLookup, Route, Strength

_NULL = b"null"
ORDER_TYPES = frozenset({"MedicationRequest", "MedicationOrder", "MedicationPrescription"})
LIST_TYPES = ORDER_TYPES | {"MedicationStatement"}

_CODED_STRENGTH = frozenset({"product", "ndc", "snomed"})  # elsewhere a strength was read from the name
_STOPPING = frozenset({"stopped", "cancelled", "discontinued", "revoked"})


class Medications(Protocol):
    """What this module needs of the terminology."""

    def medication(self, codings: tuple[Coding, ...], texts: tuple[str, ...]) -> MedicationLookup:
        """The medication that these codes and texts name."""

    def classes(self, ingredient_name: str) -> frozenset[str]:
        """Drug classes of an ingredient."""

    def route(self, codings: tuple[Coding, ...], texts: tuple[str, ...]) -> Route | None:
        """The route that an order states beside its medication."""

    def __hash__(self) -> int:
        """By identity: what it says of vocabulary is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    classes: frozenset[str]
    strength: Strength | None
    dose: DailyDose
    authored: Interval | None = None
    ends: Interval | None = None
    prior: frozenset[str] = frozenset()
    course_days: Decimal | None = None
    sites: frozenset[str] = frozenset()
    planned: Interval | None = None

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
            orders.extend(_orders(resource, kind, known, terms, weight_kg, zone))
        except Exception as error:  # one unreadable order must not take the advice on the others away
            issues.append(unreadable(resource, error))
    return tuple(orders), tuple(issues)


def read_medication_list(
    resources: Iterable[Resource],
    known: Mapping[str, Resource],
    terms: Medications,
    weight_kg: Decimal | None,
    now: datetime,
    zone: tzinfo,
) -> tuple[Order, ...]:
    """What the patient is taking: active, on-hold, or supplied for a period that is still running.

    A drug of which no order or report tells, and that was dispensed or administered lately, counts without a
    dose.
    """
    found: dict[str, Order] = {}
    given: list[Resource] = []
    for resource in resources:
        if resource.get("resourceType") in GIVEN_TYPES and lately_given(resource, now, zone):
            given.append(resource)
        if resource.get("resourceType") not in LIST_TYPES or not in_force(resource, now, zone):
            continue
        for place, order in enumerate(_orders(resource, "active", known, terms, weight_kg, zone)):
            found.setdefault(_place(order, place), order)
    taken = {order.drug_key[0] for order in found.values()}
    unknown = DailyDose(why="known from a dispense or administration only")
    for resource in given:
        for place, order in enumerate(_orders(resource, "active", known, terms, None, zone)):
            if order.drug_key[0] not in taken:
                found.setdefault(_place(order, place), replace(order, dose=unknown))
    return tuple(found.values())


def _place(order: Order, place: int) -> str:
    """One key for each drug of each entry; entries without an id are different ones."""
    return f"{order.id if text(order.resource.get('id')) else id(order.resource)}#{place}"


def read_ended(
    resources: Iterable[Resource],
    known: Mapping[str, Resource],
    terms: Medications,
    now: datetime,
    zone: tzinfo,
) -> tuple[Order, ...]:
    """What the patient took and no longer takes, each with the latest time it may have `ends`-ed.

    An entry that does not say when it ended is dated by when it was last changed, else by when it was
    written; one that was never taken, or has no date at all, is left out.
    """
    found: dict[str, Order] = {}
    for resource in resources:
        if resource.get("resourceType") not in LIST_TYPES or not was_taken(resource):
            continue
        if in_force(resource, now, zone):
            continue
        ended = ended_at(resource, now, zone)
        if ended is None:
            continue
        for place, order in enumerate(_orders(resource, "ended", known, terms, None, zone, ended)):
            found.setdefault(_place(order, place), order)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Drug:
    """One drug that an order may mean, with all that does not depend on the patient."""

    medication: Medication | None
    ingredient: Ingredient | None
    classes: frozenset[str]
    strength: Strength | None
    dose: DailyDose


@dataclass(frozen=True, slots=True)
class _Meant:
    """What an order's codes, texts and instructions mean: usually one drug, two where code and text disagree."""

    named: str
    has_drug: bool
    lookup: MedicationLookup
    drugs: tuple[_Drug, ...]


def _orders(
    resource: Resource,
    kind: Literal["draft", "stop", "active", "ended"],
    known: Mapping[str, Resource],
    terms: Medications,
    weight_kg: Decimal | None,
    zone: tzinfo,
    ended: Interval | None = None,
) -> list[Order]:
    """One Order per medication the resource may mean; `ended` is when it did, where that was worked out."""
    meant = _known_meaning(resource, terms) or _meaning(resource, known, terms, weight_kg)
    identifier, when, ends = order_id(resource), authored(resource, zone), ended or stated_end(resource, zone)
    prior, days, sites = _prior(resource), course_days(resource, zone), sites_of(resource)
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
            classes=drug.classes,
            strength=drug.strength,
            dose=drug.dose,
            authored=when,
            ends=ends,
            prior=prior,
            course_days=days,
            sites=sites,
        )
        for drug in meant.drugs
    ]


# Where an order names its drug otherwise than by medicationCodeableConcept alone.
_OTHER_NAMES = frozenset({"medicationReference", "medication"})


def _known_meaning(resource: Resource, terms: Medications) -> _Meant | None:
    """What the order means, remembered by its concept and its instructions; None where that does not tell all.

    The drugs and instructions that a hospital orders are some thousand, and each record repeats its own.
    """
    concept = lasting_key(resource.get("medicationCodeableConcept"), terms)
    if concept is None or concept == _NULL or not _OTHER_NAMES.isdisjoint(resource):
        return None
    member = "dosage" if resource.get("dosageInstruction") is None else "dosageInstruction"
    instructions = written(resource.get(member))
    return None if instructions is None else _remembered(terms, concept, member, instructions)


@lru_cache(maxsize=8192)
def _remembered(terms: Medications, concept: bytes, member: str, instructions: bytes) -> _Meant | None:
    """None where a dose depends on the patient's weight, or is to be estimated from what is dispensed."""
    order = {"medicationCodeableConcept": orjson.loads(concept), member: orjson.loads(instructions)}
    try:
        meant = _meaning(order, {}, terms, NOT_WEIGHED)
    except NeedsWeightError:
        return None
    return meant if all(drug.dose.peak_day_mg is not None for drug in meant.drugs) else None


def _meaning(
    resource: Resource, known: Mapping[str, Resource], terms: Medications, weight_kg: Decimal | None
) -> _Meant:
    coded, texts, product, has_drug = named_drug(resource, known)
    lookup = terms.medication(coded, texts)
    named = lookup.text or next(iter(texts), "") or next((c.code for c in coded), "")
    drugs = [
        _drug(medication, named, resource, product, terms, weight_kg)
        for medication in _with_route(lookup.medications, resource, terms)
    ]
    if not drugs:
        stated = _strength(None, product)
        dose = _dose(resource, stated, weight_kg, words=_words(named))
        drugs = [_Drug(None, None, frozenset(), stated, dose)]
    return _Meant(named, has_drug, lookup, tuple(drugs))


def _drug(
    medication: Medication,
    named: str,
    resource: Resource,
    product: Resource,
    terms: Medications,
    weight_kg: Decimal | None,
) -> _Drug:
    ingredient = _leading_ingredient(medication, terms)
    strength = _strength(ingredient, product)
    own = ingredient_strength(product, ingredient.name if ingredient else "")
    by_name = medication.recognised_by not in _CODED_STRENGTH and own is None
    words = _words(named, medication.name, medication.brand or "", *(i.name for i in medication.ingredients))
    dose = _dose(resource, strength, weight_kg, by_name=by_name, words=words)
    names = frozenset().union(
        (part.name for part in medication.ingredients),
        *(terms.classes(part.name) for part in medication.ingredients),
    )
    groups = groups_of(names, medication, strength.mg if strength else None, dose)
    return _Drug(medication, ingredient, names | groups, strength, dose)


def _with_route(
    medications: tuple[Medication, ...], resource: Resource, terms: Medications
) -> tuple[Medication, ...]:
    """A product whose form does not tell the route takes it from the instructions, where they agree."""
    if all(one.route is not None for one in medications):
        return medications
    instructions = objects(resource.get("dosageInstruction")) or objects(resource.get("dosage"))
    stated = {terms.route(codings(one.get("route")), concept_texts(one.get("route"))) for one in instructions}
    if len(stated) != 1 or None in stated:
        return medications
    route = stated.pop()
    return tuple(one if one.route is not None else replace(one, route=route) for one in medications)


def _strength(ingredient: Ingredient | None, product: Resource) -> Strength | None:
    """What the order's own Medication resource states, else what the code or the name gives."""
    stated = ingredient_strength(product, ingredient.name if ingredient else "")
    return stated or (ingredient.strength if ingredient else None)


def _words(*names: str) -> frozenset[str]:
    """The words of the drug's names, which a dosage text may repeat."""
    return frozenset(word for name in names for word in re.findall(r"[a-z]{4,}", name[:MAX_TEXT].lower()))


def _dose(
    resource: Resource,
    strength: Strength | None,
    weight_kg: Decimal | None,
    *,
    by_name: bool = False,
    words: frozenset[str] = frozenset(),
) -> DailyDose:
    instructions = resource.get("dosageInstruction")
    return read_dose(
        instructions if instructions is not None else resource.get("dosage"),
        strength=strength,
        weight_kg=weight_kg,
        dispense=resource.get("dispenseRequest"),
        strength_from_name=by_name,
        drug_words=words,
    )


def _leading_ingredient(medication: Medication, terms: Medications) -> Ingredient | None:
    """The ingredient the advice is about: by the classes that lead (classes.yaml), else the first classed."""
    parts = medication.ingredients
    if len(parts) < 2:
        return next(iter(parts), None)
    for name in LEADING:
        for part in parts:
            if name in terms.classes(part.name):
                return part
    return next((part for part in parts if terms.classes(part.name)), parts[0])


def _prior(resource: Resource) -> frozenset[str]:
    """Orders that this one replaces, as "Type/id"."""
    references = [reference_of(resource.get("priorPrescription"))]
    references += [reference_of(entry) for entry in objects(resource.get("replaces"))]
    return frozenset("/".join(type_and_id(reference)) for reference in references if reference)
