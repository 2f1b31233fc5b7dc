"""Whichever of two drugs is ordered and whichever is taken, the same statement speaks with the same severity."""

from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cards.facts.drug_classes import GROUPS
from cards.knowledge.cases import evaluate_case
from cards.knowledge.loader import load_knowledge
from cards.knowledge.rule_types import Pair
from terminology.load import load

# Orders that put an ingredient into a group which its name alone does not tell.
SHAPES = {
    "acetaminophen": {"dose": "1000 mg", "times": 3},
    "topiramate": {"dose": "100 mg", "times": 2},
    "oxcarbazepine": {"dose": "600 mg", "times": 2},
    "enoxaparin": {"dose": "40 mg", "times": 1},
    "fondaparinux": {"dose": "2.5 mg", "times": 1},
    "heparin": {"dose": "5000 [iU]", "times": 2},
    "methyl salicylate": {"drug": "methyl salicylate 0.15 MG/MG Topical Cream", "dose": "2 g", "times": 2},
}
SITUATIONS = [
    {"patient": {"age": 40, "sex": "male"}},
    {"patient": {"age": 75, "sex": "female", "weight_kg": 55}, "creatinine": {"value": 2.1}},
    {"patient": {"age": 30, "sex": "female"}, "labs": {"inr": {"value": 4.6}, "platelets": {"value": 40}}},
    {
        "patient": {"age": 66, "sex": "female", "conditions": [{"code": "K25.4", "days_ago": 300}, "Z95.2"]},
        "labs": {"inr": {"value": 2.2, "days_ago": 5}},
        "planned": [{"lab": "inr", "in_days": 3}],
    },
]
FURTHER = [
    [],
    [{"drug": "pantoprazole 40 MG Delayed Release Oral Tablet", "dose": "1 tablet", "times": 1}],
    [{"drug": "prednisone 20 MG Oral Tablet"}, {"drug": "spironolactone 25 MG Oral Tablet"}],
    [{"drug": "aspirin 81 MG Oral Tablet", "dose": "1 tablet", "times": 1}],
    [{"drug": "apixaban 5 MG Oral Tablet", "dose": "1 tablet", "times": 2}],
]


@cache
def loaded():
    return load_knowledge(), load()


@cache
def members():
    """The ingredients of each class, ingredient or group that an interaction names."""
    _, terms = loaded()
    found = {}
    for ingredient in terms.medication_tables.ingredients:
        for name in (ingredient, *terms.classes(ingredient)):
            found.setdefault(name, set()).add(ingredient)
    for group in GROUPS:
        for name in group.of:
            found.setdefault(group.name, set()).update(found.get(name, ()))
    return {name: sorted(ingredients) for name, ingredients in found.items()}


@cache
def pairs():
    """(statement, subject, partner) of every statement on two drugs, one for each pair of class names."""
    knowledge, _ = loaded()
    return [
        (one.id, subject, partner)
        for one in knowledge.statements.values()
        if isinstance(one.rule, Pair) and not one.rule.third
        for subject in one.rule.subject
        for partner in one.rule.partner
        if subject in members() and partner in members() and one.id not in one_way()
    ]


@cache
def one_way():
    """Statements that say themselves which of the two must be the one that is added."""
    knowledge, _ = loaded()
    return {
        one.id
        for one in knowledge.statements.values()
        if isinstance(one.rule, Pair)
        and any(asked.name in ("order-class", "partner-class") for asked in one.rule.when.predicates)
    }


def order(ingredient):
    return {"drug": ingredient, "dose": "10 mg", "times": 1} | SHAPES.get(ingredient, {})


def said(drafts, active, situation):
    """What the interactions say about the orders: statement to severity, whichever order they speak on."""
    listed = [{**entry, "days_ago": 20} for entry in active]
    case = {"name": "symmetry", **situation, "drafts": drafts, "active": listed}
    evaluation = evaluate_case(case, *loaded())
    return {
        one.statement.id: one.outcome.finding.severity
        for one in evaluation.judged
        if one.outcome.finding is not None
        and one.statement.kind == "interaction"
        and one.statement.id not in one_way()
    }


def test_the_property_reaches_every_interaction_of_two_drugs():
    knowledge, _ = loaded()
    wanted = {
        one.id for one in knowledge.statements.values() if isinstance(one.rule, Pair) and not one.rule.third
    }
    assert len(wanted) > 30
    assert len(one_way()) < 5
    left = wanted - one_way() - {name for name, _, _ in pairs()}
    assert all("procedures" in knowledge.statements[one].file for one in left), left


@pytest.mark.parametrize("number", range(len(SITUATIONS)))
def test_swapping_draft_and_list_changes_nothing_for_the_first_members_of_every_pair(number):
    different = {}
    for name, subject, partner in pairs():
        first, second = members()[subject][0], members()[partner][-1]
        if first == second:
            continue
        one, other = order(first), order(second)
        forward = said([one], [other], SITUATIONS[number])
        back = said([other], [one], SITUATIONS[number])
        if forward != back:
            different[name, first, second] = (forward, back)
    assert not different


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_swapping_draft_and_list_changes_nothing_for_any_members_and_further_drugs(data):
    name, subject, partner = data.draw(st.sampled_from(pairs()))
    first = data.draw(st.sampled_from(members()[subject]))
    second = data.draw(st.sampled_from([one for one in members()[partner] if one != first] or [""]))
    if not second:
        return
    situation = data.draw(st.sampled_from(SITUATIONS))
    further = data.draw(st.sampled_from(FURTHER))
    one, other = order(first), order(second)
    # A further drug that makes a pair of its own under the statement is another pair, of no draft once both are listed.
    assume(all(said([each], further, situation).get(name) is None for each in (one, other)))
    assert said([one], [other, *further], situation).get(name) == said(
        [other], [one, *further], situation
    ).get(name)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_two_drafts_say_the_same_in_either_order_and_as_draft_and_list(data):
    name, subject, partner = data.draw(st.sampled_from(pairs()))
    first, second = members()[subject][0], members()[partner][-1]
    if first == second:
        return
    situation = data.draw(st.sampled_from(SITUATIONS))
    one, other = order(first), order(second)
    together = said([one, other], [], situation).get(name)
    assert (
        together == said([other, one], [], situation).get(name) == said([one], [other], situation).get(name)
    )


STACKS = [
    ["naproxen", "warfarin", "aspirin"],
    ["naproxen", "clopidogrel", "aspirin"],
    ["duloxetine", "apixaban", "clopidogrel"],
    ["sertraline", "ticagrelor", "aspirin"],
]


@pytest.mark.parametrize("stack", STACKS, ids="-".join)
def test_a_stack_says_the_same_whichever_member_is_ordered(stack):
    knowledge, _ = loaded()
    stacked = {
        one.id for one in knowledge.statements.values() if isinstance(one.rule, Pair) and one.rule.third
    }
    for situation in SITUATIONS:
        answers = []
        for number, drug in enumerate(stack):
            rest = [order(one) for place, one in enumerate(stack) if place != number]
            spoken = said([order(drug)], rest, situation)
            answers.append({name: severity for name, severity in spoken.items() if name in stacked})
        assert answers[0]
        assert answers[0] == answers[1] == answers[2]
