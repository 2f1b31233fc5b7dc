from decimal import Decimal

import pytest
from make_fhir import (
    NOW,
    ago,
    condition,
    creatinine,
    egfr,
    height,
    observation,
    patient,
    renal,
    rounded,
    weight,
)


def computed(terminology, age, sex, kg, value, unit="mg/dL", **more):
    return renal(terminology, patient(age, sex), creatinine(value, unit), weight(kg), **more)


@pytest.mark.parametrize(
    ("age", "sex", "kg", "value", "unit", "crcl"),
    [
        (45, "male", 75, 0.8, "mg/dL", "123.70"),
        (80, "female", 55, 0.9, "mg/dL", "43.29"),
        (74, "female", 60, 1.87, "mg/dL", "25.00"),
        (78, "male", 62, 1.1, "mg/dL", "48.54"),
        (66, "male", 80, 7.2, "mg/dL", "11.42"),
        (72, "male", 70, 194, "umol/L", "30.13"),
        (70, "female", 64, 1.70, "mg/dL", "31.11"),
        (70, "female", 60, 1.68, "mg/dL", "29.51"),
        (60, "male", 70, 1.0, "mg/dL", "77.78"),
        (60, "female", 70, 1.0, "mg/dL", "66.11"),
        (55, "female", 60, "1.25", "mg/dL", "48.17"),
    ],
)
def test_the_record_gives_the_published_clearance(terminology, age, sex, kg, value, unit, crcl):
    read = computed(terminology, age, sex, kg, value, unit)
    assert rounded(read.crcl) == crcl
    assert read.crcl == read.crcl_low == read.crcl_high
    assert (read.basis, read.issue, read.stale, read.weight_basis) == (
        "cockcroft-gault",
        "none",
        False,
        "actual",
    )


def test_a_weight_in_pounds_is_converted(terminology):
    read = renal(terminology, patient(52, "male"), creatinine(1.0), weight(176, "[lb_av]"))
    assert (rounded(read.weight_kg), rounded(read.crcl)) == ("79.83", "97.57")


def test_every_input_is_named(terminology):
    read = computed(terminology, 74, "female", 60, 1.87)
    assert read.creatinine_mg_dl == Decimal("1.87")
    assert read.creatinine_original == "1.87 mg/dL"
    assert read.creatinine_observed == NOW
    assert read.creatinine_source.startswith("Observation/2160-0")
    assert (read.creatinine_age_days, read.weight_kg, read.body_weight_kg, read.weight_stated) == (
        0,
        60,
        60,
        False,
    )


def test_without_a_reported_egfr_the_calculated_one_is_given(terminology):
    read = computed(terminology, 74, "female", 60, 1.87)
    assert (rounded(read.egfr), read.egfr_reported, read.egfr_deindexed) == ("27.89", False, None)


def test_the_egfr_in_umol_is_computed_from_the_unrounded_creatinine(terminology):
    assert rounded(computed(terminology, 72, "male", 70, 194, "umol/L").egfr) == "31.15"


def test_obesity_shows_three_weights_and_decides_on_the_adjusted_one(terminology):
    read = renal(terminology, patient(55), creatinine(1.6), weight(150), height(165))
    assert {name: rounded(value) for name, value in read.weight_readings.items()} == {
        "actual": "94.08",
        "adjusted": "59.05",
        "ideal": "35.69",
    }
    assert [rounded(value) for value in (read.crcl, read.crcl_low, read.crcl_high)] == [
        "59.05",
        "35.69",
        "94.08",
    ]
    assert (rounded(read.weight_kg), read.weight_basis, read.body_weight_kg) == ("94.15", "adjusted", 150)


