"""Whether an entry of the medication list is in force, when it ended, and for how long an order is."""

from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal

from cards.facts.resources import Interval, Resource, flag, interval, number, obj, objects, period, text
from terminology.units import read_unit, to_hours

_NOT_TAKEN = frozenset({"stopped", "cancelled", "completed", "entered-in-error", "not-taken", "discontinued"})
_NEVER_TAKEN = frozenset({"cancelled", "entered-in-error", "not-taken", "draft", "unknown"})
_NO_EXPOSURE_INTENTS = frozenset({"plan", "proposal", "option"})


def was_taken(resource: Resource) -> bool:
    """Whether an entry tells of a drug that was ever taken."""
    if flag(resource.get("doNotPerform")) or text(resource.get("intent")) in _NO_EXPOSURE_INTENTS:
        return False
    if text(resource.get("taken")) == "n" or flag(resource.get("wasNotTaken")):
        return False
    return text(resource.get("status")) not in _NEVER_TAKEN


def in_force(resource: Resource, now: datetime, zone: tzinfo) -> bool:
    """Whether the patient takes it now: not ended by status, by a date, or by the end of its supply."""
    status = text(resource.get("status"))
    if flag(resource.get("doNotPerform")) or text(resource.get("intent")) in _NO_EXPOSURE_INTENTS:
        return False
    if text(resource.get("taken")) == "n" or flag(resource.get("wasNotTaken")):
        return False
    if status == "completed":  # de-identified exports complete every order; the supply period tells
        supply_end = _end(obj(resource.get("dispenseRequest")).get("validityPeriod"), zone)
        return supply_end is not None and supply_end.latest >= now
    if status in _NOT_TAKEN or status == "draft":
        return False
    ended = stated_end(resource, zone)
    return ended is None or ended.latest >= now


def ended_at(resource: Resource, now: datetime, zone: tzinfo) -> Interval | None:
    """The end that an entry states, or the nearest thing to one; never after now."""
    for read in (stated_end, _supply_end, _last_updated, authored):
        one = read(resource, zone)
        if one is not None and one.earliest <= now:
            return replace(one, latest=min(one.latest, now))
    return None


def _supply_end(resource: Resource, zone: tzinfo) -> Interval | None:
    return _end(obj(resource.get("dispenseRequest")).get("validityPeriod"), zone)


def _last_updated(resource: Resource, zone: tzinfo) -> Interval | None:
    return interval(obj(resource.get("meta")).get("lastUpdated"), zone)


def _end(stated: object, zone: tzinfo) -> Interval | None:
    """The end of a Period; most have none, and their start need not be read for that."""
    return interval(obj(stated).get("end"), zone)


def stated_end(resource: Resource, zone: tzinfo) -> Interval | None:
    """When the therapy ends, where the order says so: the latest end over all instructions."""
    if text(resource.get("dateEnded")):
        return interval(resource.get("dateEnded"), zone)
    effective = _end(resource.get("effectivePeriod"), zone)
    if effective is not None:
        return effective
    ends = []
    for dosage in objects(resource.get("dosageInstruction")) or objects(resource.get("dosage")):
        repeat = obj(obj(dosage.get("timing")).get("repeat"))
        end = _end(repeat.get("boundsPeriod"), zone)
        if end is None:
            return None
        ends.append(end)
    return max(ends, key=lambda end: end.latest) if ends else None


def course_days(resource: Resource, zone: tzinfo) -> Decimal | None:
    """How many days the order is for: the longest of its instructions, else what is to be supplied."""
    lengths = []
    for dosage in objects(resource.get("dosageInstruction")) or objects(resource.get("dosage")):
        repeat = obj(obj(dosage.get("timing")).get("repeat"))
        end = _end(repeat.get("boundsPeriod"), zone)
        start = period(repeat.get("boundsPeriod"), zone)[0] if end is not None else None
        if start is not None and end is not None:
            lengths.append(Decimal((end.latest - start.earliest).days))
        limits = (
            repeat.get("boundsDuration"),
            repeat.get("boundsQuantity"),
            obj(repeat.get("boundsRange")).get("high"),
        )
        lengths += [days for days in map(_days, limits) if days is not None]
    if lengths:
        return max(lengths)
    return _days(obj(resource.get("dispenseRequest")).get("expectedSupplyDuration"))


def _days(quantity: object) -> Decimal | None:
    if quantity is None:
        return None
    stated = obj(quantity)
    value = number(stated.get("value"))
    unit = read_unit(text(stated.get("unit")), text(stated.get("code")), text(stated.get("system")))
    hours = to_hours(value, unit) if value is not None and unit is not None else None
    return None if hours is None else hours / 24


def authored(resource: Resource, zone: tzinfo) -> Interval | None:
    """When the entry was written, or when taking began."""
    for name in ("authoredOn", "dateWritten", "effectiveDateTime", "dateAsserted"):
        read = interval(resource.get(name), zone)
        if read is not None:
            return read
    return period(resource.get("effectivePeriod"), zone)[0]
