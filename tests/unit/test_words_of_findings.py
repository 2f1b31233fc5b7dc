"""A finding is put into words where it is left to be said; a rule that finds no words takes nothing else away."""

from dataclasses import replace

import pytest
from make_fhir import creatinine, patient, weight
from make_request import drug, run

from cards import changed_drafts
from cards.card import Indicator
from cards.finding import Finding, Words, fired
from cards.judging import Judged, settled
from cards.rules import predicates, renal_dose
from cards.rules.answer import whether

CKD4 = {"patient": [patient(74)], "kidney": [creatinine(1.87, days=12)], "body": [weight(60)]}


@pytest.fixture
def order(knowledge, terminology):
    return run((knowledge, terminology), drug("gabapentin", 300, 3)).orders[0]


def refuse(*_):
    raise ZeroDivisionError("patient Smith")


def speaks(statement, order, words):
    finding = Finding(statement=statement, order=order.id, severity=Indicator.warning, words=words)
    return Judged(statement, order, fired(finding))


def pair(knowledge):
    """A statement, and one that silences it."""
    statement = knowledge.statements["gabapentin-renal-dose"]
    return replace(statement, id="less"), replace(statement, id="more", supersedes=("less",))


def test_words_are_made_once(knowledge, order):
    made = []
    one = speaks(pair(knowledge)[0], order, lambda: made.append(1) or Words("a summary", "a reason"))
    assert (one.outcome.finding.summary, one.outcome.reason()) == ("a summary", "a reason")
    assert made == [1]


def test_what_another_statement_silences_is_not_put_into_words(knowledge, order):
    less, more = pair(knowledge)
    said = Words("a summary", "a reason")
    found = settled((speaks(less, order, refuse), speaks(more, order, lambda: said)))
    assert [one.outcome.kind for one in found.judged] == ["suppressed", "fired"]
    assert found.crashed == ()


def test_what_a_statement_without_words_would_silence_is_said(knowledge, order):
    less, more = pair(knowledge)
    said = Words("a summary", "a reason")
    found = settled((speaks(less, order, lambda: said), speaks(more, order, refuse)))
    assert [one.outcome.kind for one in found.judged] == ["fired", "cannot-evaluate"]
    assert found.judged[0].outcome.finding.summary == "a summary"
    assert [one.outcome.kind for one in found.alone] == ["fired", "cannot-evaluate"]
    assert [(issue.code, issue.resource) for issue in found.crashed] == [("rule-failed", order.id)]


def test_a_rule_that_finds_no_words_is_named_and_takes_no_other_advice_away(
    knowledge, terminology, monkeypatch
):
    monkeypatch.setattr(renal_dose, "say", refuse)
    evaluation = run((knowledge, terminology), drug("gabapentin", 2400, 3), **CKD4)
    assert [card.source.topic for card in evaluation.cards] == ["dosing", "data"]
    assert [issue.code for issue in evaluation.issues] == ["rule-failed"]
    assert "Smith" not in str([card.as_json() for card in evaluation.cards])


def test_what_an_offered_change_would_bring_is_graded_and_not_put_into_words(
    knowledge, terminology, monkeypatch
):
    judge, again = changed_drafts.judge_orders, []

    def noting(*given):
        found = judge(*given)
        again.extend(one.outcome.finding for one in found[0] if one.outcome.finding is not None)
        return found

    monkeypatch.setattr(changed_drafts, "judge_orders", noting)
    drafts = (drug("duloxetine", 60, 1), drug("ibuprofen 600 MG Oral Tablet", 600, 3, identifier="d2"))
    run((knowledge, terminology), *drafts, **CKD4)
    assert again
    assert [one._said for one in again] == [None] * len(again)


def test_the_factors_of_a_risk_set_are_looked_for_once_for_a_pair(knowledge, terminology, monkeypatch):
    asked = []
    also_on = predicates._CHECKS["also-on"]
    monkeypatch.setitem(
        predicates._CHECKS, "also-on", lambda given, name: asked.append(name) or also_on(given, name)
    )
    on = {"medications": [drug("warfarin 5 MG Oral Tablet", 5, 1, status="active", identifier="m1")]}
    run((knowledge, terminology), drug("duloxetine", 60, 1), **CKD4, **on)
    assert asked.count("aldosterone-antagonist") == 1


def test_the_words_of_an_answer_are_made_once_and_not_before_they_are_asked_for():
    made = []

    def words(said):
        made.append(said)
        return said

    answer = whether(True, lambda: words("Age 70 years"), lambda: words("70"))
    assert made == []
    assert (answer.said(), answer.in_short(), answer.said(), answer.in_short()) == (
        "Age 70 years", "70", "Age 70 years", "70",
    )  # fmt: skip
    assert made == ["Age 70 years", "70"]