@pytest.mark.parametrize(
    ("kg", "cm", "sex", "basis"),
    [
        ("86.69", 170, "male", "adjusted"),  # body mass index 29.997, but more than 1.2 times the ideal 65.94
        ("79.12", 170, "male", "actual"),  # 1.1999 times the ideal, index 27.4
        ("79.14", 170, "male", "adjusted"),  # 1.2002 times
        ("66.5", 178, "male", "actual"),  # below the ideal weight
        ("49.9", 143, "female", "actual"),  # 1.38 times the ideal of a small woman, but index 24.4
        ("51.2", 143, "female", "adjusted"),  # the same with index 25.04
        ("108.3", 190, "male", "adjusted"),  # index 30.0 exactly: 108.3 / 1.9 squared
    ],
)
def test_the_weight_that_decides_changes_at_the_conventional_limits(terminology, kg, cm, sex, basis):
    read = renal(terminology, patient(50, sex), creatinine(1.0), weight(kg), height(cm))
    assert read.weight_basis == basis
    assert bool(read.weight_readings) is (basis == "adjusted")


def test_a_heavy_patient_without_a_height_gets_a_note(terminology):
    heavy = renal(terminology, patient(50), creatinine(1.0), weight(100.1))
    lighter = renal(terminology, patient(50), creatinine(1.0), weight(100))
    assert any("No height" in note for note in heavy.notes)
    assert not lighter.notes


@pytest.mark.parametrize("gender", ["unknown", "other", None])
def test_an_unknown_sex_is_computed_for_both_and_the_lower_used(terminology, gender):
    read = renal(terminology, patient(60, gender), creatinine(1.0), weight(70))
    assert [rounded(value) for value in (read.crcl, read.crcl_low, read.crcl_high)] == [
        "66.11",
        "66.11",
        "77.78",
    ]
    assert any("Sex not known" in note for note in read.notes)


def test_a_birth_year_alone_is_computed_for_both_ages_and_the_older_used(terminology):
    read = renal(terminology, patient(None, "male", birthDate="1950"), creatinine(1.0), weight(72))
    assert [rounded(value) for value in (read.crcl, read.crcl_low, read.crcl_high)] == [
        "64.00",
        "64.00",
        "65.00",
    ]
    assert any("age 75 to 76" in note for note in read.notes)


def test_a_birth_year_that_leaves_18_open_is_no_adult(terminology):
    read = renal(terminology, patient(None, birthDate="2008"), creatinine(0.8), weight(60))
    assert (read.crcl, read.issue) == (None, "no-age")
    assert "18" in read.why


@pytest.mark.parametrize(("birth_date", "issue"), [("2008-06-15", "none"), ("2008-06-16", "child")])
def test_adult_equations_begin_on_the_18th_birthday(terminology, birth_date, issue):
    read = renal(terminology, patient(None, birthDate=birth_date), creatinine(0.8), weight(60))
    assert (read.issue, read.crcl is None) == (issue, issue == "child")


def test_a_child_gets_no_adult_clearance_but_a_note(terminology):
    read = renal(terminology, patient(9), creatinine(0.5), weight(28), height(132))
    assert (read.issue, read.basis, read.crcl) == ("child", "none", None)
    assert (read.weight_kg, read.body_weight_kg) == (28, 28)
    assert any("Bedside Schwartz eGFR 109 " in note for note in read.notes)


def test_a_child_on_dialysis_is_still_a_child(terminology):
    read = renal(terminology, patient(9), conditions=[condition("Z99.2")])
    assert (read.issue, read.basis) == ("child", "none")


@pytest.mark.parametrize(
    ("birth_date", "why"), [(None, "no birth date"), ("2027-01-01", "future"), ("1890", "older than 120")]
)
def test_without_a_usable_birth_date_nothing_is_calculated(terminology, birth_date, why):
    read = renal(terminology, patient(None, birthDate=birth_date), creatinine(1.0), weight(70), egfr(20))
    assert (read.issue, read.crcl, read.egfr) == ("no-age", None, None)
    assert why in read.why


