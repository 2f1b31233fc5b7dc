"""Procedures with an antithrombotic on board: hold interval, restart, and whether the date leaves time for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.facts.procedures import as_order
from cards.facts.resources import text
from cards.finding import Finding, Outcome, Words, cannot, fired, not_fired
from cards.knowledge.rule_types import Hold, ProcedureHold
from cards.knowledge.statements import Statement
from cards.rules.basis import order_line, order_name, renal_lines
from cards.rules.context import Context, in_force, no_medication_list
from cards.rules.predicates import holds, judge
from cards.rules.severity import adjusted
from cards.wording import amount, say, with_name

_TIERS = ("high", "intermediate", "low")


@dataclass(frozen=True, slots=True)
class _Need:
    """A procedure, a drug that may have to be held for it, the row of the table, and the tier that counts."""

    tier: str
    procedure: Order
    drug: Order
    hold: Hold
    raised: tuple[str, ...] = ()

    @property
    def hours(self) -> Decimal | None:
        """The hold in hours, None for a shared decision; of a range the lower end."""
        hours: Decimal | None = getattr(self.hold, f"{self.tier}_h")
        return hours

    @property
    def longest(self) -> Decimal | None:
        """The upper end of a range, else the hold itself."""
        return self.hold.longest_h if self.hold.longest_h is not None and self.tier != "low" else self.hours


def check(statement: Statement, rule: ProcedureHold, order: Order, ctx: Context) -> Outcome:
    """The antithrombotics that the procedure needs a plan for, whichever of the two is being ordered."""
    graded = _each_drug_once(
        [
            (_severity(need, statement, ctx), need)
            for need in _needs(rule, order, ctx)
            if not _settled(need, ctx)
        ]
    )
    if not graded:
        if not order.has_drug and ctx.record.state("medications") != "given":
            return cannot(no_medication_list(ctx))
        return not_fired("no antithrombotic that this procedure needs a plan for")
    severity, lead = graded[0]
    severity, because = adjusted(severity, statement, ctx, order)
    needed = [need for _, need in graded]
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: Words(
                summary=_summary(lead, order, ctx),
                reason=rule.reason,
                advice=(*because, *(_plan(need) for need in needed), *rule.advice),
                basis=(
                    order_line(order, ctx),
                    *(f"With: {_other_line(need, order, ctx)}" for need in needed),
                    *(line for need in needed[:1] for line in need.raised),
                    *(
                        _inr_line(ctx)
                        if any("vitamin-k-antagonist" in need.drug.classes for need in needed)
                        else ()
                    ),
                    *(renal_lines(ctx) if any(map(_by_kidney, needed)) else ()),
                ),
            ),
            unchecked=any(need.hold.evidence not in ("seen", "design") for need in needed),
            drugs=tuple(
                dict.fromkeys(order_name(one).lower() for n in needed for one in (n.procedure, n.drug))
            ),
        )
    )


def _needs(rule: ProcedureHold, order: Order, ctx: Context) -> Iterator[_Need]:
    for procedure, drug in _pairs(rule, order, ctx):
        tier, raised = _tier(rule, procedure, order, ctx)
        hold = next((one for one in rule.holds if _fits(one, procedure, drug, ctx)), None)
        if tier and hold is not None:
            yield _Need(tier, procedure, drug, hold, raised)


def _pairs(rule: ProcedureHold, order: Order, ctx: Context) -> Iterator[tuple[Order, Order]]:
    """(procedure, antithrombotic) pairs of the order with what else is in force, being ordered or booked."""
    others = in_force(order, ctx)
    if not order.has_drug:
        ended = ctx.ended.of(frozenset().union(*(hold.drugs for hold in rule.holds)))
        yield from ((order, other) for other in (*others, *ended) if _held(rule, other))
        return
    procedures = [*(other for other in others if not other.has_drug), *_booked(rule, ctx)]
    if procedures and _held(rule, order):
        yield from ((procedure, order) for procedure in procedures)


def _held(rule: ProcedureHold, drug: Order) -> bool:
    """Whether some row of the table is about the drug."""
    return any(not drug.classes.isdisjoint(hold.drugs) for hold in rule.holds)


def _booked(rule: ProcedureHold, ctx: Context) -> Iterator[Order]:
    """Procedures of the record with a date that lies ahead and not too far; a draft stands for itself."""
    last = ctx.now + timedelta(days=rule.booked_within_days)
    for event in ctx.events:
        if event.kind != "planned" or event.when is None:
            continue
        if event.when.latest < ctx.now or event.when.earliest > last:
            continue
        if all(event.source != draft.id for draft in ctx.drafts):
            yield as_order(event)


def _tier(rule: ProcedureHold, procedure: Order, order: Order, ctx: Context) -> tuple[str, tuple[str, ...]]:
    """The gravest tier the procedure is in, or the one above, with why."""
    named = (tier for tier in _TIERS if procedure.classes.intersection(getattr(rule, tier)))
    tier = next(named, "")
    if tier in ("", "high"):
        return tier, ()
    verdict = judge(rule.tier_up, ctx, order)
    if not verdict.holds:
        return tier, ()
    above = _TIERS[_TIERS.index(tier) - 1]
    return above, tuple(f"Counted as {above} instead of {tier} bleeding risk: {one}" for one in verdict.basis)


def _fits(hold: Hold, procedure: Order, drug: Order, ctx: Context) -> bool:
    if drug.classes.isdisjoint(hold.drugs):
        return False
    return not hold.when.predicates or holds(hold.when, ctx, procedure, drug)


def _severity(need: _Need, statement: Statement, ctx: Context) -> Indicator:
    if need.tier == "low" or (need.hours is None and need.tier != "high"):
        severity = Indicator.info
    elif _inside(need, ctx):
        severity = Indicator.critical
    else:
        severity = statement.severity
    return min(severity, need.hold.most)


def _each_drug_once(graded: list[tuple[Indicator, _Need]]) -> list[tuple[Indicator, _Need]]:
    """The gravest first; of a drug that is listed twice only the graver entry."""
    ranked = sorted(graded, key=lambda one: (-one[0], one[1].hours is None))
    once: dict[tuple[str, str], tuple[Indicator, _Need]] = {}
    for severity, need in ranked:
        name = need.drug.ingredient.name if need.drug.ingredient else need.drug.id
        once.setdefault((need.procedure.id, name), (severity, need))
    return list(once.values())


def _settled(need: _Need, ctx: Context) -> bool:
    """Whether this drug needs no hold, or its last dose lies long enough before the procedure (or now)."""
    if need.hours is not None and need.hours <= 0:
        return True
    last = _last_dose(need)
    if last is None:
        return False
    return need.longest is None or _free_hours(last, need, ctx) >= need.longest


def _inside(need: _Need, ctx: Context) -> bool:
    """Whether the procedure's date comes before the hold can be over, counted from now or from a stated stop."""
    if need.hours is None or need.procedure.planned is None or _on_hold(need.drug):
        return False
    return _free_hours(_last_dose(need) or ctx.now, need, ctx) < need.hours


