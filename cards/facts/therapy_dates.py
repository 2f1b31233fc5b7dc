"""Whether an entry of the medication list is in force, when it ended, and for how long an order is."""

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

from cards.facts.resources import Interval, Resource, flag, interval, number, obj, objects, period, text
from terminology.units import read_unit, to_hours

_NOT_TAKEN = frozenset({"stopped", "cancelled", "completed", "entered-in-error", "not-taken", "discontinued"})
_NEVER_TAKEN = frozenset({"cancelled", "entered-in-error", "not-taken", "draft", "unknown"})
_NO_EXPOSURE_INTENTS = frozenset({"plan", "proposal", "option"})


class Therapy(NamedTuple):
    """Whether an entry is in force, and then when it ends, where it says so."""

    running: bool
    ends: Interval | None = None


_OVER = Therapy(running=False)


def therapy(resource: Resource, now: datetime, zone: tzinfo) -> Therapy | None:
    """Whether the patient takes it now: not ended by status, by a date, or by the end of its supply.

    None for what was never taken.
    """
    if flag(resource.get("doNotPerform")) or text(resource.get("intent")) in _NO_EXPOSURE_INTENTS:
        return None
    if text(resource.get("taken")) == "n" or flag(resource.get("wasNotTaken")):
        return None
    status = text(resource.get("status"))
    if status == "completed":  # de-identified exports complete every order; the supply period tells
        supplied = supply_end(resource, zone)
        if supplied is not None and supplied.latest >= now:
            return Therapy(True, stated_end(resource, zone))
    elif status not in _NOT_TAKEN and status != "draft":
        stated = stated_end(resource, zone)
        if stated is None or stated.latest >= now:
            return Therapy(True, stated)
    return None if status in _NEVER_TAKEN else _OVER


def in_force(resource: Resource, now: datetime, zone: tzinfo) -> bool:
    """Whether the patient takes it now."""
    found = therapy(resource, now, zone)
    return found is not None and found.running


def ended_at(resource: Resource, now: datetime, zone: tzinfo) -> Interval | None:
    """The end that an entry states, or the nearest thing to one; never after now."""
    for read in (stated_end, supply_end, _last_updated, authored):
        one = read(resource, zone)
        if one is not None and one.earliest <= now:
            return one if one.latest <= now else one._replace(latest=now)
    return None


def supply_end(resource: Resource, zone: tzinfo) -> Interval | None:
    """When what is to be supplied runs out."""
    return _end(obj(resource.get("dispenseRequest")).get("validityPeriod"), zone)


def _last_updated(resource: Resource, zone: tzinfo) -> Interval | None:
    return interval(obj(resource.get("meta")).get("lastUpdated"), zone)


def _end(stated: object, zone: tzinfo) -> Interval | None:
    """The end of a Period; most have none, and their start need not be read for that."""
    return None if stated is None else interval(obj(stated).get("end"), zone)


def stated_end(resource: Resource, zone: tzinfo) -> Interval | None:
    """When the therapy ends, where the order says so: the latest end over all instructions."""
    if text(resource.get("dateEnded")):
        return interval(resource.get("dateEnded"), zone)
    effective = _end(resource.get("effectivePeriod"), zone)
    if effective is not None:
        return effective
    last = None
    for repeat in _repeats(resource):
        end = _end(repeat.get("boundsPeriod"), zone)
        if end is None:
            return None
        if last is None or end.latest > last.latest:
            last = end
    return last


def _repeats(resource: Resource) -> list[Resource]:
    """Timing.repeat of each instruction, empty where there is none."""
    instructions = objects(resource.get("dosageInstruction")) or objects(resource.get("dosage"))
    return [obj(obj(dosage.get("timing")).get("repeat")) for dosage in instructions]


def course_days(resource: Resource, zone: tzinfo) -> Decimal | None:
    """How many days the order is for: the longest of its instructions, else what is to be supplied."""
    lengths = []
    for repeat in _repeats(resource):
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