@pytest.mark.parametrize(
    ("value", "unit", "plausible"),
    [
        (0.2, "mg/dL", True),
        (0.19, "mg/dL", False),
        (25, "mg/dL", True),
        (25.1, "mg/dL", False),
        (90, "mg/dL", False),
        (194, "mg/dL", False),
        (18, "umol/L", True),
        (17, "umol/L", False),
        (0, "mg/dL", False),
        (-1, "mg/dL", False),
        (1e300, "mg/dL", False),
    ],
)
def test_an_implausible_creatinine_is_not_computed_with(terminology, value, unit, plausible):
    read = computed(terminology, 55, "male", 80, value, unit)
    assert (read.issue, read.crcl is not None) == ("none" if plausible else "implausible", plausible)


def test_the_message_on_an_implausible_creatinine_names_value_and_range(terminology):
    read = computed(terminology, 55, "male", 80, 90)
    assert read.why == "creatinine 90 mg/dL is outside 0.2-25 mg/dL"
    assert (read.creatinine_original, read.creatinine_mg_dl) == ("90 mg/dL", None)


@pytest.mark.parametrize(
    ("newest", "issue"),
    [
        (creatinine(90), "implausible"),
        (creatinine(90, None), "no-unit"),
        (creatinine(1, valueQuantity={"value": 0.3, "unit": "mg/dL", "comparator": "<"}), "comparator"),
    ],
)
def test_an_older_result_is_not_taken_in_place_of_an_unusable_newest_one(terminology, newest, issue):
    read = renal(terminology, patient(55), newest, creatinine(0.9, days=3), weight(70), egfr(80))
    assert (read.issue, read.crcl, read.basis) == (issue, None, "none")
    assert read.why


def test_an_unusable_result_does_not_displace_a_newer_good_one(terminology):
    read = renal(terminology, patient(55), creatinine(0.9), creatinine(90, None, days=3), weight(70))
    assert (read.issue, read.notes) == ("none", ())


def test_a_newer_result_without_a_value_is_named_and_the_older_used(terminology):
    read = renal(terminology, patient(55), creatinine("haemolysed"), creatinine(0.9, days=3), weight(70))
    assert read.crcl is not None
    assert any("no readable value" in note for note in read.notes)


def test_a_result_dated_in_the_future_is_no_result_and_named_beside_an_older_one(terminology):
    ahead = creatinine(3.0, days=-2)
    alone = renal(terminology, patient(55), ahead, weight(70))
    beside = renal(terminology, patient(55), ahead, creatinine(0.9, days=3), weight(70))
    assert (alone.issue, alone.crcl) == ("future", None)
    assert beside.creatinine_mg_dl == Decimal("0.9")
    assert any("future" in note for note in beside.notes)


def test_a_result_of_tomorrow_morning_is_now(terminology):
    read = renal(terminology, patient(55), creatinine(0.9, hours=-20), weight(70))
    assert (read.issue, read.creatinine_age_days) == ("none", 0)


def test_two_results_at_one_time_count_with_the_higher(terminology):
    read = renal(terminology, patient(55), creatinine(0.9, days=9), creatinine(1.2, days=9), weight(70))
    assert read.creatinine_mg_dl == Decimal("1.2")


def test_no_creatinine_is_said_and_a_key_that_was_not_supplied_is_told_apart(terminology):
    asked = renal(terminology, patient(72), weight(64))
    unasked = renal(terminology, patient(72), weight(64), not_supplied="no creatinine results were supplied")
    assert (asked.issue, asked.why) == ("no-creatinine", "no creatinine on file")
    assert (unasked.issue, unasked.why) == ("not-supplied", "no creatinine results were supplied")
    assert asked.weight_kg == 64


def test_without_a_weight_nothing_is_calculated_from_a_fair_creatinine(terminology):
    read = renal(terminology, patient(60), creatinine(1.0))
    assert (read.issue, read.crcl, read.why) == ("no-weight", None, "no weight on file")
    assert read.creatinine_mg_dl == 1


