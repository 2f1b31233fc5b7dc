"""The amount of an ingredient in one RxNorm component (SCDC)."""

from collections.abc import Mapping
from decimal import Decimal

from terminology.medications import Strength
from terminology.strength_text import number, plain, strengths, tokens

_MASS = {"MG": Decimal(1), "G": Decimal(1000), "MCG": Decimal("0.001"), "UG": Decimal("0.001")}
_PER_UNIT = frozenset({"1", "", "EACH", "ACTUAT"})


def component_strength(attributes: Mapping[str, str], name: str) -> Strength | None:
    """From the basis-of-strength attributes, else from the component's name ("gabapentin 300 MG").

    None where the amount is no mass (units, mEq) or cannot be read.
    """
    value = number(attributes.get("RXN_BOSS_STRENGTH_NUM_VALUE", ""))
    mass = _MASS.get(attributes.get("RXN_BOSS_STRENGTH_NUM_UNIT", "").upper())
    if value is not None and mass is not None:
        read = _per(value * mass, attributes)
        if read is not None:
            return read
    found = strengths(tokens(attributes.get("RXN_STRENGTH") or name))
    return found[-1].values[0] if found and len(found[-1].values) == 1 else None


def _per(mg: Decimal, attributes: Mapping[str, str]) -> Strength | None:
    amount = number(attributes.get("RXN_BOSS_STRENGTH_DENOM_VALUE", "1")) or Decimal(1)
    unit = attributes.get("RXN_BOSS_STRENGTH_DENOM_UNIT", "1").upper()
    if unit in _PER_UNIT:
        return Strength(plain(mg / amount))
    if unit == "ML":
        return Strength(plain(mg / amount), "mL")
    if unit == "HR":
        return Strength(plain(mg / amount), "h")
    if unit in _MASS:
        return Strength(plain(mg / (amount * _MASS[unit] / 1000)), "g")
    return None
