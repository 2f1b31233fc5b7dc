"""When something on file became known, and which moment an order is evaluated at.

A time counts from that time, written seconds up to their end; a date from the beginning of its day; a month or
a year only once it is over, since it may lie ahead until then.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from cards.facts.resources import Interval, Resource, interval, obj, objects, period, text
from cards.facts.therapy_dates import authored

_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)
_WRITTEN = ("authoredOn", "dateWritten")
_RECORDED = ("recordedDate", "assertedDate", "dateRecorded", "dateAsserted")
_OBSERVED = ("effectiveDateTime", "effectiveInstant")
_DONE = ("performedDateTime", "occurrenceDateTime", "effectiveDateTime", "effectiveTimeDateTime")
_DONE_PERIODS = ("performedPeriod", "occurrencePeriod", "effectivePeriod")


def as_known(when: Interval | None) -> datetime | None:
    """The instant from which something so dated counts as known."""
    if when is None:
        return None
    return when.earliest if when.precision in ("day", "time") else when.latest


def signed(order: Resource, zone: tzinfo) -> tuple[datetime | None, str]:
    """The moment an order was signed at, else None and why there is none.

    An order that has only a date is evaluated at the end of its day, when that day has happened.
    """
    when = _first(order, _WRITTEN, zone)
    if when is None:
        stated = any(text(order.get(name)) for name in _WRITTEN)
        return None, "unreadable-date" if stated else "no-date"
    if when.precision in ("year", "month"):
        return None, "date-too-coarse"
    return _end_of(when), ""


def _end_of(when: Interval) -> datetime:
    """The last instant that the written form covers; whole seconds are written for what lies within them."""
    if when.precision == "time" and when.latest.microsecond == 0:
        return when.latest + _SECOND - _TICK
    return when.latest


def medication_known(entry: Resource, zone: tzinfo) -> datetime | None:
    """When an order or a reported medication came to be on file; by its start where it has no date."""
    if text(entry.get("resourceType")) == "MedicationStatement":
        return _latest(
            _first(entry, ("dateAsserted",), zone),
            _first(entry, ("effectiveDateTime",), zone) or period(entry.get("effectivePeriod"), zone)[0],
        )
    written = as_known(_first(entry, _WRITTEN, zone) or authored(entry, zone))
    if written is not None:
        return written
    starts = [period(obj(entry.get("dispenseRequest")).get("validityPeriod"), zone)[0]]
    for dosage in objects(entry.get("dosageInstruction")):
        repeat = obj(obj(dosage.get("timing")).get("repeat"))
        starts.append(period(repeat.get("boundsPeriod"), zone)[0])
    return _earliest(starts)


def condition_known(condition: Resource, zone: tzinfo) -> datetime | None:
    """When a condition was recorded; by its onset where that is not stated."""
    recorded = _first(condition, _RECORDED, zone)
    onset = interval(condition.get("onsetDateTime"), zone) or period(condition.get("onsetPeriod"), zone)[0]
    return as_known(recorded or onset)


def result_known(observation: Resource, zone: tzinfo) -> datetime | None:
    """When a result could be read: observed and, where that is stated, issued."""
    start, end = period(observation.get("effectivePeriod"), zone)
    timing = [
        interval(one, zone)
        for one in obj(observation.get("effectiveTiming")).get("event") or ()
        if isinstance(one, str)
    ]
    observed = (
        _first(observation, _OBSERVED, zone)
        or end
        or start
        or max((one for one in timing if one), key=lambda one: one.latest, default=None)
    )
    return _latest(observed, interval(observation.get("issued"), zone))


def done_known(procedure: Resource, zone: tzinfo) -> datetime | None:
    """When a procedure or an administration began."""
    when = _first(procedure, _DONE, zone)
    for name in _DONE_PERIODS:
        if when is None:
            start, end = period(procedure.get(name), zone)
            when = start or end
    return as_known(when)


def service_known(order: Resource, zone: tzinfo) -> datetime | None:
    """When the order of a service or device was written."""
    return as_known(_first(order, ("authoredOn", "orderedOn", "authored", "recordedOn"), zone))


def spell_known(resource: Resource, zone: tzinfo) -> datetime | None:
    """When an encounter, an episode of care, a flag or the use of a device began."""
    for name in ("period", "actualPeriod", "timingPeriod", "whenUsed"):
        start, end = period(resource.get(name), zone)
        if start or end:
            return as_known(start or end)
    return as_known(_first(resource, ("timingDateTime", "recordedOn", "dateAsserted"), zone))


def updated(resource: Resource, zone: tzinfo) -> datetime | None:
    """When this version was stored, as the server says."""
    when = interval(obj(resource.get("meta")).get("lastUpdated"), zone)
    return when.latest if when else None


def ended_by(value: object, moment: datetime, zone: tzinfo) -> bool | None:
    """Whether a date has come by `moment`; None where there is no readable date."""
    when = interval(value, zone)
    return None if when is None else when.earliest <= moment


def utc(moment: datetime) -> datetime:
    """The moment in UTC."""
    return moment.astimezone(UTC)


def _first(resource: Resource, names: Iterable[str], zone: tzinfo) -> Interval | None:
    return next((when for name in names if (when := interval(resource.get(name), zone))), None)


def _latest(*times: Interval | None) -> datetime | None:
    return max((known for one in times if (known := as_known(one))), default=None)


def _earliest(times: Iterable[Interval | None]) -> datetime | None:
    return min((known for one in times if (known := as_known(one))), default=None)
