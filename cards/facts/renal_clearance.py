"""Cockcroft-Gault over every plausible reading of the inputs: sex, age, and in obesity the weight."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from cards.facts.body import Body
from cards.facts.patient import Patient, Sex
from cards.facts.renal import WeightBasis
from cards.facts.renal_equations import (
    adjusted_weight,
    body_mass_index,
    ckd_epi_2021,
    cockcroft_gault,
    ideal_weight,
)
from cards.facts.renal_limits import RenalLimits

_COMPUTED_FOR: dict[Sex, tuple[bool, ...]] = {"female": (True,), "male": (False,), "unknown": (True, False)}


class Clearance(NamedTuple):
    """Clearances in mL/min: `crcl` decides, `low` and `high` bound the plausible readings.

    `by_weight` has the readings for the actual, adjusted and ideal weight where obesity makes them differ.
    """

    crcl: Decimal
    low: Decimal
    high: Decimal
    by_weight: Mapping[str, Decimal]
    weight_kg: Decimal
    weight_basis: WeightBasis
    notes: tuple[str, ...]


def estimate(patient: Patient, creatinine: Decimal, body: Body, limits: RenalLimits) -> Clearance | None:
    """Creatinine clearance of an adult with a known weight, else None. `creatinine` in mg/dL, above 0."""
    actual = body.weight_kg
    if patient.age is None or actual is None:
        return None
    youngest, oldest = patient.age
    best: tuple[Decimal, Decimal, Mapping[str, Decimal], WeightBasis] | None = None
    lows, highs = [], []
    for female in _sexes(patient):
        weights, basis = weights_for(actual, body.height_cm, female, limits)
        at = {name: cockcroft_gault(oldest, kg, creatinine, female) for name, kg in weights.items()}
        lows.append(min(at.values()))
        at_youngest = (
            at.values()
            if youngest == oldest
            else [cockcroft_gault(youngest, kg, creatinine, female) for kg in weights.values()]
        )
        highs.append(max(at_youngest))
        if best is None or at[basis] < best[0]:
            best = (at[basis], weights[basis], at if len(at) > 1 else {}, basis)
    if best is None:
        return None
    crcl, used, by_weight, basis = best
    return Clearance(
        crcl=crcl,
        low=min(lows),
        high=max(highs),
        by_weight=by_weight,
        weight_kg=used,
        weight_basis=basis,
        notes=_notes(patient, actual, body.height_cm, limits),
    )


def weights_for(
    actual: Decimal, height_cm: Decimal | None, female: bool, limits: RenalLimits
) -> tuple[dict[str, Decimal], WeightBasis]:
    """The weights to compute with, in kg, and which one decides.

    The actual weight, unless the body mass index is 30 or the actual weight more than 1.2 times the ideal
    one (never with an index below 25): then the adjusted weight decides and all three are shown.
    """
    if height_cm is None:
        return {"actual": actual}, "actual"
    ideal = ideal_weight(height_cm, female)
    if actual <= ideal:
        return {"actual": actual}, "actual"
    index = body_mass_index(actual, height_cm)
    if index < limits.normal_bmi_below:
        return {"actual": actual}, "actual"
    if index < limits.obese_bmi_from and actual <= ideal * limits.over_ideal_ratio:
        return {"actual": actual}, "actual"
    adjusted = adjusted_weight(actual, ideal, limits.adjusted_weight_factor)
    return {"actual": actual, "adjusted": adjusted, "ideal": ideal}, "adjusted"


def estimated_gfr(patient: Patient, creatinine: Decimal) -> Decimal | None:
    """CKD-EPI 2021 in mL/min/1.73 m2, the lowest over the plausible readings; None without an age."""
    if patient.age is None:
        return None
    return min([ckd_epi_2021(patient.age[1], creatinine, female) for female in _sexes(patient)])


def _sexes(patient: Patient) -> tuple[bool, ...]:
    """Whether to compute for a woman, a man, or both."""
    return _COMPUTED_FOR[patient.sex]


def _notes(patient: Patient, actual: Decimal, height: Decimal | None, limits: RenalLimits) -> tuple[str, ...]:
    notes = []
    if patient.sex == "unknown":
        notes.append("Sex not known: calculated for both, the lower value used")
    if patient.age is not None and patient.age[0] != patient.age[1]:
        notes.append(f"Birth date incomplete: age {patient.age[0]} to {patient.age[1]}, the older used")
    if height is None and actual > limits.height_wanted_above_kg:
        notes.append("No height on file: in obesity the actual weight overstates the clearance")
    return tuple(notes)
