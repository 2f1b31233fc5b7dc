"""The closed table of named context predicates that conditions may use.

Each takes the context, the order, the other order of a pair (or None) and the predicate's value, and
says whether it holds. What is unknown does not hold; statements whose silence would be unsafe declare
`when_missing`.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from cards.facts.medications import Order
from cards.facts.problems import has
from cards.knowledge.statements import Condition, Predicate
from cards.rules.context import Context, continued, daily_exposure, in_force, renal_band, renal_rule
from cards.rules.names import PREDICATES

Value = Decimal | str | None
Check = Callable[[Context, Order, Order | None, Value], bool]


def holds(condition: Condition, ctx: Context, order: Order, partner: Order | None = None) -> bool:
    """Whether the condition holds; an empty one does not."""
    return matching(condition, ctx, order, partner) is not None


def matching(
    condition: Condition, ctx: Context, order: Order, partner: Order | None = None
) -> Predicate | None:
    """A predicate that made the condition hold, None when it does not."""
    met = [
        predicate
        for predicate in condition.predicates
        if _CHECKS[predicate.name](ctx, order, partner, predicate.value)
    ]
    if not met or (condition.mode == "all" and len(met) < len(condition.predicates)):
        return None
    return met[0]


def _number(value: Value) -> Decimal:
    assert isinstance(value, Decimal)  # noqa: S101  the loader has checked it
    return value


def _age_at_least(ctx: Context, _order: Order, _partner: Order | None, value: Value) -> bool:
    return ctx.patient.age is not None and ctx.patient.age[1] >= _number(value)


def _condition(ctx: Context, _order: Order, _partner: Order | None, value: Value) -> bool:
    return has(ctx.problems, str(value))


def _on_class(ctx: Context, order: Order, _partner: Order | None, value: Value) -> bool:
    return value in order.classes or any(value in other.classes for other in in_force(order, ctx))


def _on_ingredient(ctx: Context, order: Order, _partner: Order | None, value: Value) -> bool:
    return any(other.ingredient is not None and other.ingredient.name == value for other in ctx.medications)


def _crcl_below(ctx: Context, _order: Order, _partner: Order | None, value: Value) -> bool:
    if ctx.renal.basis == "aki":
        return ctx.renal.rising or ctx.renal.oliguria
    return ctx.renal.crcl_low is not None and ctx.renal.crcl_low < _number(value)


def _on_haemodialysis(ctx: Context, _order: Order, _partner: Order | None, _value: Value) -> bool:
    return ctx.renal.basis == "haemodialysis"


def _daily_dose_above(ctx: Context, order: Order, _partner: Order | None, value: Value) -> bool:
    exposure = daily_exposure(order, ctx)
    return exposure is not None and exposure > _number(value)


def _continued_unchanged(ctx: Context, order: Order, _partner: Order | None, _value: Value) -> bool:
    return any(
        listed.dose.peak_day_mg == order.dose.peak_day_mg
        and listed.dose.doses_per_day == order.dose.doses_per_day
        and listed.dose.peak_day_mg is not None
        for listed in continued(order, ctx)
    )


def _over_next_renal_band(ctx: Context, order: Order, _partner: Order | None, _value: Value) -> bool:
    """CrCl just above a cut-off, and the dose over what the band below it allows."""
    rule, band = renal_rule(order, ctx), renal_band(order, ctx)
    crcl, exposure = ctx.renal.crcl_low, daily_exposure(order, ctx)
    if rule is None or band is None or crcl is None or exposure is None or band.low == 0:
        return False
    if crcl > band.low * (1 + rule.near_percent / 100):
        return False
    below = next(b for b in rule.bands if b.high == band.low and b is not band)
    return below.avoid or (below.max_mg_per_day is not None and exposure > below.max_mg_per_day)


def _pair_stable_days(ctx: Context, order: Order, partner: Order | None, value: Value) -> bool:
    """Both drugs on the list for at least so many days, and this order raises neither dose."""
    if partner is None or order.kind != "draft" or partner.kind != "active":
        return False
    before = ctx.now - timedelta(days=int(_number(value)))
    own = continued(order, ctx)
    peaks = [listed.dose.peak_day_mg for listed in own]
    if order.dose.peak_day_mg is None or not any(peak and order.dose.peak_day_mg <= peak for peak in peaks):
        return False
    same_partner = [listed for listed in ctx.medications if listed.drug_key == partner.drug_key]
    return all(
        any(listed.authored is not None and listed.authored.latest <= before for listed in side)
        for side in (own, same_partner)
    )


def _opioid_being_reduced(ctx: Context, order: Order, partner: Order | None, _value: Value) -> bool:
    """The opioid of the pair is being tapered, or ordered now at a lower dose than on the list."""
    pair = (order,) if partner is None else (order, partner)
    return any(_lowered(one, ctx) for one in pair if "opioid" in one.classes)


def _lowered(one: Order, ctx: Context) -> bool:
    if "taper-down" in one.dose.flags:
        return True
    listed = [old.dose.peak_day_mg for old in continued(one, ctx)]
    if one.kind != "draft" or one.dose.peak_day_mg is None or not listed:
        return False
    return all(old is not None and one.dose.peak_day_mg < old for old in listed)


_CHECKS: dict[str, Check] = {
    "age-at-least": _age_at_least,
    "condition": _condition,
    "continued-unchanged": _continued_unchanged,
    "crcl-below": _crcl_below,
    "daily-dose-above": _daily_dose_above,
    "on-class": _on_class,
    "on-haemodialysis": _on_haemodialysis,
    "on-ingredient": _on_ingredient,
    "over-next-renal-band": _over_next_renal_band,
    "pair-stable-days": _pair_stable_days,
    "opioid-being-reduced": _opioid_being_reduced,
}
assert _CHECKS.keys() == PREDICATES.keys()  # noqa: S101  one table of names, one of meanings
