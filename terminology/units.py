"""UCUM quantities with the spellings real messages use, in Decimal.

A unit that is not known is None: nothing is guessed. A month is 30 days and a year 365. Factors are exact
definitions (international pound, ounce, inch) except the creatinine conversion, 88.42 umol/L per mg/dL
(molar mass 113.12 g/mol).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from terminology.coding import UCUM, canonical_system

Kind = Literal[
    "mass", "volume", "use", "length", "duration", "mass_per_weight", "mass_per_weight_day",
    "mass_per_weight_rate", "mass_rate", "mass_day", "volume_rate", "activity", "mass_concentration",
    "substance_concentration", "clearance", "indexed_clearance", "count_concentration",
    "enzyme_concentration", "equivalents", "pressure", "ratio", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as `factor` times the base unit of its kind.

    Bases: mass mg, volume mL, length cm, duration s, mass_per_weight mg/kg, mass_per_weight_day
    mg/kg/d, mass_per_weight_rate mg/kg/h, mass_rate mg/h, mass_day mg/d, volume_rate mL/h,
    mass_concentration mg/dL, substance_concentration umol/L,
    clearance and indexed_clearance mL/min, count_concentration 10*9/L, enzyme_concentration U/L, equivalents
    meq/L, pressure mm[Hg]. A unit of use counts; `name` says what.
    """

    name: str
    kind: Kind
    factor: Decimal = Decimal(1)


CREATININE_UMOL_PER_MG_DL = Decimal("88.42")


