"""Value and time of one Observation, of any FHIR version."""

import re
from datetime import tzinfo
from decimal import Decimal

from cards.facts.resources import Interval, Resource, as_list, interval, number, obj, period, text
from terminology.units import Unit, read_unit

_COMPARATORS = frozenset({"<", "<=", ">", ">="})
_WRITTEN = re.compile(r"(<=|>=|<|>)?\s*([0-9]{1,12}(?:\.[0-9]{1,20})?)\s*([^\s0-9].{0,39})?", re.ASCII)


def quantity_of(part: Resource) -> tuple[Decimal | None, Unit | None, str, bool]:
    """Value, unit, comparator, and whether there is a number that cannot be real."""
    quantity = obj(part.get("valueQuantity"))
    if quantity:
        stated = quantity.get("value")
        unit = read_unit(text(quantity.get("unit")), text(quantity.get("code")), text(quantity.get("system")))
        comparator = text(quantity.get("comparator"))
        if isinstance(stated, str):
            match = _WRITTEN.fullmatch(stated.strip())
            if match is None:
                return None, unit, comparator, False
            stated = match[2]
            comparator = comparator or match[1] or ""
            if match[3] and (unit is None or read_unit(match[3].strip()) != unit):
                return None, unit, comparator, False
        value = number(stated)
        if comparator and comparator not in _COMPARATORS:
            return None, unit, comparator, False
        trouble = value is None and isinstance(stated, int | float | str) and not isinstance(stated, bool)
        return value, unit, comparator, trouble
    match = _WRITTEN.fullmatch(text(part.get("valueString"))[:80])
    if match is None or not match[3]:
        return None, None, "", False
    value = number(match[2])
    return value, read_unit(match[3].strip()), match[1] or "", value is None


def time_of(observation: Resource, zone: tzinfo) -> tuple[Interval | None, bool]:
    """When it was observed, and whether that is only the date of issue."""
    usual = observation.get("effectiveDateTime")
    when = interval(usual, zone) if isinstance(usual, str) else None
    if when is not None:
        return when, False
    stated = False
    for name in ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming"):
        value = observation.get(name)
        if value in (None, "", {}, []):
            continue
        stated = True
        if name == "effectivePeriod":
            start, end = period(value, zone)
            when = end or start
        elif name == "effectiveTiming":
            events = [interval(event, zone) for event in as_list(obj(value).get("event"))]
            when = max((one for one in events if one), key=lambda one: one.latest, default=None)
        else:
            when = interval(value, zone)
        if when is not None:
            return when, False
    # An unreadable time is not replaced by another: which of the two is wrong cannot be told.
    return (None, False) if stated else (interval(observation.get("issued"), zone), True)
