"""Several instructions of one order: at the same time, one after the other, or not clear which."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import combinations, pairwise

from cards.facts.daily_dose import DailyDose, lowest, merged_flags, plain
from cards.facts.dose_rate import longest_gap_h

_ONE_STEP = frozenset({"one-off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One instruction as read, with what places it among others.

    `parts` are day parts or times, `days` weekdays, `start` and `end` the bounds (aware).
    """

    dose: DailyDose
    sequence: Decimal | None = None
    start: datetime | None = None
    end: datetime | None = None
    parts: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    times: tuple[int, ...] = ()


def combine(readings: list[Reading]) -> DailyDose:
    """All instructions as one dose. Concurrent ones add up, steps never do.

    Steps are told by different sequence numbers, else by bounds that do not overlap. Without either,
    distinct day parts or weekdays are concurrent; anything else is summed as the cautious reading and
    flagged, with the largest single instruction as the smaller reading.
    """
    if all(reading.sequence is not None for reading in readings):
        numbers = sorted({reading.sequence for reading in readings if reading.sequence is not None})
        groups = [[r for r in readings if r.sequence == number] for number in numbers]
        clusters = [cluster for group in groups for cluster in _by_bounds(group)]
        return in_sequence([together(cluster, stated=True) for cluster in clusters])
    clusters = _by_bounds(readings)
    return in_sequence([together(cluster, stated=False) for cluster in clusters])


def in_sequence(steps: list[DailyDose]) -> DailyDose:
    """Steps in their order: lowest and highest over all, the first as the start. Never a sum."""
    if len(steps) == 1:
        return steps[0]
    unread = [step for step in steps if step.peak_day_mg is None]
    if unread:
        return _unread(steps, unread)
    peaks = _known(
        step.peak_day_mg for step in steps if "one-off" not in step.flags
    )  # a loading dose is no taper
    rising = any(later > earlier for earlier, later in pairwise(peaks))
    falling = any(later < earlier for earlier, later in pairwise(peaks))
    course = ("titration",) if rising else ("taper-down",) if falling else ()
    lows = [step.min_mg_per_day for step in steps]
    return DailyDose(
        min_mg_per_day=min(_known(lows)) if all(low is not None for low in lows) else None,
        max_mg_per_day=_most(step.max_mg_per_day for step in steps),
        max_single_mg=_most(step.max_single_mg for step in steps),
        peak_day_mg=_most(step.peak_day_mg for step in steps),
        least_peak_mg=_most(step.least_peak_mg for step in steps),
        start_mg_per_day=steps[0].start_mg_per_day,
        doses_per_day=_most(step.doses_per_day for step in steps),
        longest_gap_h=_most(step.longest_gap_h for step in steps),
        as_needed=all(step.as_needed for step in steps),
        confidence=lowest(*(step.confidence for step in steps)),
        flags=tuple(
            flag for flag in merged_flags(course, *(step.flags for step in steps)) if flag not in _ONE_STEP
        ),
        why="steps: " + ", then ".join(step.why for step in steps),
        patches_at_once=_most(step.patches_at_once for step in steps),
        wear_hours=_most(step.wear_hours for step in steps),
        max_single_units=_most(step.max_single_units for step in steps),
    )


