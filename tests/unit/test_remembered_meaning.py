"""What an order means is remembered where its concept and its instructions tell all."""

from decimal import Decimal

import pytest

from cards.facts import drug_meaning
from cards.facts.drug_meaning import meaning_of

TABLET = {"text": "sertraline 50 MG Oral Tablet"}
DAILY = [{"text": "Take 1 tablet by mouth once a day"}]


def refuse(*_):
    raise AssertionError


def meant(terminology, weight_kg=None, **order):
    return meaning_of({"medicationCodeableConcept": TABLET, **order}, {}, terminology, weight_kg)


@pytest.mark.parametrize("instructions", [DAILY, None])
def test_the_same_order_of_another_patient_is_not_read_again(terminology, monkeypatch, instructions):
    first = meant(terminology, id="1", dosageInstruction=instructions)
    monkeypatch.setattr(drug_meaning, "named_drug", refuse)
    assert meant(terminology, id="2", dosageInstruction=instructions) is first


def test_an_order_without_a_dose_is_estimated_from_what_it_dispenses(terminology):
    plain = meant(terminology)
    dispensed = {
        "quantity": {"value": 60, "unit": "tablet"},
        "expectedSupplyDuration": {"value": 30, "unit": "d"},
    }
    (drug,) = meant(terminology, dispenseRequest=dispensed).drugs
    assert plain.drugs[0].dose.dispense_estimate_mg is None
    assert drug.dose.dispense_estimate_mg == Decimal(100)


def test_a_dose_by_weight_is_read_for_each_patient(terminology):
    by_weight = [{"text": "2 mg/kg by mouth once a day"}]
    light, heavy = (
        meant(terminology, kg, dosageInstruction=by_weight).drugs[0].dose.peak_day_mg
        for kg in (Decimal(50), Decimal(100))
    )
    assert (light, heavy) == (Decimal(100), Decimal(200))
