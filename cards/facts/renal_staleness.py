"""How old a kidney result may be before it is stale, and before it counts as missing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from cards.facts.lab_reading import Result
from cards.facts.renal_limits import RenalLimits


class Setting(NamedTuple):
    """What decides how long a result keeps.

    `changed`: whether a drug acting on the kidney was started or stopped, asked only where it matters.
    """

    inpatient: bool
    changed: Callable[[], bool]
    oldest: int | None
    ckd: bool


Freshness = Literal["fresh", "stale", "expired"]


def as_old_as_can_be(result: Result) -> datetime:
    """The instant that a result's age counts from; one known only to the month or year is as old as it can be."""
    return result.observed if result.day_known else result.earliest


def freshness(
    result: Result, days: int, gfr: Decimal | None, setting: Setting, now: datetime, limits: RenalLimits
) -> Freshness:
    """The freshness of a result that is so many days old, given the GFR (mL/min) it goes with."""
    if setting.inpatient:
        observed = as_old_as_can_be(result)
        if now - observed <= timedelta(hours=limits.stale_inpatient_hours):
            return "fresh"
        within = now - observed <= timedelta(days=limits.expired_inpatient_days)
        return "stale" if within else "expired"
    limit = limit_days(gfr, setting, limits)
    if min(days, limit) > limits.stale_after_change_days and setting.changed():
        limit = limits.stale_after_change_days
    if days <= limit:
        return "fresh"
    return "stale" if days <= limits.expired_factor * limit else "expired"


def limit_days(gfr: Decimal | None, setting: Setting, limits: RenalLimits) -> int:
    """Days a result of an outpatient stays fresh while no drug changes: the strictest limit that applies."""
    limit = limits.stale_days
    if gfr is not None:
        for below, days in limits.stale_by_egfr_days:
            if gfr < below:
                limit = days
                break
    if setting.oldest is not None and setting.oldest >= limits.elderly_years and not setting.ckd:
        return min(limit, limits.stale_elderly_days)
    return limit
