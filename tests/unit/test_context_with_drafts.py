"""A context with other drafts: the patient stays, and nothing that was worked out of the orders."""

from dataclasses import fields

import pytest
from make_request import drug, run

import cards.evaluate as evaluation

CHANGED = {"drafts", "standing", "knowledge"}


@pytest.fixture
def ctx(knowledge, terminology, monkeypatch):
    """The context of an evaluation, after it."""
    seen, judge = [], evaluation.judge_orders
    monkeypatch.setattr(
        evaluation, "judge_orders", lambda orders, ctx: seen.append(ctx) or judge(orders, ctx)
    )
    run((knowledge, terminology), drug("gabapentin", 1200, 3), drug("oxycodone", 10, 4, identifier="d2"))
    return seen[0]


def test_all_facts_of_the_patient_are_kept(ctx, knowledge):
    made = ctx.with_drafts(ctx.drafts[:1], (), knowledge.bounding)
    assert (made.drafts, made.standing, made.knowledge) == (ctx.drafts[:1], (), knowledge.bounding)
    for one in fields(ctx):
        if one.init and one.name not in CHANGED:
            assert getattr(made, one.name) is getattr(ctx, one.name), one.name


def test_what_was_worked_out_of_the_orders_begins_anew(ctx, knowledge):
    made = ctx.with_drafts(ctx.drafts[:1], (), knowledge)
    assert ctx._in_force
    assert ctx.order_lines
    assert not made._in_force
    assert not made.order_lines
