"""How old a kidney result may be before it is stale, and before it counts as missing."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Literal, NamedTuple

from cards.facts.body import days_between
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


class Freshness(NamedTuple):
    """State of a result and its age in local calendar days."""

    state: Literal["fresh", "stale", "expired"]
    days: int


def freshness(
    result: Result, gfr: Decimal | None, setting: Setting, now: datetime, zone: tzinfo, limits: RenalLimits
) -> Freshness:
    """The freshness of a result, given the GFR (mL/min) it goes with.

    A result known only to the month or year is as old as it can be.
    """
    observed = result.observed if result.day_known else result.earliest
    days = days_between(observed, now, zone)
    if setting.inpatient:
        if now - observed <= timedelta(hours=limits.stale_inpatient_hours):
            return Freshness("fresh", days)
        within = now - observed <= timedelta(days=limits.expired_inpatient_days)
        return Freshness("stale" if within else "expired", days)
    limit = limit_days(gfr, setting, limits)
    if min(days, limit) > limits.stale_after_change_days and setting.changed():
        limit = limits.stale_after_change_days
    if days <= limit:
        return Freshness("fresh", days)
    return Freshness("stale" if days <= limits.expired_factor * limit else "expired", days)


def limit_days(gfr: Decimal | None, setting: Setting, limits: RenalLimits) -> int:
    """Days a result of an outpatient stays fresh while no drug changes: the strictest limit that applies."""
    rows = (days for below, days in limits.stale_by_egfr_days if gfr is not None and gfr < below)
    limit = next(rows, limits.stale_days)
    if setting.oldest is not None and setting.oldest >= limits.elderly_years and not setting.ckd:
        return min(limit, limits.stale_elderly_days)
    return limit
