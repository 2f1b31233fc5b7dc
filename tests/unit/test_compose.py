"""Ranking and capping of cards."""

from dataclasses import replace

import pytest

from cards.card import Card, Indicator, Source
from cards.compose import MOST_CARDS, capped

SOURCE = Source(label="A label", topic="dosing")


def card(number, indicator=Indicator.warning):
    return Card(
        uuid=str(number), summary=f"Card {number}", detail="", indicator=indicator, source=SOURCE,
        statements=(f"s{number}",),
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, MOST_CARDS])
def test_up_to_five_cards_are_shown_as_they_are(count):
    cards = tuple(card(number) for number in range(count))
    assert capped(cards, "s") == cards


def test_a_sixth_card_is_replaced_by_one_that_lists_the_remaining_summaries():
    cards = tuple(card(number) for number in range(6))
    shown = capped(cards, "s")
    assert shown[:4] == cards[:4]
    assert len(shown) == MOST_CARDS
    assert shown[4].summary == "2 more: Card 4; Card 5"
    assert shown[4].statements == ("s4", "s5")


def test_critical_cards_are_never_cut():
    cards = (*(card(number, Indicator.critical) for number in range(7)), card(7))
    shown = capped(cards, "s")
    assert shown[:7] == cards[:7]
    assert "Card 7" in shown[7].detail


def test_the_list_of_the_rest_is_as_urgent_as_the_worst_of_them():
    cards = tuple(card(number) for number in range(5)) + (replace(card(5), indicator=Indicator.info),) * 3
    assert capped(cards, "s")[-1].indicator is Indicator.warning


def test_a_long_list_of_the_rest_still_fits_in_a_summary():
    cards = tuple(replace(card(number), summary="x" * 130) for number in range(9))
    assert len(capped(cards, "s")[-1].summary) <= 139
