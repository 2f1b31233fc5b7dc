"""Whole patients as vignettes tell them: the highest indicator shown, and the patients on whom nothing is said."""

from pathlib import Path

import pytest

from cards.evaluate import evaluate
from cards.knowledge.case_record import NOW, make_case
from cards.knowledge.cases import evaluate_case
from cards.knowledge.strict_yaml import read
from cards.policy import Policy

VIGNETTES = read(Path(__file__).parent / "vignettes.yaml")
_OWN = ("lead", "no_offer", "cards", "summary", "suggest")
_RANK = ["none", "info", "warning", "critical"]


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda one: one["name"])
def test_a_vignette_shows_its_indicator(vignette, knowledge, terminology):
    case = {name: value for name, value in vignette.items() if name not in _OWN}
    cards = evaluate_case(case, knowledge, terminology).cards
    shown = max((card.indicator.name for card in cards), key=_RANK.index, default="none")
    said = [(card.indicator.name, card.summary) for card in cards]
    assert shown == vignette["lead"], said
    assert len(cards) == vignette.get("cards", len(cards)), said
    assert not cards or vignette.get("summary", "") in cards[0].summary, said
    labels = [one.label for card in cards for one in card.suggestions]
    assert vignette.get("suggest") is None or any(vignette["suggest"] in one for one in labels), labels
    assert vignette.get("no_offer") is None or not any(vignette["no_offer"] in one for one in labels), labels


def test_i23_warfarin_that_was_entered_in_error_does_not_count(knowledge, terminology):
    case = {
        "name": "i23",
        "patient": {"age": 58},
        "drafts": [{"drug": "naproxen 500 MG Oral Tablet", "dose": "1 tablet", "times": 2}],
        "active": [
            {"drug": "warfarin sodium 5 MG Oral Tablet", "dose": "1 tablet", "times": 1, "days_ago": 300}
        ],
    }
    made = make_case(case, terminology)
    next(iter(made.record.of("medications")))["status"] = "entered-in-error"
    evaluation = evaluate(
        "order-sign", made.record, made.drafts, None,
        now=NOW, policy=Policy(), knowledge=knowledge, terminology=terminology,
    )  # fmt: skip
    assert evaluation.cards == ()
