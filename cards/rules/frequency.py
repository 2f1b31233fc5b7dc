"""Doses a day that the label gives, and the longest gap between two doses."""

from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, Words, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import Frequency
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_line, renal_lines
from cards.rules.context import Context, daily_exposure
from cards.rules.predicates import holds
from cards.rules.severity import adjusted, by_dose_reading
from cards.wording import amount, fill, times


def check(statement: Statement, rule: Frequency, order: Order, ctx: Context) -> Outcome:
    """Whether the order is given as often, and as evenly, as the product needs."""
    if order.dose.as_needed and rule.max_per_day is None:
        return not_fired("as-needed doses have no set times")
    if rule.when.predicates and not holds(rule.when, ctx, order):
        return not_fired("its condition does not hold")
    if rule.crcl is not None:
        if ctx.renal.crcl_low is None:
            return cannot(f"kidney function not known: {ctx.renal.why}")
        if not rule.crcl.holds(ctx.renal.crcl_low):
            return not_fired(f"applies at {rule.crcl.label} only")
    count, gap = order.dose.doses_per_day, order.dose.longest_gap_h
    if rule.max_gap_h is not None:
        if gap is None or gap <= rule.max_gap_h:
            return not_fired("no times of day with a longer gap")
    elif count is None:
        return cannot(f"doses per day not readable: {order.dose.why}")
    elif not _outside(rule, int(count)):
        return not_fired(f"{times(count)} a day is as labelled")
    exposure = daily_exposure(order, ctx)
    if rule.above_mg_per_day is not None and (exposure is None or exposure <= rule.above_mg_per_day):
        return not_fired(f"only above {amount(rule.above_mg_per_day)} mg/day")
    if holds(rule.unless, ctx, order):
        return suppressed("the order continues the present dose unchanged")
    severity, because = adjusted(statement.severity, statement, ctx, order)
    if "titration" in order.dose.flags or "taper-down" in order.dose.flags:
        return not_fired("the doses change step by step")
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=by_dose_reading(severity, order, ctx, None),
            words=lambda: Words(
                summary=fill(
                    rule.summary,
                    {
                        "drug": drug_name(statement, order),
                        "times": times(count) if count is not None else "",
                        "gap": amount(gap) if gap is not None else "",
                    },
                ),
                reason=rule.reason,
                advice=(rule.advice, *because),
                basis=(order_line(order, ctx), *(renal_lines(ctx) if rule.crcl else ())),
            ),
            dose=DoseAdvice(max_mg_per_day=exposure, regimens=rule.regimens),
        )
    )


def _outside(rule: Frequency, count: int) -> bool:
    too_few = rule.min_per_day is not None and count < rule.min_per_day
    too_many = rule.max_per_day is not None and count > rule.max_per_day
    return too_few or too_many