@pytest.mark.parametrize(
    ("kg", "used"), [(30, True), ("29.9", False), (300, True), ("300.1", False), (750, False)]
)
def test_the_weight_of_an_adult_must_be_plausible(terminology, kg, used):
    read = renal(terminology, patient(60), creatinine(1.0), weight(kg))
    assert (read.issue == "none") is used
    if not used:
        assert f"{kg} kg is outside 30-300 kg" in read.why


def test_an_older_plausible_weight_stands_in_and_the_newer_one_is_named(terminology):
    read = renal(terminology, patient(60), creatinine(1.0), weight(750), weight(75, days=30))
    assert read.weight_kg == 75
    assert any("750 kg" in note for note in read.notes)


def test_a_weight_without_a_unit_is_not_guessed(terminology):
    unitless = weight(75, valueQuantity={"value": 75})
    read = renal(terminology, patient(60), creatinine(1.0), unitless)
    assert (read.issue, "no known unit" in read.why) == ("no-weight", True)


def test_the_latest_measured_weight_comes_before_a_stated_one(terminology):
    stated, measured = weight(90, code="3142-7"), weight(75, days=100)
    read = renal(terminology, patient(60), creatinine(1.0), stated, measured)
    assert (read.weight_kg, read.weight_stated) == (75, False)


def test_a_stated_weight_is_used_and_named_where_the_measured_one_is_old(terminology):
    stated, measured = weight(90, code="3142-7"), weight(75, days=366)
    read = renal(terminology, patient(60), creatinine(1.0), stated, measured)
    assert (read.weight_kg, read.weight_stated) == (90, True)
    assert any("stated" in note for note in read.notes)


@pytest.mark.parametrize(
    ("days", "conditions", "noted"),
    [(365, [], False), (366, [], True), (90, ["I50.9"], False), (91, ["I50.9"], True)],
)
def test_an_old_weight_is_used_with_a_note(terminology, days, conditions, noted):
    listed = [condition(code) for code in conditions]
    read = renal(terminology, patient(60), creatinine(1.0), weight(70, days=days), conditions=listed)
    assert read.crcl is not None
    assert any("weight is" in note for note in read.notes) is noted


def test_a_height_from_childhood_does_not_count_for_a_grown_patient(terminology):
    tall, short = height(165, days=10), height(120, days=45 * 365)
    adult = renal(terminology, patient(55), creatinine(1.6), weight(150), short)
    assert (adult.height_cm, adult.weight_basis) == (None, "actual")
    assert renal(terminology, patient(55), creatinine(1.6), weight(150), short, tall).height_cm == 165


@pytest.mark.parametrize(("value", "low"), [(0.79, True), (0.8, False)])
def test_a_low_creatinine_with_cachexia_is_flagged_and_not_raised(terminology, value, low):
    read = renal(terminology, patient(84), creatinine(value), weight(42), conditions=[condition("R64")])
    assert read.low_muscle is low
    assert any("little muscle" in note for note in read.notes) is low


def test_frailty_keeps_the_measured_creatinine(terminology):
    read = renal(terminology, patient(84), creatinine(0.4), weight(42), conditions=[condition("R64")])
    assert (rounded(read.crcl), read.low_muscle) == ("69.42", True)


def test_a_low_creatinine_without_cachexia_is_not_flagged(terminology):
    ended = condition("R64", clinicalStatus="resolved")
    read = renal(terminology, patient(84), creatinine(0.4), weight(42), conditions=[ended])
    assert (read.low_muscle, read.notes) == (False, ())


def test_a_date_of_issue_alone_is_said(terminology):
    issued = observation("2160-0", 1.0, "mg/dL", None, issued=ago(3))
    read = renal(terminology, patient(60), issued, weight(70))
    assert read.creatinine_age_days == 3
    assert any("date of issue" in note for note in read.notes)
