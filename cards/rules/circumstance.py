"""An order that a circumstance of the patient speaks against: problem, result, other therapy, pregnancy."""

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import Circumstance
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line
from cards.rules.context import Context
from cards.rules.predicates import Verdict, holds, judge, risk_factors
from cards.rules.severity import Grading, graded
from cards.rules.summary_text import filled


def check(statement: Statement, rule: Circumstance, order: Order, ctx: Context) -> Outcome:
    """Whether the circumstance is known to hold; a data card where it is not known and that matters."""
    verdict = judge(rule.when, ctx, order)
    if verdict.holds is None:
        return _missing(statement, rule, order, ctx, verdict)
    if not verdict.holds:
        return not_fired(verdict.why)
    exception = judge(rule.unless, ctx, order)
    if exception.holds:
        return suppressed(lambda: f"exception: {exception.why()}")
    grading = graded(statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=grading.severity,
            words=lambda: _words(statement, rule, order, verdict, grading, ctx),
            drugs=verdict.drugs,
        )
    )


def _words(
    statement: Statement, rule: Circumstance, order: Order, verdict: Verdict, grading: Grading, ctx: Context
) -> Words:
    factors = risk_factors(rule.risk_set, ctx, order) if rule.risk_set else ()
    risks = f" ({', '.join(factors)})" if factors else ""
    return Words(
        summary=filled(rule.summary, statement, order, ctx, value=verdict.value, risks=risks),
        reason=rule.reason,
        advice=(*grading.because(), *rule.advice),
        basis=(
            order_line(order, ctx),
            *verdict.basis,
            *grading.basis(),
            *(f"Risk factor: {one}" for one in factors),
        ),
    )


def _missing(
    statement: Statement, rule: Circumstance, order: Order, ctx: Context, verdict: Verdict
) -> Outcome:
    if not holds(rule.when_missing, ctx, order):
        return cannot(verdict.why)
    return cannot(
        verdict.why,
        Finding(
            statement=statement,
            order=order.id,
            severity=Indicator.info,
            words=lambda: Words(
                summary=filled(rule.missing, statement, order, ctx),
                reason=rule.reason,
                advice=(),
                basis=(order_line(order, ctx), *verdict.basis),
            ),
            topic="data",
        ),
    )
