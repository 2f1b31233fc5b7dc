"""Treatments that must not be repeated too early."""

from datetime import datetime, timedelta

from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, fired, not_fired
from cards.knowledge.rule_types import RepeatInterval
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line
from cards.rules.context import Context
from cards.rules.severity import Grading, graded
from cards.rules.summary_text import filled


def check(statement: Statement, rule: RepeatInterval, order: Order, ctx: Context) -> Outcome:
    """Whether the last treatment lies closer than the least interval to the planned one, or to now."""
    when = order.planned.earliest if order.planned is not None else ctx.now
    last = _last(rule, order, ctx)
    if last is None:
        return not_fired("no earlier treatment with a date on record")
    days = (when - last).days
    if days >= rule.least_days:
        return not_fired(f"the last treatment was {days} days before")
    grading = graded(statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=grading.severity,
            words=lambda: _words(statement, rule, order, last, days, grading, ctx),
        )
    )


def _words(
    statement: Statement,
    rule: RepeatInterval,
    order: Order,
    last: datetime,
    days: int,
    grading: Grading,
    ctx: Context,
) -> Words:
    ago = f"{days} days" if days < 14 else f"{days // 7} weeks"
    local = last.astimezone(ctx.policy.zone)
    day, earliest = local.date(), (local + timedelta(days=rule.least_days)).date()
    return Words(
        summary=filled(rule.summary, statement, order, ctx, value=f"{ago} ago", least=str(rule.least_days)),
        reason=rule.reason,
        advice=(*grading.because(), *rule.advice),
        basis=(
            order_line(order, ctx),
            f"Last treatment {day}, {days} days before; the next at the earliest on {earliest}",
            *grading.basis(),
        ),
    )


def _last(rule: RepeatInterval, order: Order, ctx: Context) -> datetime | None:
    """The latest treatment: a procedure or administration, else an earlier order of the same kind."""
    given = frozenset(rule.given)
    dates = [
        event.when.latest
        for event in ctx.events
        if event.kind == "done" and event.when is not None and event.value_sets & given
    ]
    dates += [
        start.latest
        for one in (*ctx.medications, *ctx.ended.of(given))
        if one.classes & given and one.id != order.id and (start := one.authored) is not None
    ]
    return max((day for day in dates if day <= ctx.now), default=None)
