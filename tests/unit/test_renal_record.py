from datetime import UTC

import pytest
from make_fhir import NOW, ago, creatinine, inpatient, patient, rounded, weight

from cards.facts.patient import read_patient
from cards.facts.record import KeyResult, Record
from cards.facts.renal_record import changed_classes, renal_function
from cards.facts.stay import read_stay


def record(**keys):
    return Record(
        patient_id="p1", keys={name: KeyResult(name, "given", tuple(found)) for name, found in keys.items()}
    )


def drug(name, status="active", **more):
    return {
        "resourceType": "MedicationRequest",
        "id": f"{name} {status} {more.get('authoredOn')}",
        "status": status,
        "medicationCodeableConcept": {"text": name},
    } | more


def changed(terminology, **keys):
    return changed_classes(record(**keys), terminology, NOW, UTC)


def read(terminology, made):
    stay = read_stay(next(iter(made.of_type("Encounter")), None), terminology, NOW, UTC)
    return renal_function(read_patient(patient(74), NOW, UTC), (), made, stay, terminology, NOW, UTC)


def test_the_keys_of_a_record_give_the_clearance(terminology):
    made = record(kidney=[creatinine(1.87, days=12)], body=[weight(60)], encounter=[])
    assert rounded(read(terminology, made).crcl) == "25.00"


def test_the_encounter_of_the_record_is_used(terminology):
    made = record(kidney=[creatinine(0.9, days=3)], body=[weight(60)], encounter=[inpatient()])
    assert read(terminology, made).stale is True


def test_a_key_that_was_absent_or_failed_is_told_apart_from_no_results(terminology):
    failed = Record(patient_id="p1", keys={"kidney": KeyResult("kidney", "failed", (), "timeout")})
    assert read(terminology, record(kidney=[])).issue == "no-creatinine"
    assert read(terminology, record()).issue == "not-supplied"
    assert "could not be read" in read(terminology, failed).why


@pytest.mark.parametrize(("days", "classes"), [(14, {"nsaid"}), (15, set())])
def test_a_drug_begun_within_two_weeks_is_a_change(terminology, days, classes):
    assert changed(terminology, medications=[drug("ibuprofen", authoredOn=ago(days=days))]) == classes


def test_a_renewal_is_no_change(terminology):
    new, old = (
        drug("lisinopril", authoredOn=ago(days=2)),
        drug("lisinopril", "completed", authoredOn=ago(days=90)),
    )
    assert changed(terminology, medications=[new]) == {"ace-inhibitor"}
    assert changed(terminology, medications=[new], endedMedications=[old]) == frozenset()


def test_an_entry_without_a_date_may_be_old(terminology):
    assert changed(terminology, medications=[drug("ibuprofen")]) == frozenset()


@pytest.mark.parametrize(("days", "classes"), [(14, {"diuretic"}), (15, set()), (-1, set())])
def test_a_drug_that_ended_within_two_weeks_is_a_change(terminology, days, classes):
    ended = drug(
        "furosemide", authoredOn=ago(days=300), dispenseRequest={"validityPeriod": {"end": ago(days=days)}}
    )
    assert changed(terminology, endedMedications=[ended]) == classes


def test_a_drug_that_goes_on_after_an_ended_entry_is_no_change(terminology):
    ended = drug(
        "furosemide", authoredOn=ago(days=300), dispenseRequest={"validityPeriod": {"end": ago(days=5)}}
    )
    running = drug("furosemide", authoredOn=ago(days=100))
    assert changed(terminology, medications=[running], endedMedications=[ended]) == frozenset()


@pytest.mark.parametrize(
    "more",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"doNotPerform": True},
        {"resourceType": "Goal"},
    ],
)
def test_what_was_never_taken_is_no_change(terminology, more):
    assert changed(terminology, medications=[drug("ibuprofen", authoredOn=ago(days=2)) | more]) == frozenset()


def test_drugs_that_do_not_act_on_the_kidney_are_no_change(terminology):
    assert changed(terminology, medications=[drug("oxycodone", authoredOn=ago(days=2))]) == frozenset()


def test_a_medication_reference_and_a_statement_are_read(terminology):
    statement = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "effectivePeriod": {"start": ago(days=3)},
        "medicationReference": {"reference": "Medication/m1"},
    }
    product = {"resourceType": "Medication", "id": "m1", "code": {"text": "naproxen"}}
    assert changed(terminology, statements=[statement, product]) == {"nsaid"}


def test_a_recent_change_shortens_how_long_the_creatinine_keeps(terminology):
    kept = {"kidney": [creatinine(0.9, days=20)], "body": [weight(60)]}
    assert read(terminology, record(**kept)).stale is False
    started = drug("ibuprofen", authoredOn=ago(days=3))
    assert read(terminology, record(**kept, medications=[started])).stale is True
