"""Drugs that were dispensed or administered lately: a sign of therapy where no order tells of it.

Loads its one limit from cards/knowledge/exposure.yaml when first imported: a wrong file stops the start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from cards.facts.resources import Interval, Resource, interval, number, obj, period, text
from cards.knowledge.limits_file import load_limits
from terminology.units import read_unit, to_hours

GIVEN_TYPES: Final = frozenset({"MedicationDispense", "MedicationAdministration"})
PATH: Final = Path(__file__).parents[1] / "knowledge" / "exposure.yaml"
_GIVEN = frozenset({"", "completed", "in-progress", "on-hold", "active"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureLimits:
    """The limits of the file by name; the last part of a name is its unit."""

    given_within_days: int


LIMITS: Final = load_limits(PATH, ExposureLimits)


def lately_given(resource: Resource, now: datetime, zone: tzinfo) -> bool:
    """Whether a dispense or administration still counts: within its supply, else within the look-back.

    One without a date counts: nothing says that it is over.
    """
    if text(resource.get("status")) not in _GIVEN or resource.get("wasNotGiven") is True:
        return False
    when = _when(resource, zone)
    if when is None:
        return True
    supply = _days(resource.get("daysSupply"))
    return when.latest + (supply or timedelta(days=LIMITS.given_within_days)) >= now


def _when(resource: Resource, zone: tzinfo) -> Interval | None:
    names = (
        "whenHandedOver", "whenPrepared", "effectiveDateTime", "effectiveTimeDateTime", "occurenceDateTime",
    )  # fmt: skip
    for name in names:
        read = interval(resource.get(name), zone)
        if read is not None:
            return read
    for name in ("effectivePeriod", "effectiveTimePeriod", "occurencePeriod"):
        start, end = period(resource.get(name), zone)
        if end is not None or start is not None:
            return end or start
    return None


def _days(quantity: object) -> timedelta | None:
    stated = obj(quantity)
    value = number(stated.get("value"))
    unit = read_unit(text(stated.get("unit")), text(stated.get("code")), text(stated.get("system")))
    hours = to_hours(value, unit) if value is not None and value > 0 and unit is not None else None
    return None if hours is None or hours > 24 * 3660 else timedelta(hours=float(hours))
