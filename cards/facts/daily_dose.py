"""What one order gives: the daily dose, how sure the reading is, and why it may not be computable."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Confidence = Literal["high", "medium", "low", "none"]

_FROM_WORST: tuple[Confidence, ...] = ("none", "low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyDose:
    """A daily dose in mg. None is "not computable", never 0; `why` then says what stood in the way.

    `min_mg_per_day` and `max_mg_per_day` are average rates; `peak_day_mg` is the largest total on one
    dose day and `least_peak_mg` its smallest plausible reading where the order is ambiguous;
    `start_mg_per_day` is the peak of the first step; `doses_per_day` counts administrations on a dose
    day; `longest_gap_h` comes from stated times of day only. Patches: how many at once, and hours of
    wear a day. `max_single_units` is for doses in U. `dispense_estimate_mg` (mg a day, from quantity and
    days of supply) is a hint for a person and never compared with a limit. `at_least_mg` is what the readable
    instructions give on one day where another could not be read.
    """

    min_mg_per_day: Decimal | None = None
    max_mg_per_day: Decimal | None = None
    max_single_mg: Decimal | None = None
    peak_day_mg: Decimal | None = None
    least_peak_mg: Decimal | None = None
    start_mg_per_day: Decimal | None = None
    doses_per_day: Decimal | None = None
    longest_gap_h: Decimal | None = None
    as_needed: bool = False
    confidence: Confidence = "none"
    flags: tuple[str, ...] = ()
    why: str = ""
    single_instruction: bool = False
    patches_at_once: Decimal | None = None
    wear_hours: Decimal | None = None
    max_single_units: Decimal | None = None
    dispense_estimate_mg: Decimal | None = None
    at_least_mg: Decimal | None = None


def lowest(*confidences: Confidence) -> Confidence:
    """The least sure of some confidences."""
    return min(confidences, key=_FROM_WORST.index)


def merged_flags(*groups: Iterable[str]) -> tuple[str, ...]:
    """Flags of several readings, each once, in alphabetical order: independent of the order of reading."""
    return tuple(sorted({flag for group in groups for flag in group}))


def per_day(mg: Decimal, rate: Fraction) -> Decimal:
    """`mg` given `rate` times a day; one rounding at most, so that 2100 mg a week is exactly 300 a day."""
    return mg * rate.numerator / rate.denominator


def as_decimal(value: Fraction) -> Decimal:
    """A fraction as a Decimal."""
    return Decimal(value.numerator) / value.denominator


def plain(value: Decimal | Fraction) -> str:
    """A number for a `why`: no needless zeros, at most two decimals."""
    number = as_decimal(value) if isinstance(value, Fraction) else value
    rounded = round(number, 2)
    return f"{rounded:f}".rstrip("0").rstrip(".") if "." in f"{rounded:f}" else f"{rounded:f}"


def often(low: Fraction, high: Fraction) -> str:
    """ "once a day", "2 to 3 times a day", "3 times a week"."""
    per, unit = (7, "week") if high < 1 and (high * 7).denominator == 1 else (1, "day")
    low, high = low * per, high * per
    if low == high and high in (1, 2):
        return f"{'once' if high == 1 else 'twice'} a {unit}"
    return f"{span(low, high)} times a {unit}"


def span(low: Decimal | Fraction, high: Decimal | Fraction) -> str:
    """ "300" or "300 to 600"."""
    return plain(high) if low == high else f"{plain(low)} to {plain(high)}"
