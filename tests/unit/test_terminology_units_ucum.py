"""The unit table against an implementation of UCUM."""

from decimal import Decimal

import pytest
from ucumvert import PintUcumRegistry

from terminology.coding import UCUM
from terminology.units import read_unit

# The base unit of each kind, as UCUM writes it.
BASES = {
    "mass": "mg", "volume": "mL", "length": "cm", "duration": "s", "mass_per_weight": "mg/kg",
    "mass_per_weight_day": "mg/kg/d", "mass_per_weight_rate": "mg/kg/h", "mass_rate": "mg/h",
    "mass_day": "mg/d", "volume_rate": "mL/h", "mass_concentration": "mg/dL",
    "substance_concentration": "umol/L", "clearance": "mL/min", "indexed_clearance": "mL/min/{1.73_m2}",
    "count_concentration": "10*9/L", "pressure": "mm[Hg]", "enzyme_concentration": "U/L",
}  # fmt: skip
WRITTEN = [
    "mg", "g", "ug", "ng", "pg", "kg", "[lb_av]", "[oz_av]", "[stone_av]", "mL", "uL", "dL", "L", "[tsp_m]",
    "[tbs_m]", "cm", "m", "mm", "[in_i]", "[ft_i]", "ms", "s", "min", "h", "d", "wk", "mg/kg", "ug/kg",
    "mg/kg/d", "mg/h", "ug/h", "ug/min", "mg/min", "mg/d", "g/d", "ug/d", "mg/kg/h", "ug/kg/h", "ug/kg/min",
    "mL/h", "mg/dL", "mg/L", "mg/mL", "ug/mL", "ug/L", "ng/mL", "g/L", "g/dL", "umol/L", "mmol/L", "nmol/mL",
    "mL/min", "mL/s", "mL/min/{1.73_m2}", "10*9/L", "10*3/uL", "/uL", "mm[Hg]", "kPa", "U/L",
]  # fmt: skip


@pytest.fixture(scope="module")
def ucum():
    return PintUcumRegistry()


@pytest.mark.parametrize("written", WRITTEN)
def test_a_unit_converts_as_ucum_says(ucum, written):
    unit = read_unit("", written, UCUM)
    assert unit is not None
    expected = ucum.from_ucum(written).to(ucum.from_ucum(BASES[unit.kind])).magnitude
    assert float(unit.factor) == pytest.approx(expected, rel=1e-6)


def test_a_month_is_thirty_days_and_a_year_365_other_than_in_ucum(ucum):
    day = Decimal(86_400)
    assert read_unit("", "mo", UCUM).factor == 30 * day
    assert read_unit("", "a", UCUM).factor == 365 * day
    assert ucum.from_ucum("a").to(ucum.from_ucum("d")).magnitude == pytest.approx(365.25)


@pytest.mark.parametrize("spelling", ["mcg", "lb", "tablet", "capsule(s)"])
def test_spellings_that_are_no_ucum_are_read_all_the_same(ucum, spelling):
    assert read_unit(spelling) is not None
    with pytest.raises(Exception, match=r"(?i)ucum|unexpected|no terminal"):
        ucum.from_ucum(spelling)
