"""Stopping a drug at once that should be tapered."""

from decimal import Decimal

from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, fired, not_fired, suppressed
from cards.knowledge.rule_types import Taper
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_line
from cards.rules.context import Context, continued
from cards.rules.predicates import holds
from cards.rules.severity import adjusted
from cards.wording import amount, fill, say
from cards.wording import summary as one_line


def check(statement: Statement, rule: Taper, order: Order, ctx: Context) -> Outcome:
    """Whether a stop order ends a daily dose above the least taper step with no taper ordered beside it."""
    if order.kind != "stop":
        return going_on()
    if any(draft.kind == "draft" and draft.classes & order.classes for draft in ctx.drafts):
        return not_fired("another order of its class in this session continues, tapers or replaces it")
    if rule.when.predicates and not holds(rule.when, ctx, order):
        return not_fired("its condition does not hold")
    if holds(rule.unless, ctx, order):
        return suppressed("a stated exception holds")
    doses = [one.dose.peak_day_mg for one in (order, *continued(order, ctx))]
    known = [dose for dose in doses if dose is not None]
    if known and max(known) <= rule.above_mg_per_day:
        return not_fired(f"the dose is already at or below {amount(rule.above_mg_per_day)} mg/day")
    severity, because = adjusted(statement.severity, statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: Words(
                summary=_summary(statement, rule, order, max(known, default=None)),
                reason=rule.reason,
                advice=(*because, rule.plan),
                basis=(order_line(order, ctx),),
            ),
        )
    )


def going_on() -> Outcome:
    """The outcome for an order that does not stop the drug."""
    return not_fired("the order does not stop the drug")


def _summary(statement: Statement, rule: Taper, order: Order, daily: Decimal | None) -> str:
    """`daily` is the largest dose known, in mg."""
    drug = drug_name(statement, order)
    if daily is not None:
        return one_line(fill(rule.summary, {"drug": drug, "dose": amount(daily)}))
    key = "stop-unknown-dose" if rule.least_days else "stop-gradually"
    return one_line(say(key, drug=drug, days=rule.least_days))
