"""Two drug classes together, whichever of the two is being ordered."""

from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, fired, not_fired, suppressed
from cards.knowledge.statements import Pair, Statement
from cards.rules.basis import order_line, order_name, renal_lines
from cards.rules.context import Context, in_force, new_start
from cards.rules.predicates import holds, matching
from cards.rules.severity import raised
from cards.wording import summary as one_line
from cards.wording import whole


def check(statement: Statement, rule: Pair, order: Order, ctx: Context) -> Outcome:
    """Whether a partner is in force with the order, less the exceptions the statement names."""
    partners = _partners(rule, order, ctx)
    if not partners:
        return not_fired(f"no {rule.partner} and {rule.subject} together")
    speaking = [partner for partner in partners if not holds(rule.unless, ctx, order, partner)]
    if not speaking:
        exception = matching(rule.unless, ctx, order, partners[0])
        return suppressed(f"exception: {exception}")
    severity, because = raised(statement, ctx, order)
    names = list(dict.fromkeys(order_name(partner) for partner in speaking))
    risks = [
        risk.says.format(
            age=ctx.patient.age[1] if ctx.patient.age else "",
            crcl=whole(ctx.renal.crcl_low) if ctx.renal.crcl_low is not None else "low",
        )
        for risk in rule.risks
        if holds(risk.when, ctx, order)
    ]
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            summary=one_line(
                rule.summary.format(
                    pair=f"{order_name(order)} with {' and '.join(name.lower() for name in names)}",
                    risks=f" ({', '.join(risks)})" if risks else "",
                )
            ),
            reason=rule.reason,
            advice=(*(f"Graded {severity.name}: {reason}." for reason in because), *rule.advice),
            basis=(
                order_line(order, ctx),
                *(f"With: {order_line(partner, ctx)}" for partner in speaking),
                *(renal_lines(ctx) if "crcl" in str(statement.escalations) else ()),
            ),
            dose=_lowest_start(rule, order, ctx),
        )
    )


def _partners(rule: Pair, order: Order, ctx: Context) -> list[Order]:
    wanted = set()
    if rule.subject in order.classes:
        wanted.add(rule.partner)
    if rule.partner in order.classes:
        wanted.add(rule.subject)
    return [other for other in in_force(order, ctx) if wanted & other.classes]


def _lowest_start(rule: Pair, order: Order, ctx: Context) -> DoseAdvice | None:
    """The lowest dose, offered where the order starts the drug."""
    regimen = rule.regimens.get(order.ingredient.name) if order.ingredient else None
    immediate = order.medication is not None and order.medication.release == "immediate"
    if regimen is None or not immediate or not new_start(order, ctx):
        return None
    return DoseAdvice(regimens=(regimen,))
