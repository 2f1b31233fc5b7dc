"""What a sig gives in mg: through the strength, the weight, and what the text says about itself."""

from decimal import Decimal

import pytest

from cards.facts.dosage import read_dose
from terminology.medications import Strength


def read(text, strength=300, per="unit", **given):
    product = Strength(Decimal(str(strength)), per) if strength is not None else None
    given = {"weight_kg": None, "dispense": None, **given}
    return read_dose([{"text": text}], strength=product, **given)


@pytest.mark.parametrize(
    ("text", "low", "high", "single"),
    [
        ("TAKE 1 CAPSULE BY MOUTH THREE TIMES A DAY", 900, 900, 300),
        ("Take two capsules by mouth 3 times daily for nerve pain", 1800, 1800, 600),
        ("ONE TO BE TAKEN THREE TIMES A DAY", 900, 900, 300),
        ("2 nocte", 600, 600, 600),
        ("1 bd", 600, 600, 300),
        ("600mg tid", 1800, 1800, 600),
        ("1,200 mg tid", 3600, 3600, 1200),
        ("300-600 mg TID", 900, 1800, 600),
        ("300 mg to 600 mg tid", 900, 1800, 600),
        ("take 1 in the morning and 2 at bedtime", 900, 900, 600),
        ("1 cap qAM, 1 cap qPM, 2 caps qhs", 1200, 1200, 600),
        ("300mg qam 600mg qhs", 900, 900, 600),
        ("Take 1 capsule (300mg) in AM and 2 capsules (600mg) in PM", 900, 900, 600),
        ("1-2 tabs PO q4-6h prn pain, max 8/day", 0, 2400, 600),
        ("1 tab q4h prn. Do not exceed 4 tablets in 24 hours.", 0, 1200, 300),
        ("300 mg q4h prn, not to exceed 1200 mg/day", 0, 1200, 300),
        ("2 tabs q4h prn, max 4 doses per day", 0, 2400, 600),
        ("1-2 tabs q6h prn, max 1 tab per dose", 0, 1200, 300),
        ("1 tab prn, no more than 3 times a day", 0, 900, 300),
        ("1 tab prn, max 4/day", 0, 1200, 300),
        ("2 caps 3 times daily max 5 caps/day", 1500, 1500, 600),
        ("1 cap daily max 3 caps a day prn", 0, 300, 300),
        ("2 caps tid, daily max 5 caps", 1500, 1500, 600),
        ("1 tab at bedtime, may repeat once", 300, 600, 300),
        (
            "Take 300 mg (1 capsule) by mouth nightly for 3 days, then 1 cap BID x 3 days, then TID",
            300,
            900,
            300,
        ),
        ("300 mg nightly x3d then 300 mg BID x3d then 300 mg TID", 300, 900, 300),
        ("300 mg TID, titrate up to 1800 mg/day", 900, 1800, 300),
        ("Take 600 mg by mouth 3 times daily. May increase to 900 mg TID", 1800, 2700, 900),
        ("2 tablets now then 1 tablet daily", 300, 600, 600),
        ("900 mg/day in 3 divided doses", 900, 900, 300),
        ("1800 mg daily in three divided doses", 1800, 1800, 600),
        ("900 mg per day divided TID", 900, 900, 300),
        ("1 cap TID. Disp #90, refills 2", 900, 900, 300),
        ("400 mg/dose tid", 1200, 1200, 400),
        ("300-0-600 mg", 900, 900, 600),
        ("take 1 at 0800 and 2000", 600, 600, 300),
    ],
)
def test_a_real_sig_gives_its_daily_dose(text, low, high, single):
    dose = read(text)
    assert (dose.min_mg_per_day, dose.max_mg_per_day, dose.max_single_mg) == (low, high, single)
    assert dose.confidence == "medium"


@pytest.mark.parametrize(
    "text",
    [
        "Take 2 capsules (600 mg) three times daily",
        "Take 2 capsules (600 mg total) by mouth 3 (three) times daily.",
        "2 capsules (300 mg) tid",
        "take 2 x 300 mg capsules three times daily",
        "Take 2 300 mg capsules TID",
        "600 mg (2 capsules) tid",
        "2 tablets 600 mg tid",
        "2 caps tid (1800 mg)",
        "gabapentin 300 mg capsule: take 2 capsules tid",
    ],
)
def test_mg_that_repeat_the_count_are_no_conflict(text):
    dose = read(text, drug_words=frozenset({"gabapentin"}))
    assert (dose.peak_day_mg, dose.max_single_mg, dose.confidence, dose.flags) == (1800, 600, "medium", ())


def test_mg_that_contradict_the_count_keep_the_larger_with_low_confidence():
    dose = read("Take 1 capsule (600 mg) TID")
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.confidence) == (1800, 900, "low")
    assert dose.flags == ("text-strength-conflict",)


def test_a_second_dose_is_not_taken_for_the_day_total():
    assert read("1 cap bid 600 mg").peak_day_mg is None