def _last_dose(need: _Need) -> datetime | None:
    """When the drug was or will be stopped before the procedure; None where nothing says so."""
    ends, planned = need.drug.ends, need.procedure.planned
    if ends is None:
        return None
    if need.drug.kind == "ended" or (planned is not None and ends.latest < planned.earliest):
        return ends.latest
    return None


def _free_hours(last: datetime, need: _Need, ctx: Context) -> Decimal:
    """Hours between the last dose and the procedure (now, without a date); whole days where only the day is known."""
    planned = need.procedure.planned
    if planned is None:
        return Decimal((ctx.now - last).total_seconds()) / 3600
    if planned.precision == "time":
        return Decimal((planned.earliest - last).total_seconds()) / 3600
    zone = ctx.policy.zone
    days = (planned.earliest.astimezone(zone).date() - last.astimezone(zone).date()).days
    return Decimal(24 * days)


def _on_hold(drug: Order) -> bool:
    return text(drug.resource.get("status")) == "on-hold"


def _summary(lead: _Need, order: Order, ctx: Context) -> str:
    ordered = "-ordered" if order.has_drug else ""
    drug = order_name(lead.drug)
    values = {"procedure": order_name(lead.procedure), "drug": drug if ordered else drug.lower()}
    procedure = values["procedure"]
    if lead.hours is None:
        return with_name(say(f"hold{ordered}-shared", **values), procedure)
    hold = _length(lead)
    if lead.procedure.planned is not None and _inside(lead, ctx):
        day = lead.procedure.planned.earliest.astimezone(ctx.policy.zone).date().isoformat()
        return with_name(say(f"hold{ordered}-inside", day=day, hold=hold, **values), procedure)
    return with_name(say(f"hold{ordered}", hold=hold, **values), procedure)


def _plan(need: _Need) -> str:
    named = f"{order_name(need.drug)} before {order_name(need.procedure)} ({need.tier} bleeding risk)"
    lab = f"; {need.hold.lab}" if need.hold.lab else ""
    note = f" {need.hold.note}" if need.hold.note else ""
    held = " It is on hold: check when the last dose was." if _on_hold(need.drug) else ""
    if need.hours is None:
        return f"{named}: no fixed interval; decide together with its prescriber{lab}.{note}{held}"
    return f"{named}: hold {_length(need)}{lab}; restart {need.hold.restart_h}.{note}{held}"


def _length(need: _Need) -> str:
    hours, longest = need.hours or Decimal(0), need.longest or Decimal(0)
    if hours < 48:
        return f"{amount(hours)} hours"
    upper = f"-{amount(longest / 24)}" if longest > hours else ""
    return f"{amount(hours / 24)}{upper} days"


def _other_line(need: _Need, order: Order, ctx: Context) -> str:
    other = need.procedure if order.has_drug else need.drug
    line = order_line(other, ctx).removeprefix("Order: ")
    if other.kind == "ended" and other.ends is not None:
        line += f", stopped {other.ends.latest.astimezone(ctx.policy.zone).date().isoformat()}"
    return line


def _inr_line(ctx: Context) -> tuple[str, ...]:
    found = ctx.labs.latest("inr")
    if isinstance(found, str):
        return (found[:1].upper() + found[1:],)
    day = found.observed.astimezone(ctx.policy.zone).date().isoformat()
    return (f"INR {found.original} of {day}, {found.age_days} days old",)


def _by_kidney(need: _Need) -> bool:
    return (
        any(one.name == "crcl-below" for one in need.hold.when.predicates) or "dabigatran" in need.hold.drugs
    )
