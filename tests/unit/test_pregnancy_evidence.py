import pytest
from make_pregnancy import (
    answer,
    condition,
    day,
    due,
    hcg,
    hcg_level,
    not_pregnant,
    observation,
    patient,
    pregnant,
    read,
)

from terminology.coding import LOINC, SNOMED


def episode(status, ago, text="Maternity care", **more):
    return {
        "resourceType": "EpisodeOfCare",
        "id": "e1",
        "status": status,
        "type": [{"text": text}],
        "period": {"start": day(ago)},
    } | more


@pytest.mark.parametrize(
    "more",
    [
        {"verificationStatus": {"coding": [{"code": "refuted"}]}},
        {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"clinicalStatus": {"coding": [{"code": "inactive"}]}},
        {"clinicalStatus": {"coding": [{"code": "resolved"}]}},
        {"abatementDateTime": day(1)},
    ],
)
def test_a_condition_that_does_not_hold_is_no_evidence(terminology, more):
    found = read(terminology, condition("Z33.1", 10, **more))
    assert (found.status, found.evidence) == ("unknown", ())


@pytest.mark.parametrize("code", ["O94", "Z87.51", "Z87.59", "Z3A.00", "Z86.32", "K92.2"])
def test_history_is_no_evidence(terminology, code):
    found = read(terminology, condition(code, 10))
    assert (found.status, found.evidence, found.lactating) == ("unknown", (), "no")


def test_a_past_history_in_words_or_another_snomed_code_is_no_evidence(terminology):
    history = {
        "coding": [
            {"system": SNOMED, "code": "161744009", "display": "Past pregnancy history of miscarriage"}
        ]
    }
    assert read(terminology, condition("x", 10) | {"code": history}).evidence == ()
    assert read(terminology, condition("x", 10) | {"code": {"text": "Pregnant"}}).evidence == ()


def test_a_history_code_beside_a_pregnancy_code_makes_it_history(terminology):
    both = {"coding": [{"system": SNOMED, "code": "77386006"}, {"system": "ICD10", "code": "Z87.59"}]}
    assert read(terminology, condition("x", 10) | {"code": both}).evidence == ()


def test_a_race_code_that_looks_like_a_pregnancy_test_is_none(terminology):
    race = {
        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
        "extension": [
            {
                "url": "ombCategory",
                "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"},
            }
        ],
    }
    coded = {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"}]}
    white = observation("x", 5, valueString="positive") | {"code": coded}
    found = read(terminology, white, who=patient(extension=[race]))
    assert (found.status, found.evidence) == ("unknown", ())


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_an_observation_that_never_was_is_no_evidence(terminology, status):
    assert read(terminology, pregnant(5, status=status)).evidence == ()


def test_the_code_for_birth_date_is_no_due_date(terminology):
    assert read(terminology, due(100, 5, code="21112-8")).status == "unknown"


def test_what_has_no_date_makes_it_unknown_and_holds_back_a_negative(terminology):
    assert read(terminology, condition("Z33.1", None)).status == "unknown"
    assert "no date" in read(terminology, condition("Z33.1", None)).why
    assert read(terminology, condition("Z33.1", None), hcg("negative", 2)).status == "unknown"
    assert read(terminology, condition("Z33.1", None), condition("O80", 21)).status == "no"


def test_an_undated_due_date_dates_itself(terminology):
    assert read(terminology, due(100, None)).status == "yes"
    assert read(terminology, due(100, None), condition("O03.9", 30)).status == "no"
    assert read(terminology, due(260, None), condition("O03.9", 30)).status == "yes"


def test_a_pregnancy_problem_with_an_old_onset_has_expired_but_a_complication_has_not(terminology):
    assert read(terminology, condition("Z33.1", 5, onsetDateTime=day(400))).status == "unknown"
    assert read(terminology, condition("O10.011", 5, onsetDateTime=day(4000))).status == "yes"


def test_what_is_dated_in_the_future_is_not_used_and_said(terminology):
    found = read(terminology, pregnant(-2))
    assert (found.status, len(found.notes)) == ("unknown", 1)
    assert read(terminology, pregnant(-1)).status == "yes"


@pytest.mark.parametrize("code", ["2106-3", "2118-8", "80384-1", "2110-5", "2112-1", "80385-8"])
def test_every_presence_code_is_read(terminology, code):
    assert read(terminology, hcg("Positive", 1, code=code)).status == "yes"
    assert read(terminology, hcg("Negative", 1, code=code)).status == "no"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (4.9, "no"),
        (5, "unknown"),
        (24.9, "unknown"),
        (25, "yes"),
        ("<5", "no"),
        (">1000", "yes"),
        ("<20", "unknown"),
    ],
)
def test_a_quantity_is_positive_from_25_and_negative_below_5(terminology, value, status):
    assert read(terminology, hcg_level(value, 1)).status == status


