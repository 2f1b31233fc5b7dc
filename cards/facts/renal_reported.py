"""Clearances and eGFR as the laboratory reports them, for where Cockcroft-Gault cannot be calculated."""

from datetime import tzinfo
from decimal import Decimal
from typing import Literal, NamedTuple

from cards.facts.body import Body
from cards.facts.lab_reading import Result
from cards.facts.labs import Found, newest
from cards.facts.renal_equations import deindexed
from cards.facts.renal_limits import RenalLimits
from cards.facts.renal_results import choose


class Reported(NamedTuple):
    """A reported value and the clearance in mL/min it stands for; `crcl` None where it must not be used.

    `value` is the number as reported, `exact` whether it came without a comparator.
    """

    result: Result
    value: Decimal
    exact: bool
    basis: Literal["measured", "egfr-deindexed", "egfr-indexed"]
    crcl: Decimal | None
    far_band: str | None
    note: str


def read_clearance(found: Found, zone: tzinfo, limits: RenalLimits) -> Reported | None:
    """The newest reported clearance in mL/min, if it is exact and plausible."""
    if not found[0]:
        return None
    low, high = limits.clearance_low_ml_min, limits.clearance_high_ml_min
    result = choose(found, "creatinine clearance", low, high, min).result
    if result is None:
        return None
    return Reported(
        result=result,
        value=result.value,
        exact=True,
        basis="measured",
        crcl=result.value,
        far_band=None,
        note=f"Creatinine clearance {result.original} as reported on {_day(result, zone)}",
    )


def read_egfr(found: Found, body: Body, zone: tzinfo, limits: RenalLimits) -> Reported | None:
    """The newest reported eGFR: de-indexed with height and weight, else for the far bands only."""
    result = newest(found[0], min)
    if result is None or any(bad.observed and bad.observed > result.observed for bad in found[1]):
        return None
    if not limits.clearance_low_ml_min <= result.value <= limits.clearance_high_ml_min:
        return None
    said = f"eGFR {result.original} reported on {_day(result, zone)}"
    if not result.comparator and body.weight_kg is not None and body.height_cm is not None:
        return Reported(
            result=result,
            value=result.value,
            exact=True,
            basis="egfr-deindexed",
            crcl=deindexed(result.value, body.weight_kg, body.height_cm),
            far_band=None,
            note=f"{said}, de-indexed with weight and height",
        )
    crcl, band = far_reading(result.value, result.comparator, limits)
    return Reported(
        result=result,
        value=result.value,
        exact=not result.comparator,
        basis="egfr-indexed",
        crcl=crcl,
        far_band=band,
        note=f"{said}: used, not de-indexed, only because it is far from the cut-offs",
    )


def far_reading(egfr: Decimal, comparator: str, limits: RenalLimits) -> tuple[Decimal | None, str | None]:
    """An indexed eGFR as mL/min with the name of its far band; (None, None) between the far bands.

    "<15" reads as the mildest value it allows, just below 15; ">90" as 90.
    """
    if comparator in (">", ">="):
        return (egfr, f">={limits.far_high_ml_min}") if egfr >= limits.far_high_ml_min else (None, None)
    value = egfr.next_minus() if comparator == "<" else egfr
    if value < limits.far_lowest_ml_min:
        return value, f"<{limits.far_lowest_ml_min}"
    if value < limits.far_low_ml_min:
        return value, f"<{limits.far_low_ml_min}"
    if value >= limits.far_high_ml_min and not comparator:
        return value, f">={limits.far_high_ml_min}"
    return None, None


def _day(result: Result, zone: tzinfo) -> str:
    return result.observed.astimezone(zone).date().isoformat()
