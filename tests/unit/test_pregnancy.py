import pytest
from make_pregnancy import (
    answer,
    condition,
    day,
    due,
    gestational_age,
    hcg,
    hcg_level,
    not_pregnant,
    observation,
    patient,
    pregnant,
    read,
)

from terminology.coding import LOINC, SNOMED

FEMALE_TYPICAL = {
    "url": "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
    "extension": [{"url": "value", "valueCodeableConcept": {"coding": [{"code": "female-typical"}]}}],
}


def birth_sex(code):
    return {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": code}


def episode(status, ago, text="Maternity care", **more):
    return {
        "resourceType": "EpisodeOfCare",
        "id": "e1",
        "status": status,
        "type": [{"text": text}],
        "period": {"start": day(ago)},
    } | more


# Windows, the last day and the day after


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (lambda: pregnant(294), "yes"),
        (lambda: pregnant(295), "unknown"),
        (lambda: episode("active", 294), "yes"),
        (lambda: episode("active", 295), "unknown"),
        (lambda: condition("Z33.1", 182), "yes"),
        (lambda: condition("Z33.1", 183), "unknown"),
        (lambda: condition("O09.90", 365), "unknown"),
        (lambda: condition("77386006", 100, system=SNOMED), "yes"),
        (lambda: hcg("positive", 42), "yes"),
        (lambda: hcg("positive", 43), "unknown"),
        (lambda: condition("Z32.01", 42), "yes"),
        (lambda: condition("Z32.01", 43), "unknown"),
        (lambda: not_pregnant(28), "no"),
        (lambda: not_pregnant(29), "unknown"),
        (lambda: hcg("negative", 7), "no"),
        (lambda: hcg("negative", 8), "unknown"),
        (lambda: condition("Z32.02", 7), "no"),
        (lambda: condition("Z32.02", 8), "unknown"),
        (lambda: due(-14, 200), "yes"),
        (lambda: due(-15, 200), "unknown"),
        (lambda: due(280, 0), "yes"),
        (lambda: due(281, 0), "unknown"),
        (lambda: gestational_age(30, 91), "yes"),  # 301 days
        (lambda: gestational_age(30, 92), "unknown"),
        (lambda: condition("Z3A.42", 7), "yes"),
        (lambda: condition("Z3A.42", 8), "unknown"),
        (lambda: condition("Z3A.49", 6), "yes"),
        (lambda: condition("Z3A.49", 7), "unknown"),
        (lambda: condition("O03.9", 25), "no"),
        (lambda: condition("O80", 365), "no"),
        (lambda: condition("O80", 366), "unknown"),
        (lambda: condition("O72.1", 2), "yes"),  # labour ends after three days
        (lambda: condition("O72.1", 3), "no"),
    ],
)
def test_evidence_counts_through_the_last_day_of_its_window(terminology, resource, status):
    assert read(terminology, resource()).status == status


def test_a_code_alone_expires_earlier_than_one_with_a_gestational_age(terminology):
    codes = condition("O09.92", 200)
    assert read(terminology, codes).status == "unknown"
    assert read(terminology, codes, due(29, 200)).status == "yes"
    assert read(terminology, condition("Z33.1", 200), last_period_of(230)).status == "yes"


def last_period_of(ago):
    return observation("8665-2", 200, valueDateTime=day(ago))


def test_a_last_period_proves_no_pregnancy(terminology):
    assert read(terminology, last_period_of(60)).status == "unknown"


# Ends


@pytest.mark.parametrize(
    "end",
    [
        condition("O03.9", 25),
        condition("Z37.0", 25),
        condition("O82", 25),
        condition("O36.4XX0", 25),
        condition("Z33.2", 25),
        condition("O00.101", 25),
        condition("Z39.2", 25),
        condition("O85", 25),
        condition("O70.0", 28),
        condition("86569001", 25, system=SNOMED),
        observation("93857-1", 20, valueDateTime=day(25)),
    ],
    ids=lambda one: one["id"],
)
def test_an_end_voids_what_was_recorded_before_it(terminology, end):
    before = [
        pregnant(60),
        condition("O09.92", 30),
        due(100, 90),
        hcg("positive", 26),
        gestational_age(20, 30),
    ]
    found = read(terminology, *before, end)
    assert (found.status, found.ga_weeks, found.trimester) == ("no", None, None)
    assert "ended" in found.why


def test_evidence_of_the_same_day_as_the_end_is_void_and_of_the_next_day_is_not(terminology):
    assert read(terminology, condition("O80", 60), pregnant(60)).status == "no"
    assert read(terminology, condition("O80", 60), pregnant(59)).status == "yes"


