"""Procedures with an antithrombotic on board: hold interval, restart, and whether the date leaves time for it."""

from datetime import timedelta
from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import Finding, Outcome, fired, not_fired
from cards.knowledge.rule_types import Hold, ProcedureHold
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line, order_name, renal_lines
from cards.rules.context import Context, in_force
from cards.rules.predicates import holds
from cards.rules.severity import capped
from cards.wording import amount, say
from cards.wording import summary as one_line

_TIERS = ("high", "intermediate", "low")


def check(statement: Statement, rule: ProcedureHold, order: Order, ctx: Context) -> Outcome:
    """The antithrombotics that the procedure needs a plan for, whichever of the two is being ordered."""
    pairs = [
        (tier, procedure, drug, hold)
        for procedure, drug in _pairs(rule, order, ctx)
        if (tier := _tier(rule, procedure)) and (hold := _hold(rule, drug, ctx, order)) is not None
    ]
    needed = [one for one in pairs if not _settled(*one, ctx)]
    if not needed:
        return not_fired("no antithrombotic that this procedure needs a plan for")
    inside = [one for one in needed if _inside(one[3], one[0], one[1], one[2], ctx)]
    severity = Indicator.critical if inside else statement.severity
    fixed = [one for one in needed if _hours(one[3], one[0]) is not None]
    if not fixed:  # only shared decisions: nothing says that the procedure must wait
        severity = min(severity, Indicator.info)
    severity, because = capped(severity, statement, ctx, order)
    lead = (inside or fixed or needed)[0]
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            summary=_summary(lead, bool(inside), ctx),
            reason=rule.reason,
            advice=(*because, *(_plan(*one) for one in needed), *rule.advice),
            basis=(
                *(order_line(procedure, ctx) for _, procedure, _, _ in needed),
                *(order_line(drug, ctx, "With") for _, _, drug, _ in needed),
                *(renal_lines(ctx) if any(one[3].when.predicates for one in needed) else ()),
            ),
            unchecked=any(one[3].evidence not in ("seen", "design") for one in needed),
        )
    )


def _pairs(rule: ProcedureHold, order: Order, ctx: Context) -> list[tuple[Order, Order]]:
    """(procedure, antithrombotic) pairs of the order with what else is in force or planned."""
    drugs = frozenset(name for hold in rule.holds for name in hold.drugs)
    others = (*in_force(order, ctx), *ctx.ended)
    if not order.has_drug:
        return [(order, other) for other in others if other.classes & drugs]
    return [(other, order) for other in others if not other.has_drug and order.classes & drugs]


def _tier(rule: ProcedureHold, procedure: Order) -> str:
    for tier in _TIERS:
        if procedure.classes.intersection(getattr(rule, tier)):
            return tier
    return ""


def _hold(rule: ProcedureHold, drug: Order, ctx: Context, order: Order) -> Hold | None:
    for hold in rule.holds:
        applies = not hold.when.predicates or holds(hold.when, ctx, order)
        if applies and drug.classes.intersection(hold.drugs):
            return hold
    return None


def _hours(hold: Hold, tier: str) -> Decimal | None:
    hours: Decimal | None = getattr(hold, f"{tier}_h")
    return hours


def _settled(tier: str, procedure: Order, drug: Order, hold: Hold, ctx: Context) -> bool:
    """Whether this drug needs no hold, or was stopped long enough before the procedure (or now)."""
    hours = _hours(hold, tier)
    if hours is not None and hours <= 0:
        return True
    if drug.kind != "ended" or drug.ends is None:
        return False
    when = procedure.planned.earliest if procedure.planned is not None else ctx.now
    return hours is None or drug.ends.latest + timedelta(hours=float(hours)) <= when


def _inside(hold: Hold, tier: str, procedure: Order, drug: Order, ctx: Context) -> bool:
    """Whether the procedure's date comes before the hold is over, counted from now or from a stated stop."""
    hours = _hours(hold, tier)
    if hours is None or procedure.planned is None:
        return False
    last = ctx.now
    if drug.ends is not None and drug.ends.latest < procedure.planned.earliest:
        last = max(drug.ends.latest, ctx.now) if drug.kind != "ended" else drug.ends.latest
    return procedure.planned.earliest < last + timedelta(hours=float(hours))


def _summary(lead: tuple[str, Order, Order, Hold], inside: bool, ctx: Context) -> str:
    tier, procedure, drug, hold = lead
    hours, name = _hours(hold, tier), order_name(procedure)
    values = {"procedure": name, "drug": order_name(drug).lower()}
    if hours is None:
        return one_line(say("hold-shared", **values))
    if inside and procedure.planned is not None:
        day = procedure.planned.earliest.astimezone(ctx.policy.zone).date().isoformat()
        return one_line(say("hold-inside", day=day, hold=_length(hours), **values))
    return one_line(say("hold", hold=_length(hours), **values))


def _plan(tier: str, procedure: Order, drug: Order, hold: Hold) -> str:
    hours = _hours(hold, tier)
    named = f"{order_name(drug)} before {order_name(procedure).lower()} ({tier} bleeding risk)"
    lab = f"; {hold.lab}" if hold.lab else ""
    note = f" {hold.note}" if hold.note else ""
    if hours is None:
        return f"{named}: no fixed interval; decide together with the prescriber of the antithrombotic{lab}.{note}"
    return f"{named}: hold {_length(hours)}{lab}; restart {hold.restart_h} afterwards.{note}"


def _length(hours: Decimal) -> str:
    return f"{amount(hours)} hours" if hours < 48 else f"{amount(hours / 24)} days"