@pytest.mark.parametrize(
    ("text", "peak", "confidence"),
    [
        ("1 capsule (300 mg) tid", 900, "medium"),
        ("2 x 300 mg capsules tid", 1800, "medium"),
        ("2 capsules (600 mg) tid", 3600, "low"),
        ("2 capsules tid", None, "none"),
        ("600 mg (2 capsules) tid", 3600, "low"),
    ],
)
def test_without_a_known_strength_the_text_must_state_it(text, peak, confidence):
    dose = read(text, strength=None)
    assert (dose.peak_day_mg, dose.confidence) == (peak, confidence)


@pytest.mark.parametrize(
    ("text", "readable"), [("10 TID", True), ("11 TID", False), ("300 TID", False), ("300 mg TID", True)]
)
def test_a_large_number_without_a_unit_may_be_mg_and_is_not_read(text, readable):
    assert (read(text).peak_day_mg is not None) == readable


def test_a_name_of_the_ordered_drug_may_stand_in_its_text_and_no_other():
    assert read("gabapentin 300 mg tid", drug_words=frozenset({"gabapentin"})).peak_day_mg == 900
    assert read("oxycodone 300 mg tid", drug_words=frozenset({"gabapentin"})).peak_day_mg is None


def test_millilitres_need_the_mg_per_millilitre():
    assert read("6 mL po tid", strength=50, per="mL").peak_day_mg == 900
    assert read("6 mL po tid", strength=300).flags == ("no-strength",)
    assert read("1 teaspoonful tid", strength=50, per="mL").peak_day_mg == 750


def test_mg_per_kg_need_the_weight():
    assert read("5 mg/kg bid", weight_kg=Decimal(20)).peak_day_mg == 200
    assert read("30 mg/kg/day divided tid", weight_kg=Decimal(20)).max_single_mg == 200
    assert read("5 mg/kg bid").flags == ("needs-weight",)


@pytest.mark.parametrize("text", ["2 tablets a day", "900 mg/day", "3 tabs/day"])
def test_a_total_for_the_day_leaves_the_single_dose_open(text):
    dose = read(text)
    assert dose.max_mg_per_day is not None
    assert (dose.max_single_mg, dose.doses_per_day) == (None, None)


@pytest.mark.parametrize(
    ("text", "single", "confidence"),
    [
        ("use as directed", None, "none"),
        ("Take 1 tab TID or as directed", 300, "low"),
        ("1 tab TID and as needed", 300, "low"),
    ],
)
def test_an_open_instruction_keeps_only_the_single_dose(text, single, confidence):
    dose = read(text)
    assert (dose.max_mg_per_day, dose.max_single_mg, dose.confidence) == (None, single, confidence)
    assert dose.flags == ("open-ended",)


@pytest.mark.parametrize(
    "text", ["Titrate to effect up to 3600 mg/day", "titrate up to 3600 mg per day", "max 3600 mg/day"]
)
def test_only_a_stated_maximum_is_a_maximum(text):
    dose = read(text)
    assert (dose.min_mg_per_day, dose.max_mg_per_day, dose.max_single_mg) == (None, 3600, None)
    assert (dose.flags, dose.confidence) == (("max-only",), "low")


def test_a_dose_after_dialysis_counts_by_day_only_with_weekdays():
    loose, fixed = read("300 mg after each dialysis"), read("300 mg after dialysis on Mon, Wed, Fri")
    assert (loose.max_mg_per_day, loose.peak_day_mg, loose.flags) == (None, 300, ("event-based",))
    assert (fixed.peak_day_mg, fixed.flags) == (300, ())
    assert fixed.max_mg_per_day == Decimal(900) / 7


def test_two_scheduled_doses_without_day_parts_are_added_up_with_low_confidence():
    dose = read("1 tab daily, 1 tab bid")
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.confidence) == (900, 600, "low")


@pytest.mark.parametrize(
    ("text", "patches", "hours"),
    [
        ("Apply up to 3 patches to painful area 12 hours on, 12 hours off", 3, 12),
        ("1 patch daily on for 12 hours off for 12 hours", 1, 12),
        ("apply 1 patch for 12 hours daily", 1, 12),
        ("apply 2 patches daily, remove after 12 hours", 2, 12),
        ("Apply 4 patches, change q24h", 4, 24),
        ("apply 1 patch daily", 1, None),
    ],
)
def test_a_text_says_how_many_patches_and_how_long(text, patches, hours):
    dose = read(text, strength=700)
    assert (dose.patches_at_once, dose.wear_hours, dose.max_mg_per_day) == (patches, hours, patches * 700)


def test_once_daily_with_two_day_parts_takes_the_two():
    dose = read("1 cap once daily in the morning and evening")
    assert (dose.peak_day_mg, dose.least_peak_mg, dose.flags) == (600, 300, ("when-frequency-conflict",))
