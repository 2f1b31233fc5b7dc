from decimal import Decimal

import pytest

from terminology.coding import SNOMED, UCUM
from terminology.units import creatinine_mg_dl, read_unit, to_cm, to_hours, to_kg, to_mg, unit_kind


def unit(*args):
    found = read_unit(*args)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("mg", "mass"),
        ("MG", "mass"),
        ("mcg", "mass"),
        ("µg", "mass"),
        ("μg", "mass"),
        ("lbs", "mass"),
        ("mL", "volume"),
        ("cc", "volume"),
        ("{tablet}", "use"),
        ("tablet(s)", "use"),
        ("{tbl}", "use"),
        ("{pill}", "use"),
        ("CAP", "use"),
        ("patch", "use"),
        ("mg/kg", "mass_per_weight"),
        ("mg/kg/d", "mass_per_weight_day"),
        ("mcg/hr", "mass_rate"),
        ("mL/h", "volume_rate"),
        ("U", "activity"),
        ("[iU]", "activity"),
        ("mEq", "activity"),
        ("drops", "activity"),
        ("mL/min", "clearance"),
        ("mL/min/{1.73_m2}", "indexed_clearance"),
        ("mL/min/1.73m2", "indexed_clearance"),
        ("mL/min/1.73 m²", "indexed_clearance"),
        ("umol/L", "substance_concentration"),
        ("mg/dL", "mass_concentration"),
        ("[in_i]", "length"),
    ],
)
def test_units_are_read_in_the_spellings_messages_use(written, kind):
    assert unit_kind(unit(written)) == kind


@pytest.mark.parametrize(
    "written", ["", "   ", "mgg", "tablespoon-ish", "mL/min/m2", "m" * 500, "{}", "dose"]
)
def test_an_unknown_unit_is_none(written):
    assert read_unit(written) is None


def test_masses_convert_exactly():
    assert to_mg(Decimal("0.3"), unit("g")) == 300
    assert to_mg(Decimal(250), unit("mcg")) == Decimal("0.25")
    assert to_kg(Decimal(150), unit("[lb_av]")) == Decimal("68.0388555")
    assert to_kg(Decimal(3200), unit("g")) == Decimal("3.2")


def test_a_count_or_a_volume_is_no_mass():
    assert to_mg(Decimal(2), unit("tablet")) is None
    assert to_mg(Decimal(5), unit("mL")) is None
    assert to_kg(Decimal(5), unit("cm")) is None


def test_lengths_and_times_convert():
    assert to_cm(Decimal(70), unit("in")) == Decimal("177.80")
    assert to_cm(Decimal("1.68"), unit("m")) == 168
    assert to_hours(Decimal(90), unit("min")) == Decimal("1.5")
    assert to_hours(Decimal(2), unit("wk")) == 336
    assert to_hours(Decimal(3), unit("mg")) is None


def test_creatinine_is_read_from_mass_and_substance_units():
    assert creatinine_mg_dl(Decimal("88.42"), unit("umol/L")) == 1
    assert creatinine_mg_dl(Decimal("0.17684"), unit("mmol/L")) == 2
    assert creatinine_mg_dl(Decimal(13), unit("mg/L")) == Decimal("1.3")
    assert creatinine_mg_dl(Decimal(1), unit("mg")) is None


def test_a_ucum_code_wins_over_the_printed_unit():
    assert unit("tablet", "mg", UCUM).name == "mg"
    assert unit("{anything}", "mL", UCUM).name == "mL"


def test_a_count_beside_a_printed_mass_is_not_believed():
    assert read_unit("mg", "{tablet}", UCUM) is None


def test_two_units_that_disagree_without_a_system_are_none():
    assert read_unit("tablet", "mg") is None
    assert read_unit("mg", "g") is None


def test_a_local_code_does_not_override_the_printed_unit():
    assert unit("tablet", "m", "urn:oid:1.2.3").name == "tablet"
    assert unit("", "TAB", "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm").name == "tablet"


def test_a_unit_of_one_takes_its_name_from_the_printed_unit():
    assert unit("capsule", "1", UCUM).name == "capsule"


def test_snomed_units_of_presentation_are_units_of_use():
    assert unit("", "732937005", SNOMED).name == "capsule"
    assert read_unit("", "258806002", SNOMED) is None


@pytest.mark.parametrize(
    ("written", "kind", "factor"),
    [
        ("mg/day", "mass_day", "1"),
        ("g/d", "mass_day", "1000"),
        ("mg/kg/h", "mass_per_weight_rate", "1"),
        ("mcg/kg/min", "mass_per_weight_rate", "0.06"),
        ("teaspoonful", "volume", "5"),
        ("tbsp", "volume", "15"),
    ],
)
def test_doses_a_day_and_rates_per_kg_are_units(written, kind, factor):
    unit = read_unit(written)
    assert unit is not None
    assert (unit.kind, unit.factor) == (kind, Decimal(factor))
