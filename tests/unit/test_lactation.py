import pytest
from make_pregnancy import answer, breastfeeding, condition, day, observation, patient, pregnant, read


@pytest.mark.parametrize(
    ("resources", "lactating"),
    [
        ([], "no"),
        ([breastfeeding("yes", 180)], "yes"),
        ([breastfeeding("yes", 181)], "unknown"),
        ([breastfeeding("yes", 365)], "unknown"),
        ([breastfeeding("yes", 366)], "no"),
        ([condition("Z39.1", 180)], "yes"),
        ([condition("Z39.1", 181)], "unknown"),
        ([condition("O91.03", 5)], "yes"),
        ([condition("O92.5", 5)], "unknown"),
        ([condition("Z37.0", 365)], "unknown"),
        ([condition("Z37.0", 366)], "no"),
        ([condition("Z39.2", 40)], "unknown"),
        ([condition("O72.1", 1)], "unknown"),
        ([condition("O03.9", 25)], "no"),
        ([condition("O36.4XX0", 25)], "no"),
        ([pregnant(20)], "no"),
        ([breastfeeding("LA4489-6", 5)], "no"),
        ([breastfeeding("LA4489-6", 5), condition("Z37.0", 30)], "unknown"),
        ([breastfeeding("no", 180), condition("Z37.0", 190)], "no"),
        ([breastfeeding("no", 181), condition("Z37.0", 190)], "unknown"),
        ([breastfeeding("no", 60), condition("Z37.0", 59)], "unknown"),
        ([breastfeeding("no", 60), condition("Z37.0", 60)], "no"),
        ([breastfeeding("no", 60), condition("Z39.2", 30), condition("Z37.0", 80)], "no"),
        ([breastfeeding("yes", 20), breastfeeding("no", 10)], "no"),
        ([breastfeeding("yes", 10), breastfeeding("no", 20)], "yes"),
        ([breastfeeding("yes", 10), breastfeeding("no", 10, id="other")], "unknown"),
        ([condition("Z39.1", 20), breastfeeding("no", 10)], "no"),
        ([breastfeeding("yes", None)], "unknown"),
        ([answer("63895-7", "Currently breastfeeding", 5)], "yes"),
        ([condition("Z37.0", 900), pregnant(5)], "no"),
    ],
)
def test_lactation_is_yes_by_evidence_no_by_answer_or_absence_and_else_unknown(
    terminology, resources, lactating
):
    found = read(terminology, *resources)
    assert found.lactating == lactating
    assert found.lactating_why


def test_breastfeeding_does_not_end_or_exclude_a_pregnancy(terminology):
    found = read(terminology, pregnant(40), breastfeeding("yes", 5))
    assert (found.status, found.lactating) == ("yes", "yes")


def test_a_closed_lactation_problem_tells_of_the_delivery_only(terminology):
    closed = condition("Z39.1", 40, clinicalStatus={"coding": [{"code": "resolved"}]})
    found = read(terminology, closed)
    assert (found.status, found.lactating) == ("no", "unknown")


@pytest.mark.parametrize(
    ("resource", "days"),
    [
        (condition("Z37.0", 21), 21),
        (condition("O80", 21), 21),
        (observation("93857-1", 3, valueDateTime=day(25)), 25),
        (condition("O80", 365), 365),
        (condition("O80", 366), None),
        (condition("Z39.2", 21), None),
        (condition("O80", None, recordedDate="2026-05"), None),
        (condition("O03.9", 21), None),
    ],
)
def test_the_age_of_the_infant_needs_the_day_of_birth(terminology, resource, days):
    assert read(terminology, resource).infant_days == days


def test_the_youngest_infant_counts(terminology):
    assert read(terminology, condition("O80", 300), condition("Z37.0", 12)).infant_days == 12


def test_a_mans_record_counts_answers_only(terminology):
    man = patient(gender="male")
    assert read(terminology, condition("Z39.1", 5), condition("O80", 9), who=man).lactating == "no"
    assert read(terminology, breastfeeding("yes", 5), who=man).lactating == "yes"


def test_a_child_that_is_breastfed_does_not_breastfeed(terminology):
    assert read(terminology, breastfeeding("yes", 5), who=patient(age=1)).lactating == "no"
