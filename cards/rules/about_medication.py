"""Predicates about the order, the other order of a pair, and what else the patient takes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts.medications import Order
from cards.facts.resources import as_list, codings, obj
from cards.rules import context
from cards.rules.answer import HOLDS_NOT, Answer, Check, Situation, unknown, whether
from cards.rules.context import alongside, continued, daily_exposure, in_force, no_medication_list
from cards.wording import amount, escape


def order_class(situation: Situation, name: str) -> Answer:
    """The order being judged belongs to the class."""
    return whether(name in situation.order.classes)


def partner_class(situation: Situation, name: str) -> Answer:
    """The other order of the pair belongs to the class."""
    return whether(situation.partner is not None and name in situation.partner.classes)


def on_class(situation: Situation, name: str) -> Answer:
    """The order, or other therapy in force or being ordered, belongs to the class."""
    return _found(situation, name, (situation.order, *alongside(situation.order, situation.ctx)))


def with_class(situation: Situation, name: str) -> Answer:
    """Other therapy in force, not the order itself, belongs to the class."""
    return _found(situation, name, _others(situation))


def on_class_within(situation: Situation, name: str, days: Decimal) -> Answer:
    """As `on-class`, or a member that was stopped at most so many days ago."""
    taking = on_class(situation, name)
    if taking.holds is True:
        return taking
    now = situation.ctx.now
    for ended in situation.ctx.ended.of((name,)):
        if ended.ends is not None and now - ended.ends.latest <= timedelta(days=int(days)):
            ago = (now - ended.ends.latest).days
            return whether(True, f"{_name(ended)} stopped {ago} days ago", f"{ago} days ago")
    return taking


def on_ingredient(situation: Situation, name: str) -> Answer:
    """The medication list, before this order, has the ingredient or class."""
    return _found(situation, name, situation.ctx.medications)


def class_count_at_least(situation: Situation, name: str, least: Decimal) -> Answer:
    """The order and other therapy in force have so many different ingredients of the class."""
    together = (situation.order, *_others(situation))
    members = dict.fromkeys([_name(one) for one in together if name in one.classes])
    named = tuple(members)
    return Answer(
        len(named) >= least, lambda: f"Together: {', '.join(named)}", lambda: " + ".join(named), named
    )


def class_dose_above(situation: Situation, name: str, limit: Decimal) -> Answer:
    """A member of the class, the order or other therapy in force, is given above so many mg a day."""
    doses = [one.dose.peak_day_mg for one in (situation.order, *_others(situation)) if name in one.classes]
    known = [dose for dose in doses if dose is not None]
    if any(dose > limit for dose in known):
        return whether(True, value=amount(max(known)))
    if len(known) < len(doses):
        return unknown(f"the daily dose of the {name} could not be read")
    return HOLDS_NOT


def daily_dose_above(situation: Situation, limit: Decimal) -> Answer:
    """The day's total of the ordered ingredient is above so many mg."""
    exposure = daily_exposure(situation.order, situation.ctx)
    if exposure is None:
        return unknown(f"daily dose not readable: {situation.order.dose.why}")
    return whether(exposure > limit, value=amount(exposure))


def single_dose_above(situation: Situation, limit: Decimal) -> Answer:
    """The largest single dose of the order is above so many mg."""
    single = situation.order.dose.max_single_mg
    if single is None:
        return unknown(f"single dose not readable: {situation.order.dose.why}")
    return whether(single > limit, value=amount(single))


def single_units_above(situation: Situation, limit: Decimal) -> Answer:
    """The largest single dose of the order is above so many units (U)."""
    units = situation.order.dose.max_single_units
    if units is None:
        return unknown("the order states no dose in units")
    return whether(units > limit, f"Dose {amount(units)} U", amount(units))


def mg_per_kg_above(situation: Situation, limit: Decimal) -> Answer:
    """The day's total of the ordered ingredient is above so many mg per kg of the weight on file."""
    exposure, weight = daily_exposure(situation.order, situation.ctx), situation.ctx.renal.body_weight_kg
    if exposure is None or not weight:
        return unknown("daily dose or weight not known")
    each = exposure / weight
    return whether(each > limit, f"{amount(each)} mg/kg/day at {amount(weight)} kg", amount(each))


