"""What an evaluation does grows with what it is given, and not with what it does not concern. Counted, never timed."""

import sys
from collections import Counter
from dataclasses import replace

import orjson
import pytest
from make_fhir import creatinine, patient, weight
from make_request import drug, run

from cards import changed_drafts, evaluate, judging
from cards.facts.medications import read_drafts
from cards.knowledge.case_record import NOW
from cards.knowledge.loader import load_knowledge
from cards.knowledge.rule_types import DoseLimit, Duplicate, Pair, RenalDose, Taper
from cards.policy import Policy
from cards.rules.looked_at import by_statement
from cards.sound import evaluate_soundly
from cds_service.hooks.discovery import service_for
from cds_service.hooks.prefetch import read_prefetch
from cds_service.hooks.schemas import read_request
from tests.performance.bodies import body


@pytest.fixture(scope="module")
def knowledge(terminology):
    return load_knowledge(terms=terminology)


def evaluated(resources, knowledge, terminology, drafts=2):
    request = read_request(orjson.loads(body(1, resources, drafts, NOW)), service_for("order-sign"))
    record = read_prefetch(request.prefetch, request.patient_id)
    return evaluate_soundly(
        "order-sign", record, request.drafts, None, now=NOW, policy=Policy(), knowledge=knowledge,
        terminology=terminology,
    )  # fmt: skip


def calls(resources, knowledge, terminology):
    """How many Python functions an evaluation calls, once everything it needs is in memory."""
    evaluated(resources, knowledge, terminology)
    counted = Counter()
    before = sys.getprofile()
    sys.setprofile(lambda _, event, __: counted.update((event,)) if event == "call" else None)
    try:
        evaluated(resources, knowledge, terminology)
    finally:
        sys.setprofile(before)
    return counted["call"]


def test_ten_times_the_resources_cost_at_most_ten_times_the_calls(knowledge, terminology):
    hundred = calls(100, knowledge, terminology)
    thousand = calls(1_000, knowledge, terminology)
    assert hundred < thousand <= 10 * hundred


def test_statements_about_other_drugs_are_never_visited(knowledge, terminology, monkeypatch):
    visited = []
    check = judging.check
    monkeypatch.setattr(judging, "check", lambda one, *rest: visited.append(one.id) or check(one, *rest))
    evaluated(12, knowledge, terminology)
    alone = list(visited)
    others = {
        f"{name}-{copy}": replace(statement, id=f"{name}-{copy}", drug=None, applies_to=(f"drug-{copy}",))
        for name, statement in knowledge.statements.items()
        for copy in range(9)
    }
    further = {one.applies_to[0]: (one,) for one in others.values()}
    tenfold = replace(
        knowledge, statements={**knowledge.statements, **others}, of_class={**knowledge.of_class, **further}
    )
    visited.clear()
    evaluated(12, tenfold, terminology)
    assert visited == alone


def test_statements_that_need_another_drug_are_not_visited_without_one(knowledge, terminology, monkeypatch):
    kinds = []
    check = judging.check
    monkeypatch.setattr(
        judging, "check", lambda one, *rest: kinds.append(type(one.rule)) or check(one, *rest)
    )
    done = run((knowledge, terminology), drug("gabapentin", 300, 3))
    assert kinds
    assert not {Pair, Duplicate, Taper} & set(kinds)
    assert {Pair, Duplicate, Taper} <= {type(one.statement.rule) for one in done.judged}


CKD4 = {"patient": [patient(74)], "kidney": [creatinine(1.87, days=12)], "body": [weight(60)]}


def renamed(order):
    """The order as one of a drug of its own, which belongs to no class."""
    name = f"drug-{order.id}"
    ingredient, release = replace(order.ingredient, name=name), order.drug_key[1]
    return replace(order, ingredient=ingredient, drug_key=(name, release), classes=frozenset((name,)))


def visits(drafts, knowledge, terminology, monkeypatch):
    """How often a statement is judged for drafts of as many unrelated drugs, and how many get a dose offered."""
    named = [f"drug-MedicationRequest/d{number}" for number in range(drafts)]
    own = knowledge.about(("gabapentin", "immediate"), frozenset())
    own = tuple(one for one in own if isinstance(one.rule, RenalDose | DoseLimit))
    unrelated = replace(knowledge, of_drug={(name, "immediate"): own for name in named}, of_class={})
    judged = []
    with monkeypatch.context() as patched:
        for module in (evaluate, changed_drafts):
            patched.setattr(
                module, "read_drafts", lambda *given: ([*map(renamed, read_drafts(*given)[0])], ())
            )
        check = judging.check
        patched.setattr(judging, "check", lambda one, *rest: judged.append(one.id) or check(one, *rest))
        orders = [
            drug("gabapentin 100 MG Oral Capsule", 1200, 3, identifier=f"d{number}")
            for number in range(drafts)
        ]
        cards = run((unrelated, terminology), *orders, **CKD4).cards
    return len(judged), sum(bool(card.suggestions) for card in cards)


def test_five_times_the_unrelated_drafts_are_judged_five_times_as_often(knowledge, terminology, monkeypatch):
    few, offered = visits(10, knowledge, terminology, monkeypatch)
    many, offered_of_many = visits(50, knowledge, terminology, monkeypatch)
    assert (offered, offered_of_many) == (10, 50)
    assert few >= 10
    assert many == 5 * few


def test_a_changed_dose_asks_again_only_what_looks_at_how_the_drug_is_taken(
    knowledge, terminology, monkeypatch
):
    asked = []
    judge, check = changed_drafts.judge_orders, judging.check

    def judge_again(*given):
        with monkeypatch.context() as patched:
            patched.setattr(judging, "check", lambda one, *rest: asked.append(one) or check(one, *rest))
            return judge(*given)

    monkeypatch.setattr(changed_drafts, "judge_orders", judge_again)
    cards = run((knowledge, terminology), drug("gabapentin 600 MG Oral Tablet", 1200, 3), **CKD4).cards
    assert cards[0].suggestions
    assert asked
    assert all(by_statement(one, knowledge).dosing for one in asked)


@pytest.mark.parametrize("number", range(12))
def test_judging_again_only_what_a_change_touches_offers_the_same(
    number, knowledge, terminology, monkeypatch
):
    request = read_request(orjson.loads(body(number, 40, 2 + number % 6, NOW)), service_for("order-sign"))
    record = read_prefetch(request.prefetch, request.patient_id)

    def cards():
        return evaluate_soundly(
            "order-sign", record, request.drafts, None, now=NOW, policy=Policy(), knowledge=knowledge,
            terminology=terminology,
        ).cards  # fmt: skip

    touched, narrow = changed_drafts._touched, cards()
    monkeypatch.setattr(changed_drafts, "_is_redosed", lambda *_: False)
    monkeypatch.setattr(changed_drafts, "_touched", lambda *given: replace(touched(*given), everything=True))
    assert cards() == narrow
