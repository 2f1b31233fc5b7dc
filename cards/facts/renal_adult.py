"""The clearance of an adult whose kidney function is steady: calculated, or else as reported."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple

from cards.facts.body import Body, days_between
from cards.facts.patient import Patient
from cards.facts.renal import RenalFunction
from cards.facts.renal_clearance import estimate
from cards.facts.renal_limits import RenalLimits
from cards.facts.renal_reported import Reported, far_reading
from cards.facts.renal_results import Chosen
from cards.facts.renal_staleness import Freshness, Setting, as_old_as_can_be, freshness

# A newest creatinine that is there but wrong: nothing else is taken in its place.
_BLOCKING = frozenset({"implausible", "no-unit", "comparator"})


class Adult(NamedTuple):
    """What the clearance is worked out from; `clearance` and `egfr` are the newest reported ones.

    `held` are the value sets of the active problems. `gfr` is what the creatinine makes by CKD-EPI 2021, None
    without one or without an age.
    """

    patient: Patient
    held: frozenset[str]
    creatinine: Chosen
    gfr: Decimal | None
    body: Body
    clearance: Reported | None
    egfr: Reported | None
    setting: Setting
    now: datetime
    zone: tzinfo
    limits: RenalLimits


class ShownEgfr(NamedTuple):
    """The eGFR that stands beside the clearance, and whether a laboratory reported it."""

    value: Decimal | None
    reported: bool


NO_EGFR = ShownEgfr(None, reported=False)


def shown_egfr(adult: Adult) -> ShownEgfr:
    """The reported eGFR unless it is clearly older than the creatinine, else the calculated one."""
    reported = adult.egfr
    if reported is not None and reported.exact and _in_step(reported, adult):
        return ShownEgfr(reported.value, reported=True)
    return ShownEgfr(adult.gfr, reported=False)


def of_adult(on_file: RenalFunction, adult: Adult) -> RenalFunction:
    """The kidney function of an adult, from `on_file` (what is there before a clearance is calculated)."""
    if on_file.issue in _BLOCKING:
        return on_file
    calculated = _calculated(on_file, adult)
    if calculated.basis == "cockcroft-gault" and not _severe_since(calculated, adult):
        return calculated
    for reported in (adult.clearance, adult.egfr):
        if reported is not None and reported.crcl is not None and _in_step(reported, adult):
            days = days_between(as_old_as_can_be(reported.result), adult.now, adult.zone)
            state = freshness(reported.result, days, reported.value, adult.setting, adult.now, adult.limits)
            if state != "expired" or reported.crcl < adult.limits.never_expires_below_ml_min:
                return _from_reported(calculated, reported, days, state, adult)
    return _from_estimate(calculated, adult) or calculated


def _calculated(known: RenalFunction, adult: Adult) -> RenalFunction:
    """Cockcroft-Gault, or the issue in its way. A severe clearance does not expire to normal."""
    result, days, limits = adult.creatinine.result, known.creatinine_age_days, adult.limits
    if result is None or days is None:
        return known
    computed = estimate(adult.patient, result.value, adult.body, limits)
    gfr = adult.gfr
    state = freshness(result, days, gfr, adult.setting, adult.now, limits)
    lowest = computed.low if computed is not None else gfr
    if state == "expired" and lowest is not None and lowest >= limits.never_expires_below_ml_min:
        return known._replace(issue="expired", why=f"the last creatinine is {days} days old")
    if computed is None:
        return known._replace(issue="no-weight", why=adult.body.why_no_weight)
    notes = (*known.notes, *computed.notes)
    little_muscle = result.value < limits.low_muscle_below_mg_dl and not adult.held.isdisjoint(
        limits.low_muscle_sets
    )
    if little_muscle:
        notes = (*notes, "Low creatinine with little muscle: Cockcroft-Gault may overstate kidney function")
    return known._replace(
        basis="cockcroft-gault",
        crcl=computed.crcl,
        crcl_low=computed.low,
        crcl_high=computed.high,
        weight_readings=computed.by_weight,
        weight_kg=computed.weight_kg,
        weight_basis=computed.weight_basis,
        stale=state != "fresh",
        low_muscle=little_muscle,
        why=f"Cockcroft-Gault with {computed.weight_basis} weight",
        notes=notes,
    )


def _severe_since(calculated: RenalFunction, adult: Adult) -> bool:
    """Whether an eGFR taken well after the creatinine shows severe impairment that it did not."""
    egfr, creatinine, limits = adult.egfr, adult.creatinine.result, adult.limits
    if egfr is None or egfr.crcl is None or creatinine is None or calculated.crcl_low is None:
        return False
    later = egfr.result.observed - creatinine.observed > timedelta(days=limits.egfr_pairs_days)
    return later and egfr.crcl < limits.far_low_ml_min <= calculated.crcl_low


def _in_step(reported: Reported, adult: Adult) -> bool:
    """Whether the reported value is not clearly older than the creatinine."""
    result = adult.creatinine.result
    pairs = timedelta(days=adult.limits.egfr_pairs_days)
    return result is None or result.observed - reported.result.observed <= pairs


def _from_reported(
    known: RenalFunction, reported: Reported, days: int, state: Freshness, adult: Adult
) -> RenalFunction:
    instead = known.why if known.basis == "none" else "the eGFR is newer than the creatinine"
    indexed = reported.basis != "measured" and reported.exact
    result = adult.creatinine.result
    pairs = timedelta(days=adult.limits.egfr_pairs_days)
    if known.issue != "no-weight" or (result and reported.result.observed - result.observed > pairs):
        # The old creatinine decides nothing any more, so it is not shown as if it did.
        known = known._replace(
            creatinine_mg_dl=None,
            creatinine_original="",
            creatinine_observed=None,
            creatinine_source="",
            creatinine_age_days=days,
        )
    return known._replace(
        basis=reported.basis,
        crcl=reported.crcl,
        crcl_low=reported.crcl,
        crcl_high=reported.crcl,
        weight_readings={},
        weight_kg=adult.body.weight_kg,
        weight_basis="actual" if adult.body.weight_kg is not None else "",
        egfr=reported.value if indexed else known.egfr,
        egfr_reported=indexed or known.egfr_reported,
        far_band=reported.far_band,
        stale=state != "fresh",
        low_muscle=False,
        issue="none",
        why=f"{reported.note}, because {instead}",
        notes=(*known.notes, reported.note),
    )


def _from_estimate(known: RenalFunction, adult: Adult) -> RenalFunction | None:
    """A creatinine without a weight still shows severe impairment; it never shows that all is well."""
    result, days, gfr = adult.creatinine.result, known.creatinine_age_days, adult.gfr
    if known.issue != "no-weight" or result is None or days is None or gfr is None:
        return None
    crcl, band = far_reading(gfr, "", adult.limits)
    if crcl is None or gfr >= adult.limits.far_low_ml_min:
        return None
    state = freshness(result, days, gfr, adult.setting, adult.now, adult.limits)
    why = adult.body.why_no_weight
    note = f"CKD-EPI 2021 from the creatinine, per 1.73 m²: {why}, and severe impairment by any"
    return known._replace(
        basis="egfr-indexed",
        crcl=crcl,
        crcl_low=crcl,
        crcl_high=crcl,
        far_band=band,
        stale=state != "fresh",
        issue="none",
        why=note,
        notes=(*known.notes, note),
    )
