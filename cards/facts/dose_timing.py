"""How often a dose is given: a FHIR Timing as administrations a day.

German guidance gives day parts and times of
day without frequency and period, meaning daily; FHIR counts a missing frequency as one per period.
"""

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from fractions import Fraction

from cards.facts.dose_rate import NoRate, Rate, make_rate
from cards.facts.resources import Resource, as_list, codings, concept_texts, interval, number, obj, text
from terminology.timing import TimingCode, event_timing, timing_code, timing_text
from terminology.units import read_unit, to_hours

_WEEK = 7
_DAY_S = 86_400
_DAY_NAMES = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})


def read_timing(value: object) -> Rate | NoRate:
    """The rate of a Timing (or of a bare code or text), from its code, its repeat, or its events."""
    if isinstance(value, str):
        bare = timing_text(value)
        return (
            _coded_rate([bare])
            if bare
            else NoRate("the timing text states no frequency", bool(value.strip()))
        )
    entry = obj(value)
    concept = entry.get("code")
    found = [timing_code(coding) for coding in codings(concept)]
    if not any(found):
        found = [timing_text(written) for written in concept_texts(concept)]
    coded = _coded_rate([code for code in found if code is not None])
    repeat = obj(entry.get("repeat"))
    repeated = _repeat_rate(repeat, coded)
    if isinstance(repeated, NoRate) and isinstance(coded, NoRate):
        events = _event_rate(entry.get("event"))
        if events is not None:
            return events
        unknown = bool(codings(concept) or concept_texts(concept))
        why = (
            "the timing code states no known frequency" if unknown and not repeated.present else repeated.why
        )
        return NoRate(why, repeated.present or unknown, repeated.wear_h)
    if isinstance(repeated, NoRate):
        assert isinstance(coded, Rate)  # noqa: S101
        if repeated.present:  # a code beside a repeat that cannot be read: the code is meant to be complete
            return replace(coded, wear_h=repeated.wear_h, confidence="medium")
        return replace(coded, wear_h=repeated.wear_h)
    return repeated if isinstance(coded, NoRate) else _agreed(coded, repeated)


def _agreed(coded: Rate, repeated: Rate) -> Rate:
    """Code and repeat state the same timing; where they differ the higher rate counts, and it is flagged."""
    both = replace(repeated, prn=coded.prn, parts=repeated.parts or coded.parts)
    if coded.high == repeated.high or repeated.once or coded.once or repeated.days:
        return replace(both, once=repeated.once or coded.once)
    higher = both if repeated.high > coded.high else replace(coded, wear_h=repeated.wear_h)
    return replace(
        higher,
        least=min(coded.least, repeated.least),
        flags=(*higher.flags, "code-repeat-conflict"),
        confidence="medium",
    )


def _coded_rate(found: list[TimingCode]) -> Rate | NoRate:
    if not found:
        return NoRate("no frequency is given")
    fractions = [Fraction(code.per_day).limit_denominator(400) for code in found]
    highest = max(fractions)
    first = found[fractions.index(highest)]
    rate = make_rate(highest, highest)
    return replace(
        rate,
        least=max(math.ceil(min(fractions)), 1),
        prn=any(code.prn for code in found),
        once=first.once,
        parts=frozenset({first.slots}) if first.slots else frozenset(),
        flags=("timing-code-conflict",) if len(set(fractions)) > 1 else (),
        confidence="medium" if len(set(fractions)) > 1 else "high",
    )


def _event_rate(value: object) -> Rate | None:
    """Single dates or instants: one is a single dose; of several, the fullest day is the dose day."""
    found = [read for entry in as_list(value)[:1000] if (read := interval(entry, UTC)) is not None]
    if not found:
        return None
    per_date = Counter(read.earliest.date() for read in found)
    days = (max(per_date) - min(per_date)).days + 1
    average = Fraction(len(found), days)
    peak = max(per_date.values())
    flags = ("one-off",) if len(found) == 1 else ()
    return Rate(low=average, high=average, peak=peak, least=peak, once=len(found) == 1, flags=flags)


def _repeat_rate(repeat: Resource, coded: Rate | NoRate) -> Rate | NoRate:
    wear = _hours(repeat, "duration")
    events, parts, times = _day_parts(repeat)
    days = frozenset(
        name[:3].lower()
        for name in map(text, as_list(repeat.get("dayOfWeek")))
        if name[:3].lower() in _DAY_NAMES
    )
    count = number(repeat.get("count"))
    low_f, high_f = _positive(repeat, "frequency"), _positive(repeat, "frequencyMax")
    period = _period(repeat)
    for name, read in (("frequency", low_f), ("frequencyMax", high_f), ("period", period)):
        if isinstance(read, str):
            return NoRate(f"the timing has a {name} that {read}", True, wear)
    assert not isinstance(low_f, str) and not isinstance(high_f, str) and not isinstance(period, str)  # noqa: S101, PT018
    if count == 1:
        once = Rate(low=Fraction(1), high=Fraction(1), peak=1, least=1, once=True, flags=("one-off",))
        return replace(once, parts=parts, times=times, wear_h=wear)
    stated = low_f is not None or high_f is not None
    if period is None and not events and not days:
        why = "the timing has a frequency without a period" if stated else "no frequency is given"
        return NoRate(why, stated, wear)
    rate = _rate(
        low_f, high_f, period or (Fraction(1), Fraction(1)), events, days, coded if period is None else None
    )
    return replace(
        rate, parts=parts, times=times if _daily(rate, days, period) else (), days=days, wear_h=wear
    )


