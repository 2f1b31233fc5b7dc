"""Escalations and caps count for every kind of statement: none that a file may state is passed over."""

from dataclasses import replace
from decimal import Decimal

import pytest
from make_fhir import creatinine, patient, weight
from make_request import drug, run

from cards.card import Indicator
from cards.knowledge.conditions import Condition, Escalation, Predicate

HOLDS = Condition("any", (Predicate("age-at-least", (Decimal(1),)),))
HOLDS_NOT = Condition("any", (Predicate("age-at-least", (Decimal(119),)),))
KEYS = {"patient": [patient(74)], "kidney": [creatinine(1.87, days=12)], "body": [weight(60)]}
STOP = {"medications": [drug("gabapentin 600 MG Oral Tablet", 600, 3, status="active", identifier="a")]}

# One statement of each kind that speaks on this order, and its severity as shipped.
SPEAKING = [
    ("gabapentin-label-maximum", drug("gabapentin 600 MG Oral Tablet", 2400, 3), {}, "critical"),
    ("gabapentin-renal-dose", drug("gabapentin 600 MG Oral Tablet", 1200, 3), {}, "critical"),
    ("gabapentin-start-dose", drug("gabapentin 600 MG Oral Tablet", 600, 3), {}, "info"),
    ("gralise-once-daily", drug("Gralise 600 MG Oral Tablet", 600, 3), {}, "warning"),
    (
        "gabapentin-abrupt-stop",
        drug("gabapentin 600 MG Oral Tablet", 600, 3, status="stopped"),
        STOP,
        "warning",
    ),
]


def severity(knowledge, terminology, name, draft, keys, **steps):
    """What the statement says once these steps stand in it."""
    changed = replace(knowledge.statements[name], **steps)
    swapped = {
        key: tuple(changed if one.id == name else one for one in listed)
        for key, listed in knowledge.of_drug.items()
    }
    altered = replace(knowledge, of_drug=swapped)
    judged = run((altered, terminology), draft, **{**KEYS, **keys}).judged
    (found,) = [one.outcome.finding for one in judged if one.statement.id == name]
    return found.severity.name


@pytest.mark.parametrize(("name", "draft", "keys", "shipped"), SPEAKING)
def test_a_cap_lowers_every_kind_of_statement_only_where_it_holds(
    knowledge, terminology, name, draft, keys, shipped
):
    for condition, expected in ((HOLDS, "info"), (HOLDS_NOT, shipped)):
        caps = (Escalation(Indicator.info, condition, "a reason"),)
        assert severity(knowledge, terminology, name, draft, keys, caps=caps) == expected


@pytest.mark.parametrize(("name", "draft", "keys", "shipped"), SPEAKING)
def test_an_escalation_raises_every_kind_of_statement_only_where_it_holds(
    knowledge, terminology, name, draft, keys, shipped
):
    for condition, expected in ((HOLDS, "critical"), (HOLDS_NOT, shipped)):
        steps = (Escalation(Indicator.critical, condition, "a reason"),)
        assert severity(knowledge, terminology, name, draft, keys, escalations=steps) == expected


def test_a_cap_comes_after_an_escalation(knowledge, terminology):
    name, draft, keys, _ = SPEAKING[2]
    steps = (Escalation(Indicator.critical, HOLDS, "up"),)
    caps = (Escalation(Indicator.warning, HOLDS, "down"),)
    assert severity(knowledge, terminology, name, draft, keys, escalations=steps, caps=caps) == "warning"
