"""Offers that leave alone what is being taken, and the order of a pregnancy test."""

from pathlib import Path

import pytest

from cards.knowledge.cases import evaluate_case
from cards.knowledge.offers import read_offers
from cards.knowledge.strict_yaml import KnowledgeFileError

TOPIRAMATE = {"drug": "topiramate 25 MG Oral Tablet", "dose": "1 tablet", "times": 1}
NOT_KNOWN = {"age": 30, "sex": "female"}


def suggestions(knowledge, terminology, **case):
    given = {"name": "a case", "patient": NOT_KNOWN, "drafts": [TOPIRAMATE], **case}
    cards = evaluate_case(given, knowledge, terminology).cards
    return {one.label: one for card in cards for one in card.suggestions}


def test_a_new_drug_is_replaced_with_one_click(knowledge, terminology):
    offered = suggestions(knowledge, terminology)["Replace topiramate with gabapentin, if it is for pain"]
    assert {action.type for action in offered.actions} == {"create", "delete"}


def test_a_drug_that_is_being_taken_is_not_taken_away(knowledge, terminology):
    offered = suggestions(knowledge, terminology, active=[{**TOPIRAMATE, "days_ago": 90}])
    assert not any(action.type == "delete" for one in offered.values() for action in one.actions)


def test_whether_it_is_new_is_not_known_without_a_medication_list(knowledge, terminology):
    offered = suggestions(knowledge, terminology, missing=["medications"])
    assert not any(action.type == "delete" for one in offered.values() for action in one.actions)


def test_the_pregnancy_test_is_ordered_by_its_code(knowledge, terminology):
    (action,) = suggestions(knowledge, terminology)["Order a pregnancy test"].actions
    assert action.resource["code"]["coding"][0]["system"] == "http://loinc.org"
    assert action.resource["code"]["coding"][0]["code"] == "2106-3"


def test_no_second_pregnancy_test_is_offered_while_one_is_ordered(knowledge, terminology):
    offered = suggestions(knowledge, terminology, planned=[{"set": "hcg-quantity", "in_days": 1}])
    assert "Order a pregnancy test" not in offered


def test_each_label_is_offered_once(knowledge, terminology):
    pill = {"drug": "norethindrone 0.35 MG Oral Tablet", "dose": "1 tablet", "times": 1, "days_ago": 90}
    draft = {"drug": "carbamazepine 200 MG Oral Tablet", "dose": "1 tablet", "times": 1}
    case = {"name": "a case", "patient": NOT_KNOWN, "active": [pill], "drafts": [draft]}
    for card in evaluate_case(case, knowledge, terminology).cards:
        labels = [one.label for one in card.suggestions]
        assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    "members", ["code: 2106-3", "display: A test", "code: 2106-3, display: A test, lab: inr"]
)
def test_a_code_without_its_test_stops_the_start(tmp_path: Path, members):
    text = "offers:\n  one: {label: Order it, kind: test, result: hcg-presence, %s}\n"
    (tmp_path / "offers.yaml").write_text(text % members, encoding="utf-8")
    with pytest.raises(KnowledgeFileError):
        read_offers(tmp_path)
