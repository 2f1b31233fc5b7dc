"""Administrations a day, as fractions: three times a week stays 3/7."""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cards.facts.daily_dose import Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Administrations a day: `low` to `high` on average, `peak` on a dose day, `least` its smallest reading.

    `parts` are the day parts named, `days` the weekdays, `times` minutes after midnight; `wear_h` is the
    duration of one administration in hours; `once` marks a single administration.
    """

    low: Fraction
    high: Fraction
    peak: int
    least: int
    prn: bool = False
    once: bool = False
    parts: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    times: tuple[int, ...] = ()
    wear_h: Decimal | None = None
    flags: tuple[str, ...] = ()
    confidence: Confidence = "high"


@dataclass(frozen=True, slots=True)
class NoRate:
    """Why there is no frequency. `present`: some timing was written that could not be read.

    `event`: the dose follows an event such as dialysis, on days that are not stated.
    """

    why: str
    present: bool = False
    wear_h: Decimal | None = None
    prn: bool = False
    event: bool = False


def make_rate(low: Fraction, high: Fraction) -> Rate:
    """A plain rate; a dose day holds as many doses as the average, rounded up (every 5 hours: 5)."""
    peak = max(math.ceil(high), 1)
    return Rate(low=low, high=high, peak=peak, least=peak)


def longest_gap_h(times: tuple[int, ...]) -> Decimal | None:
    """The longest stretch without a dose, overnight included, in hours; 24 for one time of day."""
    if not times:
        return None
    following = (*times[1:], times[0] + 24 * 60)
    return Decimal(max(after - before for before, after in zip(times, following, strict=True))) / 60