def _rate(
    low_f: Fraction | None,
    high_f: Fraction | None,
    period: tuple[Fraction, Fraction],
    events: int,
    days: frozenset[str],
    coded: Rate | NoRate | None,
) -> Rate:
    """Events are never multiplied by the frequency: both describe the same administrations."""
    short, long = period
    stated = low_f if low_f is not None else high_f
    if stated is None and not events and isinstance(coded, Rate):
        low, high, peak = coded.low, coded.high, coded.peak  # weekdays that narrow a code
    else:
        least_f = stated if stated is not None else Fraction(max(events, 1))
        most_f = max(least_f, high_f or least_f)
        least_f, most_f = max(least_f, Fraction(events)), max(most_f, Fraction(events))
        if short < 1:
            low, high = max((stated or 1) / long, Fraction(events)), max(most_f / short, Fraction(events))
            peak = max(math.ceil(high), events)
        elif days and short >= _WEEK:
            on_days = Fraction(len(days) * max(events, 1))
            low, high = max(least_f, on_days) / long, max(most_f, on_days) / short
            peak = max(math.ceil(most_f / len(days)), events, 1)
        else:
            low, high = least_f / long, most_f / short
            peak = max(math.ceil(high), events, 1)
    if days and short < _WEEK:
        low, high = low * len(days) / _WEEK, high * len(days) / _WEEK
    plain = Rate(low=low, high=high, peak=peak, least=peak)
    most = max(stated or 0, high_f or 0)
    if stated is None or not events or (short != 1 and events <= most) or stated <= events <= most:
        return plain
    least = max(min(events, math.ceil(most / short)), 1)
    return replace(plain, least=least, flags=("when-frequency-conflict",), confidence="medium")


def _daily(rate: Rate, days: frozenset[str], period: tuple[Fraction, Fraction] | None) -> bool:
    return not days and rate.high == rate.peak and (period is None or period[0] <= 1)


def _positive(repeat: Resource, name: str) -> Fraction | str | None:
    """A positive number; None when absent; a message when it is anything else."""
    value = repeat.get(name)
    if value is None:
        return None
    read = number(value)
    return Fraction(read) if read is not None and read > 0 else "is not a number above 0"


def _period(repeat: Resource) -> tuple[Fraction, Fraction] | str | None:
    """The shortest and longest period in days; DSTU2 calls its unit `periodUnits`."""
    short, long = _positive(repeat, "period"), _positive(repeat, "periodMax")
    if short is None and long is None:
        if not text(repeat.get("periodUnit")):
            return None
        short = Fraction(1)  # "3 per d" without the 1
    for read in (short, long):
        if isinstance(read, str):
            return read
    named = next(
        (text(repeat.get(n)) for n in ("periodUnit", "periodUnits", "unit") if text(repeat.get(n))), ""
    )
    unit = read_unit(named)
    if unit is None or unit.kind != "duration":
        return "has no known unit of time"
    days = Fraction(unit.factor) / _DAY_S  # exact, where hours of a minute would be rounded
    ends = [read * days for read in (short, long) if isinstance(read, Fraction)]
    return min(ends), max(ends)


def _day_parts(repeat: Resource) -> tuple[int, frozenset[str], tuple[int, ...]]:
    """Events a day by `when` or `timeOfDay`, their names, and the times in minutes."""
    codes = [text(code) or text(obj(code).get("code")) for code in as_list(repeat.get("when"))[:100]]
    named = [(code.upper(), events) for code in codes if (events := event_timing(code)) is not None]
    clocks = sorted({written for entry in as_list(repeat.get("timeOfDay"))[:100] if (written := text(entry))})
    minutes = [_minutes(clock) for clock in clocks]
    times = tuple(sorted(minute for minute in minutes if minute is not None))
    parts = frozenset([code for code, _events in named] + [str(time) for time in times])
    count = max(sum(events for _code, events in named), len(clocks))
    return count, parts, times if len(times) == len(clocks) else ()


def _minutes(clock: str) -> int | None:
    hour, _, rest = clock.partition(":")
    minute = rest[:2]
    if not (hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()):
        return None
    if int(hour[:3]) > 24 or len(hour) > 2 or int(minute) > 59:
        return None
    return (int(hour) * 60 + int(minute)) % (24 * 60)


def _hours(repeat: Resource, name: str) -> Decimal | None:
    amount = number(repeat.get(f"{name}Max")) or number(repeat.get(name))
    unit = read_unit(text(repeat.get(f"{name}Unit")) or text(repeat.get(f"{name}Units")))
    if amount is None or amount <= 0 or unit is None:
        return None
    return to_hours(amount, unit)
