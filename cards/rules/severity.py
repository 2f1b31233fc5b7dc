"""Severity: raised by a statement's escalations, lowered where a plausible reading is harmless."""

from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.knowledge.statements import Statement
from cards.rules.context import Context, least_exposure
from cards.rules.predicates import holds, judge


def adjusted(
    severity: Indicator, statement: Statement, ctx: Context, order: Order
) -> tuple[Indicator, tuple[str, ...]]:
    """`severity` after the statement's escalations and then its caps, with the reasons of what decided."""
    up = [step for step in statement.escalations if holds(step.when, ctx, order)]
    high = max([severity, *(step.to for step in up)])
    down = [step for step in statement.caps if step.to < high and holds(step.when, ctx, order)]
    if down:
        return min(step.to for step in down), tuple(step.because for step in down)
    return high, tuple(step.because for step in up if step.to == high > severity)


def graded(
    statement: Statement,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> tuple[Indicator, tuple[str, ...], tuple[str, ...]]:
    """The severity after escalations and caps, the reasons in words, and the inputs that decided."""
    severity = statement.severity
    reasons: list[str] = []
    basis: list[str] = []
    for step in statement.escalations:
        verdict = judge(step.when, ctx, order, partner, beside)
        if verdict.holds and step.to > severity:
            severity, reasons = step.to, [step.because]
            basis += verdict.basis
    for step in statement.caps:
        verdict = judge(step.when, ctx, order, partner, beside)
        if verdict.holds and step.to < severity:
            severity, reasons = step.to, [step.because]
            basis += verdict.basis
    return severity, tuple(f"Graded {severity.name}: {one}." for one in reasons), tuple(dict.fromkeys(basis))


def protecting(
    statement: Statement, ctx: Context, order: Order, partner: Order, beside: tuple[Order, ...]
) -> tuple[str, ...]:
    """The therapy that keeps an escalation from applying, for the basis."""
    verdicts = [judge(step.when, ctx, order, partner, beside) for step in statement.escalations]
    return tuple(
        dict.fromkeys(
            answer.said()
            for verdict in verdicts
            for predicate, answer in verdict.decided
            if predicate.name == "none-known" and answer.holds is False
        )
    )


def by_dose_reading(severity: Indicator, order: Order, ctx: Context, limit: Decimal | None) -> Indicator:
    """Lowered for a dose read without full confidence whose smallest plausible reading keeps the limit.

    Where every reading breaks the limit, an uncertain one is no reason to be quieter.
    """
    least = least_exposure(order, ctx)
    if limit is None or least is None or least > limit:
        return severity
    ceiling = {"low": Indicator.info, "medium": Indicator.warning}.get(order.dose.confidence)
    return severity if ceiling is None else min(severity, ceiling)