def dispensed(situation: Situation) -> Answer:
    """The order is to be dispensed to the patient, not given by staff: it says so, or is for the community."""
    resource = situation.order.resource
    kinds = {one.code for entry in as_list(resource.get("category")) for one in codings(entry)}
    supply = bool(obj(resource.get("dispenseRequest"))) or bool(kinds & {"community", "discharge"})
    return whether(supply, "Order: to be dispensed")


def as_needed(situation: Situation) -> Answer:
    """The order is to be taken only when needed."""
    return whether(situation.order.dose.as_needed)


def course_at_most(situation: Situation, days: Decimal) -> Answer:
    """The order is for at most so many days."""
    course = situation.order.course_days
    if course is None:
        return unknown("how long the order is for is not stated")
    return whether(course <= days, f"Ordered for {amount(course)} days")


def route(situation: Situation, wanted: str) -> Answer:
    """The product's route."""
    known = situation.order.medication.route if situation.order.medication else None
    return unknown("route not known") if known is None else whether(known == wanted)


def new_start(situation: Situation) -> Answer:
    """The ingredient is new to the patient; not known without a medication list."""
    new = context.new_start(situation.order, situation.ctx)
    return unknown(no_medication_list(situation.ctx)) if new is None else whether(new)


def continued_unchanged(situation: Situation) -> Answer:
    """The medication list has the same product at the same dose and frequency."""
    dose = situation.order.dose
    return whether(
        dose.peak_day_mg is not None
        and any(
            listed.dose.peak_day_mg == dose.peak_day_mg and listed.dose.doses_per_day == dose.doses_per_day
            for listed in continued(situation.order, situation.ctx)
        )
    )


def listed_at_least(situation: Situation, days: Decimal) -> Answer:
    """The ordered product has been on the medication list for at least so many days."""
    before = situation.ctx.now - timedelta(days=int(days))
    return whether(_since(continued(situation.order, situation.ctx), before))


def opioid_being_reduced(situation: Situation) -> Answer:
    """The opioid of the pair is being tapered, or ordered now at a lower dose than on the list."""
    pair = [one for one in (situation.order, situation.partner) if one is not None]
    return whether(any(_lowered(one, situation) for one in pair if "opioid" in one.classes))


def _others(situation: Situation) -> tuple[Order, ...]:
    return in_force(situation.order, situation.ctx)


def _found(situation: Situation, name: str, among: Iterable[Order]) -> Answer:
    """Whether one of the orders is of the class; not known when no medication list was supplied."""
    for one in among:
        if name in one.classes:
            return whether(True, f"Also: {_name(one)}" if one is not situation.order else "", _name(one))
    if situation.ctx.record.state("medications") != "given":
        return unknown(no_medication_list(situation.ctx))
    return HOLDS_NOT


def _name(order: Order) -> str:
    return order.ingredient.name if order.ingredient is not None else escape(order.named)


def _since(listed: Iterable[Order], before: datetime) -> bool:
    starts = [one.authored for one in listed]
    return any(start is not None and start.latest <= before for start in starts)


def _lowered(one: Order, situation: Situation) -> bool:
    if "taper-down" in one.dose.flags:
        return True
    listed = [old.dose.peak_day_mg for old in continued(one, situation.ctx)]
    if one.kind != "draft" or one.dose.peak_day_mg is None or not listed:
        return False
    return all(old is not None and one.dose.peak_day_mg < old for old in listed)


CHECKS: dict[str, Check] = {
    "order-class": order_class,
    "partner-class": partner_class,
    "on-class": on_class,
    "with-class": with_class,
    "on-class-within": on_class_within,
    "on-ingredient": on_ingredient,
    "class-count-at-least": class_count_at_least,
    "class-dose-above": class_dose_above,
    "daily-dose-above": daily_dose_above,
    "single-dose-above": single_dose_above,
    "single-units-above": single_units_above,
    "mg-per-kg-above": mg_per_kg_above,
    "dispensed": dispensed,
    "as-needed": as_needed,
    "course-at-most": course_at_most,
    "route": route,
    "new-start": new_start,
    "continued-unchanged": continued_unchanged,
    "listed-at-least": listed_at_least,
    "opioid-being-reduced": opioid_being_reduced,
}
