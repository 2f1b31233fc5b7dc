"""Predicates about the orders of a pair or stack, and about what is taken besides them.

They name a class instead of "the order", so that a statement says the same whichever of the two is ordered.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts.medications import Order
from cards.facts.resources import concept_texts, objects, text
from cards.rules.answer import HOLDS_NOT, Answer, Check, Situation, unknown, whether
from cards.rules.basis import plain_name
from cards.rules.context import Context, alongside, continued, no_medication_list
from cards.wording import amount


def ordered(situation: Situation) -> Answer:
    """The order is being ordered now; it is not an entry of the medication list."""
    return whether(situation.order.kind == "draft")


def pair_class(situation: Situation, name: str) -> Answer:
    """One of the orders of the pair belongs to the class."""
    return whether(bool(_members(situation, name)))


def also_on(situation: Situation, name: str) -> Answer:
    """Therapy in force or being ordered, besides the drugs of the pair, belongs to the class."""
    return _also(situation, name, lambda _: True)


def also_on_longer_than(situation: Situation, name: str, days: Decimal) -> Answer:
    """The same, and it is not known to be given once or for at most so many days."""

    def long(one: Order) -> bool:
        once = "one-off" in one.dose.flags and days >= 1
        course = one.course_days
        return not once and (course is None or course > days)

    return _also(situation, name, long)


def _also(situation: Situation, name: str, counts: Callable[[Order], bool]) -> Answer:
    for one in alongside(situation.order, situation.ctx):
        if name in one.classes and not _of_pair(one, situation) and counts(one):
            return whether(True, f"Also: {plain_name(one)}", plain_name(one))
    if situation.ctx.record.state("medications") != "given":
        return unknown(no_medication_list(situation.ctx))
    return HOLDS_NOT


def none_known(situation: Situation, name: str) -> Answer:
    """Nothing ordered or in force is of the class, as far as the record tells."""
    together = (situation.order, *alongside(situation.order, situation.ctx))
    found = next((one for one in together if name in one.classes), None)
    if found is not None:
        return whether(False, f"On {plain_name(found)} ({name.replace('-', ' ')})")
    kind = name.replace("-", " ")
    if situation.ctx.record.state("medications") != "given":
        return whether(True, f"No {kind} known: {no_medication_list(situation.ctx)}")
    return whether(True, f"No {kind} on the medication list")


def class_as_needed(situation: Situation, name: str) -> Answer:
    """The member of the class is to be taken only when needed."""
    return _all(situation, name, lambda one: one.dose.as_needed, "Taken only when needed")


def class_course_at_most(situation: Situation, name: str, days: Decimal) -> Answer:
    """The member of the class is for at most so many days, or is given once."""

    def short(one: Order) -> bool | None:
        if "one-off" in one.dose.flags:
            return days >= 1
        course = one.course_days
        return None if course is None else course <= days

    return _all(situation, name, short, lambda: f"Ordered for at most {amount(days)} days")


def class_dose_at_least(situation: Situation, name: str, least: Decimal) -> Answer:
    """The member of the class is given at least so many mg a day."""

    def enough(one: Order) -> bool | None:
        # The dose of a combination product is that of its leading ingredient.
        other = one.ingredient is not None and name != one.ingredient.name and _is_ingredient(one, name)
        peak = one.dose.peak_day_mg
        return None if peak is None or other else peak >= least

    return _any(situation, name, enough)


def class_times_at_least(situation: Situation, name: str, least: Decimal) -> Answer:
    """The member of the class is used at least so many times a day, not only when needed."""

    def often(one: Order) -> bool | None:
        if one.dose.as_needed:
            return False
        return None if one.dose.doses_per_day is None else one.dose.doses_per_day >= least

    return _any(situation, name, often)


def class_ends_within(situation: Situation, name: str, days: Decimal) -> Answer:
    """The member of the class is to end in at most so many days."""
    last = situation.ctx.now + timedelta(days=int(days))
    return _any(situation, name, lambda one: one.ends is not None and one.ends.latest <= last, "Ends soon")


def class_given(situation: Situation, name: str, word: str) -> Answer:
    """An instruction of the member of the class has the word as its route, site or in its text."""
    return _any(situation, name, lambda one: word in _instruction(one), f"To be given: {word}")


def pair_stable_days(situation: Situation, days: Decimal) -> Answer:
    """All drugs of the pair have been taken for at least so many days, and no dose was or is raised."""
    if situation.partner is None:
        return HOLDS_NOT
    before = situation.ctx.now - timedelta(days=int(days))
    steady = all(_steady(one, before, situation.ctx) for one in _pair(situation))
    return whether(steady, lambda: f"Taken together for at least {amount(days)} days")


def _pair(situation: Situation) -> tuple[Order, ...]:
    partner = (situation.partner,) if situation.partner is not None else ()
    return (situation.order, *partner, *situation.beside)


def _of_pair(one: Order, situation: Situation) -> bool:
    """Whether another order is of a drug of the pair."""
    drug = _drug(one)
    return any(drug == _drug(other) for other in _pair(situation))


def _members(situation: Situation, name: str) -> list[Order]:
    return [one for one in _pair(situation) if name in one.classes]


def _all(
    situation: Situation, name: str, asks: Callable[[Order], bool | None], says: Callable[[], str] | str
) -> Answer:
    said = [asks(one) for one in _members(situation, name)]
    if not said or False in said:
        return HOLDS_NOT
    return unknown(f"not stated for the {name}") if None in said else whether(True, says)


def _any(situation: Situation, name: str, asks: Callable[[Order], bool | None], says: str = "") -> Answer:
    said = [asks(one) for one in _members(situation, name)]
    if True in said:
        return whether(True, says)
    return unknown(f"not stated for the {name}") if None in said else HOLDS_NOT


def _drug(order: Order) -> str:
    return order.ingredient.name if order.ingredient is not None else order.id


def _is_ingredient(order: Order, name: str) -> bool:
    return order.medication is not None and order.medication.ingredient(name) is not None


def _instruction(order: Order) -> str:
    said: list[str] = []
    for key in ("dosageInstruction", "dosage"):
        for dosage in objects(order.resource.get(key)):
            said += [*concept_texts(dosage.get("route")), *concept_texts(dosage.get("site"))]
            said.append(text(dosage.get("text")))
    return " ".join(said).lower()


def _steady(one: Order, before: datetime, ctx: Context) -> bool:
    if one.kind not in ("draft", "active") or one.drug_key == ("", ""):
        return False
    listed = continued(one, ctx)
    if one.kind == "draft" and not _not_raised(one, listed):
        return False
    return _since(one, listed, ctx.ended.of(one.drug_key[:1]), before)


def _not_raised(one: Order, listed: Iterable[Order]) -> bool:
    peak = one.dose.peak_day_mg
    if peak is None:  # two orders whose dose could not be read, worded alike
        own = one.resource.get("dosageInstruction")
        return own is not None and any(own == old.resource.get("dosageInstruction") for old in listed)
    return any(old.dose.peak_day_mg is not None and peak <= old.dose.peak_day_mg for old in listed)


def _since(one: Order, listed: Iterable[Order], ended: Iterable[Order], before: datetime) -> bool:
    """Whether taking began before that time: renewals that follow each other without a gap are one therapy."""
    starts = [start for old in listed if (start := old.authored) is not None]
    begin = min(starts, key=lambda start: start.latest, default=None)
    earlier = [old for old in ended if old.drug_key == one.drug_key and not _was_lower(old, one)]
    for old in sorted(earlier, key=lambda old: old.ends.latest if old.ends else before, reverse=True):
        start = old.authored
        if begin is None or start is None or old.ends is None:
            continue
        if start.latest < begin.latest and old.ends.latest >= begin.earliest:
            begin = start
    return begin is not None and begin.latest <= before


def _was_lower(old: Order, one: Order) -> bool:
    before, peak = old.dose.peak_day_mg, one.dose.peak_day_mg
    return before is not None and peak is not None and before < peak


CHECKS: dict[str, Check] = {
    "ordered": ordered,
    "pair-class": pair_class,
    "also-on": also_on,
    "also-on-longer-than": also_on_longer_than,
    "none-known": none_known,
    "class-as-needed": class_as_needed,
    "class-course-at-most": class_course_at_most,
    "class-dose-at-least": class_dose_at_least,
    "class-times-at-least": class_times_at_least,
    "class-ends-within": class_ends_within,
    "class-given": class_given,
    "pair-stable-days": pair_stable_days,
}
