"""What a changed draft is held against: read like the draft itself, with all that it refers to."""

from datetime import UTC

import pytest
from make_fhir import creatinine, weight
from make_request import drug, run

import cards.evaluate as evaluation
from cards import changed_drafts
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
    assert drafts[0].would_warn(order, dict(draft), None, frozenset())


def test_it_is_also_found_where_the_draft_names_its_drug_by_reference(knowledge, terminology, drafts):
    draft = _too_much()
    product = CAPSULE | {"code": draft.pop("medicationCodeableConcept")}
    draft["medicationReference"] = {"reference": "Medication/m1"}
    _evaluated(knowledge, terminology, draft, product)
    order = drafts[0].subjects[0]
    assert order.ingredient.name == "gabapentin"
    assert drafts[0].would_warn(order, dict(draft), None, frozenset())


def test_a_draft_that_stays_as_it_is_is_not_read_again(knowledge, terminology, drafts, monkeypatch):
    draft = _too_much()
    _evaluated(knowledge, terminology, draft)
    order = drafts[0].subjects[0]
    monkeypatch.setattr(changed_drafts, "read_drafts", lambda *_: pytest.fail("read again"))
    assert drafts[0].would_warn(order, draft, None, frozenset())


def test_an_offered_drug_is_read_once_and_for_no_patient(knowledge, terminology):
    offer = next(one for one in knowledge.offers.values() if one.kind == "drug")
    (one,) = changed_drafts._remembered_draft(offer.rxcui, offer.drug, terminology, UTC)
    (other,) = changed_drafts._remembered_draft(offer.rxcui, offer.drug, terminology, UTC)
    assert one is other
    assert one.ingredient is not None
    assert "subject" not in one.resource
