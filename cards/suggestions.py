"""FHIR changes to offer: a replacement dose made from the draft itself, and a creatinine order."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from cards.card import Action, Indicator
from cards.facts.medications import Order
from cards.facts.resources import Resource, obj, objects, text
from cards.finding import Finding
from cards.knowledge.rule_types import Regimen
from cards.rules.basis import drug_name, how_often, regimen_words
from cards.rules.context import Context, in_force
from cards.wording import amount, say
from terminology.coding import LOINC, RXNORM, UCUM
from terminology.medications import Medication, Release

MOST_UNITS_PER_DOSE = 4


class Marketed(Protocol):
    """What this module needs of the terminology."""

    def marketed(self, ingredient_name: str, release: Release) -> tuple[Medication, ...]:
        """Single-ingredient products on the market."""


@dataclass(frozen=True, slots=True)
class DoseChange:
    """A replacement dose: label for the button, the whole updated draft, and what the update does."""

    label: str
    action: Action
    resource: Resource


def dose_change(
    findings: Iterable[Finding], order: Order, ctx: Context, terms: Marketed
) -> DoseChange | None:
    """The replacement that all findings of a card agree on; None where none can be offered safely.

    Offered for one readable instruction of an R4 draft, never above the ordered dose, and only from
    statements whose numbers were checked against their source.
    """
    found = list(findings)
    if not _changeable(order, ctx):
        return None
    regimen = _agreed(found, order, ctx)
    if regimen is None or order.ingredient is None or order.medication is None:
        return None
    product = _product(regimen.mg, order, terms)
    if product is None:
        return None
    resource = _updated(order, regimen, product)
    words = regimen_words(regimen)
    made_of = _made_of(regimen.mg, product)
    # "Gralise", "venlafaxine XR": what is not immediate release must not read as if it were.
    products = (drug_name(one.statement, order) for one in found if one.statement.drug is not None)
    name = next(products, None) if order.medication.release != "immediate" else None
    called = name.inside if name is not None else order.ingredient.name
    label = say("suggestion", drug=called, regimen=f"{words}{made_of}")
    swapped = product.rxcui != order.medication.rxcui
    changes = [f"Sets the dose to {words}{made_of}"]
    if swapped:
        changes.append(f"changes the product to {product.name}")
    changes.append("rewrites the instruction text")
    dropped = [
        name
        for name in ("quantity", "numberOfRepeatsAllowed")
        if name in obj(order.resource.get("dispenseRequest"))
    ]
    if dropped or any("patientInstruction" in d for d in objects(order.resource.get("dosageInstruction"))):
        changes.append(
            "removes the patient instruction, dispense quantity and repeats that state the old dose"
        )
    return DoseChange(label, Action("update", "; ".join(changes) + ".", resource), resource)


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
    older_shape = {"doseQuantity", "doseRange", "asNeeded", "rateQuantity"} & dosage[0].keys()
    twins = sum(draft.id == order.id for draft in ctx.drafts)
    return not older_shape and twins == 1 and bool(text(order.resource.get("id")))


def _agreed(findings: list[Finding], order: Order, ctx: Context) -> Regimen | None:
    # What is merely worth knowing does not decide the dose of a card that something graver leads.
    deciding = [f for f in findings if f.severity >= Indicator.warning] or findings[:1]
    advices = [finding.dose for finding in deciding if finding.dose is not None]
    offered = [f.dose for f in deciding if f.dose is not None and f.statement.checked and not f.unchecked]
    ordered = order.dose.peak_day_mg
    if not advices or ordered is None:
        return None
    elsewhere = sum(
        other.dose.peak_day_mg or Decimal(0)
        for other in in_force(order, ctx)
        if other.ingredient is not None
        and order.ingredient is not None
        and other.ingredient.name == order.ingredient.name
    )
    daily = [advice.max_mg_per_day - elsewhere for advice in advices if advice.max_mg_per_day is not None]
    single = [advice.max_single_mg for advice in advices if advice.max_single_mg is not None]
    most, most_single = min([*daily, ordered]), min(single, default=None)
    chosen = [
        next(
            (
                one
                for one in advice.regimens
                if one.mg_per_day <= most and (most_single is None or one.mg <= most_single)
            ),
            None,
        )
        for advice in offered
        if advice.regimens
    ]
    fitting = [one for one in chosen if one is not None]
    if len(fitting) < len(chosen) or not fitting:
        return None
    return min(fitting, key=lambda one: (one.mg_per_day, one.mg))


def _units(mg: Decimal, product: Medication) -> Decimal | None:
    """How many units (or mL) of the product make `mg`; None unless whole units, and not too many."""
    strength = product.ingredients[0].strength
    if strength is None or strength.mg <= 0:
        return None
    count = mg / strength.mg
    if strength.per == "mL":
        return count
    if strength.per != "unit" or count != count.to_integral_value() or not 1 <= count <= MOST_UNITS_PER_DOSE:
        return None
    return count


def _product(mg: Decimal, order: Order, terms: Marketed) -> Medication | None:
    """The ordered product if the dose can be made of it, else the marketed one that needs fewest units.

    One in the ordered form goes first: nobody asked to change tablets for orally disintegrating ones.
    """
    ordered = order.medication
    assert ordered is not None and order.ingredient is not None  # noqa: S101, PT018
    if _units(mg, ordered) is not None:
        return ordered
    marketed = [
        product
        for product in terms.marketed(order.ingredient.name, ordered.release)
        if product.ingredients[0].strength is not None and product.ingredients[0].strength.per == "unit"
    ]
    usable = [(count, product) for product in marketed if (count := _units(mg, product)) is not None]
    if not usable:
        return None
    best = min(usable, key=lambda pair: (pair[1].form != ordered.form, pair[0], int(pair[1].rxcui or 0)))[1]
    if ordered.ingredients[0].strength is None and _in_mg(order):
        return ordered  # an order by ingredient in mg stays one; the dose can be made of a marketed product
    return best


def _in_mg(order: Order) -> bool:
    dosage = obj(order.resource.get("dosageInstruction"))
    quantity = obj(obj(dosage.get("doseAndRate")).get("doseQuantity"))
    return "mg" in (quantity.get("code"), quantity.get("unit"))


def _form(product: Medication) -> str:
    return (product.form or "unit").rsplit(" ", 1)[-1].lower()


def _made_of(mg: Decimal, product: Medication) -> str:
    count, strength = _units(mg, product), product.ingredients[0].strength
    if count is None or strength is None:
        return ""
    if strength.per == "mL":
        return f" ({amount(count)} mL of {amount(strength.mg)} mg/mL)"
    return f" ({amount(count)} × {amount(strength.mg)} mg {_form(product)})"


def _updated(order: Order, regimen: Regimen, product: Medication) -> Resource:
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
    dosage["doseAndRate"] = [{"doseQuantity": _quantity(order, regimen, product)}]
    dosage["text"] = _sig(regimen, product)
    dispense = resource.get("dispenseRequest")
    if isinstance(dispense, dict):
        left = {
            name: value
            for name, value in dispense.items()
            if name not in ("quantity", "numberOfRepeatsAllowed")
        }
        if left:
            resource["dispenseRequest"] = left
        else:
            del resource["dispenseRequest"]
    assert order.medication is not None  # noqa: S101
    if product.rxcui != order.medication.rxcui:
        _swap_product(resource, product)
    return resource


def _swap_product(resource: Resource, product: Medication) -> None:
    reference = text(obj(resource.pop("medicationReference", None)).get("reference"))
    if reference.startswith("#"):
        left = [part for part in objects(resource.get("contained")) if part.get("id") != reference[1:]]
        resource.pop("contained", None)
        if left:
            resource["contained"] = left
    coding = {"system": RXNORM, "code": product.rxcui, "display": product.name}
    resource["medicationCodeableConcept"] = {"coding": [coding], "text": product.name}


def _quantity(order: Order, regimen: Regimen, product: Medication) -> dict[str, Any]:
    count, strength = _units(regimen.mg, product), product.ingredients[0].strength
    if _in_mg(order) or count is None or strength is None:
        return {"value": _json_number(regimen.mg), "unit": "mg", "system": UCUM, "code": "mg"}
    if strength.per == "mL":
        return {"value": _json_number(count), "unit": "mL", "system": UCUM, "code": "mL"}
    form = _form(product)
    return {"value": _json_number(count), "unit": form, "system": UCUM, "code": f"{{{form}}}"}


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _sig(regimen: Regimen, product: Medication) -> str:
    often = how_often(regimen)
    when = f" {regimen.when}" if regimen.when else ""
    count, strength = _units(regimen.mg, product), product.ingredients[0].strength
    if count is None or strength is None or strength.per == "mL":
        return f"{amount(regimen.mg)} mg {often}{when}"
    form = _form(product) + ("s" if count > 1 else "")
    return f"Take {amount(count)} {form} ({amount(regimen.mg)} mg) {often}{when}"
