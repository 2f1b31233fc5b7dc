"""Topical systems: how many at once, how many hours on the skin, how often a day."""

from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, cannot, fired, not_fired
from cards.knowledge.rule_types import Application
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line
from cards.rules.context import Context
from cards.rules.severity import graded
from cards.rules.summary_text import filled
from cards.wording import amount


def check(statement: Statement, rule: Application, order: Order, ctx: Context) -> Outcome:
    """Whether the order exceeds one of the limits; wear follows from the changes where it is not stated."""
    dose = order.dose
    at_once, wear, often = dose.patches_at_once, dose.wear_hours, dose.doses_per_day
    over = []
    if at_once is not None and at_once > rule.max_at_once:
        over.append(f"{amount(at_once)} at once")
    if wear is not None and wear > rule.max_wear_h:
        over.append(f"{amount(wear)} hours on")
    elif wear is None and often is not None and often > rule.max_per_day:
        over.append(f"{amount(often)} times a day")
    if not over:
        if at_once is None and wear is None:
            return cannot(f"number and wear time not readable: {dose.why}")
        return not_fired("within the labelled number and wear time")
    grading = graded(statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=grading.severity,
            words=lambda: Words(
                summary=filled(
                    rule.summary,
                    statement,
                    order,
                    ctx,
                    value=", ".join(over),
                    count=str(rule.max_at_once),
                    hours=amount(rule.max_wear_h),
                ),
                reason=rule.reason,
                advice=(*grading.because(), *rule.advice),
                basis=(f"Order: {', '.join(over)}", order_line(order, ctx), *grading.basis()),
            ),
        )
    )
