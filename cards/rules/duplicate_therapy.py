"""Two different drugs, or two formulations, of one class at once."""

from datetime import timedelta

from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, fired, not_fired, suppressed
from cards.knowledge.rule_types import Duplicate
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line, plain_name
from cards.rules.context import Context, in_force
from cards.rules.severity import adjusted
from cards.wording import amount
from cards.wording import summary as one_line


def check(statement: Statement, rule: Duplicate, order: Order, ctx: Context) -> Outcome:
    """Whether another member of the class stays in force; a drug that is ending or tapered does not count."""
    others = [
        other
        for other in in_force(order, ctx)
        if rule.drug_class in other.classes and other.drug_key != order.drug_key
    ]
    if not others:
        return single(rule)
    staying = [other for other in others if not _ending(other, rule, ctx)]
    if not staying or _ending(order, rule, ctx):
        return suppressed("one of the two is being tapered or ends soon")
    severity, because = adjusted(statement.severity, statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: Words(
                summary=_summary(rule, order, staying[0]),
                reason=rule.reason,
                advice=(*because, *rule.advice),
                basis=(order_line(order, ctx), *(order_line(other, ctx, "With") for other in staying)),
            ),
        )
    )


def single(rule: Duplicate) -> Outcome:
    """The outcome where nothing else is of the class."""
    return not_fired(f"no other {rule.drug_class}")


def _summary(rule: Duplicate, order: Order, other: Order) -> str:
    text = rule.summary.format(other=_dosed(other), drug=_dosed(order))
    return one_line(text[:1].upper() + text[1:])


def _ending(order: Order, rule: Duplicate, ctx: Context) -> bool:
    if "taper-down" in order.dose.flags:
        return True
    return order.ends is not None and order.ends.latest <= ctx.now + timedelta(days=rule.overlap_days)


def _dosed(order: Order) -> str:
    release = (
        ""
        if order.medication is None or order.medication.release == "immediate"
        else (f" {order.medication.release}")
    )
    dose = f" {amount(order.dose.peak_day_mg)} mg/day" if order.dose.peak_day_mg is not None else ""
    return f"{plain_name(order)}{release}{dose}"
