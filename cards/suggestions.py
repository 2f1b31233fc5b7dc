"""FHIR changes to offer: a replacement dose made from the draft itself, and a creatinine order."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from cards.card import Action, Indicator
from cards.facts.medications import Order
from cards.facts.resources import Resource, obj, objects, text
from cards.finding import Finding
from cards.knowledge.rule_types import Regimen
from cards.portion import Portion, portion_of
from cards.rules.basis import drug_name
from cards.rules.context import Context, in_force
from cards.wording import say
from terminology.coding import LOINC, RXNORM, UCUM
from terminology.medications import Medication, Release

# What a dispense request says of the amount of the old dose.
_OF_SUPPLY = frozenset({"quantity", "numberOfRepeatsAllowed"})
_REMOVES = "removes the patient instruction, dispense quantity and repeats that state the old dose"


class Marketed(Protocol):
    """What this module needs of the terminology."""

    def marketed(self, ingredient_name: str, release: Release) -> tuple[Medication, ...]:
        """Single-ingredient products on the market."""

    def __hash__(self) -> int:
        """By identity: what it says of vocabulary is remembered."""


class DoseChange(NamedTuple):
    """A replacement dose: label for the button, the whole updated draft, and what the update does."""

    label: str
    action: Action
    resource: Resource


def dose_change(
    findings: Sequence[Finding], order: Order, ctx: Context, terms: Marketed
) -> DoseChange | None:
    """The replacement that all findings of a card agree on; None where none can be offered safely.

    Offered for one readable instruction of an R4 draft, never above the ordered dose, and only from
    statements whose numbers were checked against their source.
    """
    regimen = _agreed(findings, order, ctx)
    if regimen is None or order.ingredient is None or order.medication is None or not _changeable(order, ctx):
        return None
    in_mg = _in_mg(order)
    made = _made_of(regimen, order.ingredient.name, order.medication, in_mg, terms)
    if made is None:
        return None
    resource = _updated(order, regimen, made.portion, in_mg=in_mg)
    if made.swapped:
        _swap_product(resource, made.product)
    # "Gralise", "venlafaxine XR": what is not immediate release must not read as if it were.
    called = order.ingredient.name
    if order.medication.release != "immediate":
        named = [drug_name(one.statement, order).inside for one in findings if one.statement.drug is not None]
        called = next(iter(named), called)
    does = f"{made.does}; {_REMOVES}." if _states_old_dose(order.resource) else f"{made.does}."
    label = say("suggestion", drug=called, regimen=made.dose)
    return DoseChange(label, Action("update", does, resource), resource)


def draft_test(patient_id: str, title: str, code: str, display: str) -> Resource:
    """A draft ServiceRequest for a test; without a LOINC `code` it is named in words only."""
    coding = {"system": LOINC, "code": code, "display": display}
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {**({"coding": [coding]} if code else {}), "text": title},
        "subject": {"reference": f"Patient/{patient_id}"},
    }


def creatinine_order(patient_id: str) -> Action:
    """A draft ServiceRequest for serum creatinine (LOINC 2160-0)."""
    display = "Creatinine [Mass/volume] in Serum or Plasma"
    resource = draft_test(patient_id, "Serum creatinine", "2160-0", display)
    return Action("create", "Adds a draft order for serum creatinine.", resource)


_OLDER_SHAPE = frozenset({"doseQuantity", "doseRange", "asNeeded", "rateQuantity"})


def _changeable(order: Order, ctx: Context) -> bool:
    if order.kind != "draft" or not order.dose.single_instruction:
        return False
    if order.resource.get("resourceType") != "MedicationRequest" or len(order.lookup.medications) != 1:
        return False
    if order.medication is None or len(order.medication.ingredients) != 1:
        return False
    dosage = order.resource.get("dosageInstruction")
    if not isinstance(dosage, list) or len(dosage) != 1 or not isinstance(dosage[0], dict):
        return False
    if not _OLDER_SHAPE.isdisjoint(dosage[0]) or not text(order.resource.get("id")):
        return False
    return [draft.id for draft in ctx.drafts].count(order.id) == 1


def _agreed(findings: Sequence[Finding], order: Order, ctx: Context) -> Regimen | None:
    # What is merely worth knowing does not decide the dose of a card that something graver leads.
    deciding = [f for f in findings if f.severity >= Indicator.warning] or findings[:1]
    advised = [(finding, finding.dose) for finding in deciding if finding.dose is not None]
    if not advised:
        return None
    choices = [
        dose.regimens for f, dose in advised if dose.regimens and f.statement.checked and not f.unchecked
    ]
    ordered = order.dose.peak_day_mg
    if not choices or ordered is None:
        return None
    name = order.ingredient.name if order.ingredient is not None else ""
    elsewhere = sum(
        [
            other.dose.peak_day_mg or Decimal(0)
            for other in in_force(order, ctx)
            if other.ingredient is not None and other.ingredient.name == name
        ]
    )
    daily = [dose.max_mg_per_day - elsewhere for _, dose in advised if dose.max_mg_per_day is not None]
    single = [dose.max_single_mg for _, dose in advised if dose.max_single_mg is not None]
    most, most_single = min([*daily, ordered]), min(single, default=None)
    fitting: list[Regimen] = []
    for regimens in choices:
        for one in regimens:
            if one.mg_per_day <= most and (most_single is None or one.mg <= most_single):
                fitting.append(one)
                break
        else:
            return None
    return min(fitting, key=lambda one: (one.mg_per_day, one.mg))


class _Made(NamedTuple):
    """A dose of a product; `swapped`: of another than the ordered one. `dose` words it, `does` what an update does."""

    product: Medication
    portion: Portion
    swapped: bool
    dose: str
    does: str


@lru_cache(maxsize=2048)
def _made_of(
    regimen: Regimen, ingredient: str, ordered: Medication, in_mg: bool, terms: Marketed
) -> _Made | None:
    """The dose of the regimen in place of an order; the same for each patient, and so are its words."""
    product = _product(regimen, ingredient, ordered, in_mg, terms)
    if product is None:
        return None
    portion, swapped = portion_of(regimen, product), product.rxcui != ordered.rxcui
    dose = f"{portion.words}{portion.made_of}"
    swap = f"changes the product to {product.name}; " if swapped else ""
    does = f"Sets the dose to {dose}; {swap}rewrites the instruction text"
    return _Made(product, portion, swapped, dose, does)


def _product(
    regimen: Regimen, ingredient: str, ordered: Medication, in_mg: bool, terms: Marketed
) -> Medication | None:
    """The ordered product if the dose can be made of it, else the marketed one that needs fewest units.

    One in the ordered form goes first: nobody asked to change tablets for orally disintegrating ones.
    """
    if portion_of(regimen, ordered).units is not None:
        return ordered
    best = _best_marketed(regimen, ingredient, ordered, terms)
    if best is not None and ordered.ingredients[0].strength is None and in_mg:
        return ordered  # an order by ingredient in mg stays one; the dose can be made of a marketed product
    return best


def _best_marketed(
    regimen: Regimen, ingredient: str, ordered: Medication, terms: Marketed
) -> Medication | None:
    counts = [
        (portion_of(regimen, product).units, product)
        for product in terms.marketed(ingredient, ordered.release)
        if product.ingredients[0].strength is not None and product.ingredients[0].strength.per == "unit"
    ]
    usable = [
        (product.form != ordered.form, count, int(product.rxcui or 0), product)
        for count, product in counts
        if count is not None
    ]
    return min(usable, key=lambda one: one[:3], default=(None,))[-1]


def _in_mg(order: Order) -> bool:
    dosage = obj(order.resource.get("dosageInstruction"))
    quantity = obj(obj(dosage.get("doseAndRate")).get("doseQuantity"))
    return "mg" in (quantity.get("code"), quantity.get("unit"))


def _updated(order: Order, regimen: Regimen, portion: Portion, *, in_mg: bool) -> Resource:
    """The draft with the new dose. What states the old dose goes; everything else stays as it was.

    Only what changes is copied; the rest is shared with the draft.
    """
    resource = dict(order.resource)
    resource.pop("text", None)  # the narrative states the old dose
    dosage = dict(resource["dosageInstruction"][0])
    resource["dosageInstruction"] = [dosage]
    for name in ("patientInstruction", "maxDosePerPeriod", "maxDosePerAdministration"):
        dosage.pop(name, None)
    kept = {
        name: value
        for name, value in obj(obj(dosage.get("timing")).get("repeat")).items()
        if name.startswith("bounds")
    }
    per_day = {"frequency": regimen.per_day, "period": regimen.every_days, "periodUnit": "d"}
    dosage["timing"] = {"repeat": {**kept, **per_day}}
    if regimen.when == "at bedtime":
        dosage["timing"]["repeat"]["when"] = ["HS"]
    dosage["doseAndRate"] = [{"doseQuantity": _quantity(regimen, portion, in_mg=in_mg)}]
    dosage["text"] = portion.sig
    dispense = resource.get("dispenseRequest")
    if isinstance(dispense, dict):
        left = {name: value for name, value in dispense.items() if name not in _OF_SUPPLY}
        if left:
            resource["dispenseRequest"] = left
        else:
            del resource["dispenseRequest"]
    return resource


def _states_old_dose(resource: Resource) -> bool:
    """Whether something besides the instruction's text and dose is left out of the updated draft."""
    if not _OF_SUPPLY.isdisjoint(obj(resource.get("dispenseRequest"))):
        return True
    return any("patientInstruction" in one for one in objects(resource.get("dosageInstruction")))


def _swap_product(resource: Resource, product: Medication) -> None:
    reference = text(obj(resource.pop("medicationReference", None)).get("reference"))
    if reference.startswith("#"):
        left = [part for part in objects(resource.get("contained")) if part.get("id") != reference[1:]]
        resource.pop("contained", None)
        if left:
            resource["contained"] = left
    coding = {"system": RXNORM, "code": product.rxcui, "display": product.name}
    resource["medicationCodeableConcept"] = {"coding": [coding], "text": product.name}


def _quantity(regimen: Regimen, portion: Portion, *, in_mg: bool) -> dict[str, Any]:
    if portion.units is None or in_mg:
        return {"value": _json_number(regimen.mg), "unit": "mg", "system": UCUM, "code": "mg"}
    return {
        "value": _json_number(portion.units),
        "unit": portion.unit,
        "system": UCUM,
        "code": portion.code,
    }


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
