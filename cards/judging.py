"""Judges every statement that concerns an order; one failing rule does not take the others away."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cards.card import Indicator
from cards.facts.medications import Order, read_drafts
from cards.facts.record import Issue
from cards.facts.resources import Resource
from cards.finding import Outcome, suppressed
from cards.knowledge.statements import Statement
from cards.rules.context import Context, standing
from cards.rules.dispatch import check
from terminology.load import Terminology


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement's outcome for one order."""

    statement: Statement
    order: Order
    outcome: Outcome


def judge_orders(subjects: Iterable[Order], ctx: Context) -> tuple[tuple[Judged, ...], tuple[Issue, ...]]:
    """Every statement that concerns each order, and the rules that crashed."""
    judged: list[Judged] = []
    crashed: list[Issue] = []
    for order in subjects:
        for statement in ctx.knowledge.about(order.drug_key, order.classes):
            if ctx.policy.jurisdiction not in statement.jurisdictions:
                continue
            try:
                judged.append(Judged(statement, order, check(statement, order, ctx)))
            except Exception as error:  # one failing rule must not take the others away
                what = f"rule {statement.id} failed ({type(error).__name__})"
                crashed.append(Issue("rule-failed", what, order.id))
                judged.append(Judged(statement, order, Outcome("cannot-evaluate", None, what)))
    return _without_superseded(judged), tuple(crashed)


def _without_superseded(judged: list[Judged]) -> tuple[Judged, ...]:
    """A statement is silent where one that says more speaks on the same order."""
    silent = {
        (other, one.order.id): one.statement.id
        for one in judged
        if one.outcome.kind == "fired"
        for other in one.statement.supersedes
    }
    return tuple(
        replace(one, outcome=suppressed(f"{silent[one.statement.id, one.order.id]} says more"))
        if one.outcome.finding is not None and (one.statement.id, one.order.id) in silent
        else one
        for one in judged
    )


def speaking_with(
    order: Order, changed: Resource | None, added: tuple[Resource, ...], ctx: Context, terms: Terminology
) -> set[tuple[str, str]]:
    """(statement, order) pairs that would speak at warning or above after a change of the drafts.

    `changed` stands for the order, None when it is taken away; `added` are further drafts.
    """
    zone, weight = ctx.policy.zone, ctx.renal.weight_kg
    fresh = (*((changed,) if changed else ()), *added)
    read, _ = read_drafts(fresh, {}, ctx.record.patient_id, terms, weight, zone)
    replacement, further = (read[:1], read[1:]) if changed else ((), read)
    drafts = (
        *(one for draft in ctx.drafts for one in (replacement if draft is order else (draft,))),
        *further,
    )
    applied = replace(ctx, drafts=drafts, standing=standing(ctx.medications, drafts))
    judged, _ = judge_orders((draft for draft in drafts if draft.kind == "draft"), applied)
    return {
        (one.statement.id, one.order.id)
        for one in judged
        if one.outcome.finding is not None and one.outcome.finding.severity >= Indicator.warning
    }
