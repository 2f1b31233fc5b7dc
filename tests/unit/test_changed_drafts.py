"""What a changed draft is held against: read like the draft itself, with all that it refers to."""

import pytest
from make_fhir import creatinine, weight
from make_request import drug, run

import cards.evaluate as evaluation
from cards.changed_drafts import Drafts

CAPSULE = {"resourceType": "Medication", "id": "m1"}


@pytest.fixture
def drafts(monkeypatch):
    """The Drafts of each evaluation."""
    made: list[Drafts] = []
    monkeypatch.setattr(evaluation, "Drafts", lambda *args: made.append(Drafts(*args)) or made[-1])
    return made


def _too_much(**more):
    return drug("gabapentin", 1200, 3, **more)


def _evaluated(knowledge, terminology, *orders):
    results = {"kidney": (creatinine(3.0),), "body": (weight(60),)}
    return run((knowledge, terminology), *orders, **results)


def test_a_dose_that_is_still_too_high_is_found(knowledge, terminology, drafts):
    draft = _too_much()
    _evaluated(knowledge, terminology, draft)
    order = drafts[0].subjects[0]
    assert drafts[0].would_warn(order, draft, (), frozenset())


def test_it_is_also_found_where_the_draft_names_its_drug_by_reference(knowledge, terminology, drafts):
    draft = _too_much()
    product = CAPSULE | {"code": draft.pop("medicationCodeableConcept")}
    draft["medicationReference"] = {"reference": "Medication/m1"}
    _evaluated(knowledge, terminology, draft, product)
    order = drafts[0].subjects[0]
    assert order.ingredient.name == "gabapentin"
    assert drafts[0].would_warn(order, draft, (), frozenset())