def _table() -> dict[str, Unit]:
    rows: list[tuple[str, Kind, str, str]] = [
        ("mg", "mass", "1", "mg milligram milligrams mgs"),
        ("g", "mass", "1000", "g gram grams gm gms"),
        ("ug", "mass", "0.001", "ug mcg microgram micrograms"),
        ("kg", "mass", "1000000", "kg kilogram kilograms kgs"),
        ("[lb_av]", "mass", "453592.37", "[lb_av] lb lbs lb_av pound pounds [lb]"),
        ("ng", "mass", "0.000001", "ng nanogram nanograms"),
        ("pg", "mass", "0.000000001", "pg picogram picograms"),
        ("[stone_av]", "mass", "6350293.18", "[stone_av] stone stones"),
        ("[oz_av]", "mass", "28349.523125", "[oz_av] oz oz_av ounce ounces"),
        ("mL", "volume", "1", "ml cc milliliter milliliters millilitre millilitres"),
        ("[tsp_m]", "volume", "5", "[tsp_m] tsp tsps teaspoon teaspoons teaspoonful teaspoonfuls"),
        ("[tbs_m]", "volume", "15", "[tbs_m] tbsp tbsps tablespoon tablespoons tablespoonful tablespoonfuls"),
        ("uL", "volume", "0.001", "ul microliter microliters microlitre microlitres"),
        ("dL", "volume", "100", "dl deciliter deciliters decilitre decilitres"),
        ("L", "volume", "1000", "l liter liters litre litres"),
        ("cm", "length", "1", "cm centimeter centimeters centimetre centimetres"),
        ("m", "length", "100", "m meter meters metre metres"),
        ("mm", "length", "0.1", "mm"),
        ("[in_i]", "length", "2.54", "[in_i] in inch inches in_i [in_us]"),
        ("[ft_i]", "length", "30.48", "[ft_i] ft foot feet [ft_us]"),
        ("s", "duration", "1", "s sec second seconds"),
        ("min", "duration", "60", "min mins minute minutes"),
        ("h", "duration", "3600", "h hr hrs hour hours"),
        ("d", "duration", "86400", "d day days"),
        ("wk", "duration", "604800", "wk wks week weeks"),
        ("mo", "duration", "2592000", "mo mos month months"),
        ("a", "duration", "31536000", "a y yr yrs year years"),
        ("mg/kg", "mass_per_weight", "1", "mg/kg mg/kg/dose"),
        ("ug/kg", "mass_per_weight", "0.001", "ug/kg mcg/kg"),
        ("mg/kg/d", "mass_per_weight_day", "1", "mg/kg/d mg/kg/day mg/(kg.d) mg/kg/24h"),
        ("mg/h", "mass_rate", "1", "mg/h mg/hr mg/hour"),
        ("ug/h", "mass_rate", "0.001", "ug/h mcg/h mcg/hr ug/hr mcg/hour ug/hour"),
        ("ug/min", "mass_rate", "0.06", "ug/min mcg/min"),
        ("mg/min", "mass_rate", "60", "mg/min"),
        ("mg/d", "mass_day", "1", "mg/d mg/day mg/24h mg/24hr"),
        ("g/d", "mass_day", "1000", "g/d g/day g/24h"),
        ("ug/d", "mass_day", "0.001", "ug/d mcg/d mcg/day ug/day mcg/24h"),
        ("mg/kg/h", "mass_per_weight_rate", "1", "mg/kg/h mg/kg/hr mg/kg/hour"),
        ("ug/kg/h", "mass_per_weight_rate", "0.001", "ug/kg/h mcg/kg/h mcg/kg/hr mcg/kg/hour"),
        ("ug/kg/min", "mass_per_weight_rate", "0.06", "ug/kg/min mcg/kg/min"),
        ("mL/h", "volume_rate", "1", "ml/h ml/hr ml/hour"),
        ("mg/dL", "mass_concentration", "1", "mg/dl mg/100ml mg%"),
        ("mg/L", "mass_concentration", "0.1", "mg/l"),
        ("mg/mL", "mass_concentration", "100", "mg/ml"),
        ("ug/mL", "mass_concentration", "0.1", "ug/ml mcg/ml"),
        ("ug/L", "mass_concentration", "0.0001", "ug/l mcg/l"),
        ("ng/mL", "mass_concentration", "0.0001", "ng/ml"),
        ("g/L", "mass_concentration", "100", "g/l"),
        ("g/dL", "mass_concentration", "1000", "g/dl g/100ml"),
        ("10*9/L", "count_concentration", "1",
         "10*9/l 10^9/l x10*9/l x10^9/l x10e9/l 10e9/l 10*3/ul 10^3/ul x10*3/ul x10^3/ul x10e3/ul 10e3/ul "
         "k/ul k/mm3 k/mm^3 10*3/mm3 10^3/mm3 thou/ul thousand/ul g/nl /nl gpt/l {10*9}/l"),
        ("/uL", "count_concentration", "0.001", "/ul /mm3 /cumm {cells}/ul cells/ul"),
        ("U/L", "enzyme_concentration", "1", "u/l iu/l [iu]/l units/l unit/l"),
        ("meq/L", "equivalents", "1", "meq/l"),
        ("mm[Hg]", "pressure", "1", "mm[hg] mmhg"),
        ("kPa", "pressure", "7.500617", "kpa"),
        ("{INR}", "ratio", "1", "{inr} inr {ratio} ratio"),
        ("ms", "duration", "0.001", "ms msec milliseconds millisecond"),
        ("umol/L", "substance_concentration", "1", "umol/l mcmol/l micromol/l micromole/l micromoles/l"),
        ("mmol/L", "substance_concentration", "1000", "mmol/l"),
        ("nmol/mL", "substance_concentration", "1", "nmol/ml"),
        ("mL/min", "clearance", "1", "ml/min ml/minute"),
        ("mL/s", "clearance", "60", "ml/s"),
        ("mL/min/{1.73_m2}", "indexed_clearance", "1",
         "ml/min/{1.73_m2} ml/min/1.73m2 ml/min/1.73_m2 ml/min/{1.73m2} ml/min/1.73m^2 ml/min/1.73m² "
         "ml/min/1.73sqm ml/min/1.73.m2 ml/minper1.73m2 ml/minper1.73m² ml/min/{1.73m^2} "
         "ml/min/{1.73.m2} ml/min/173.10*-2.m2 ml/min/{1.73} ml/min/1.73 ml/min/1.73sq.m"),
        ("[iU]", "activity", "1", "u [u] iu [iu] unit units unit(s) [arb'u] {unit} {units}"),
        ("meq", "activity", "1", "meq mmol"),
        ("[drp]", "activity", "1", "[drp] drop drops gtt {drop} {drops}"),
    ]  # fmt: skip
    uses = {
        "tablet": "tablet tablets tablet(s) tab tabs tbl tbls tablett tabletten caplet caplets",
        "capsule": "capsule capsules capsule(s) cap caps kapsel kapseln",
        "pill": "pill pills",
        "patch": "patch patches patch(es) plaster plasters",
        "system": "system systems",
        "each": "each ea 1 st stk piece pieces",
        "packet": "packet packets sachet sachets",
        "suppository": "suppository suppositories",
        "film": "film films",
    }
    table: dict[str, Unit] = {}
    for name, kind, factor, spellings in rows:
        for spelling in spellings.split():
            table[spelling] = Unit(name, kind, Decimal(factor))
    for name, spellings in uses.items():
        for spelling in spellings.split():
            table[spelling] = table[f"{{{spelling}}}"] = Unit(name, "use")
    for other in ("puff", "puffs", "{puff}", "spray", "sprays", "application", "applications", "ml/kg", "%"):
        table[other] = Unit(other, "other")
    return table


