"""Several instructions: steps are never added up, concurrent doses are."""

from decimal import Decimal

import pytest

from cards.facts.dosage import read_dose
from terminology.medications import Strength


def step(mg, times=1, number=None, text=None, **members):
    dosage = {
        "doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg"}}],
        "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d", **members}},
    }
    if number is not None:
        dosage["sequence"] = number
    if text is not None:
        dosage["text"] = text
    return dosage


def read(*instructions):
    return read_dose(list(instructions), strength=Strength(Decimal(300)), weight_kg=None, dispense=None)


def bounds(start=None, end=None):
    period = {name: value for name, value in (("start", start), ("end", end)) if value}
    return {"boundsPeriod": period}


def test_a_titration_has_its_first_step_as_the_start_and_its_last_as_the_maximum():
    dose = read(step(300, 1, 1), step(300, 2, 2), step(300, 3, 3))
    assert (dose.start_mg_per_day, dose.min_mg_per_day, dose.max_mg_per_day, dose.peak_day_mg) == (
        300,
        300,
        900,
        900,
    )
    assert dose.flags == ("titration",)
    assert dose.confidence == "high"


def test_a_taper_that_ends_at_nothing_has_a_minimum_of_zero():
    dose = read(step(1800, 1, 1), step(900, 1, 2), step(0, 1, 3))
    assert (dose.min_mg_per_day, dose.peak_day_mg, dose.flags) == (0, 1800, ("taper-down",))


def test_steps_up_and_down_are_a_titration_and_no_taper():
    assert read(step(300, 1, 1), step(900, 1, 2), step(600, 1, 3)).flags == ("titration",)


def test_the_same_sequence_number_is_concurrent():
    dose = read(step(300, 1, 1), step(600, 1, 1))
    assert (dose.peak_day_mg, dose.doses_per_day, dose.confidence) == (900, 2, "high")


def test_sequence_numbers_may_be_strings_and_in_any_order():
    assert read(step(900, 1, "2"), step(300, 1, "1")).start_mg_per_day == 300


@pytest.mark.parametrize(("second", "peak"), [("2026-01-07", 600), ("2026-01-08", 600), ("2026-01-06", 900)])
def test_bounds_that_do_not_overlap_are_steps(second, peak):
    dose = read(step(300, **bounds("2026-01-01", "2026-01-07")), step(600, **bounds(second)))
    assert dose.peak_day_mg == peak


def test_bounds_part_instructions_that_share_a_sequence_number():
    dose = read(
        step(300, 1, 1, **bounds("2026-01-01", "2026-01-07")), step(600, 1, 1, **bounds("2026-01-08"))
    )
    assert (dose.peak_day_mg, dose.flags) == (600, ("titration",))


def test_distinct_day_parts_are_concurrent_without_doubt():
    dose = read(step(300, when=["MORN"]), step(600, when=["HS"]))
    assert (dose.peak_day_mg, dose.confidence, dose.flags) == (900, "high", ())


def test_texts_with_distinct_day_parts_are_concurrent_without_doubt():
    dose = read({"text": "1 capsule in the morning"}, {"text": "2 capsules at bedtime"})
    assert (dose.peak_day_mg, dose.confidence, dose.flags) == (900, "medium", ())


def test_different_weekdays_share_no_dose_day():
    dose = read(step(300, dayOfWeek=["mon", "wed", "fri"]), step(600, dayOfWeek=["tue", "thu", "sat", "sun"]))
    assert dose.peak_day_mg == 600
    assert dose.max_mg_per_day == Decimal(300) * 3 / 7 + Decimal(600) * 4 / 7


def test_an_unclear_pair_is_added_up_and_keeps_the_smaller_reading():
    dose = read(step(300, 3), step(600, 3))
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.confidence) == (2700, 1800, "low")
    assert dose.flags == ("ambiguous-concurrent",)


def test_the_same_instruction_twice_is_added_up_and_flagged():
    dose = read(step(300, 3), step(300, 3))
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.flags) == (1800, 900, ("duplicate-instruction",))


def test_times_of_several_instructions_give_one_gap():
    one, other = step(300), step(300)
    one["timing"], other["timing"] = (
        {"repeat": {"timeOfDay": ["08:00"]}},
        {"repeat": {"timeOfDay": ["22:00"]}},
    )
    assert read(one, other).longest_gap_h == 14


def test_an_unreadable_instruction_beside_a_dose_leaves_the_day_open():
    dose = read(step(300, 3), {"text": "and 600 mg whenever the storm comes"})
    assert (dose.peak_day_mg, dose.max_single_mg, dose.confidence) == (None, 300, "low")
    assert "unread-instruction" in dose.flags


@pytest.mark.parametrize("advice", ["Take with food", "Avoid grapefruit", "Do not drive"])
def test_advice_beside_a_dose_is_dropped(advice):
    dose = read(step(300, 3), {"text": advice})
    assert (dose.peak_day_mg, dose.confidence) == (900, "high")


def test_only_one_instruction_may_be_replaced():
    assert read(step(300, 3)).single_instruction
    assert not read(step(300, when=["MORN"]), step(600, when=["HS"])).single_instruction
    assert not read(step(300, 3, count=1)).single_instruction


def test_a_text_with_the_same_meaning_is_no_conflict():
    dose = read(step(600, 3, text="Take 2 capsules (600 mg) three times daily"))
    assert (dose.peak_day_mg, dose.confidence, dose.flags) == (1800, "high", ())


@pytest.mark.parametrize(
    ("text", "peak", "least"),
    [
        ("Take 2 capsules three times daily", 1800, 900),
        ("Take 1 capsule twice daily", 900, 600),
        ("twice daily", 900, 600),
        ("300 mg nightly x3d then 600 mg TID", 1800, 900),
    ],
)
def test_a_text_with_another_total_keeps_the_larger_with_low_confidence(text, peak, least):
    dose = read(step(300, 3, text=text))
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.confidence) == (peak, least, "low")
    assert "text-structured-conflict" in dose.flags


@pytest.mark.parametrize(
    "text", ["as the moon waxes", "Take as directed", "1 tablet daily of the other pill", "Take with food"]
)
def test_a_text_that_cannot_be_read_says_nothing_against_a_structured_dose(text):
    dose = read(step(300, 3, text=text))
    assert (dose.peak_day_mg, dose.confidence, dose.flags) == (900, "high", ())


def test_a_text_supplies_the_timing_that_the_structure_leaves_out():
    dosage = step(300)
    del dosage["timing"]
    dose = read({**dosage, "text": "three times daily"})
    assert (dose.peak_day_mg, dose.confidence) == (900, "medium")


def test_a_text_supplies_the_dose_that_the_structure_leaves_out_only_with_its_unit():
    dosage = step(300, 3)
    del dosage["doseAndRate"]
    assert read({**dosage, "text": "Take 1 capsule TID"}).peak_day_mg == 900
    assert read({**dosage, "text": "1 TID"}).peak_day_mg is None


def test_structured_limits_hold_for_a_dose_read_from_text():
    most = {"numerator": {"value": 600, "unit": "mg"}, "denominator": {"value": 1, "unit": "d"}}
    dose = read({"text": "1 capsule q6h", "asNeededBoolean": True, "maxDosePerPeriod": most})
    assert (dose.min_mg_per_day, dose.peak_day_mg, dose.as_needed) == (0, 600, True)
