"""Label maximum per day and per dose."""

from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, Words, cannot, fired, not_fired
from cards.knowledge.rule_types import ABOVE_LABEL, DoseLimit
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_line
from cards.rules.context import Context, certain_exposure, daily_exposure
from cards.rules.predicates import holds, judge
from cards.rules.severity import adjusted, by_dose_reading
from cards.wording import amount, fill, say


def check(statement: Statement, rule: DoseLimit, order: Order, ctx: Context) -> Outcome:
    """Whether the order, with other orders of the same ingredient, exceeds the maximum."""
    if rule.indication.predicates and not holds(rule.indication, ctx, order):
        return not_fired(lambda: f"the limit is for another situation ({_asked(rule)}, not known to hold)")
    spared = judge(rule.unless, ctx, order)
    if spared.holds:
        return not_fired(lambda: f"the limit does not count here: {spared.why()}")
    exposure, single = certain_exposure(order, ctx), order.dose.max_single_mg
    over_day = exposure is not None and exposure > rule.max_mg_per_day
    over_single = single is not None and rule.max_single_mg is not None and single > rule.max_single_mg
    if not over_day and not over_single:
        if exposure is None or daily_exposure(order, ctx) is None:
            return cannot(f"daily dose not readable: {order.dose.why}")
        return not_fired(lambda: f"{amount(exposure)} mg/day is within {amount(rule.max_mg_per_day)} mg/day")
    severity, because = adjusted(statement.severity, statement, ctx, order)
    if not over_day:  # the daily dose is within the label; only how it is divided is not
        severity = min(severity, Indicator.warning)
    severity = by_dose_reading(severity, order, ctx, rule.max_mg_per_day if over_day else None)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: Words(
                summary=_summary(
                    statement, rule, order, exposure if over_day else None, single if over_single else None
                ),
                reason=rule.reason,
                advice=(*because, rule.advice) if rule.advice else because,
                basis=(order_line(order, ctx),),
            ),
            dose=DoseAdvice(
                max_mg_per_day=rule.max_mg_per_day,
                max_single_mg=rule.max_single_mg,
                regimens=rule.regimens,
            ),
        )
    )


def _asked(rule: DoseLimit) -> str:
    return ", ".join(map(str, rule.indication.predicates))


def _summary(
    statement: Statement, rule: DoseLimit, order: Order, daily: Decimal | None, single: Decimal | None
) -> str:
    """`daily` and `single` are the doses above their limit in mg, None where it is kept."""
    drug = drug_name(statement, order)
    limit, single_limit = amount(rule.max_mg_per_day), amount(rule.max_single_mg or Decimal(0))
    # A statement with its own words has a limit that is no label maximum (usual doses, one indication).
    own = rule.summary != ABOVE_LABEL
    if daily is None:
        return say("limit-single", drug=drug, dose=amount(single or Decimal(0)), limit=single_limit)
    if single is None or own:
        return fill(rule.summary, {"drug": drug, "dose": amount(daily), "limit": limit})
    return say(
        "limit-both",
        drug=drug,
        dose=amount(daily),
        limit=limit,
        single=amount(single),
        single_limit=single_limit,
    )