def test_a_quantity_without_a_unit_counts_by_the_laboratory_flag_only(terminology):
    assert read(terminology, hcg_level(5000, 1, unit=None)).status == "unknown"
    assert "could not be read" in read(terminology, hcg_level(5000, 1, unit=None)).notes[0]
    flagged = hcg_level(5000, 1, unit=None, interpretation=[{"coding": [{"code": "H"}]}])
    assert read(terminology, flagged).status == "yes"
    normal = hcg_level(1, 1, unit=None, interpretation=[{"coding": [{"code": "N"}]}])
    assert read(terminology, normal).status == "no"


def test_a_presence_code_with_a_number_is_never_read_as_positive(terminology):
    strange = observation("2106-3", 1, valueQuantity={"value": 1})
    assert read(terminology, strange).status == "unknown"
    flagged = observation("2106-3", 1, interpretation={"coding": {"code": "NEG"}})
    assert read(terminology, flagged).status == "no"


def test_an_answer_that_is_not_understood_is_said_and_holds_back_a_negative(terminology):
    strange = observation("82810-3", 1, valueCodeableConcept={"coding": [{"system": LOINC, "code": "LA1-1"}]})
    found = read(terminology, strange, hcg("negative", 3))
    assert found.status == "unknown"
    assert found.notes == (f"The pregnancy status of {day(1)} could not be read",)


@pytest.mark.parametrize(("said", "status"), [(True, "yes"), (False, "no")])
def test_a_boolean_answer_is_read(terminology, said, status):
    assert read(terminology, observation("82810-3", 5, valueBoolean=said)).status == status


def test_components_are_read(terminology):
    part = due(126, 0)
    panel = observation("1-8", 10, component=[{key: part[key] for key in ("code", "valueDateTime")}])
    assert read(terminology, panel).ga_days == 154


def test_episodes_of_maternity_care_count_while_they_are_under_way(terminology):
    assert read(terminology, episode("active", 30)).status == "yes"
    assert read(terminology, episode("finished", 30)).status == "unknown"
    assert read(terminology, episode("active", 30, text="Postpartum maternity care")).status == "unknown"
    assert read(terminology, episode("active", 30, text="Diabetes care")).status == "unknown"
    over = {"period": {"start": day(90), "end": day(3)}}
    assert read(terminology, episode("active", 30, **over)).status == "unknown"


def test_a_flag_counts_while_it_is_active(terminology):
    flag = {
        "resourceType": "Flag",
        "id": "f1",
        "status": "active",
        "code": condition("Z33.1", 1)["code"],
        "period": {"start": day(30)},
    }
    assert read(terminology, flag).status == "yes"
    assert read(terminology, flag | {"status": "inactive"}).status == "unknown"


def test_a_procedure_can_end_a_pregnancy_but_not_prove_one(terminology):
    done = {"resourceType": "Procedure", "id": "r1", "status": "completed", "performedDateTime": day(10)}
    assert read(terminology, done | {"code": condition("O80", 1)["code"]}, pregnant(30)).status == "no"
    assert read(terminology, done | {"code": condition("Z33.1", 1)["code"]}).status == "unknown"
    not_done = done | {"code": condition("O80", 1)["code"], "status": "not-done"}
    assert read(terminology, not_done, pregnant(30)).status == "yes"


def test_the_reason_names_value_date_and_source(terminology):
    assert read(terminology, pregnant(5)).why == (
        f"the record says pregnant: pregnancy status yes, {day(5)} (Observation/o-82810-3-5)"
    )


def test_a_negative_test_is_kept_with_its_age_until_something_overtakes_it(terminology):
    assert read(terminology, hcg("negative", 3)).negative_test_days == 3
    assert read(terminology, hcg("negative", 40)).negative_test_days == 40
    assert read(terminology, hcg("negative", 40), pregnant(10)).negative_test_days is None
    assert read(terminology, not_pregnant(3)).negative_test_days is None


@pytest.mark.parametrize(
    ("code", "ago", "intention"),
    [
        ("LA26438-4", 365, "wants"),
        ("LA26438-4", 366, "unknown"),
        ("LA26440-0", 9, "does-not-want"),
        ("LA14072-5", 9, "unknown"),
    ],
)
def test_the_wish_to_become_pregnant_is_read(terminology, code, ago, intention):
    assert read(terminology, answer("86645-9", code, ago)).intention == intention


@pytest.mark.parametrize(
    ("code", "status"), [("10D00Z1", "no"), ("10E0XZZ", "no"), ("10A07ZZ", "no"), ("10D17ZZ", "yes")]
)
def test_procedures_of_the_us_classification_end_a_pregnancy(terminology, code, status):
    done = {"resourceType": "Procedure", "id": "r1", "status": "completed", "performedDateTime": day(10)}
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-pcs", "code": code}]}
    found = read(terminology, done | {"code": coded}, pregnant(30))
    assert (found.status, found.infant_days) == (status, 10 if code in ("10D00Z1", "10E0XZZ") else None)


def test_a_hysterectomy_is_read_from_a_procedure(terminology):
    done = {"resourceType": "Procedure", "id": "r1", "status": "completed", "performedDateTime": day(100)}
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-pcs", "code": "0UT90ZZ"}]}
    found = read(terminology, done | {"code": coded}, condition("Z33.1", 20))
    assert (found.status, found.childbearing_potential) == ("no", "no")
