"""Strength of one ingredient from a Medication resource that states it."""

from cards.facts.resources import Resource, concept_texts, number, obj, objects, text
from terminology.medications import Strength
from terminology.units import Unit, read_unit, to_mg, unit_kind


def ingredient_strength(product: Resource, name: str) -> Strength | None:
    """mg of the ingredient called `name` per unit, mL or g, from Medication.ingredient.strength.

    With one ingredient its name need not match. A ratio whose two sides are the same amount says
    nothing (seen in real data) and is ignored, as is one that is not mass per unit, volume or mass.
    """
    parts = objects(product.get("ingredient"))
    if len(parts) > 1:
        parts = [part for part in parts if _names(part, name)]
    if len(parts) != 1:
        return None
    ratio = obj(parts[0].get("strength")) or obj(parts[0].get("amount"))
    return _strength(obj(ratio.get("numerator")), obj(ratio.get("denominator")))


def _names(part: Resource, name: str) -> bool:
    texts = concept_texts(part.get("itemCodeableConcept")) + concept_texts(part.get("item"))
    return bool(name) and any(name in written.lower() for written in texts)


def _strength(numerator: Resource, denominator: Resource) -> Strength | None:
    amount = number(numerator.get("value"))
    unit = _unit(numerator)
    if amount is None or amount <= 0 or unit is None:
        return None
    mg = to_mg(amount, unit)
    if mg is None or numerator == denominator:
        return None
    per_value = number(denominator.get("value"))
    per_unit = _unit(denominator)
    if not denominator or (per_unit is None and per_value in (None, 1)):
        return Strength(mg, "unit")
    if per_value is None or per_value <= 0 or per_unit is None:
        return None
    kind = unit_kind(per_unit)
    if kind == "use":
        return Strength(mg / per_value, "unit")
    if kind == "volume":
        return Strength(mg / per_value, "mL")
    return None


def _unit(quantity: Resource) -> Unit | None:
    return read_unit(text(quantity.get("unit")), text(quantity.get("code")), text(quantity.get("system")))
