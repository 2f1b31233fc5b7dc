"""A dose made of a product: whole units and not too many, and how the instruction words it."""

from decimal import Decimal

import pytest

from cards.knowledge.rule_types import Regimen
from cards.portion import portion_of
from terminology.medications import Ingredient, Medication, Strength


def product(mg, per="unit", form="Oral Tablet"):
    strength = None if mg is None else Strength(Decimal(mg), per)
    return Medication(name="x", ingredients=(Ingredient("x", strength=strength),), form=form)


def test_whole_units_are_counted_and_worded():
    portion = portion_of(Regimen(Decimal(600), 2), product(300))
    assert (portion.units, portion.unit, portion.code) == (2, "tablet", "{tablet}")
    assert portion.words + portion.made_of == "600 mg twice a day (2 × 300 mg tablet)"
    assert portion.sig == "Take 2 tablets (600 mg) twice a day"


def test_one_unit_is_singular_and_its_time_is_said():
    portion = portion_of(Regimen(Decimal(300), 1, "at bedtime"), product(300, form="Oral Capsule"))
    assert portion.sig == "Take 1 capsule (300 mg) once a day at bedtime"


@pytest.mark.parametrize(
    ("mg", "units"), [("100", 4), ("80", None), ("300", None), (None, None), ("0", None)]
)
def test_a_dose_is_made_of_at_most_four_whole_units(mg, units):
    assert portion_of(Regimen(Decimal(400), 1), product(mg)).units == units


def test_what_cannot_be_made_of_units_is_worded_in_mg():
    portion = portion_of(Regimen(Decimal("12.5"), 1), product(None))
    assert (portion.made_of, portion.sig) == ("", "12.5 mg once a day")


def test_a_solution_is_measured_in_ml_and_worded_in_mg():
    portion = portion_of(Regimen(Decimal(125), 2), product(50, "mL", "Oral Solution"))
    assert (portion.units, portion.code) == (Decimal("2.5"), "mL")
    assert (portion.made_of, portion.sig) == (" (2.5 mL of 50 mg/mL)", "125 mg twice a day")