@pytest.mark.parametrize(("after", "status"), [(42, "unknown"), (43, "yes")])
def test_the_hormone_lingers_after_a_loss(terminology, after, status):
    assert read(terminology, condition("O03.9", after + 5), hcg("positive", 5)).status == status
    assert read(terminology, condition("O03.9", after + 5), condition("Z32.01", 5)).status == status


def test_a_new_pregnancy_after_an_old_delivery_counts(terminology):
    found = read(terminology, condition("O80", 800), condition("Z34.80", 20), due(150, 20))
    assert (found.status, found.ga_days) == ("yes", 130)


def test_an_end_whose_problem_was_closed_still_ended_the_pregnancy(terminology):
    resolved = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    assert read(terminology, pregnant(60), condition("O03.9", 25, **resolved)).status == "no"
    assert read(terminology, pregnant(60), condition("Z37.0", 25, abatementDateTime=day(20))).status == "no"


def test_an_end_known_to_the_month_leaves_what_may_be_later_open(terminology):
    end = condition("O03.9", None, recordedDate="2026-05")
    assert read(terminology, end, pregnant(46)).status == "no"  # 30 April
    assert read(terminology, end, pregnant(30)).status == "unknown"  # 16 May
    assert read(terminology, end, pregnant(14)).status == "yes"  # 1 June


def test_a_problem_that_began_before_the_end_and_was_written_after_it_is_open(terminology):
    late = condition("O99.013", 20, onsetDateTime=day(150))
    assert read(terminology, condition("Z37.0", 30), late).status == "unknown"
    assert read(terminology, condition("Z37.0", 63), late).status == "yes"
    assert read(terminology, condition("Z37.0", 30), condition("O99.013", 20)).status == "yes"


def test_the_onset_dates_an_end(terminology):
    end = condition("O80", 10, onsetDateTime=day(100))
    assert read(terminology, end, pregnant(50)).status == "yes"


def test_an_end_without_a_date_voids_nothing(terminology):
    assert read(terminology, condition("O80", None), pregnant(50)).status == "yes"
    found = read(terminology, condition("O80", None))
    assert (found.status, found.lactating) == ("unknown", "unknown")


def test_labour_codes_right_after_a_delivery_are_no_new_labour(terminology):
    assert read(terminology, condition("O80", 2), condition("O72.1", 1)).status == "no"


# Negatives and conflicts


def test_a_negative_beats_an_older_positive_and_a_newer_positive_beats_a_negative(terminology):
    assert read(terminology, pregnant(40), hcg("negative", 3)).status == "no"
    assert read(terminology, pregnant(3), not_pregnant(20)).status == "yes"


def test_a_negative_against_a_due_date_still_ahead_is_a_conflict(terminology):
    found = read(terminology, due(0, 90), hcg("negative", 2))
    assert (found.status, found.conflict, found.ga_weeks) == ("unknown", True, None)
    passed = read(terminology, due(-1, 90), hcg("negative", 2))
    assert (passed.status, passed.conflict) == ("no", False)


def test_positive_and_negative_of_the_same_day_are_a_conflict(terminology):
    found = read(terminology, pregnant(3), hcg("negative", 3))
    assert (found.status, found.conflict) == ("unknown", True)
    assert len(found.evidence) == 2


def test_a_passed_term_takes_everything_recorded_until_then_with_it(terminology):
    assert read(terminology, due(-30, 200), pregnant(20)).status == "unknown"
    assert read(terminology, due(-30, 200), pregnant(15)).status == "yes"  # after the 14th day
    assert "term has passed" in read(terminology, due(-30, 200), pregnant(200)).why


def test_a_term_of_years_ago_says_nothing_of_today(terminology):
    assert read(terminology, due(-1200, 1300), condition("Z33.1", 30)).status == "yes"


def test_a_second_due_date_still_valid_outweighs_one_that_passed(terminology):
    found = read(terminology, due(-20, 200, code="11781-2"), due(3, 100))
    assert (found.status, found.ga_days) == ("yes", 277)


@pytest.mark.parametrize("value", ["LA4489-6", "Possible pregnancy", "Pregnancy not yet confirmed"])
def test_an_answer_that_leaves_it_open_is_unknown_and_overrides_no_other(terminology, value):
    assert read(terminology, answer("82810-3", value, 5)).status == "unknown"
    assert read(terminology, answer("82810-3", value, 5), pregnant(9)).status == "yes"
    assert read(terminology, answer("82810-3", value, 5), hcg("negative", 6)).status == "unknown"
    assert read(terminology, answer("82810-3", value, 7), hcg("negative", 6)).status == "no"


@pytest.mark.parametrize("code", ["O07.4", "Z32.00", "O92.20", "O99.89"])
def test_codes_that_leave_it_open_are_unknown(terminology, code):
    assert read(terminology, condition(code, 3)).status == "unknown"


# What does not count


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


# Results


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


# Sex, age, surgery


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


# Other resources


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
