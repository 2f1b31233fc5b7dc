"""The source attributes of single statements, worked out by hand from their rules."""

from dataclasses import replace

import pytest

from cards.knowledge.conditions import Condition, Predicate
from cds_service.publish.attributes import source_attributes
from terminology.coding import ICD10CM
from terminology.value_sets import ValueSet

# By hand, from the rules: the numbers of the "use of" attributes that each statement has.
BY_HAND = {
    # Ceilings by CrCl, which needs age and sex; missing creatinine speaks from 60 years.
    "gabapentin-renal-dose": {10, 11},
    # A dose against a number: nothing of the patient.
    "gabapentin-label-maximum": set(),
    # Asian ancestry is in its condition, and nothing about age or sex.
    "carbamazepine-hla-b-1502-untested": {5, 6},
    # Pregnancy is a health status assessment; who can be pregnant follows from age and sex.
    "pregnancy-gabapentin-first-trimester": {10, 11, 13},
    # An age range.
    "gabapentin-under-12": {11},
}


@pytest.fixture
def attributes(knowledge, terminology):
    def of(name, changed=None, terms=terminology):
        statement = changed or knowledge.statements[name]
        return {
            one.number: one for one in source_attributes(statement, knowledge, terms, "Knowledge 1 of today")
        }

    return of


@pytest.mark.parametrize("name", BY_HAND)
def test_the_used_attributes_are_those_worked_out_by_hand(attributes, name):
    assert {number for number, one in attributes(name).items() if one.used} == BY_HAND[name]


def test_the_first_four_attributes_say_source_developer_funding_and_release(attributes, knowledge):
    found = attributes("gabapentin-renal-dose")
    assert list(found) == list(range(1, 14))
    assert [found[number].used for number in range(1, 5)] == [None] * 4
    assert knowledge.statements["gabapentin-renal-dose"].sources[0].url in found[1].said
    assert "maintainers" in found[2].said
    assert "no funding source" in found[3].said
    assert found[4].said == "Knowledge 1 of today"


def test_language_orientation_and_gender_identity_are_used_by_no_statement(attributes, knowledge):
    for name in knowledge.statements:
        found = attributes(name)
        assert [found[number].said for number in (7, 8, 9)] == ["Not used"] * 3


def test_sex_through_kidney_function_names_the_way(attributes):
    assert attributes("gabapentin-renal-dose")[10].lines == (
        "kidney function, worked out from it, read by its rule (renal dose)",
    )


def test_a_condition_of_a_site_on_social_circumstances_is_found_by_its_codes(
    attributes, knowledge, terminology
):
    homeless = ValueSet(
        "housing", "Housing", "the site", frozenset({(ICD10CM, "Z590")}), frozenset(), frozenset()
    )
    outer = ValueSet("needs", "Needs", "the site", frozenset(), frozenset(), frozenset({"housing"}))
    sets = replace(terminology.sets, sets=dict(terminology.sets.sets) | {"housing": homeless, "needs": outer})
    terms = replace(terminology, sets=sets)
    plain = knowledge.statements["gabapentin-label-maximum"]
    unless = Condition("any", (Predicate("condition", ("needs",)),))
    changed = replace(plain, rule=replace(plain.rule, unless=unless))
    assert attributes("", plain, terms)[12].used is False
    found = attributes("", changed, terms)[12]
    assert found.used is True
    assert "Z590" in found.said


def test_falls_and_cognition_count_as_health_status_assessments(attributes, knowledge):
    plain = knowledge.statements["gabapentin-label-maximum"]
    unless = Condition("any", (Predicate("condition", ("falls",)), Predicate("condition", ("ckd",))))
    found = attributes("", replace(plain, rule=replace(plain.rule, unless=unless)))[13]
    (line,) = found.lines
    assert line.startswith("functional status: falls, read by the condition that the problem list has")
