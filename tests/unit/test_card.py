from uuid import uuid5

import pytest

from cards.card import Action, Card, Indicator, Link, OverrideReason, Source, Suggestion
from cards.card_id import NAMESPACE, card_id

SOURCE = Source("Label", "dosing", "https://example.org/label")


def card(**changes):
    values = {"uuid": "u", "summary": "s", "detail": "d", "indicator": Indicator.info, "source": SOURCE}
    return Card(**(values | changes))


def test_a_summary_may_have_139_characters_and_not_140():
    assert card(summary="x" * 139).summary
    with pytest.raises(ValueError, match="1 to 139"):
        card(summary="x" * 140)


def test_an_empty_summary_is_no_card():
    with pytest.raises(ValueError, match="1 to 139"):
        card(summary="")


def test_without_suggestions_there_is_no_selection_behavior():
    assert "selectionBehavior" not in card().as_json()
    assert "suggestions" not in card().as_json()


def test_suggestions_bring_their_selection_behavior():
    suggestion = Suggestion(label="l", uuid="s", actions=(Action("create", "d", {"resourceType": "Task"}),))
    out = card(suggestions=(suggestion,)).as_json()
    assert out["selectionBehavior"] == "at-most-one"
    assert out["suggestions"][0]["actions"][0]["type"] == "create"
    assert "isRecommended" not in out["suggestions"][0]


def test_two_recommended_suggestions_need_selection_any():
    actions = (Action("create", "d", {"resourceType": "Task"}),)
    both = tuple(Suggestion(label=name, uuid=name, actions=actions, recommended=True) for name in "ab")
    with pytest.raises(ValueError, match="recommended"):
        card(suggestions=both)
    assert card(suggestions=both, selection_behavior="any").suggestions == both


def test_a_suggestion_without_action_is_refused():
    with pytest.raises(ValueError, match="at least one action"):
        Suggestion(label="l", uuid="u", actions=())


def test_a_relative_link_is_refused():
    with pytest.raises(ValueError, match="absolute"):
        Link("Why", "/knowledge/x")


def test_override_reasons_have_system_code_and_display():
    assert set(OverrideReason("will-monitor", "Will monitor").coding) == {"system", "code", "display"}


def test_topic_and_source_are_written():
    source = card().as_json()["source"]
    assert source["topic"]["code"] == "dosing"
    assert source["url"] == "https://example.org/label"


@pytest.mark.parametrize("number", range(50))
def test_an_id_is_the_uuid5_of_its_name(number):
    name = f"client|pätient|order-sign|{number}"
    assert card_id(name) == str(uuid5(NAMESPACE, name))
