"""One dose of a regimen made of a product: how many tablets, capsules or mL, and how an instruction words that."""

from decimal import Decimal
from typing import NamedTuple

from cards.knowledge.rule_types import Regimen
from cards.rules.basis import how_often, regimen_words
from cards.wording import amount
from terminology.medications import Medication

MOST_UNITS_PER_DOSE = 4


class Portion(NamedTuple):
    """`units` is how many units (or mL) of the product a dose is, None where it cannot be made of them.

    `unit` and `code` say in UCUM what is counted. `words` are "200 mg once a day", `made_of` the units in brackets
    or "", `sig` the text of the instruction.
    """

    units: Decimal | None
    unit: str
    code: str
    words: str
    made_of: str
    sig: str


def portion_of(regimen: Regimen, product: Medication) -> Portion:
    """A dose of the regimen, of a product with one ingredient."""
    words, often, mg = regimen_words(regimen), how_often(regimen), f"{amount(regimen.mg)} mg"
    when = f" {regimen.when}" if regimen.when else ""
    units, strength = _units(regimen.mg, product), product.ingredients[0].strength
    if units is None or strength is None:
        return Portion(None, "", "", words, "", f"{mg} {often}{when}")
    if strength.per == "mL":
        made_of = f" ({amount(units)} mL of {amount(strength.mg)} mg/mL)"
        return Portion(units, "mL", "mL", words, made_of, f"{mg} {often}{when}")
    form = (product.form or "unit").rsplit(" ", 1)[-1].lower()
    made_of = f" ({amount(units)} × {amount(strength.mg)} mg {form})"
    sig = f"Take {amount(units)} {form}{'s' if units > 1 else ''} ({mg}) {often}{when}"
    return Portion(units, form, f"{{{form}}}", words, made_of, sig)


def _units(mg: Decimal, product: Medication) -> Decimal | None:
    """None unless whole units, and not too many."""
    strength = product.ingredients[0].strength
    if strength is None or strength.mg <= 0:
        return None
    count = mg / strength.mg
    if strength.per == "mL":
        return count
    if strength.per != "unit" or count != count.to_integral_value() or not 1 <= count <= MOST_UNITS_PER_DOSE:
        return None
    return count
