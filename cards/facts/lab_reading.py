"""One observation as a result in the unit of its kind, or why it cannot be used."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, NamedTuple

from cards.facts.lab_table import LABS
from cards.facts.observation import quantity_of
from cards.facts.renal_limits import RenalLimits
from cards.facts.resources import Interval, Resource, text
from terminology.coding import Coding
from terminology.units import Unit, creatinine_mg_dl, to_cm, to_kg

Why = Literal["no-value", "implausible", "no-unit", "future", "undated"]

_HUNDREDTH = Decimal("0.01")

FINAL = frozenset({"", "final", "amended", "corrected", "appended"})


class Result(NamedTuple):
    """One result in the canonical unit of its kind.

    `observed` is its latest plausible instant, never after now; `earliest` its earliest. `comparator` is ""
    for an exact value. `original` is value and unit as reported, for people. `by_issue_date` says that only
    the date of issue is known.
    """

    value: Decimal
    unit: str
    observed: datetime
    earliest: datetime
    source: str
    comparator: str
    original: str
    code: Coding
    status: str
    day_known: bool = True
    by_issue_date: bool = False


class Rejected(NamedTuple):
    """A result that cannot be used: a stable code, the reason in words, and when it was, if known."""

    source: str
    code: Why
    why: str
    observed: datetime | None = None
    original: str = ""
    final: bool = True


class Listed(NamedTuple):
    """An observation of one value set: the part of it that has the code, and when it was.

    `observed` is the latest instant of `when`, never after now; both None where no time is said or readable.
    """

    observation: Resource
    part: Resource
    code: Coding
    status: str
    when: Interval | None
    observed: datetime | None
    by_issue_date: bool


def _indexed(value: Decimal, unit: Unit) -> Decimal | None:
    # The code says that the estimate is indexed; laboratories print its unit with and without 1.73 m2.
    return value * unit.factor if unit.kind in ("indexed_clearance", "clearance") else None


def _clearance(value: Decimal, unit: Unit) -> Decimal | None:
    return value * unit.factor if unit.kind == "clearance" else None


def _of_kind(kinds: tuple[str, ...], factor: Decimal) -> Callable[[Decimal, Unit], Decimal | None]:
    """The conversion of units of those kinds to a unit that is `factor` times their base."""
    return lambda value, unit: value * unit.factor / factor if unit.kind in kinds else None


def _electrolyte(value: Decimal, unit: Unit) -> Decimal | None:
    # Sodium and potassium carry one charge, so a milliequivalent is a millimole.
    if unit.kind == "equivalents":
        return value * unit.factor
    return value * unit.factor / 1000 if unit.kind == "substance_concentration" else None


# Canonical unit -> the conversion to it.
_CONVERSIONS: dict[str, Callable[[Decimal, Unit], Decimal | None]] = {
    "{INR}": _of_kind(("ratio", "use"), Decimal(1)),
    "10*9/L": _of_kind(("count_concentration",), Decimal(1)),
    "g/dL": _of_kind(("mass_concentration",), Decimal(1000)),
    "mmol/L": _electrolyte,
    "U/L": _of_kind(("enzyme_concentration",), Decimal(1)),
    "ms": _of_kind(("duration",), Decimal("0.001")),
    "mm[Hg]": _of_kind(("pressure",), Decimal(1)),
}
# A number of these is usually sent without a unit.
_UNITLESS = {"{INR}": Unit("{INR}", "ratio")}

# Value set -> its canonical unit and the conversion to it.
_KINDS: dict[str, tuple[str, Callable[[Decimal, Unit], Decimal | None]]] = {
    **{lab.value_set: (lab.unit, _CONVERSIONS[lab.unit]) for lab in LABS.values()},
    "creatinine": ("mg/dL", creatinine_mg_dl),
    "egfr": ("mL/min/{1.73_m2}", _indexed),
    "creatinine-clearance": ("mL/min", _clearance),
    "body-weight": ("kg", to_kg),
    "body-height": ("cm", to_cm),
}

# UCUM codes that people write otherwise.
_PRINTED = {
    "{INR}": "",
    "10*9/L": "×10⁹/L",
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "[lb_av]": "lb",
    "[oz_av]": "oz",
    "[in_i]": "in",
    "[ft_i]": "ft",
}


def read_result(listed: Listed, value_set: str, now: datetime, limits: RenalLimits) -> Result | Rejected:
    """The result in the unit of the value set. A time up to `future_tolerance_hours` ahead is now."""
    source = f"Observation/{text(listed.observation.get('id'))}"
    when, observed = listed.when, listed.observed

    def rejected(code: Why, why: str, original: str = "") -> Rejected:
        return Rejected(source, code, why, observed, original, listed.status in FINAL)

    value, unit, comparator, trouble = quantity_of(listed.part)
    canonical, convert = _KINDS[value_set]
    if value is None:
        if trouble:
            return rejected("implausible", "its value is beyond any real one")
        return rejected("no-value", "it has no readable value")
    unit = unit or _UNITLESS.get(canonical)
    if unit is None:
        return rejected("no-unit", f"its value {_plain(value)} has no known unit", _plain(value))
    converted = convert(value, unit)
    original = f"{comparator}{_plain(value)} {_PRINTED.get(unit.name, unit.name)}".rstrip()
    if converted is None:
        return rejected("no-unit", f"{original} is not in a unit of this quantity", original)
    if when is None or observed is None:
        return rejected("undated", "it has no readable date", original)
    if when.earliest > now + timedelta(hours=limits.future_tolerance_hours):
        return rejected("future", "it is dated in the future", original)
    return Result(
        value=converted,
        unit=canonical,
        observed=observed,
        earliest=min(when.earliest, now),
        source=source,
        comparator=comparator,
        original=original,
        code=listed.code,
        status=listed.status,
        day_known=when.precision in ("day", "time"),
        by_issue_date=listed.by_issue_date,
    )


def _plain(value: Decimal) -> str:
    """A reported number for people: at most two decimals, without needless zeros."""
    shown = value.quantize(_HUNDREDTH, ROUND_HALF_EVEN) if abs(value) >= _HUNDREDTH else value
    return f"{shown.normalize():f}"
