"""Ages at which a product's adult dosing does not apply."""

from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, cannot, fired, not_fired
from cards.knowledge.rule_types import AgeLimit
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_line
from cards.rules.context import Context, daily_exposure
from cards.rules.severity import adjusted
from cards.wording import amount, fill


def check(statement: Statement, rule: AgeLimit, order: Order, ctx: Context) -> Outcome:
    """Whether the patient, at the youngest reading of the birth date, is inside the age range."""
    if ctx.patient.age is None:
        return cannot(f"age not known: {ctx.patient.why_no_age}")
    youngest, oldest = ctx.patient.age
    if youngest >= rule.below or oldest < rule.start:
        return not_fired(f"applies from {rule.start} to below {rule.below} years")
    severity, because = adjusted(statement.severity, statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: _words(statement, rule, order, because, ctx),
        )
    )


def _words(
    statement: Statement, rule: AgeLimit, order: Order, because: tuple[str, ...], ctx: Context
) -> Words:
    youngest, oldest = ctx.patient.age or (0, 0)
    exposure, weight = daily_exposure(order, ctx), ctx.renal.body_weight_kg
    per_kg = f" ({amount(exposure / weight)} mg/kg/day)" if exposure is not None and weight else ""
    ages = str(youngest) if youngest == oldest else f"{youngest} to {oldest}"
    return Words(
        summary=fill(rule.summary, {"drug": drug_name(statement, order), "per_kg": per_kg}),
        reason=rule.reason,
        advice=(*because, rule.advice),
        basis=(f"Age {ages} years", order_line(order, ctx)),
    )
