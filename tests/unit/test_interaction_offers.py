"""What cards on interactions offer: replace, add, order a test with a date, cancel; one recommended at most."""

from datetime import UTC

import pytest
from make_fhir import NOW, patient
from make_request import drug, run

from cards.card import Indicator
from cards.evaluate import evaluate
from cards.knowledge.case_record import NOW as CASE_DAY
from cards.knowledge.case_record import make_case
from cards.knowledge.loader import cases_file, knowledge_files
from cards.knowledge.strict_yaml import read
from cards.policy import Policy

PERSON = {"patient": [patient(72, "female")]}
WARFARIN = drug("warfarin sodium 5 MG Oral Tablet", 5, 1, status="active", identifier="w")
NAPROXEN = drug("naproxen 500 MG Oral Tablet", 500, 2, identifier="n")
CASES = [
    pytest.param(case, id=f"{path.stem}-{case['name']}")
    for path in knowledge_files()
    if path.parent.name == "interactions"
    for case in read(cases_file(path))
    if case.get("hook", "order-sign") == "order-sign"
]


@pytest.fixture
def engine(knowledge, terminology):
    return knowledge, terminology


def offered(engine, *drafts, listed=(WARFARIN,), **more):
    (card,) = run(engine, *drafts, medications=listed, **PERSON | more).cards
    return {suggestion.label: suggestion for suggestion in card.suggestions}


def kinds(suggestion):
    return [action.type for action in suggestion.actions]


def test_an_nsaid_on_warfarin_may_be_replaced_cancelled_protected_or_watched(engine):
    found = offered(engine, NAPROXEN)
    assert {label: kinds(one) for label, one in found.items()} == {
        "Replace naproxen with acetaminophen (dose to be chosen)": ["create", "delete"],
        "Cancel the order of naproxen": ["delete"],
        "Add pantoprazole (dose to be chosen)": ["create"],
        "Order an INR in 5 days": ["create"],
    }
    assert [label for label, one in found.items() if one.recommended] == [
        "Replace naproxen with acetaminophen (dose to be chosen)"
    ]


def test_a_proposed_drug_has_its_code_and_no_dose(engine):
    (create, delete) = offered(engine, NAPROXEN)[
        "Replace naproxen with acetaminophen (dose to be chosen)"
    ].actions
    assert create.resource["medicationCodeableConcept"]["coding"][0]["code"] == "161"
    assert create.resource["status"] == "draft"
    assert "dosageInstruction" not in create.resource
    assert delete.resource_id == "MedicationRequest/n"


def test_an_inr_order_has_its_date(engine):
    (action,) = offered(engine, NAPROXEN)["Order an INR in 5 days"].actions
    assert action.resource["occurrenceDateTime"] == NOW.date().replace(day=NOW.day + 5).isoformat()
    assert action.resource["code"]["coding"][0]["code"] == "6301-6"


def test_a_client_that_applies_one_action_gets_the_deletion_but_not_the_replacement(engine):
    found = offered(engine, NAPROXEN, policy=Policy(zone=UTC, one_action=True))
    assert all(len(one.actions) == 1 for one in found.values())
    assert "Cancel the order of naproxen" in found
    assert not any(label.startswith("Replace") for label in found)
    assert sum(one.recommended for one in found.values()) <= 1


def test_pantoprazole_is_not_offered_to_those_who_are_protected(engine):
    ppi = drug("omeprazole 20 MG Delayed Release Oral Capsule", 20, 1, status="active", identifier="p")
    assert "Add pantoprazole (dose to be chosen)" not in offered(engine, NAPROXEN, listed=(WARFARIN, ppi))
    draft = drug("pantoprazole 40 MG Delayed Release Oral Tablet", 40, 1, identifier="p")
    assert "Add pantoprazole (dose to be chosen)" not in offered(engine, NAPROXEN, draft)


def test_acetaminophen_is_not_offered_to_those_who_take_it(engine):
    taken = drug("acetaminophen 500 MG Oral Tablet", 500, 2, status="active", identifier="p")
    found = offered(engine, NAPROXEN, listed=(WARFARIN, taken))
    assert not any("acetaminophen" in label for label in found)


def test_the_nsaid_is_the_one_to_cancel_when_the_anticoagulant_is_the_later_draft(engine):
    found = offered(engine, NAPROXEN, WARFARIN | {"status": "draft"}, listed=())
    (action,) = found["Cancel the order of naproxen"].actions
    assert action.resource_id == "MedicationRequest/n"


def test_nothing_on_the_medication_list_is_cancelled_by_a_click(engine):
    found = offered(engine, WARFARIN | {"status": "draft"}, listed=(NAPROXEN | {"status": "active"},))
    assert not any(action.type == "delete" for one in found.values() for action in one.actions)


@pytest.mark.parametrize("case", CASES)
def test_an_offer_is_a_fixed_point_and_one_at_most_is_recommended(case, engine):
    knowledge, terminology = engine
    made = make_case(case, terminology)

    def cards(drafts):
        return evaluate(
            "order-sign",
            made.record,
            drafts,
            None,
            now=CASE_DAY,
            policy=Policy(jurisdiction=case.get("jurisdiction", "us")),
            knowledge=knowledge,
            terminology=terminology,
        )

    def grave(evaluation):
        return {
            (one.statement.id, one.order.id)
            for one in evaluation.judged
            if one.outcome.finding is not None and one.outcome.finding.severity >= Indicator.warning
        }

    before = cards(made.drafts)
    for card in before.cards:
        assert sum(one.recommended for one in card.suggestions) <= 1
        for suggestion in card.suggestions:
            if suggestion.recommended and "Change to" not in suggestion.label:
                assert knowledge.statements[card.statements[0]].checked
            drafts = list(made.drafts)
            for number, action in enumerate(suggestion.actions):
                if action.type == "create":
                    drafts.append(action.resource | {"id": f"new{number}"})
                else:
                    gone = action.resource_id or f"MedicationRequest/{action.resource['id']}"
                    drafts = [one for one in drafts if f"{one['resourceType']}/{one['id']}" != gone]
                    drafts += [action.resource] if action.resource else []
            assert grave(cards(tuple(drafts))) <= grave(before), suggestion.label
