"""Stopping a drug at once that should be tapered."""

from decimal import Decimal

from cards.facts.medications import Order
from cards.finding import Finding, Outcome, fired, not_fired, suppressed
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
        return not_fired("the order does not stop the drug")
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
    drug = drug_name(statement, order)
    text = fill(rule.summary, {"drug": drug, "dose": amount(max(known, default=Decimal(0)))})
    unknown = say(
        "stop-unknown-dose" if rule.least_days else "stop-gradually", drug=drug, days=rule.least_days
    )
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            summary=one_line(text if known else unknown),
            reason=rule.reason,
            advice=(*because, rule.plan),
            basis=(order_line(order, ctx),),
        )
    )
