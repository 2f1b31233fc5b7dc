"""Predicates about procedures done, devices in place, and when and where an ordered procedure is to happen."""

from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts.procedures import Event
from cards.rules.answer import HOLDS_NOT, Answer, Check, Situation, unknown, whether
from cards.rules.context import alongside
from cards.wording import escape
from terminology.body_sites import meet


def done_within(situation: Situation, value_set: str, days: Decimal) -> Answer:
    """A procedure of the set was done at most so many days ago; an undated one is not known."""
    done = [one for one in situation.ctx.events if one.kind == "done" and value_set in one.value_sets]
    first = situation.ctx.now - timedelta(days=int(days))
    recent = [one for one in done if one.when is not None and first <= one.when.latest]
    recent = [one for one in recent if one.when is not None and one.when.earliest <= situation.ctx.now]
    if recent:
        return _event(situation, max(recent, key=lambda one: one.when.latest if one.when else first))
    undated = next((one for one in done if one.when is None), None)
    return unknown(f"{escape(undated.text)}: no date on file") if undated else HOLDS_NOT


def on_record(situation: Situation, value_set: str) -> Answer:
    """A condition, procedure or device of the set is on record, at any time."""
    for event in situation.ctx.events:
        if event.kind != "planned" and value_set in event.value_sets:
            return _event(situation, event)
    problem = situation.ctx.active_problem(value_set)
    if problem is not None:
        return whether(True, f"Problem list: {escape(problem.text) or value_set.replace('-', ' ')}")
    return HOLDS_NOT


def device_in_place(situation: Situation, value_set: str) -> Answer:
    """A device record or an active problem of the set says that it is in place; procedures do not count."""
    for event in situation.ctx.events:
        if event.kind == "device" and value_set in event.value_sets:
            return _event(situation, event)
    problem = situation.ctx.active_problem(value_set)
    if problem is None:
        return HOLDS_NOT
    return whether(True, f"Problem list: {escape(problem.text) or value_set.replace('-', ' ')}")


def same_site(situation: Situation, name: str) -> Answer:
    """Therapy being given, a procedure within a day, or an active problem of that class is at the order's site."""
    own, ctx = situation.order.sites, situation.ctx
    others = [
        (one.sites, escape(one.named)) for one in alongside(situation.order, ctx) if name in one.classes
    ]
    others += [
        (event.sites, escape(event.text))
        for event in ctx.events
        if name in event.value_sets and event.kind != "device" and _within_a_day(event, ctx.now)
    ]
    others += [(one.sites, escape(one.text)) for one in ctx.problems if one.active and name in one.value_sets]
    for sites, named in others:
        if meet(own, sites):
            return whether(True, f"Same site: {named}", named)
    if others and (not own or not all(sites for sites, _ in others)):
        return unknown(f"the site is not stated on both: {others[0][1] or name}")
    return HOLDS_NOT


def _within_a_day(event: Event, now: datetime) -> bool:
    if event.when is None:
        return event.kind == "planned"
    day = timedelta(days=1)
    return event.when.latest >= now - day and event.when.earliest <= now + day


def planned_within(situation: Situation, days: Decimal) -> Answer:
    """The ordered procedure is to happen within so many days; without a date not known."""
    planned = situation.order.planned
    if planned is None:
        return unknown("the order has no date")
    until = planned.earliest - situation.ctx.now
    return whether(until <= timedelta(days=int(days)), f"Planned for {planned.earliest.date().isoformat()}")


def _event(situation: Situation, event: Event) -> Answer:
    zone = situation.ctx.policy.zone
    when = f", {event.when.latest.astimezone(zone).date().isoformat()}" if event.when else ""
    ago = f"{max((situation.ctx.now - event.when.latest).days, 0)} days ago" if event.when else ""
    what = "Device" if event.kind == "device" else "Procedure"
    if event.source.startswith("Condition/"):
        what = "Problem list"
    return whether(True, f"{what}: {escape(event.text)}{when}", ago)


# What depends on the order too; the rest on the patient alone.
OF_ORDER = frozenset({"same-site", "planned-within"})

CHECKS: dict[str, Check] = {
    "done-within": done_within,
    "on-record": on_record,
    "device-in-place": device_in_place,
    "same-site": same_site,
    "planned-within": planned_within,
}
