"""The one-click change: what it sets, what it removes, what it leaves, and when there is none."""

from copy import deepcopy

import pytest
from make_fhir import creatinine, patient, weight
from make_request import drug, run, rxnorm

CKD4 = {"patient": [patient(74)], "kidney": [creatinine(1.87, days=12)], "body": [weight(60)]}


@pytest.fixture
def engine(knowledge, terminology):
    return knowledge, terminology


def changed(engine, draft, **keys):
    """The updated draft that is offered, None when none is."""
    for card in run(engine, draft, **CKD4 | keys).cards:
        for suggestion in card.suggestions:
            for action in suggestion.actions:
                if action.type == "update":
                    return action.resource
    return None


FULL = drug(
    "gabapentin 600 MG Oral Tablet",
    1200,
    3,
    meta={"versionId": "7"},
    extension=[{"url": "http://example.org/x", "valueString": "kept"}],
    text={"status": "generated", "div": "<div>1200 mg three times a day</div>"},
    note=[{"text": "kept"}],
    reasonCode=[{"text": "neuralgia"}],
    dispenseRequest={
        "quantity": {"value": 540},
        "numberOfRepeatsAllowed": 3,
        "expectedSupplyDuration": {"value": 30, "unit": "d"},
    },
)


def test_the_dose_becomes_one_inside_the_band(engine):
    dosage = changed(engine, FULL)["dosageInstruction"]
    assert len(dosage) == 1
    assert dosage[0]["timing"]["repeat"]["frequency"] == 1
    assert dosage[0]["doseAndRate"] == [
        {"doseQuantity": {"value": 200, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}
    ]


def test_what_states_the_old_dose_goes_and_everything_else_stays(engine):
    update = changed(engine, FULL)
    assert "text" not in update
    assert update["dispenseRequest"] == {"expectedSupplyDuration": {"value": 30, "unit": "d"}}
    for member in ("id", "status", "intent", "subject", "meta", "extension", "note", "reasonCode"):
        assert update[member] == FULL[member]


def test_the_patient_instruction_and_the_sig_do_not_keep_the_old_dose(engine):
    draft = deepcopy(FULL)
    draft["dosageInstruction"][0] |= {
        "text": "Take 2 tablets three times a day",
        "patientInstruction": "two tablets",
    }
    dosage = changed(engine, draft)["dosageInstruction"][0]
    assert "patientInstruction" not in dosage
    assert "200 mg" in dosage["text"]


def test_how_long_the_order_is_for_stays(engine):
    draft = deepcopy(FULL)
    bounds = {"value": 14, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    draft["dosageInstruction"][0]["timing"]["repeat"]["boundsDuration"] = bounds
    assert changed(engine, draft)["dosageInstruction"][0]["timing"]["repeat"]["boundsDuration"] == bounds


def test_a_dose_in_units_changes_the_product_where_the_ordered_one_cannot_make_it(engine):
    draft = drug("", medicationCodeableConcept=rxnorm("310434", "gabapentin 800 MG Oral Tablet"))
    draft["dosageInstruction"] = [
        {
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
        }
    ]
    update = changed(engine, draft)
    assert update["medicationCodeableConcept"]["coding"][0]["code"] == "310430"
    assert update["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 2


def test_two_instructions_are_not_rewritten(engine):
    draft = deepcopy(FULL)
    draft["dosageInstruction"] *= 2
    assert changed(engine, draft) is None


def test_an_order_of_an_older_fhir_version_is_not_rewritten(engine):
    draft = drug("gabapentin 600 MG Oral Tablet")
    draft["dosageInstruction"] = [
        {
            "doseQuantity": {"value": 1200, "unit": "mg"},
            "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
        }
    ]
    evaluation = run(engine, draft, **CKD4)
    assert evaluation.cards
    assert changed(engine, draft) is None


def test_two_drafts_with_one_id_are_not_rewritten(engine):
    evaluation = run(engine, FULL, deepcopy(FULL), **CKD4)
    assert evaluation.cards
    assert not any(
        action.type == "update" for card in evaluation.cards for s in card.suggestions for action in s.actions
    )


def test_a_text_that_could_not_be_read_is_not_rewritten(engine):
    draft = drug("gabapentin 300 MG Oral Capsule")
    draft["dosageInstruction"] = [{"text": "use as directed"}]
    assert run(engine, draft, **CKD4).cards
    assert changed(engine, draft) is None
