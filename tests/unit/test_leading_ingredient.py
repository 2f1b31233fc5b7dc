"""Which ingredient of a combination product the advice speaks of."""

from datetime import UTC

import pytest

from cards.facts.medications import read_drafts


@pytest.mark.parametrize(
    ("name", "leading"),
    [
        ("acetaminophen 325 MG / tramadol hydrochloride 37.5 MG Oral Tablet", "tramadol"),
        ("amitriptyline hydrochloride 25 MG / perphenazine 2 MG Oral Tablet", "amitriptyline"),
        ("aspirin 325 MG / oxycodone hydrochloride 5 MG Oral Tablet", "oxycodone"),
        ("esomeprazole 20 MG / naproxen 500 MG Delayed Release Oral Tablet", "naproxen"),
        ("gabapentin 300 MG Oral Capsule", "gabapentin"),
    ],
)
def test_a_combination_is_led_by_the_ingredient_the_knowledge_is_about(terminology, name, leading):
    draft = {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": {"text": name}}
    (order,), _ = read_drafts((draft,), {}, "", terminology, None, UTC)
    assert order.ingredient.name == leading
    assert {part.name for part in order.medication.ingredients} <= order.classes
