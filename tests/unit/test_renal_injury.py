import pytest
from make_fhir import ago, condition, creatinine, inpatient, patient, renal, weight

AKI, OLIGURIA = "N17.9", "R34"


def read(terminology, *results, **more):
    return renal(terminology, patient(67), *results, weight(70), **more)


def test_a_rise_by_0_6_in_36_hours_is_acute_and_no_clearance_is_given(terminology):
    renal_function = read(
        terminology, creatinine(0.9, hours=36), creatinine(1.5), encounter=inpatient(),
        conditions=[condition(OLIGURIA)],
    )  # fmt: skip
    assert renal_function.basis == "aki"
    assert (renal_function.aki, renal_function.rising, renal_function.oliguria) == (True, True, True)
    assert (renal_function.crcl, renal_function.crcl_low, renal_function.crcl_high) == (None, None, None)
    assert renal_function.issue == "none"
    assert "Creatinine rose from 0.9 mg/dL to 1.5 mg/dL within 36 hours" in renal_function.notes


@pytest.mark.parametrize(
    ("before", "after", "unit", "hours", "acute"),
    [
        (1.0, 1.3, "mg/dL", 48, True),
        (1.0, 1.29, "mg/dL", 48, False),
        (1.0, 1.3, "mg/dL", 48.1, False),
        (80, 106.5, "umol/L", 40, True),  # 26.5 umol/L is 0.2997 mg/dL, and KDIGO gives both
        (80, 106.4, "umol/L", 40, False),
        (1.0, 1.5, "mg/dL", 7 * 24, True),
        (1.0, 1.49, "mg/dL", 7 * 24, False),
        (1.0, 1.5, "mg/dL", 7 * 24 + 1, False),
        (80, 120, "umol/L", 100, True),
        (80, 119, "umol/L", 100, False),
        (3.0, 1.5, "mg/dL", 24, False),
        (1.0, 1.0, "mg/dL", 24, False),
    ],
)
def test_a_rise_is_acute_from_the_kdigo_limits_on(terminology, before, after, unit, hours, acute):
    assert read(terminology, creatinine(before, unit, hours=hours), creatinine(after, unit)).aki is acute


def test_the_lowest_of_the_week_is_the_baseline(terminology):
    series = [creatinine(1.0, days=6), creatinine(1.3, days=4), creatinine(1.5)]
    assert read(terminology, *series).aki is True
    assert read(terminology, *series[1:]).aki is False


@pytest.mark.parametrize(
    ("previous", "last", "rising"), [(1.6, 1.5, False), (1.5, 1.5, False), (1.4, 1.5, True)]
)
def test_rising_means_that_the_last_result_is_above_the_one_before(terminology, previous, last, rising):
    renal_function = read(
        terminology, creatinine(0.9, days=4), creatinine(previous, days=1), creatinine(last)
    )
    assert (renal_function.aki, renal_function.rising) == (True, rising)


@pytest.mark.parametrize(("days", "acute"), [(7, True), (8, False)])
def test_an_injury_that_was_last_seen_more_than_a_week_ago_is_over(terminology, days, acute):
    renal_function = read(terminology, creatinine(0.9, days=days + 1), creatinine(1.5, days=days))
    assert renal_function.aki is acute
    assert (renal_function.crcl is None) is acute


@pytest.mark.parametrize("code", [AKI, OLIGURIA])
@pytest.mark.parametrize(("days", "acute"), [(6, True), (8, False)])
def test_a_diagnosis_of_these_days_is_acute(terminology, code, days, acute):
    listed = [condition(code, recordedDate=ago(days=days))]
    assert read(terminology, creatinine(1.0), conditions=listed).aki is acute


def test_an_undated_diagnosis_is_acute_in_hospital_only(terminology):
    listed = [condition(AKI)]
    assert read(terminology, creatinine(1.0), conditions=listed).aki is False
    assert read(terminology, creatinine(1.0), conditions=listed, encounter=inpatient()).aki is True


def test_a_diagnosis_made_during_the_stay_is_acute_however_long_the_stay(terminology):
    during, before = condition(AKI, recordedDate=ago(days=12)), condition(AKI, recordedDate=ago(days=25))
    stay = inpatient(days=20)
    assert read(terminology, creatinine(1.0), conditions=[during], encounter=stay).aki is True
    assert read(terminology, creatinine(1.0), conditions=[before], encounter=stay).aki is False


@pytest.mark.parametrize("more", [{"clinicalStatus": "resolved"}, {"verificationStatus": "refuted"}])
def test_a_diagnosis_that_does_not_hold_is_not_acute(terminology, more):
    listed = [condition(AKI, recordedDate=ago(days=1), **more)]
    assert read(terminology, creatinine(1.0), conditions=listed).aki is False


def test_an_injury_without_any_creatinine_is_still_acute(terminology):
    renal_function = renal(terminology, patient(67), conditions=[condition(AKI, recordedDate=ago(days=1))])
    assert (renal_function.basis, renal_function.rising) == ("aki", False)


def test_two_results_of_one_day_without_a_time_are_read_as_a_rise(terminology):
    made = [creatinine(value, effectiveDateTime="2026-06-14") for value in (1.6, 1.0)]
    assert read(terminology, *made).aki is True


def test_an_implausible_or_inexact_value_makes_no_rise(terminology):
    below = creatinine(1, valueQuantity={"value": 0.5, "unit": "mg/dL", "comparator": "<"}, days=1)
    assert read(terminology, below, creatinine(1.0)).aki is False
    assert read(terminology, creatinine(0.1, days=1), creatinine(1.0)).aki is False


def test_an_unknown_age_does_not_hide_the_injury(terminology):
    renal_function = renal(terminology, patient(None), creatinine(0.9, days=1), creatinine(1.5), weight(70))
    assert renal_function.basis == "aki"


def test_dialysis_comes_before_the_injury(terminology):
    results = (creatinine(4.0, days=1), creatinine(7.0))
    assert read(terminology, *results, conditions=[condition("Z99.2")]).basis == "haemodialysis"
