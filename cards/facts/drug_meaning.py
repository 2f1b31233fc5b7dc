"""What the codes, texts and instructions of an order mean: its drugs, their classes and their doses."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, Protocol

import orjson

from cards.facts.dosage import DailyDose, read_dose, undated
from cards.facts.dose_amount import NOT_WEIGHED, NeedsWeightError
from cards.facts.drug_classes import LEADING, groups_of
from cards.facts.drug_named import named_drug
from cards.facts.resources import MAX_TEXT, Resource, codings, concept_texts, objects, structure
from cards.facts.sites import PLACES, sites_of
from cards.facts.strengths import ingredient_strength
from cards.facts.value_sets import is_lasting
from terminology.coding import Coding
from terminology.medications import Ingredient, Medication, MedicationLookup, Route, Strength

_CODED_STRENGTH = frozenset({"product", "ndc", "snomed"})  # elsewhere a strength was read from the name
# Where an order says what it means otherwise than by medicationCodeableConcept and its instructions.
_SAYS_MORE = frozenset({"medicationReference", "medication"}) | PLACES
_LONGEST_KEY = 2_000


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


class Drug(NamedTuple):
    """One drug that an order may mean, with all that does not depend on the patient.

    `key` is (ingredient, release), the key of a product's statements; ("", "") when the drug is unknown.
    """

    medication: Medication | None
    ingredient: Ingredient | None
    key: tuple[str, str]
    classes: frozenset[str]
    strength: Strength | None
    dose: DailyDose


class Meant(NamedTuple):
    """What an order means: usually one drug, two where code and text disagree.

    `dosed` says that its instructions give every dose; where they do not, what is dispensed may serve to estimate it.
    """

    named: str
    has_drug: bool
    lookup: MedicationLookup
    drugs: tuple[Drug, ...]
    sites: frozenset[str]
    dosed: bool


def meaning_of(
    resource: Resource, known: Mapping[str, Resource], terms: Medications, weight_kg: Decimal | None
) -> Meant:
    """What an order or list entry means; `known` are resources it may refer to, by "Type/id".

    Remembered by its concept and its instructions, where these tell all: the drugs and instructions that a
    hospital orders are some thousand, and each record repeats its own.
    """
    concept = resource.get("medicationCodeableConcept")
    if concept is not None and is_lasting(terms) and _SAYS_MORE.isdisjoint(resource):
        member = "dosage" if resource.get("dosageInstruction") is None else "dosageInstruction"
        if member == "dosage" or "dosage" not in resource:
            key = structure((concept, undated(resource.get(member))), _LONGEST_KEY)
            meant = None if key is None else _remembered(terms, member, key)
            if meant is not None and (meant.dosed or resource.get("dispenseRequest") is None):
                return meant
    return _meaning(resource, known, terms, weight_kg)


@lru_cache(maxsize=8192)
def _remembered(terms: Medications, member: str, key: bytes) -> Meant | None:
    """What that says without what is dispensed; None where a dose depends on the patient's weight."""
    concept, instructions = orjson.loads(key)
    order = {"medicationCodeableConcept": concept, member: instructions}
    try:
        return _meaning(order, {}, terms, NOT_WEIGHED)
    except NeedsWeightError:
        return None


def _meaning(
    resource: Resource, known: Mapping[str, Resource], terms: Medications, weight_kg: Decimal | None
) -> Meant:
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
        drugs = [Drug(None, None, ("", ""), frozenset(), stated, dose)]
    dosed = all(drug.dose.peak_day_mg is not None for drug in drugs)
    return Meant(named, has_drug, lookup, tuple(drugs), sites_of(resource), dosed)


def _drug(
    medication: Medication,
    named: str,
    resource: Resource,
    product: Resource,
    terms: Medications,
    weight_kg: Decimal | None,
) -> Drug:
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
    key = (ingredient.name, medication.release) if ingredient else ("", "")
    return Drug(medication, ingredient, key, names | groups, strength, dose)


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
