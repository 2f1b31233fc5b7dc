"""The weight and height that stand for the patient now."""

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

from cards.facts.lab_reading import Result
from cards.facts.labs import Found, Indexed, Need, is_in, newest, results
from cards.facts.patient import Patient
from cards.facts.renal_limits import RenalLimits
from cards.facts.value_sets import ValueSets

_STATED = "body-weight-stated"


class Body(NamedTuple):
    """Weight in kg, height in cm, `notes` for the reader of a card.

    `why_no_weight` says what is wrong with the weights on file, "" where there are none.
    """

    weight_kg: Decimal | None = None
    weight_observed: datetime | None = None
    weight_stated: bool = False
    height_cm: Decimal | None = None
    why_no_weight: str = ""
    notes: tuple[str, ...] = ()


def days_between(earlier: datetime, later: datetime, zone: tzinfo) -> int:
    """Local calendar days from one instant to another, never below 0."""
    return max(0, later.astimezone(zone).toordinal() - earlier.astimezone(zone).toordinal())


def read_body(
    observations: Indexed,
    patient: Patient,
    held: frozenset[str],
    inpatient: bool,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits,
) -> Body:
    """The latest plausible weight, measured rather than stated, and a height of the grown patient.

    `held` are the value sets of the active problems.
    """
    height = _height(observations, patient, terms, now, zone, limits)
    low = limits.weight_low_kg if patient.adult else limits.child_weight_low_kg

    def plausibly(one: Result) -> bool:
        return not one.comparator and low <= one.value <= limits.weight_high_kg

    def measured(one: Result) -> bool:
        return plausibly(one) and not is_in(one, _STATED, terms)

    weights = results(observations, "body-weight", terms, now, zone, limits, Need(measured))
    plausible = [one for one in weights[0] if plausibly(one)]
    limit = _weight_limit(held, inpatient, limits)
    # Of two at one time the lighter gives the lower clearance.
    weight = newest([one for one in plausible if measured(one)], min)
    if weight is None or days_between(weight.observed, now, zone) > limit:
        weight = newest(plausible, min)  # a stated one may be newer
    notes: list[str] = []
    left_out = _newer_left_out(weights, weight, plausible, low, limits)
    if weight is None:
        return Body(height_cm=height, why_no_weight=left_out)
    if left_out:
        notes.append(left_out[0].upper() + left_out[1:])
    age = days_between(weight.earliest if not weight.day_known else weight.observed, now, zone)
    stated = is_in(weight, _STATED, terms)
    if stated:
        notes.append("The weight is as stated, not measured")
    if age > limit:
        notes.append(f"The weight is {age} days old")
    if weight.by_issue_date:
        notes.append("The weight has only a date of issue")
    return Body(
        weight_kg=weight.value,
        weight_observed=weight.observed,
        weight_stated=stated,
        height_cm=height,
        notes=tuple(notes),
    )


def _weight_limit(held: frozenset[str], inpatient: bool, limits: RenalLimits) -> int:
    if inpatient:
        return limits.weight_stale_inpatient_days
    if not held.isdisjoint(limits.fluid_sets):
        return limits.weight_stale_fluid_days
    return limits.weight_stale_days


def _newer_left_out(
    weights: Found, used: Result | None, plausible: list[Result], low: Decimal, limits: RenalLimits
) -> str:
    """Why a weight newer than the one used was not used, for people; "" when there is none."""
    for one in weights[0]:
        if one not in plausible and (used is None or one.observed > used.observed):
            if one.comparator:
                return f"a weight of {one.original} is not exact and was not used"
            return f"a weight of {one.original} is outside {low}-{limits.weight_high_kg} kg and was not used"
    for bad in weights[1]:
        if used is None or (bad.observed is not None and bad.observed > used.observed):
            return f"a weight was not used: {bad.why}"
    return ""


def _height(
    observations: Indexed,
    patient: Patient,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits,
) -> Decimal | None:
    """The newest plausible height; for the grown, one taken since growth ended."""
    low = limits.height_low_cm if patient.adult else Decimal(1)
    youngest = patient.youngest
    grown = patient.birth if youngest is not None and youngest >= limits.grown_years else None

    def plausibly(one: Result) -> bool:
        if one.comparator or not low <= one.value <= limits.height_high_cm:
            return False
        return grown is None or (one.observed - grown.latest).days >= limits.grown_years * 365

    found, _ = results(observations, "body-height", terms, now, zone, limits, Need(plausibly))
    height = newest([one for one in found if plausibly(one)], min)
    return height.value if height else None
