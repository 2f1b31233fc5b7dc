from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from make_fhir import NOW, patient

from cards.facts.patient import read_patient


def read(resource, now=NOW, zone=UTC):
    return read_patient(resource, now, zone)


def born(birth_date, **more):
    return read({"resourceType": "Patient", "birthDate": birth_date}, **more)


@pytest.mark.parametrize(
    ("birth_date", "age"),
    [("1952-06-15", 74), ("1952-06-16", 73), ("2008-06-15", 18), ("2008-06-16", 17), ("1906-06-15", 120)],
)
def test_age_is_completed_years_with_the_birthday_itself_counting(birth_date, age):
    assert born(birth_date).age == (age, age)


def test_one_born_on_29_february_turns_older_on_1_march_of_common_years():
    before, after = datetime(2026, 2, 28, 12, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert born("2004-02-29", now=before).age == (21, 21)
    assert born("2004-02-29", now=after).age == (22, 22)


def test_the_local_day_decides_the_birthday():
    late = datetime(2026, 6, 15, 23, 30, tzinfo=UTC)  # already 16 June in Auckland
    assert born("2008-06-16", now=late, zone=UTC).age == (17, 17)
    assert born("2008-06-16", now=late, zone=ZoneInfo("Pacific/Auckland")).age == (18, 18)


def test_a_time_after_the_birth_date_does_not_move_it_over_midnight():
    zone = ZoneInfo("America/New_York")
    assert born("2008-06-15T00:00:00Z", zone=zone).age == (18, 18)


def test_a_year_alone_gives_the_youngest_and_the_oldest_age():
    read_back = born("1950")
    assert read_back.age == (75, 76)
    assert (read_back.youngest, read_back.oldest) == (75, 76)


def test_a_month_alone_gives_two_ages_only_around_the_birthday():
    assert born("1950-06").age == (75, 76)
    assert born("1950-05").age == (76, 76)


@pytest.mark.parametrize(
    ("birth_date", "adult"), [("2007", True), ("2008", None), ("2009", False), ("2026-06-15", False)]
)
def test_a_range_across_18_is_neither_child_nor_adult(birth_date, adult):
    assert born(birth_date).adult is adult


def test_infants_have_an_age_in_months_and_others_do_not():
    assert born("2026-01-20").age_months == (4, 4)
    assert born("2026").age_months == (0, 5)
    assert born("2025-06-16").age_months == (11, 11)
    assert born("2025-06-15").age_months is None


@pytest.mark.parametrize(
    ("birth_date", "why"),
    [
        (None, "no birth date"),
        ("", "no birth date"),
        ("2026-06-16", "in the future"),
        ("2149", "in the future"),
        ("1905-06-14", "older than 120"),
        ("1904", "older than 120"),
        ("1952-13-40", "no date"),
        ("unknown", "no date"),
        (1952, "no date"),
        ({"value": "1952"}, "no date"),
    ],
)
def test_an_unusable_birth_date_gives_no_age_and_says_why(birth_date, why):
    read_back = born(birth_date)
    assert read_back.age is None
    assert why in read_back.why_no_age
    assert (read_back.adult, read_back.oldest, read_back.youngest) == (None, None, None)


def test_an_age_that_may_pass_120_counts_as_120_at_most():
    assert born("1905").age == (120, 120)


@pytest.mark.parametrize(
    ("gender", "sex"),
    [
        ("female", "female"),
        ("Male", "male"),
        ("F", "female"),
        ("other", "unknown"),
        ("unknown", "unknown"),
        (None, "unknown"),
        (1, "unknown"),
        ({}, "unknown"),
    ],
)
def test_gender_other_than_female_or_male_is_unknown(gender, sex):
    assert read(patient(gender=gender, sex=None)).sex == sex


def _clinical_sex(code, **more):
    return {
        "url": "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
        "extension": [
            {"url": "value", "valueCodeableConcept": {"coding": [{"code": code}]}},
            *more.get("parts", ()),
        ],
    }


@pytest.mark.parametrize(
    ("codes", "sex"),
    [
        (["male-typical"], "male"),
        (["female-typical"], "female"),
        (["specified"], "unknown"),
        (["male-typical", "female-typical"], "unknown"),
        (["unknown"], "female"),
        ([], "female"),
    ],
)
def test_the_sex_parameter_for_clinical_use_comes_before_gender(codes, sex):
    assert read(patient(sex="female", extension=[_clinical_sex(code) for code in codes])).sex == sex


def test_a_sex_parameter_that_is_no_longer_in_force_does_not_count():
    ended = {"url": "period", "valuePeriod": {"end": "2020-01-01"}}
    running = {"url": "period", "valuePeriod": {"start": "2020-01-01"}}
    assert (
        read(patient(sex="female", extension=[_clinical_sex("male-typical", parts=[ended])])).sex == "female"
    )
    assert (
        read(patient(sex="female", extension=[_clinical_sex("male-typical", parts=[running])])).sex == "male"
    )


@pytest.mark.parametrize(
    ("said", "deceased"),
    [
        ({"deceasedBoolean": True}, True),
        ({"deceasedBoolean": "true"}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedDateTime": "2020"}, True),
        ({"deceasedDateTime": "2020-02-30"}, False),
        ({"deceasedDateTime": None}, False),
        ({}, False),
    ],
)
def test_deceased_is_a_true_flag_or_a_date_that_reads(said, deceased):
    assert read(patient(**said)).deceased is deceased


def test_without_a_patient_resource_everything_is_unknown():
    nobody = read(None)
    assert (nobody.sex, nobody.age, nobody.deceased) == ("unknown", None, False)
    assert "no Patient resource" in nobody.why_no_age
