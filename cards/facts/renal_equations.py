"""Published equations of kidney function and body size, in Decimal and at full precision.

Creatinine in mg/dL, weight in kg, height in cm, age in completed years. The coefficients are the published
ones; limits on when an equation may be used are in cards/knowledge/renal.yaml. Arguments must be above 0.
"""

from decimal import Decimal
from functools import lru_cache

# All divisions and powers run in the thread's default context of 28 digits.

_PER_INCH_CM = Decimal("2.54")
_FIVE_FEET_IN = 60
_CLEARANCE_OF_WOMEN = Decimal("0.85")
_IDEAL_AT_FIVE_FEET_KG = {True: Decimal("45.5"), False: Decimal(50)}  # of women, of men
_IDEAL_KG_PER_INCH = Decimal("2.3")


def cockcroft_gault(age: int, weight_kg: Decimal, creatinine_mg_dl: Decimal, female: bool) -> Decimal:
    """Creatinine clearance in mL/min, not indexed. Cockcroft and Gault, Nephron 1976;16:31-41."""
    clearance = (140 - age) * weight_kg / (72 * creatinine_mg_dl)
    return clearance * _CLEARANCE_OF_WOMEN if female else clearance


@lru_cache(maxsize=8192)  # three powers; one evaluation asks several times, and results repeat
def ckd_epi_2021(age: int, creatinine_mg_dl: Decimal, female: bool) -> Decimal:
    """eGFR in mL/min/1.73 m2, race-free. Inker et al., N Engl J Med 2021;385:1737-1749."""
    kappa, alpha = (Decimal("0.7"), Decimal("-0.241")) if female else (Decimal("0.9"), Decimal("-0.302"))
    ratio = creatinine_mg_dl / kappa
    egfr = 142 * _power(min(ratio, Decimal(1)), alpha) * _power(max(ratio, Decimal(1)), Decimal("-1.200"))
    egfr *= _power(Decimal("0.9938"), Decimal(age))
    return egfr * Decimal("1.012") if female else egfr


def bedside_schwartz(height_cm: Decimal, creatinine_mg_dl: Decimal) -> Decimal:
    """eGFR at 1 to 17 years in mL/min/1.73 m2. Schwartz et al., J Am Soc Nephrol 2009;20:629-637."""
    return Decimal("0.413") * height_cm / creatinine_mg_dl


def body_surface(weight_kg: Decimal, height_cm: Decimal) -> Decimal:
    """Body surface in m2. Du Bois and Du Bois, Arch Intern Med 1916;17:863-871."""
    return Decimal("0.007184") * _power(weight_kg, Decimal("0.425")) * _power(height_cm, Decimal("0.725"))


def deindexed(egfr: Decimal, weight_kg: Decimal, height_cm: Decimal) -> Decimal:
    """An eGFR per 1.73 m2 as mL/min of this body, which is what dosing tables are written in."""
    return egfr * body_surface(weight_kg, height_cm) / Decimal("1.73")


def ideal_weight(height_cm: Decimal, female: bool) -> Decimal:
    """Ideal weight in kg, extrapolated below 60 in. Devine, Drug Intell Clin Pharm 1974;8:650-655.

    Above 0 for any height of an adult (from about 40 cm).
    """
    inches_over = height_cm / _PER_INCH_CM - _FIVE_FEET_IN
    return _IDEAL_AT_FIVE_FEET_KG[female] + _IDEAL_KG_PER_INCH * inches_over


def adjusted_weight(actual_kg: Decimal, ideal_kg: Decimal, factor: Decimal) -> Decimal:
    """Ideal weight plus `factor` times the excess over it, in kg."""
    return ideal_kg + factor * (actual_kg - ideal_kg)


def body_mass_index(weight_kg: Decimal, height_cm: Decimal) -> Decimal:
    """Weight over height squared, kg/m2."""
    return weight_kg / (height_cm / 100) ** 2


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    """A power with a fractional exponent, in double precision: the exponents have three digits."""
    return Decimal(float(base) ** float(exponent))
