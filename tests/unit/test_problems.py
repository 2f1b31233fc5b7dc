from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from make_fhir import NOW, ago, condition

from cards.facts.problems import active_sets, read_problems
from terminology.coding import SNOMED


def read(terminology, *conditions, zone=UTC):
    return read_problems(conditions, terminology, NOW, zone)


@pytest.mark.parametrize("code", ["N18.6", "N186", "n18.6"])
def test_icd_codes_are_read_with_and_without_the_dot(terminology, code):
    problems = read(terminology, condition(code))
    assert "haemodialysis" in active_sets(problems)
    assert "ckd-stage-4-5" in active_sets(problems)
    assert "diabetes" not in active_sets(problems)


def test_a_local_uri_that_names_icd_10_in_words_is_icd_10(terminology):
    concept = {"coding": [{"system": "http://mimic.mit.edu/fhir/CodeSystem/diagnosis-icd10", "code": "N179"}]}
    assert "aki" in active_sets(read(terminology, condition("x", code=concept)))


def test_the_sets_of_all_codings_are_joined(terminology):
    concept = {
        "coding": [
            {"system": SNOMED, "code": "46177005"},
            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R64"},
        ]
    }
    problems = read(terminology, condition("x", code=concept))
    assert "haemodialysis" in active_sets(problems)
    assert "cachexia" in active_sets(problems)


def test_a_code_without_its_system_means_nothing(terminology):
    problems = read(terminology, condition("x", code={"coding": [{"code": "N18.6"}]}))
    assert "haemodialysis" not in active_sets(problems)


@pytest.mark.parametrize(
    ("status", "active"),
    [
        (None, True),
        ("active", True),
        ("resolved", False),
        ("inactive", False),
        ("remission", False),
        ("relapse", True),
        ({"coding": [{"code": "resolved"}]}, False),
        ({"coding": [{"code": "active"}]}, True),
        ({"coding": {"code": "inactive"}}, False),
        ({"text": "Resolved"}, False),
        ([{"coding": [{"code": "remission"}]}], False),
        ({"coding": [{"code": "inactive"}, {"code": "active"}]}, True),
        ("mumble", True),
        (7, True),
    ],
)
def test_clinical_status_of_any_version_tells_whether_it_holds(terminology, status, active):
    (problem,) = read(terminology, condition("E11.9", clinicalStatus=status))
    assert problem.active is active
    assert ("diabetes" in active_sets((problem,))) is active


@pytest.mark.parametrize(
    "status", ["refuted", "entered-in-error", {"coding": [{"code": "entered-in-error"}]}]
)
def test_what_was_refuted_or_entered_in_error_is_dropped(terminology, status):
    assert read(terminology, condition("E11.9", verificationStatus=status)) == ()


@pytest.mark.parametrize("status", ["confirmed", "unconfirmed", {"coding": [{"code": "provisional"}]}, None])
def test_other_verification_statuses_are_kept(terminology, status):
    assert len(read(terminology, condition("E11.9", verificationStatus=status))) == 1


@pytest.mark.parametrize(
    ("ended", "active"),
    [
        ({"abatementDateTime": ago(days=1)}, False),
        ({"abatementDateTime": ago(days=-1)}, True),
        ({"abatementDateTime": "2026-06-14"}, False),
        ({"abatementDateTime": "2026-06-15"}, True),  # the day is not over
        ({"abatementDateTime": "2025"}, False),
        ({"abatementDateTime": "2026"}, True),  # may still lie ahead
        ({"abatementPeriod": {"end": "2026-01-01"}}, False),
        ({"abatementPeriod": {"start": "2026-01-01"}}, True),
        ({"abatementBoolean": True}, False),
        ({"abatementBoolean": False}, True),
        ({"abatementString": "in childhood"}, False),
        ({"abatementAge": {"value": 12, "unit": "a"}}, False),
        ({"abatementDateTime": "soon"}, True),
    ],
)
def test_an_end_in_the_past_makes_a_problem_inactive(terminology, ended, active):
    status = {"coding": [{"code": "active"}]}
    (problem,) = read(terminology, condition("I50.9", clinicalStatus=status, **ended))
    assert problem.active is active


@pytest.mark.parametrize("name", ["recordedDate", "assertedDate", "dateRecorded"])
def test_the_recording_date_is_read_in_every_version(terminology, name):
    (problem,) = read(terminology, condition("I50.9", **{name: "2026-06-01"}), zone=ZoneInfo("Europe/Berlin"))
    assert problem.recorded.earliest.isoformat() == "2026-05-31T22:00:00+00:00"
    assert problem.dated == problem.recorded


def test_onset_is_a_date_or_the_start_of_a_period_and_a_bare_year_dates_nothing(terminology):
    (by_date,) = read(terminology, condition("I50.9", onsetDateTime="2026-06-01"))
    (by_period,) = read(terminology, condition("I50.9", onsetPeriod={"start": "2026-06-01"}))
    (by_year,) = read(terminology, condition("I50.9", onsetDateTime="2025", recordedDate="2026-06-02"))
    assert by_date.onset == by_period.onset == by_date.dated
    assert by_year.onset.precision == "year"
    assert by_year.dated == by_year.recorded


def test_source_and_text_are_kept(terminology):
    (problem,) = read(terminology, condition("x", code={"text": "Kidney trouble"}))
    assert (problem.source, problem.text, problem.value_sets) == (
        "Condition/c-x",
        "Kidney trouble",
        frozenset(),
    )


def test_other_resources_are_not_problems(terminology):
    assert read(terminology, {"resourceType": "Procedure"}, {}) == ()


def test_a_condition_with_too_long_a_code_to_remember_is_read_alike(terminology):
    worded = {"coding": condition("E11.9")["code"]["coding"], "text": "diabetes " * 300}
    (problem,) = read(terminology, condition("E11.9", code=worded, clinicalStatus="resolved"))
    assert ("diabetes" in problem.value_sets, problem.active) == (True, False)
