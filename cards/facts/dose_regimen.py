"""One amount at one rate: the arithmetic of a single regimen, whether structured or read from text."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from cards.facts.daily_dose import DailyDose, merged_flags, often, per_day, plain, span
from cards.facts.dose_amount import PATCHES, Amount, Cap, NoAmount
from cards.facts.dose_rate import NoRate, Rate, longest_gap_h
from cards.facts.resources import MAX_MAGNITUDE

_DAY_H = Decimal(24)
_NO_PATCH = DailyDose()


def regimen(
    amount: Amount | NoAmount,
    rate: Rate | NoRate,
    *,
    prn: bool = False,
    caps: tuple[Cap, ...] = (),
    most_single: Decimal | None = None,
) -> DailyDose:
    """The daily dose of one amount at one rate; `most_single` (mg) caps each dose, `caps` a period.

    Caps lower a computed maximum and never raise one. An as-needed dose may be none at all.
    """
    prn = prn or rate.prn
    extra = _patches(amount, rate)
    if "rate-labelled-patch" in extra.flags and isinstance(amount, Amount) and amount.per == "dose":
        amount = NoAmount(
            "no-strength", "the patch is worn for days and its rate in mg per hour is not known"
        )
    if isinstance(amount, NoAmount):
        dose = _without_amount(amount, rate, prn)
    elif amount.per == "hour":
        dose = _continuous(amount, rate, prn)
    elif amount.per == "day":
        dose = _daily_total(amount, rate, prn)
    else:
        dose = _repeated(amount, rate, prn, caps, most_single)
    dose = capped(dose, caps)
    if dose.peak_day_mg is not None and dose.peak_day_mg > MAX_MAGNITUDE:
        return DailyDose(
            flags=("dose-implausible",), why="the daily dose is implausibly large", as_needed=prn
        )
    gap = longest_gap_h(rate.times) if isinstance(rate, Rate) else None
    if gap is None and extra is _NO_PATCH:
        return dose
    return replace(
        dose,
        flags=merged_flags(dose.flags, extra.flags),
        patches_at_once=extra.patches_at_once,
        wear_hours=extra.wear_hours,
        longest_gap_h=gap,
    )


def _without_amount(amount: NoAmount, rate: Rate | NoRate, prn: bool) -> DailyDose:
    units = amount.count if amount.unit is not None and amount.unit.name == "[iU]" else None
    known = isinstance(rate, Rate)
    return DailyDose(
        as_needed=prn,
        doses_per_day=Decimal(rate.peak) if isinstance(rate, Rate) else None,
        flags=merged_flags((amount.flag,), rate.flags if isinstance(rate, Rate) else ()),
        why=amount.why if known else f"{amount.why}, and {_no_rate_why(rate)}",
        max_single_units=units,
    )


def _no_rate_why(rate: Rate | NoRate) -> str:
    return rate.why if isinstance(rate, NoRate) else ""


def _continuous(amount: Amount, rate: Rate | NoRate, prn: bool) -> DailyDose:
    """mg per hour: all day, or for the stated hours of each administration. There is no single dose."""
    times = rate.high if isinstance(rate, Rate) else Fraction(1)
    wear = rate.wear_h
    hours = _DAY_H if wear is None else min(per_day(wear, times), _DAY_H)
    low, high = amount.low * hours, amount.high * hours
    return _filled(
        DailyDose(
            min_mg_per_day=Decimal(0) if prn else low,
            max_mg_per_day=high,
            peak_day_mg=high,
            as_needed=prn,
            confidence="high",
            why=f"{span(amount.low, amount.high)} mg an hour for {plain(hours)} hours a day",
        )
    )


def _daily_total(amount: Amount, rate: Rate | NoRate, prn: bool) -> DailyDose:
    """A total for the day; the timing only divides it."""
    parts = max(rate.peak, 1) if isinstance(rate, Rate) else None
    single = amount.high / parts if parts else None
    divided = f" in {parts} doses" if parts and parts > 1 else ""
    return _filled(
        DailyDose(
            min_mg_per_day=Decimal(0) if prn else amount.low,
            max_mg_per_day=amount.high,
            max_single_mg=single,
            peak_day_mg=amount.high,
            doses_per_day=Decimal(parts) if parts else None,
            as_needed=prn,
            confidence=rate.confidence if isinstance(rate, Rate) else "high",
            flags=rate.flags if isinstance(rate, Rate) else (),
            why=f"{span(amount.low, amount.high)} mg a day{divided}",
        )
    )


def _repeated(
    amount: Amount, rate: Rate | NoRate, prn: bool, caps: tuple[Cap, ...], most_single: Decimal | None
) -> DailyDose:
    low, high, flags = amount.low, amount.high, tuple[str, ...]()
    if most_single is not None and high > most_single:
        flags = ("exceeds-max-per-administration",)
        low, high = min(low, most_single), most_single
    if isinstance(rate, NoRate):
        return _single_only(high, rate, prn, caps, flags)
    as_needed = ", as needed" if prn else ""
    how = "once only" if rate.once else often(rate.low, rate.high)
    once = ("one-off",) if rate.once else ()
    peak = high * rate.peak
    return DailyDose(
        min_mg_per_day=Decimal(0) if prn else per_day(low, rate.low),
        max_mg_per_day=per_day(high, rate.high),
        max_single_mg=high,
        peak_day_mg=peak,
        least_peak_mg=high * rate.least,
        start_mg_per_day=peak,
        doses_per_day=Decimal(rate.peak),
        as_needed=prn,
        confidence=rate.confidence,
        flags=merged_flags(flags, rate.flags, once),
        why=f"{span(low, high)} mg per dose, {how}{as_needed}",
    )


def _single_only(
    single: Decimal, rate: NoRate, prn: bool, caps: tuple[Cap, ...], flags: tuple[str, ...]
) -> DailyDose:
    """A dose without a frequency. Only a stated maximum per period bounds the day."""
    if rate.event:
        return DailyDose(
            max_single_mg=single,
            peak_day_mg=single,
            least_peak_mg=single,
            start_mg_per_day=single,
            as_needed=prn,
            confidence="low",
            flags=merged_flags(flags, ("event-based",)),
            why=f"{plain(single)} mg per dose, but {rate.why}",
        )
    flags = merged_flags(flags, ("no-frequency",))
    daily = [cap.mg * _DAY_H / cap.hours for cap in caps]
    if not daily:
        why = f"{plain(single)} mg per dose, but {rate.why}"
        return DailyDose(max_single_mg=single, as_needed=prn, flags=flags, why=why)
    return _filled(
        DailyDose(
            min_mg_per_day=Decimal(0) if prn else None,
            max_mg_per_day=min(daily),
            max_single_mg=single,
            peak_day_mg=min(daily),
            as_needed=prn,
            confidence="medium" if prn else "low",
            flags=flags if prn else merged_flags(flags, ("max-only",)),
            why=f"{plain(single)} mg per dose; {rate.why}, so the stated maximum counts",
        )
    )


def capped(dose: DailyDose, caps: tuple[Cap, ...]) -> DailyDose:
    """The dose with its maximum lowered to the caps."""
    high, peak = dose.max_mg_per_day, dose.peak_day_mg
    if high is None or peak is None:
        return dose
    for cap in caps:
        average = cap.mg * _DAY_H / cap.hours
        high, peak = min(high, average), min(peak, average if cap.hours <= _DAY_H else cap.mg)
    if (high, peak) == (dose.max_mg_per_day, dose.peak_day_mg):
        return dose
    low, least = dose.min_mg_per_day, dose.least_peak_mg
    return replace(
        dose,
        min_mg_per_day=None if low is None else min(low, high),
        max_mg_per_day=high,
        peak_day_mg=peak,
        least_peak_mg=None if least is None else min(least, peak),
        start_mg_per_day=peak,
        why=f"{dose.why}, at most {plain(peak)} mg in a day",
    )


def _filled(dose: DailyDose) -> DailyDose:
    """The smallest reading and the first step are the peak itself unless something else was read."""
    least = dose.peak_day_mg if dose.least_peak_mg is None else dose.least_peak_mg
    start = dose.peak_day_mg if dose.start_mg_per_day is None else dose.start_mg_per_day
    return replace(dose, least_peak_mg=least, start_mg_per_day=start)


def _patches(amount: Amount | NoAmount, rate: Rate | NoRate) -> DailyDose:
    """Patches at once and hours of wear a day; the mg of a patch are its content, not what is delivered.

    A patch left on for more than a day is labelled by its rate: without one there are no mg.
    """
    if amount.unit is None or amount.unit.name not in PATCHES:
        return _NO_PATCH
    count = amount.count
    by_rate = isinstance(amount, Amount) and amount.per == "hour"
    long = isinstance(rate, Rate) and not rate.once and rate.peak == 1 and rate.high < 1 and not rate.days
    if by_rate or long:
        return DailyDose(patches_at_once=count, flags=("rate-labelled-patch",))
    wear, flags = None, ["topical-count-units"]
    if isinstance(rate, Rate):
        hours = rate.wear_h * rate.peak if rate.wear_h is not None else None
        if hours is None and rate.peak > 1:
            hours = _DAY_H
        wear = None if hours is None else min(hours, _DAY_H)
        if wear == _DAY_H:
            flags = ["wear-time-24h"]
        elif wear is None:
            flags.append("wear-time-missing")
    return DailyDose(patches_at_once=count, wear_hours=wear, flags=tuple(flags))
