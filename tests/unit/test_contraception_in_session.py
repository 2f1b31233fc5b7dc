"""A contraceptive ordered together with a drug that harms a fetus."""

import pytest

from cards.evaluate import evaluate
from cards.knowledge.case_record import NOW, make_case
from cards.policy import Policy

CASE = {
    "name": "topiramate and a contraceptive in one session",
    "patient": {"age": 30, "sex": "female", "pregnancy_test": {"result": "negative", "days_ago": 3}},
    "drafts": [
        {"drug": "etonogestrel 68 MG Drug Implant", "id": "implant"},
        {"drug": "topiramate 25 MG Oral Tablet", "dose": "1 tablet", "times": 1, "id": "topiramate"},
    ],
}


def indicators(knowledge, terminology, hook, selections, case=CASE):
    made = make_case(case, terminology)
    evaluation = evaluate(
        hook, made.record, made.drafts, selections,
        now=NOW, policy=Policy(), knowledge=knowledge, terminology=terminology,
    )  # fmt: skip
    return [card.indicator.name for card in evaluation.cards if "opiramate" in card.summary]


@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
def test_a_contraceptive_that_is_being_signed_or_selected_counts(knowledge, terminology, hook):
    everything = frozenset({"MedicationRequest/implant", "MedicationRequest/topiramate"})
    assert indicators(knowledge, terminology, hook, everything) == ["warning"]
    assert indicators(knowledge, terminology, hook, None) == ["warning"]


def test_a_contraceptive_that_is_not_selected_does_not_count(knowledge, terminology):
    only = frozenset({"MedicationRequest/topiramate"})
    assert indicators(knowledge, terminology, "order-select", only) == ["critical"]


def test_an_order_not_to_give_a_contraceptive_is_none(knowledge, terminology):
    made = make_case(CASE, terminology)
    made.drafts[0]["doNotPerform"] = True
    evaluation = evaluate(
        "order-sign", made.record, made.drafts, None,
        now=NOW, policy=Policy(), knowledge=knowledge, terminology=terminology,
    )  # fmt: skip
    assert "critical" in [card.indicator.name for card in evaluation.cards]
