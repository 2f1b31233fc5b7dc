"""What an order hands to the dose reader: its strength, where that came from, and the names of its drug."""

from datetime import UTC

from cards.facts.medications import read_drafts


def order(dosage, **members):
    base = {"resourceType": "MedicationRequest", "id": "m1", "status": "draft", "dosageInstruction": [dosage]}
    return {**base, "medicationCodeableConcept": {"text": "gabapentin 300 MG Oral Capsule"}, **members}


def dose_of(terminology, resource):
    (draft,), _issues = read_drafts([resource], {}, "p1", terminology, None, UTC)
    return draft.dose


CAPSULES = {
    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "capsule"}}],
    "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
}


def test_a_strength_taken_from_the_name_reads_with_medium_confidence(terminology):
    dose = dose_of(terminology, order(CAPSULES))
    assert (dose.peak_day_mg, dose.confidence) == (900, "medium")


def test_a_strength_stated_by_the_order_itself_reads_with_high_confidence(terminology):
    strength = {"numerator": {"value": 300, "unit": "mg"}, "denominator": {"value": 1, "unit": "capsule"}}
    part = {"itemCodeableConcept": {"text": "gabapentin"}, "strength": strength}
    product = {"resourceType": "Medication", "id": "m", "code": {"text": "gabapentin"}, "ingredient": [part]}
    resource = order(CAPSULES, contained=[product], medicationReference={"reference": "#m"})
    del resource["medicationCodeableConcept"]
    dose = dose_of(terminology, resource)
    assert (dose.peak_day_mg, dose.confidence) == (900, "high")


def test_a_strength_of_a_coded_product_reads_with_high_confidence(terminology):
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "310431"}
    dose = dose_of(terminology, order(CAPSULES, medicationCodeableConcept={"coding": [coding]}))
    assert (dose.peak_day_mg, dose.confidence) == (900, "high")


def test_a_text_may_name_the_ordered_drug_and_no_other(terminology):
    assert dose_of(terminology, order({"text": "Gabapentin 300 mg three times daily"})).peak_day_mg == 900
    assert dose_of(terminology, order({"text": "Oxycodone 5 mg three times daily"})).peak_day_mg is None
