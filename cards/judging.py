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
                said = f"the check “{statement.title}” could not be completed"
                crashed.append(Issue("rule-failed", said, order.id))
                judged.append(Judged(statement, order, Outcome("cannot-evaluate", None, what)))
    return _without_hints_on_what_to_avoid(_without_superseded(judged)), tuple(crashed)


def _without_superseded(judged: list[Judged]) -> tuple[Judged, ...]:
    """A statement is silent where one that says more speaks on the same order, or on all of its drugs."""
    greater: dict[str, list[Judged]] = {}
    for one in judged:
        if one.outcome.kind == "fired":
            for other in one.statement.supersedes:
                greater.setdefault(other, []).append(one)
    if not greater:
        return tuple(judged)
    return tuple(_unless_superseded(one, greater.get(one.statement.id, ())) for one in judged)


def _unless_superseded(one: Judged, greater: Iterable[Judged]) -> Judged:
    if one.outcome.finding is None:
        return one
    drugs = frozenset(one.outcome.finding.drugs)
    for other in greater:
        finding = other.outcome.finding
        if other.order.id == one.order.id or (finding and drugs and drugs <= frozenset(finding.drugs)):
            return replace(one, outcome=suppressed(f"{other.statement.id} says more"))
    return one


def _without_hints_on_what_to_avoid(judged: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """How to start or monitor a drug is not worth saying beside the advice not to give it."""
    against = {
        one.order.id: one.statement.id
        for one in judged
        if one.outcome.finding is not None
        and one.outcome.finding.severity == Indicator.critical
        and one.statement.problem not in ("dose-and-sedation", "procedure")
    }
    if not against:
        return judged
    return tuple(
        replace(one, outcome=suppressed(f"{against[one.order.id]} advises against the drug"))
        if one.order.id in against and _is_hint(one)
        else one
        for one in judged
    )


def _is_hint(one: Judged) -> bool:
    finding = one.outcome.finding
    if finding is None or finding.severity > Indicator.info or finding.topic is not None:
        return False
    return one.statement.topic in ("dosing", "monitoring")


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
