"""Severity: raised by a statement's escalations, lowered where a plausible reading is harmless."""

from decimal import Decimal
from typing import NamedTuple

from cards.card import Indicator
from cards.facts.medications import Order
from cards.knowledge.conditions import Escalation
from cards.knowledge.statements import Statement
from cards.rules.context import Context, least_exposure
from cards.rules.predicates import Verdict, holds, judge

# The gravest severity of a dose that was read without full confidence.
_CEILINGS = {"low": Indicator.info, "medium": Indicator.warning}


def adjusted(
    severity: Indicator, statement: Statement, ctx: Context, order: Order
) -> tuple[Indicator, tuple[str, ...]]:
    """`severity` after the statement's escalations and then its caps, with the reasons of what decided."""
    if not statement.escalations and not statement.caps:
        return severity, ()
    up = [step for step in statement.escalations if holds(step.when, ctx, order)]
    high = max([severity, *(step.to for step in up)])
    down = [step for step in statement.caps if step.to < high and holds(step.when, ctx, order)]
    if down:
        return min(step.to for step in down), tuple(step.because for step in down)
    return high, tuple(step.because for step in up if step.to == high > severity)


class Grading(NamedTuple):
    """A severity, the steps that led to it (the last of them stands), and what each escalation was judged."""

    severity: Indicator
    steps: tuple[tuple[Escalation, Verdict], ...] = ()
    escalations: tuple[Verdict, ...] = ()

    def because(self) -> tuple[str, ...]:
        """Why it is graded so, in words."""
        return tuple(f"Graded {self.severity.name}: {step.because}." for step, _ in self.steps[-1:])

    def basis(self) -> tuple[str, ...]:
        """The inputs that decided."""
        return tuple(dict.fromkeys([line for _, verdict in self.steps for line in verdict.basis]))

    def protecting(self) -> tuple[str, ...]:
        """The therapy that keeps an escalation from applying."""
        spared = [verdict for verdict in self.escalations if verdict.holds is False]
        answers = [answer for verdict in spared for answer in verdict.answers_to("none-known")]
        return tuple(dict.fromkeys([answer.said() for answer in answers]))


def graded(
    statement: Statement,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> Grading:
    """The severity after escalations and caps."""
    severity = statement.severity
    if not statement.escalations and not statement.caps:
        return Grading(severity)
    steps: list[tuple[Escalation, Verdict]] = []
    up = [judge(step.when, ctx, order, partner, beside) for step in statement.escalations]
    for step, verdict in zip(statement.escalations, up, strict=True):
        if verdict.holds and step.to > severity:
            severity = step.to
            steps.append((step, verdict))
    for step in statement.caps:
        verdict = judge(step.when, ctx, order, partner, beside)
        if verdict.holds and step.to < severity:
            severity = step.to
            steps.append((step, verdict))
    return Grading(severity, tuple(steps), tuple(up))


def by_dose_reading(severity: Indicator, order: Order, ctx: Context, limit: Decimal | None) -> Indicator:
    """Lowered for a dose read without full confidence whose smallest plausible reading keeps the limit.

    Where every reading breaks the limit, an uncertain one is no reason to be quieter.
    """
    ceiling = _CEILINGS.get(order.dose.confidence)
    if ceiling is None or limit is None:
        return severity
    least = least_exposure(order, ctx)
    return severity if least is None or least > limit else min(severity, ceiling)