def together(readings: list[Reading], *, stated: bool) -> DailyDose:
    """Instructions of one time. `stated`: a common sequence number says that they are concurrent."""
    if len(readings) == 1:
        return readings[0].dose
    readings = sorted(readings, key=_order)
    doses = [reading.dose for reading in readings]
    unread = [dose for dose in doses if dose.peak_day_mg is None]
    if unread:
        return _unread(doses, unread)
    twins = any(_same(one, other) for one, other in combinations(readings, 2))
    other_days = _disjoint([reading.days for reading in readings])
    clear = stated or other_days or _disjoint([reading.parts for reading in readings])
    flags = [*(["duplicate-instruction"] if twins else [])]
    if not clear and not (twins and len(readings) == 2):
        flags.append("ambiguous-concurrent")
    summed = max if other_days else sum
    peaks, leasts = _known(d.peak_day_mg for d in doses), _known(d.least_peak_mg for d in doses)
    counts = _known(dose.doses_per_day for dose in doses)
    lows = [dose.min_mg_per_day for dose in doses]
    times = tuple(sorted({time for reading in readings for time in reading.times}))
    return DailyDose(
        min_mg_per_day=sum(_known(lows), Decimal(0)) if all(low is not None for low in lows) else None,
        max_mg_per_day=sum(_known(dose.max_mg_per_day for dose in doses), Decimal(0)),
        max_single_mg=_most(dose.max_single_mg for dose in doses),
        peak_day_mg=Decimal(summed(peaks)),
        least_peak_mg=max(leasts) if flags else Decimal(summed(leasts)),
        start_mg_per_day=Decimal(summed(peaks)),
        doses_per_day=Decimal(summed(counts)) if len(counts) == len(doses) else None,
        longest_gap_h=longest_gap_h(times) if all(reading.times for reading in readings) else None,
        as_needed=all(dose.as_needed for dose in doses),
        confidence=lowest(*(dose.confidence for dose in doses), "low" if flags else "high"),
        flags=merged_flags(flags, *(dose.flags for dose in doses)),
        why=_sum_why(doses, twins, bool(flags)),
        patches_at_once=_most(dose.patches_at_once for dose in doses),
        wear_hours=_most(dose.wear_hours for dose in doses),
        max_single_units=_most(dose.max_single_units for dose in doses),
    )


def _sum_why(doses: list[DailyDose], twins: bool, unclear: bool) -> str:
    together = " plus ".join(dose.why for dose in doses)
    if twins:
        return f"{together}; the same instruction stands twice, added up as the cautious reading"
    return f"{together}; not said whether together or in turn, added up" if unclear else together


def _unread(doses: list[DailyDose], unread: list[DailyDose]) -> DailyDose:
    """One instruction that cannot be read leaves the day open; the largest known single dose stays."""
    known = _most(dose.peak_day_mg for dose in doses)
    at_least = f"; what can be read gives {plain(known)} mg a day" if known is not None else ""
    return DailyDose(
        max_single_mg=_most(dose.max_single_mg for dose in doses),
        as_needed=all(dose.as_needed for dose in doses),
        confidence="none" if known is None else "low",
        flags=merged_flags(*(dose.flags for dose in unread), ("unread-instruction",)),
        why=f"one of {len(doses)} instructions cannot be read: {unread[0].why}{at_least}",
        patches_at_once=_most(dose.patches_at_once for dose in doses),
        wear_hours=_most(dose.wear_hours for dose in doses),
        max_single_units=_most(dose.max_single_units for dose in doses),
        at_least_mg=known,
    )


def _by_bounds(readings: list[Reading]) -> list[list[Reading]]:
    """Instructions in clusters whose bounds overlap, in order of time; one cluster where bounds are open.

    A step that ends on the day the next one begins does not overlap it.
    """
    if any(reading.start is None and reading.end is None for reading in readings):
        return [readings]
    begun = sorted(readings, key=lambda r: (r.start is not None, r.start or r.end, *_order(r)))
    clusters = [[begun[0]]]
    for reading in begun[1:]:
        ends = [earlier.end for earlier in clusters[-1]]
        latest = max((end for end in ends if end is not None), default=None)
        open_end = any(end is None for end in ends) or latest is None or reading.start is None
        if open_end or (latest is not None and reading.start is not None and reading.start < latest):
            clusters[-1].append(reading)
        else:
            clusters.append([reading])
    return clusters


def _order(reading: Reading) -> tuple[str, ...]:
    """A canonical order, so that the order of the instructions in the resource does not matter."""
    dose = reading.dose
    return (
        str(dose.peak_day_mg),
        str(dose.min_mg_per_day),
        str(dose.max_single_mg),
        dose.why,
        *sorted(reading.parts),
    )


def _same(one: Reading, other: Reading) -> bool:
    return (one.dose, one.parts, one.days, one.start, one.end) == (
        other.dose,
        other.parts,
        other.days,
        other.start,
        other.end,
    )


def _disjoint(sets: list[frozenset[str]]) -> bool:
    return all(sets) and all(not one & other for one, other in combinations(sets, 2))


def _known(values: Iterable[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None]


def _most(values: Iterable[Decimal | None]) -> Decimal | None:
    return max(_known(values), default=None)
