"""Every worked daily-dose case, and what FHIR shapes a dose may come in."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from cards.facts.dosage import read_dose
from cards.facts.strengths import ingredient_strength
from terminology.medications import Strength

CASES = [
    json.loads(line)
    for line in Path(__file__).parents[1].joinpath("fixtures/daily-dose-cases.jsonl").read_text().splitlines()
]
TID = {"frequency": 3, "period": 1, "periodUnit": "d"}
CAPSULE = Strength(Decimal(300))


def mg(value):
    return {"doseAndRate": [{"doseQuantity": {"value": value, "unit": "mg"}}]}


def units(value, unit="capsule"):
    return {"doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}]}


def repeat(**members):
    return {"timing": {"repeat": members}}


def read(*instructions, strength=CAPSULE, **given):
    return read_dose(list(instructions), strength=strength, **{"weight_kg": None, "dispense": None, **given})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_worked_case_gives_the_expected_daily_dose(case, terminology):
    strength, from_name = None, False
    if case.get("strength_mg") is not None:
        strength = Strength(Decimal(str(case["strength_mg"])), case.get("strength_per", "unit"))
    elif "contained" in case:
        strength = ingredient_strength(case["contained"][0], "gabapentin")
    elif "medicationCodeableConcept" in case:
        found = terminology.medication((), (case["medicationCodeableConcept"]["text"],))
        strength, from_name = found.medications[0].ingredients[0].strength, True
    dose = read_dose(
        case["dosageInstruction"],
        strength=strength,
        weight_kg=Decimal(case["weight_kg"]) if "weight_kg" in case else None,
        dispense=case.get("dispenseRequest"),
        strength_from_name=from_name,
    )
    expected = case["expect"]
    for name in ("min_mg_per_day", "max_mg_per_day", "max_single_mg", "peak_day_mg"):
        got = getattr(dose, name)
        assert got == expected[name] or float(got) == pytest.approx(expected[name], abs=0.005), name
    assert dose.confidence == expected["confidence"]
    assert dose.why
    if "flags" in expected:
        assert sorted(dose.flags) == sorted(expected["flags"])


@pytest.mark.parametrize(
    "instructions",
    [
        [{**mg(300), **repeat(**TID)}],
        {**mg(300), **repeat(**TID)},
        [{**mg("300"), **repeat(frequency="3", period="1", periodUnit="d")}],
        [{"doseQuantity": {"value": 1, "unit": "capsule"}, **repeat(frequency=3, period=1, periodUnits="d")}],
        [{"doseQuantity": {"value": 300, "unit": "mg"}, **repeat(frequency=3, period=1, unit="d")}],
        [{"doseAndRate": {"doseQuantity": {"value": 300, "unit": "mg"}}, **repeat(**TID)}],
        [{"dose": {"value": 1, "unit": "CAP", "code": "CAP"}, **repeat(**TID)}],
        [{"quantityQuantity": {"value": 1, "unit": "capsule"}, **repeat(**TID)}],
        [
            {
                "doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"},
                **repeat(**TID),
            }
        ],
        [None, {**mg(300), **repeat(**TID)}, {}],
        [{**mg(300), "timing": [{"repeat": TID}]}],
        [{**mg(300), "timing": {"code": {"text": "three times daily"}}}],
        [{**mg(300), "timing": {"code": {"text": "3 times a day with meals"}}}],
        [
            {
                **mg(300),
                "timing": {"code": {"coding": [{"code": "TID"}]}, "repeat": {"boundsDuration": {"value": 3}}},
            }
        ],
        [{**mg(300), **repeat(frequency=3, periodUnit="d")}],
        "1 capsule three times daily",
        [{"text": "300 mg TID", "timing": {"repeat": {"boundsPeriod": {"start": "2026-01-01"}}}}],
    ],
)
def test_the_same_dose_is_read_from_every_shape(instructions):
    dose = read_dose(instructions, strength=CAPSULE, weight_kg=None, dispense=None)
    assert (dose.min_mg_per_day, dose.max_mg_per_day, dose.peak_day_mg) == (900, 900, 900)
    assert (dose.max_single_mg, dose.doses_per_day) == (300, 3)


def epic(kind, value, unit):
    return {"type": {"coding": [{"code": kind}]}, "doseQuantity": {"value": value, "unit": unit}}


def test_several_doses_of_one_instruction_are_alternatives_and_never_a_sum():
    said = [epic("calculated", 300, "mg"), epic("admin-amount", 1, "capsule"), epic("ordered", 300, "mg")]
    dose = read({"doseAndRate": said, **repeat(**TID)})
    assert (dose.peak_day_mg, dose.confidence, dose.flags) == (900, "high", ())


def test_the_ordered_dose_wins_over_the_calculated_one():
    said = [epic("calculated", 600, "mg"), epic("ordered", 300, "mg")]
    assert read({"doseAndRate": said, **repeat(**TID)}).peak_day_mg == 900


def test_an_ordered_dose_without_a_strength_is_read_from_the_calculated_one():
    said = [epic("calculated", 300, "mg"), epic("ordered", 1, "capsule")]
    assert read({"doseAndRate": said, **repeat(**TID)}, strength=None).peak_day_mg == 900


def test_alternatives_that_differ_keep_the_larger_with_low_confidence():
    dose = read({"doseAndRate": [*mg(300)["doseAndRate"], *mg(600)["doseAndRate"]], **repeat(**TID)})
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.confidence) == (1800, 900, "low")


@pytest.mark.parametrize(
    ("value", "readable"), [(1e9, False), (1e8, True), (1e-6, True), (1e-7, False), (1e300, False)]
)
def test_a_dose_outside_the_plausible_magnitudes_is_not_read(value, readable):
    assert (
        read({**mg(value), **repeat(frequency=3, period=1, periodUnit="d")}).peak_day_mg is not None
    ) == readable


@pytest.mark.parametrize("value", [-300, "a lot", None, True, {}, "1e999", float("nan")])
def test_a_dose_that_is_no_positive_number_is_null_with_a_reason(value):
    dose = read({**mg(value), **repeat(**TID)})
    assert dose.peak_day_mg is None
    assert dose.why


def test_a_comparator_leaves_the_dose_open():
    quantity = {"value": 300, "unit": "mg", "comparator": ">"}
    assert read({"doseAndRate": [{"doseQuantity": quantity}], **repeat(**TID)}).peak_day_mg is None


def test_zero_is_no_dose_unless_a_hold_is_spelled_out():
    assert read({**mg(0), **repeat(**TID)}).peak_day_mg is None
    held = read({"text": "HOLD until further notice"})
    assert (held.min_mg_per_day, held.max_mg_per_day, held.peak_day_mg) == (0, 0, 0)


def test_a_count_without_a_unit_is_never_taken_for_mg_or_tablets():
    dose = read({"doseAndRate": [{"doseQuantity": {"value": 1}}], **repeat(**TID)})
    assert (dose.peak_day_mg, dose.max_single_mg, dose.confidence, dose.flags) == (
        None,
        None,
        "none",
        ("no-unit",),
    )


def test_a_range_with_only_a_high_end_starts_at_nothing():
    dose = read({"doseAndRate": [{"doseRange": {"high": {"value": 600, "unit": "mg"}}}], **repeat(**TID)})
    assert (dose.min_mg_per_day, dose.max_mg_per_day) == (0, 1800)


def test_a_range_with_only_a_low_end_is_not_computable():
    dose = read({"doseAndRate": [{"doseRange": {"low": {"value": 600, "unit": "mg"}}}], **repeat(**TID)})
    assert dose.max_mg_per_day is None


def test_grams_of_a_gel_are_not_grams_of_the_drug():
    dose = read({**units(2, "g"), **repeat(**TID)}, strength=Strength(Decimal(10), "g"))
    assert (dose.max_single_mg, dose.peak_day_mg) == (20, 60)


def test_a_daily_total_per_kg_is_divided_by_the_doses():
    dose = read({**units(30, "mg/kg/d"), **repeat(**TID)}, weight_kg=Decimal(20))
    assert (dose.max_single_mg, dose.peak_day_mg) == (200, 600)


def test_a_rate_per_kg_and_minute_runs_all_day():
    rate = {"doseAndRate": [{"rateQuantity": {"value": 4, "unit": "ug/kg/min"}}]}
    assert read(rate, weight_kg=Decimal(70)).peak_day_mg == Decimal("403.2")


def test_a_rate_ratio_is_an_amount_per_time():
    ratio = {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 2, "unit": "h"}}
    assert read({"doseAndRate": [{"rateRatio": ratio}]}).peak_day_mg == 120


def test_an_infusion_with_a_duration_runs_only_so_long():
    rate = {"doseAndRate": [{"rateQuantity": {"value": 5, "unit": "mg/h"}}]}
    timed = repeat(frequency=2, period=1, periodUnit="d", duration=4, durationUnit="h")
    assert read({**rate, **timed}).peak_day_mg == 40


def test_a_rate_beside_a_dose_is_only_how_fast_it_runs():
    both = {"doseAndRate": [{**mg(500)["doseAndRate"][0], "rateQuantity": {"value": 50, "unit": "ml/hr"}}]}
    assert read({**both, **repeat(**TID)}).peak_day_mg == 1500


@pytest.mark.parametrize(("count", "mg_per_day"), [(1, "0.6"), (2, "1.2")])
def test_a_patch_labelled_by_its_rate_delivers_that_rate_all_day(count, mg_per_day):
    patch = {**units(count, "patch"), **repeat(frequency=1, period=72, periodUnit="h")}
    dose = read(patch, strength=Strength(Decimal("0.025"), "h"))
    assert (dose.peak_day_mg, dose.max_single_mg) == (Decimal(mg_per_day), None)
    assert dose.patches_at_once == count


def test_the_content_of_a_patch_worn_for_days_is_no_dose():
    dose = read(
        {**units(1, "patch"), **repeat(frequency=1, period=72, periodUnit="h")}, strength=Strength(Decimal(4))
    )
    assert dose.peak_day_mg is None
    assert "rate-labelled-patch" in dose.flags


@pytest.mark.parametrize(
    ("hours", "worn", "flag"), [(12, 12, "topical-count-units"), (24, 24, "wear-time-24h")]
)
def test_patches_report_how_many_and_how_long(hours, worn, flag):
    timed = repeat(frequency=1, period=1, periodUnit="d", duration=hours, durationUnit="h")
    dose = read({**units(3, "patch"), **timed}, strength=Strength(Decimal(700)))
    assert (dose.patches_at_once, dose.wear_hours) == (3, worn)
    assert flag in dose.flags


def test_units_of_toxin_are_kept_as_units():
    dose = read({**units(100, "U"), **repeat(frequency=1, period=12, periodUnit="wk")})
    assert (dose.max_single_units, dose.max_single_mg) == (100, None)


def prn(**members):
    return {**mg(300), **repeat(frequency=1, period=4, periodUnit="h"), "asNeededBoolean": True, **members}


def limit(value, hours):
    return {"numerator": {"value": value, "unit": "mg"}, "denominator": {"value": hours, "unit": "h"}}


@pytest.mark.parametrize(("cap", "peak"), [(1200, 1200), (1800, 1800), (2400, 1800)])
def test_a_maximum_per_period_lowers_and_never_raises(cap, peak):
    dose = read(prn(maxDosePerPeriod=limit(cap, 24)))
    assert (dose.min_mg_per_day, dose.max_mg_per_day, dose.peak_day_mg) == (0, peak, peak)


def test_a_maximum_per_twelve_hours_counts_twice_a_day():
    assert read(prn(maxDosePerPeriod=limit(600, 12))).peak_day_mg == 1200


def test_a_list_of_maxima_as_in_r5_takes_the_lowest():
    assert read(prn(maxDosePerPeriod=[limit(1500, 24), limit(1200, 24)])).peak_day_mg == 1200


def test_as_needed_without_a_frequency_is_bounded_by_a_stated_maximum():
    dose = read({**mg(300), "asNeededBoolean": True, "maxDosePerPeriod": limit(1200, 24)})
    assert (dose.min_mg_per_day, dose.max_mg_per_day, dose.max_single_mg) == (0, 1200, 300)


def test_a_dose_over_the_maximum_per_administration_is_capped_and_flagged():
    most = {"maxDosePerAdministration": {"value": 300, "unit": "mg"}}
    dose = read({**mg(600), **repeat(**TID), **most})
    assert (dose.max_single_mg, dose.peak_day_mg) == (300, 900)
    assert "exceeds-max-per-administration" in dose.flags


@pytest.mark.parametrize(
    ("member", "needed"),
    [
        ({"asNeededBoolean": True}, True),
        ({"asNeededBoolean": "true"}, True),
        ({"asNeededBoolean": "false"}, False),
        ({"asNeeded": True}, True),
        ({"asNeededCodeableConcept": {"text": "pain"}}, True),
        ({"asNeededFor": [{"text": "pain"}]}, True),
        ({"asNeededBoolean": False}, False),
    ],
)
def test_as_needed_is_read_in_every_form(member, needed):
    dose = read({**mg(300), **repeat(**TID), **member})
    assert (dose.as_needed, dose.min_mg_per_day) == (needed, 0 if needed else 900)


def test_a_strength_read_from_the_name_lowers_the_confidence_of_a_count_only():
    assert read({**units(1), **repeat(**TID)}, strength_from_name=True).confidence == "medium"
    assert read({**mg(300), **repeat(**TID)}, strength_from_name=True).confidence == "high"


def test_the_dispensed_quantity_is_a_hint_and_no_dose():
    supply = {"quantity": {"value": 90}, "expectedSupplyDuration": {"value": 30, "unit": "d"}}
    dose = read(repeat(**TID), dispense=supply)
    assert (dose.peak_day_mg, dose.dispense_estimate_mg, dose.confidence) == (None, 900, "none")
    assert "estimate" in dose.why


@pytest.mark.parametrize(
    "nothing", [None, [], [{}], [None, 3], "", {"additionalInstruction": [{"text": "300 mg TID"}]}]
)
def test_no_instruction_is_null_with_a_reason(nothing):
    dose = read_dose(nothing, strength=CAPSULE, weight_kg=None, dispense=None)
    assert (dose.max_mg_per_day, dose.confidence) == (None, "none")
    assert dose.why


def test_a_list_too_long_to_be_an_order_is_not_computable():
    assert read(*[{**mg(300), **repeat(**TID)}] * 51).peak_day_mg is None
