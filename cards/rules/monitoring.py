"""A result that is due with a drug."""

from cards.facts.lab_table import LABS
from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import Monitoring
from cards.knowledge.statements import Statement
from cards.rules.about_results import ANY_TIME, lab_planned
from cards.rules.answer import Situation
from cards.rules.basis import order_line
from cards.rules.context import Context
from cards.rules.predicates import judge
from cards.rules.severity import graded
from cards.rules.summary_text import filled


def check(statement: Statement, rule: Monitoring, order: Order, ctx: Context) -> Outcome:
    """Whether there is neither a recent result nor an order for it."""
    if rule.when.predicates:
        verdict = judge(rule.when, ctx, order)
        if not verdict.holds:
            return cannot(verdict.why) if verdict.holds is None else not_fired(verdict.why)
    found = ctx.labs.latest(rule.lab)
    title = LABS[rule.lab].title
    if not isinstance(found, str) and found.age_days <= rule.max_age_days:
        return not_fired(f"{title} is {found.age_days} days old")
    if lab_planned(Situation(ctx, order), rule.lab, ANY_TIME).holds:
        return not_fired(f"{title} is ordered")
    exception = judge(rule.unless, ctx, order)
    if exception.holds:
        return suppressed(lambda: f"exception: {exception.why()}")
    last = found if isinstance(found, str) else f"last {title} {found.original}, {found.age_days} days old"
    grading = graded(statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=grading.severity,
            words=lambda: Words(
                summary=filled(rule.summary, statement, order, ctx),
                reason=rule.reason,
                advice=(*grading.because(), *rule.advice),
                basis=(order_line(order, ctx), last[:1].upper() + last[1:], *grading.basis()),
            ),
        )
    )
