"""Two groups of drugs or procedures together, whichever of the two is being ordered."""

from collections.abc import Iterable
from datetime import timedelta

from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import Pair
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line, order_name, renal_lines
from cards.rules.context import Context, in_force, new_start
from cards.rules.predicates import holds, judge, risk_factors
from cards.rules.severity import graded
from cards.rules.summary_text import filled, pair_name
from cards.wording import whole


def check(statement: Statement, rule: Pair, order: Order, ctx: Context) -> Outcome:
    """Whether a partner is in force with the order, less the exceptions the statement names."""
    partners, ordered_partner = _partners(rule, order, ctx)
    if not partners:
        return not_fired(lambda: f"no {'/'.join(rule.partner)} and {'/'.join(rule.subject)} together")
    if rule.when.predicates:
        verdicts = [(partner, judge(rule.when, ctx, order, partner)) for partner in partners]
        partners = [partner for partner, verdict in verdicts if verdict.holds]
        if not partners:
            verdict = verdicts[0][1]
            return cannot(verdict.why) if verdict.holds is None else not_fired(verdict.why)
    speaking = [partner for partner in partners if not holds(rule.unless, ctx, order, partner)]
    if not speaking:
        exception = judge(rule.unless, ctx, order, partners[0])
        return suppressed(lambda: f"exception: {exception.why()}")
    lead = speaking[0]
    severity, because, basis = graded(statement, ctx, order, lead)
    risks = [
        risk.says.format(
            age=ctx.patient.age[1] if ctx.patient.age else "",
            crcl=whole(ctx.renal.crcl_low) if ctx.renal.crcl_low is not None else "low",
        )
        for risk in rule.risks
        if holds(risk.when, ctx, order, lead)
    ]
    factors = risk_factors(rule.risk_set, ctx, order, lead) if rule.risk_set else ()
    named = [*risks, *(one for one in factors if one not in risks)]
    other_way = ordered_partner and rule.advice_if_partner_ordered
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            summary=filled(
                rule.summary,
                statement,
                order,
                ctx,
                pair=pair_name(order, speaking),
                partner=order_name(lead),
                risks=f" ({', '.join(named[:4])})" if named else "",
            ),
            reason=rule.reason,
            advice=(*because, *(rule.advice_if_partner_ordered if other_way else rule.advice)),
            basis=(
                order_line(order, ctx),
                *(_partner_line(partner, ctx) for partner in speaking),
                *basis,
                *(f"Risk factor: {one}" for one in named),
                *(renal_lines(ctx) if _needs_kidney(statement) else ()),
            ),
            dose=_lowest_start(rule, order, ctx),
            drugs=tuple(order_name(one).lower() for one in (order, *speaking)),
        )
    )


def _needs_kidney(statement: Statement) -> bool:
    steps = (*statement.escalations, *statement.caps)
    return any(one.name in ("crcl-below", "egfr-below") for step in steps for one in step.when.predicates)


def _partners(rule: Pair, order: Order, ctx: Context) -> tuple[list[Order], bool]:
    """The other orders of the pair, and whether the order is the statement's partner rather than subject."""
    is_subject = bool(order.classes.intersection(rule.subject))
    is_partner = bool(order.classes.intersection(rule.partner))
    found: list[Order] = []
    if is_subject:
        found += _of(rule.partner, rule.partner_washout_days, order, ctx)
    if is_partner:
        more = _of(rule.subject, rule.subject_washout_days, order, ctx)
        found += [one for one in more if all(one is not other for other in found)]
    return found, is_partner and not is_subject


def _of(names: Iterable[str], washout_days: int, order: Order, ctx: Context) -> list[Order]:
    """Therapy in force of one of the classes, and what was stopped within the washout; each drug once."""
    wanted = frozenset(names)
    since = ctx.now - timedelta(days=washout_days)
    listed = [one for one in in_force(order, ctx) if one.classes & wanted and one is not order]
    if washout_days:
        listed += [
            one
            for one in ctx.ended
            if one.classes & wanted and one.ends is not None and one.ends.latest >= since
        ]
    by_drug: dict[object, Order] = {}
    for one in listed:
        by_drug.setdefault(one.ingredient.name if one.ingredient else one.id, one)
    own = order.ingredient.name if order.ingredient else order.id
    return [one for name, one in by_drug.items() if name != own]


def _partner_line(partner: Order, ctx: Context) -> str:
    line = order_line(partner, ctx, "With")
    if partner.kind == "ended" and partner.ends is not None:
        line += f", stopped {max((ctx.now - partner.ends.latest).days, 0)} days ago"
    elif partner.authored is not None and partner.kind == "active":
        line += f", since {partner.authored.earliest.astimezone(ctx.policy.zone).date().isoformat()}"
    return line


def _lowest_start(rule: Pair, order: Order, ctx: Context) -> DoseAdvice | None:
    """The lowest dose, offered where the order starts the drug."""
    regimen = rule.regimens.get(order.ingredient.name) if order.ingredient else None
    immediate = order.medication is not None and order.medication.release == "immediate"
    if regimen is None or not immediate or not new_start(order, ctx):
        return None
    return DoseAdvice(regimens=(regimen,))
