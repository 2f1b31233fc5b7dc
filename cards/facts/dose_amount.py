"""How much one administration gives: FHIR quantities to mg, through strength and body weight."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cards.facts.resources import MAX_MAGNITUDE, Resource, number, obj, text
from terminology.medications import Strength
from terminology.units import Unit, read_unit, to_hours, to_mg

Per = Literal["dose", "day", "hour"]
PATCHES = frozenset({"patch", "system"})


# Stands for a weight that nobody has looked up, by identity.
NOT_WEIGHED = Decimal(0)


class NeedsWeightError(Exception):
    """A dose per kg, of a product whose patient was NOT_WEIGHED."""


@dataclass(frozen=True, slots=True)
class Product:
    """What turns counts into mg: the strength of the ordered product, and the patient's weight in kg.

    `named` says that the strength was read from the product's name and not from a code or an ingredient.
    """

    strength: Strength | None = None
    weight_kg: Decimal | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """mg from `low` to `high` per dose, per day or per hour.

    `count` is the largest number of units of use; `by_strength`: the mg came through the strength.
    """

    low: Decimal
    high: Decimal
    per: Per = "dose"
    unit: Unit | None = None
    count: Decimal | None = None
    by_strength: bool = False


@dataclass(frozen=True, slots=True)
class NoAmount:
    """Why there are no mg. `present`: a dose was written; it may still count units of use or U."""

    flag: str
    why: str
    present: bool = True
    unit: Unit | None = None
    count: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with the unit as read (None: missing or unknown) and as written."""

    value: Decimal
    unit: Unit | None
    written: str


def read_quantity(value: object) -> Quantity | None:
    """A FHIR Quantity; None without a number from 0 to 1e9, or with a comparator."""
    entry = obj(value)
    amount = number(entry.get("value"))
    if amount is None or amount < 0 or text(entry.get("comparator")):
        return None
    printed, code = text(entry.get("unit")), text(entry.get("code"))
    return Quantity(amount, read_unit(printed, code, text(entry.get("system"))), printed or code)


def to_amount(
    low: Decimal, high: Decimal, unit: Unit | None, written: str, product: Product
) -> Amount | NoAmount:
    """Two values of one unit as mg. Nothing is assumed: one tablet without a strength is no mg."""
    if unit is None:
        if written:
            return NoAmount("unit-unknown", "the unit of the dose is not known")
        return NoAmount("no-unit", "the dose has no unit")
    each = _mg_per(unit, product)
    if isinstance(each, NoAmount):
        return NoAmount(each.flag, each.why, unit=unit, count=high)
    mg, per = each
    if high * mg > MAX_MAGNITUDE:
        return NoAmount("dose-implausible", "the dose is implausibly large", unit=unit)
    by_strength = unit.kind in ("use", "volume", "volume_rate")
    return Amount(low * mg, high * mg, per, unit, high, by_strength)


def _mg_per(unit: Unit, product: Product) -> tuple[Decimal, Per] | NoAmount:
    strength, kind = product.strength, unit.kind
    if kind == "mass":
        if unit.name == "g" and strength is not None and strength.per == "g":
            return strength.mg, "dose"  # grams of a gel or cream, not of the drug
        mg = to_mg(Decimal(1), unit)
        return (mg, "dose") if mg is not None else NoAmount("unit-not-mass", "the dose is not a mass")
    if kind == "use":
        if strength is not None and strength.per == "unit":
            return strength.mg, "dose"
        if strength is not None and strength.per == "h" and unit.name in (*PATCHES, "each"):
            return strength.mg, "hour"
        return NoAmount("no-strength", f"the strength of one {unit.name} is not known")
    if kind in ("volume", "volume_rate"):
        if strength is None or strength.per != "mL":
            return NoAmount("no-strength", "the mg per mL are not known")
        return strength.mg * unit.factor, "dose" if kind == "volume" else "hour"
    if kind == "mass_rate":
        return unit.factor, "hour"
    if kind == "mass_day":
        return unit.factor, "day"
    if kind in ("mass_per_weight", "mass_per_weight_day", "mass_per_weight_rate"):
        if product.weight_kg is NOT_WEIGHED:
            raise NeedsWeightError
        if product.weight_kg is None:
            return NoAmount("needs-weight", "the dose is per kg and no weight is known")
        per: dict[str, Per] = {"mass_per_weight": "dose", "mass_per_weight_day": "day"}
        return unit.factor * product.weight_kg, per.get(kind, "hour")
    return NoAmount("unit-not-mass", "the dose is not a mass and has no strength in mg")


def read_range(value: object, product: Product) -> Amount | NoAmount:
    """A FHIR Range. A missing low is 0 ("up to"); a missing high leaves the dose open."""
    entry = obj(value)
    low, high = read_quantity(entry.get("low")), read_quantity(entry.get("high"))
    if high is None:
        return NoAmount("no-dose", "the dose range has no upper end that can be read")
    top = to_amount(high.value, high.value, high.unit or (low.unit if low else None), high.written, product)
    if low is None or isinstance(top, NoAmount):
        return (
            top
            if isinstance(top, NoAmount)
            else Amount(Decimal(0), top.high, top.per, top.unit, top.count, top.by_strength)
        )
    unit = low.unit or (top.unit if not low.written else None)
    bottom = to_amount(low.value, low.value, unit, low.written, product)
    if isinstance(bottom, NoAmount):
        return bottom
    if bottom.per != top.per:
        return NoAmount("unit-unknown", "the two ends of the dose range have different units")
    ends = sorted((bottom, top), key=lambda end: end.high)
    return Amount(ends[0].low, ends[1].high, top.per, top.unit, ends[1].count, top.by_strength)


def read_single(value: object, product: Product) -> Amount | NoAmount:
    """A FHIR Quantity as an amount."""
    quantity = read_quantity(value)
    if quantity is None:
        return NoAmount("no-dose", "the dose has no number that can be read")
    return to_amount(quantity.value, quantity.value, quantity.unit, quantity.written, product)


def read_ratio(value: object, product: Product) -> Amount | NoAmount:
    """A rate as a Ratio (mg or mL per time) in mg per hour."""
    entry = obj(value)
    top, hours = read_single(entry.get("numerator"), product), _hours(obj(entry.get("denominator")))
    if isinstance(top, NoAmount):
        return top
    if top.per != "dose" or hours is None:
        return NoAmount("no-dose", "the rate is not an amount per time")
    return Amount(top.low / hours, top.high / hours, "hour", top.unit, None, top.by_strength)


def _hours(entry: Resource) -> Decimal | None:
    quantity = read_quantity({"value": 1, **entry})
    if quantity is None or quantity.unit is None or quantity.value <= 0:
        return None
    return to_hours(quantity.value, quantity.unit)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `mg` in `hours`."""

    mg: Decimal
    hours: Decimal


def read_caps(value: object, product: Product) -> tuple[Cap, ...]:
    """`maxDosePerPeriod` (a Ratio, in R5 a list of them). One that cannot be read caps nothing."""
    found = []
    for entry in value if isinstance(value, list) else [value]:
        top = read_single(obj(entry).get("numerator"), product)
        hours = _hours(obj(obj(entry).get("denominator")))
        if isinstance(top, Amount) and top.per == "dose" and top.high > 0 and hours is not None:
            found.append(Cap(top.high, hours))
    return tuple(found)
