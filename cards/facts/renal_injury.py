"""Acute kidney injury: from the creatinine series, and from a recent diagnosis.

Kidney Disease: Improving Global Outcomes (KDIGO) 2012, recommendation 2.1.1: a rise of 0.3 mg/dL within
48 hours, or to 1.5 times the baseline of the last 7 days, or too little urine. The numbers are limits in
cards/knowledge/renal.yaml. Clearance equations assume a steady creatinine and do not hold then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts.lab_reading import Result
from cards.facts.labs import newest
from cards.facts.problems import Problem
from cards.facts.renal_limits import RenalLimits
from cards.facts.stay import Stay
from terminology.units import CREATININE_UMOL_PER_MG_DL

_DIAGNOSES = frozenset({"aki", "oliguria"})


@dataclass(frozen=True, slots=True)
class Injury:
    """`why` says what it was recognised by. `rising`: the last creatinine is above the one before."""

    rising: bool
    oliguria: bool
    why: str


def read_injury(
    series: Iterable[Result],
    problems: tuple[Problem, ...],
    held: frozenset[str],
    stay: Stay,
    now: datetime,
    limits: RenalLimits,
) -> Injury | None:
    """Acute kidney injury at `now`, None without a sign of it.

    `series` is exact, plausible, newest first; `held` are the value sets of the active problems.
    """
    results = [one for one in series if one.day_known]
    listed = not held.isdisjoint(_DIAGNOSES)
    if len(results) < 2 and not listed:
        return None
    last = newest(results, max)
    week = timedelta(days=limits.aki_baseline_days)
    before = [one for one in results if one is not last and last is not None and _gap(last, one) <= week]
    recent = last is not None and now - last.observed <= timedelta(days=limits.aki_recent_days)
    oliguria = listed and _acute(problems, "oliguria", stay, now, limits)
    why = _risen(last, before, limits) if last is not None and recent else ""
    if not why and listed and _acute(problems, "aki", stay, now, limits):
        why = "acute kidney injury is on the problem list"
    if not why and oliguria:
        why = "too little urine (oliguria) is on the problem list"
    if not why:
        return None
    rising = recent and last is not None and bool(before) and last.value > before[0].value
    return Injury(rising=rising, oliguria=oliguria, why=why)


def _gap(last: Result, earlier: Result) -> timedelta:
    """The shortest time that can lie between them."""
    return max(last.earliest - earlier.observed, timedelta(0))


def _risen(last: Result, before: list[Result], limits: RenalLimits) -> str:
    window = timedelta(hours=limits.aki_rise_hours)
    for earlier in sorted(before, key=lambda one: one.value):
        then, now = _umol(earlier.value), _umol(last.value)
        rise = now - then
        by_rise = last.value - earlier.value >= limits.aki_rise_mg_dl or rise >= limits.aki_rise_umol_l
        if (by_rise and _gap(last, earlier) <= window) or now >= limits.aki_ratio * then:
            span = last.observed - earlier.observed
            hours = -(-int(span.total_seconds()) // 3600)
            return f"creatinine rose from {earlier.original} to {last.original} within {max(hours, 1)} hours"
    return ""


def _umol(mg_dl: Decimal) -> Decimal:
    """In umol/L, without the residue of having been converted from it before."""
    return (mg_dl * CREATININE_UMOL_PER_MG_DL).quantize(Decimal("1e-6"))


def _acute(
    problems: tuple[Problem, ...], value_set: str, stay: Stay, now: datetime, limits: RenalLimits
) -> bool:
    """Whether an active problem of the set is of these days: by its date, or by the stay where undated."""
    since = now - timedelta(days=limits.aki_recent_days)
    for problem in problems:
        if not problem.active or value_set not in problem.value_sets:
            continue
        dates = [one for one in (problem.onset, problem.recorded) if one and one.precision in ("day", "time")]
        if not dates and stay.inpatient:
            return True
        if any(one.latest >= since or (stay.since is not None and one.latest >= stay.since) for one in dates):
            return True
    return False
