"""Kidney function as dosing tables need it, with what it was worked out from, or why it is not known."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple

Basis = Literal[
    "cockcroft-gault",
    "egfr-deindexed",
    "egfr-indexed",
    "measured",
    "haemodialysis",
    "dialysis-other",
    "aki",
    "none",
]
Issue = Literal[
    "none",
    "no-creatinine",
    "not-supplied",
    "implausible",
    "no-unit",
    "comparator",
    "future",
    "expired",
    "no-weight",
    "no-age",
    "child",
]
WeightBasis = Literal["", "actual", "ideal", "adjusted"]


_NO_READINGS: Mapping[str, Decimal] = MappingProxyType({})


class RenalFunction(NamedTuple):
    """Clearances in mL/min at full precision; None wherever there is no valid number.

    `crcl` decides; `crcl_low` and `crcl_high` bound the plausible readings (weights in obesity, unknown sex,
    partial birth date). `weight_readings` maps actual, adjusted and ideal to the clearance with that weight
    where obesity makes them differ. `weight_kg` is the weight used, of the kind `weight_basis`;
    `body_weight_kg` is the patient's own. `creatinine_age_days` is the age of the result that decided.
    `egfr` is per 1.73 m2, `egfr_deindexed` the same in mL/min. With an `issue` other than "none" nothing was
    calculated, and `why` says what stood in the way.
    """

    basis: Basis = "none"
    crcl: Decimal | None = None
    crcl_low: Decimal | None = None
    crcl_high: Decimal | None = None
    weight_readings: Mapping[str, Decimal] = _NO_READINGS
    creatinine_mg_dl: Decimal | None = None
    creatinine_original: str = ""
    creatinine_observed: datetime | None = None
    creatinine_source: str = ""
    creatinine_age_days: int | None = None
    weight_kg: Decimal | None = None
    weight_basis: WeightBasis = ""
    weight_observed: datetime | None = None
    weight_stated: bool = False
    body_weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    egfr: Decimal | None = None
    egfr_reported: bool = False
    egfr_deindexed: Decimal | None = None
    far_band: str | None = None
    stale: bool = False
    rising: bool = False
    aki: bool = False
    oliguria: bool = False
    low_muscle: bool = False
    issue: Issue = "none"
    why: str = ""
    notes: tuple[str, ...] = ()


def discordant(renal: RenalFunction, cut_offs: Iterable[Decimal]) -> bool:
    """Whether Cockcroft-Gault and the reported eGFR lie on different sides of a cut-off (mL/min).

    The eGFR is compared de-indexed where height and weight are known, else as it stands.
    """
    other = renal.egfr_deindexed if renal.egfr_deindexed is not None else renal.egfr
    if renal.basis != "cockcroft-gault" or renal.crcl is None or other is None or not renal.egfr_reported:
        return False
    crcl = renal.crcl
    return any((crcl < edge) != (other < edge) for edge in cut_offs)
