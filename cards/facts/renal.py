"""Kidney function as dosing tables need it, with what it was worked out from, or why it is not known."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple

from cards.facts.renal_equations import deindexed

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
    `egfr` is per 1.73 m2. With an `issue` other than "none" nothing was
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
    far_band: str | None = None
    stale: bool = False
    rising: bool = False
    aki: bool = False
    oliguria: bool = False
    low_muscle: bool = False
    issue: Issue = "none"
    why: str = ""
    notes: tuple[str, ...] = ()

    @property
    def egfr_deindexed(self) -> Decimal | None:
        """The eGFR in mL/min of this body; None without a weight or a height."""
        if self.egfr is None or self.body_weight_kg is None or self.height_cm is None:
            return None
        return deindexed(self.egfr, self.body_weight_kg, self.height_cm)


def discordant(renal: RenalFunction, cut_offs: Iterable[Decimal]) -> bool:
    """Whether Cockcroft-Gault and the reported eGFR lie on different sides of a cut-off (mL/min).

    The eGFR is compared de-indexed where height and weight are known, else as it stands.
    """
    crcl, egfr = renal.crcl, renal.egfr
    if renal.basis != "cockcroft-gault" or crcl is None or egfr is None or not renal.egfr_reported:
        return False
    own = renal.egfr_deindexed
    other = egfr if own is None else own
    return any((crcl < edge) != (other < edge) for edge in cut_offs)
