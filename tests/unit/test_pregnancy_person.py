import pytest
from make_pregnancy import (
    answer,
    condition,
    day,
    due,
    gestational_age,
    hcg,
    patient,
    pregnant,
    read,
)

FEMALE_TYPICAL = {
    "url": "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
    "extension": [{"url": "value", "valueCodeableConcept": {"coding": [{"code": "female-typical"}]}}],
}


def birth_sex(code):
    return {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": code}


def test_a_stray_code_in_a_mans_record_is_no_pregnancy(terminology):
    found = read(terminology, condition("O09.90", 20), condition("Z33.1", 5), who=patient(gender="male"))
    assert (found.status, found.conflict, found.childbearing_potential) == ("no", False, "no")


def test_two_observations_stand_against_the_recorded_sex(terminology):
    man = patient(gender="male")
    one = read(terminology, due(120, 30), who=man)
    two = read(terminology, due(120, 30), hcg("positive", 20), who=man)
    assert (one.status, one.notes) == ("no", ())
    assert (two.status, two.conflict) == ("yes", True)
    assert any("contradict the sex" in note for note in two.notes)


def test_observations_without_ids_are_counted_singly(terminology):
    bare = [{key: value for key, value in one.items() if key != "id"} for one in (due(120, 30), pregnant(20))]
    assert read(terminology, *bare, who=patient(gender="male")).status == "yes"
    assert read(terminology, bare[0], dict(bare[0]), who=patient(gender="male")).status == "no"


def test_old_observations_do_not_stand_against_the_recorded_sex(terminology):
    found = read(terminology, pregnant(500), pregnant(600), who=patient(gender="male"))
    assert (found.status, found.conflict) == ("no", False)


@pytest.mark.parametrize(
    ("extensions", "gender", "status"),
    [
        ([FEMALE_TYPICAL, birth_sex("M")], "male", "yes"),
        ([birth_sex("F")], "male", "yes"),
        ([birth_sex("M")], "female", "no"),
        ([birth_sex("UNK")], "male", "no"),
        ([], "female", "yes"),
        ([], "male", "no"),
        ([], "other", "yes"),
        ([], None, "yes"),
    ],
)
def test_sex_for_clinical_use_then_birth_sex_then_gender(terminology, extensions, gender, status):
    who = patient(gender=gender, extension=extensions)
    assert read(terminology, condition("Z33.1", 5), who=who).status == status


@pytest.mark.parametrize(
    ("birth", "status"),
    [
        ("2014-06-15", "yes"),  # 12 today
        ("2014-06-16", "no"),
        ("1970-06-16", "yes"),  # still 55
        ("1970-06-15", "no"),  # 56 today
        ("1970", "yes"),  # may be 55
        ("1969", "no"),
        (None, "yes"),
    ],
)
def test_outside_12_to_55_codes_alone_do_not_count(terminology, birth, status):
    who = {"resourceType": "Patient", "id": "p1", "gender": "female"} | (
        {"birthDate": birth} if birth else {}
    )
    assert read(terminology, condition("Z33.1", 5), who=who).status == status


def test_one_observation_outside_the_ages_is_evaluated_and_said(terminology):
    found = read(terminology, pregnant(5), who=patient(age=57))
    assert (found.status, found.conflict) == ("yes", True)


def test_a_newborn_is_not_pregnant_with_its_own_gestational_age(terminology):
    who = patient() | {"birthDate": day(20)}
    found = read(terminology, gestational_age(39, 20), due(0, 20), breastfeeding_answer(), who=who)
    assert (found.status, found.lactating, found.conflict) == ("no", "no", False)


def breastfeeding_answer():
    return answer("63895-7", "LA29252-6", 5)


def test_after_a_hysterectomy_codes_alone_do_not_count(terminology):
    without = condition("Z90.710", 1000)
    assert read(terminology, without).status == "no"
    assert read(terminology, without, condition("Z33.1", 5)).status == "no"
    assert read(terminology, without, due(100, 5), pregnant(3)).conflict
    assert read(terminology, condition("Z90.710", 2), due(100, 5), pregnant(3)).status == "no"
    assert read(terminology, condition("Z90.712", 1000), condition("Z33.1", 5)).status == "yes"


def test_nothing_is_said_of_the_dead(terminology):
    found = read(terminology, pregnant(5), who=patient(deceasedBoolean=True))
    assert (found.status, found.why) == ("unknown", "the patient has died")


def test_from_the_first_birthday_gestational_age_is_no_longer_that_of_the_own_birth(terminology):
    still = read(terminology, gestational_age(30, 20), who=patient() | {"birthDate": "2025-06-16"})
    older = read(terminology, gestational_age(30, 20), who=patient() | {"birthDate": "2025-06-15"})
    assert (still.status, still.conflict) == ("no", False)
    assert (older.status, older.conflict) == ("yes", True)