_UNITS = _table()

# SNOMED CT units of presentation and dose forms that dm+d systems send as units.
_SNOMED_UNITS = {
    "428673006": "tablet", "385055001": "tablet", "421026006": "tablet", "732936001": "tablet",
    "428641000": "capsule", "385049006": "capsule", "732937005": "capsule",
    "419702001": "patch", "258684004": "mg", "258773002": "ml",
}  # fmt: skip

_BLANKS = re.compile(r"\s+")
_MICRO = str.maketrans("µμ", "uu")  # the micro sign and the Greek letter

# What was read as a unit before; only known units, so that nothing of a patient is kept.
_READ: dict[tuple[str, str, str], Unit] = {}
_MOST_READ = 4096


def read_unit(unit: str, code: str = "", system: str = "") -> Unit | None:
    """The unit of a Quantity, from its UCUM code, else from its printed unit, in any known spelling.

    A code of UCUM wins over a printed unit that says something else. None where neither is known, where
    a count ("{tablet}") stands beside a printed mass or volume, and where two units without a system
    disagree: which one the number belongs to would be a guess.
    """
    key = (unit, code, system)
    found = _READ.get(key)
    if found is None:
        found = _read(unit, code, system)
        if found is not None and len(_READ) < _MOST_READ:
            _READ[key] = found
    return found


def _read(unit: str, code: str, system: str) -> Unit | None:
    if "snomed" in system.lower():
        known = _SNOMED_UNITS.get(code)
        return _UNITS[known] if known else _spelled(unit)
    by_code, by_unit = _spelled(code), _spelled(unit)
    if system.strip() and canonical_system(system) != UCUM:
        return by_unit or by_code  # a local code that looks like a UCUM unit need not be one
    if by_code is None or by_unit is None:
        return by_code or by_unit
    if by_code == by_unit:
        return by_code
    if by_code.kind == "use":
        if by_unit.kind != "use":
            return None
        return by_unit if by_code.name in ("each", "pill") else by_code
    return by_code if canonical_system(system) == UCUM else None


def _spelled(written: str) -> Unit | None:
    if not written or len(written) > 40:
        return None
    folded = _BLANKS.sub("", written).lower().rstrip(".").translate(_MICRO)
    if folded in _UNITS:
        return _UNITS[folded]
    if folded.startswith("{") and folded.endswith("}"):
        return _UNITS.get(folded[1:-1])
    return None


def to_mg(value: Decimal, unit: Unit) -> Decimal | None:
    """A mass in mg; None for any other kind."""
    return value * unit.factor if unit.kind == "mass" else None


def to_kg(value: Decimal, unit: Unit) -> Decimal | None:
    """A mass in kg; None for any other kind."""
    return value * unit.factor / 1_000_000 if unit.kind == "mass" else None


def to_cm(value: Decimal, unit: Unit) -> Decimal | None:
    """A length in cm; None for any other kind."""
    return value * unit.factor if unit.kind == "length" else None


def to_hours(value: Decimal, unit: Unit) -> Decimal | None:
    """A duration in hours; None for any other kind."""
    return value * unit.factor / 3600 if unit.kind == "duration" else None


def creatinine_mg_dl(value: Decimal, unit: Unit) -> Decimal | None:
    """A creatinine concentration in mg/dL, from mass or substance concentration; None for others."""
    if unit.kind == "mass_concentration":
        return value * unit.factor
    if unit.kind == "substance_concentration":
        return value * unit.factor / CREATININE_UMOL_PER_MG_DL
    return None


def unit_kind(unit: Unit) -> Kind:
    """The kind of a unit."""
    return unit.kind
