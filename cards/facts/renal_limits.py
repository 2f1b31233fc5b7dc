"""The limits for reading kidney function, from cards/knowledge/renal.yaml.

Loaded once, when this module is first imported: a wrong file stops the start.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from cards.knowledge.limits_file import Grid, load_limits

PATH: Final = Path(__file__).parents[1] / "knowledge" / "renal.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenalLimits:
    """Every limit by its name in the file; the last part of a name is its unit."""

    adult_years: int
    oldest_years: int
    elderly_years: int
    future_tolerance_hours: int
    creatinine_low_mg_dl: Decimal
    creatinine_high_mg_dl: Decimal
    clearance_low_ml_min: Decimal
    clearance_high_ml_min: Decimal
    weight_low_kg: Decimal
    weight_high_kg: Decimal
    child_weight_low_kg: Decimal
    height_low_cm: Decimal
    height_high_cm: Decimal
    grown_years: int
    normal_bmi_below: Decimal
    obese_bmi_from: Decimal
    over_ideal_ratio: Decimal
    adjusted_weight_factor: Decimal
    height_wanted_above_kg: Decimal
    weight_stale_days: int
    weight_stale_fluid_days: int
    weight_stale_inpatient_days: int
    fluid_sets: tuple[str, ...]
    stale_inpatient_hours: int
    expired_inpatient_days: int
    recent_change_days: int
    stale_after_change_days: int
    changing_classes: tuple[str, ...]
    stale_by_egfr_days: Grid
    stale_days: int
    stale_elderly_days: int
    expired_factor: int
    never_expires_below_ml_min: Decimal
    aki_rise_mg_dl: Decimal
    aki_rise_umol_l: Decimal
    aki_rise_hours: int
    aki_ratio: Decimal
    aki_baseline_days: int
    aki_recent_days: int
    dialysis_procedure_days: int
    far_lowest_ml_min: Decimal
    far_low_ml_min: Decimal
    far_high_ml_min: Decimal
    egfr_pairs_days: int
    low_muscle_below_mg_dl: Decimal
    low_muscle_sets: tuple[str, ...]


def load_renal_limits(path: Path = PATH) -> RenalLimits:
    """The limits in `path`. Raises KnowledgeFileError with file, line and field where one is not in order."""
    return load_limits(path, RenalLimits)


RENAL_LIMITS: Final = load_renal_limits()
