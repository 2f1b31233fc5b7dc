"""The EHR's server is not asked in vain: an order that no advice can be about needs the patient only."""

from datetime import UTC

import fhir_server as faults
import pytest
from chart import asking, data_cards, listed, result
from fhir_app import ROWS, failing, target
from hook_requests import SELECT, SIGN, VIEW, draft_of
from make_fhir import condition, creatinine, patient
from make_request import drug, run

from cards.concern import concerned
from terminology.load import load

pytestmark = pytest.mark.enable_socket
CBC = {
    "resourceType": "ServiceRequest",
    "id": "lab",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "code": {"text": "Complete blood count"},
}
ONLY_THE_PATIENT = ["Patient/p1"]


def ordering(server, *drafts, **prefetch):
    body = asking(server, **prefetch)
    body["context"]["draftOrders"]["entry"] = [{"resource": one} for one in drafts]
    return body


@pytest.mark.parametrize(
    "drafts",
    [
        [drug("amoxicillin 500 mg capsule", 500, 3)],
        [CBC],
        [drug("amoxicillin 500 mg capsule", 500, 3), CBC],
        [drug("some herb that nobody knows", 1, 1)],
    ],
    ids=["amoxicillin", "blood count", "both", "unknown"],
)
def test_for_orders_of_nothing_that_the_knowledge_speaks_of_only_the_patient_is_asked_for(
    calm, server, drafts
):
    response = calm.post(SIGN, json=ordering(server, *drafts))
    assert response.status_code == 200
    assert server.asked == ONLY_THE_PATIENT
    assert response.json["cards"] == []


def test_one_order_that_it_speaks_of_is_enough_to_ask_for_everything(calm, server, engine):
    response = calm.post(SIGN, json=ordering(server, CBC, draft_of(asking(server))))
    assert sorted(server.asked) == sorted(target(row.key, engine) for row in ROWS.values())
    assert "3600" in response.text


def test_an_order_that_was_not_selected_counts_too(calm, server):
    body = ordering(server, CBC, draft_of(asking(server))) | {"hook": "order-select"}
    body["context"]["selections"] = ["ServiceRequest/lab"]
    assert calm.post(SELECT, json=body).status_code == 200
    assert len(server.asked) > 1


def test_an_order_that_cannot_be_read_may_be_of_anything(calm, server):
    calm.post(SIGN, json=ordering(server, CBC, "nonsense"))
    assert len(server.asked) > 1


def test_a_medication_that_has_yet_to_be_read_may_be_anything(calm, server):
    server.store.append(
        {"resourceType": "Medication", "id": "g600", "code": {"text": "gabapentin 600 mg tablet"}}
    )
    order = dict(draft_of(asking(server)))
    del order["medicationCodeableConcept"]
    order["medicationReference"] = {"reference": "Medication/g600"}
    response = calm.post(SIGN, json=ordering(server, order))
    assert "3600" in response.text
    assert data_cards(response) == []


def test_a_chart_that_is_opened_is_read_whole(calm, server):
    body = asking(server) | {"hook": "patient-view"}
    del body["context"]["draftOrders"]
    calm.post(VIEW, json=body)
    assert len(server.asked) == len(ROWS)


@pytest.mark.parametrize("server_named", ["https://elsewhere.example.org/fhir", None])
def test_what_is_not_needed_is_not_said_to_be_missing(calm, server, server_named):
    """Neither a server that may not be asked, nor one that fails, brings a card to an order it has no part in."""
    who = next(one for one in server.store if one["resourceType"] == "Patient")
    body = ordering(server_named or server, CBC, patient=who)
    server.faults["*"] = faults.status(503)
    response = calm.post(SIGN, json=body)
    assert (response.status_code, response.json["cards"]) == (200, [])
    assert server.asked == []


def test_the_patient_is_required_all_the_same(calm, server, engine):
    body = ordering(server, CBC)
    server.faults["*"] = faults.status(503)
    assert calm.post(SIGN, json=body).status_code == 412
    server.faults.clear()
    dead = {"resourceType": "Patient", "id": "p1", "deceasedBoolean": True}
    response = failing(calm, server, "patient", engine, faults.body(dead))
    assert "deceased" in response.text.lower()


LISTED = [
    listed(f"m{place}", "active", text)
    for place, text in enumerate(
        ["oxycodone 10 mg tablet", "warfarin 5 mg tablet", "duloxetine 60 mg capsule", "gabapentin 600 mg tablet",
         "amitriptyline 50 mg tablet", "lithium carbonate 300 mg capsule", "ibuprofen 600 mg tablet",
         "carbamazepine 200 mg tablet", "tramadol 50 mg tablet", "phenelzine 15 mg tablet"]
    )
]  # fmt: skip
CHART = {
    "patient": [patient(82)],
    "medications": LISTED,
    "kidney": [creatinine(6.2)],
    "conditions": [condition(code) for code in ("N18.6", "I48.91", "K74.60", "F32.9", "Z33.1", "J44.9")],
    "inr": [result("6301-6", 6.5, "{INR}")],
    "bleeding": [result("777-3", 12, "10*9/L")],
    "sodium": [result("2951-2", 118, "mmol/L")],
    "ecg": [result("8636-3", 540, "ms")],
}


def test_no_drug_that_is_passed_over_would_bring_a_card_whatever_the_chart_holds(knowledge):
    """Every ingredient that the terminology knows, ordered for a patient for whom nearly everything is wrong."""
    terms = load()
    passed = 0
    for name in sorted(terms.medication_tables.ingredients):
        draft = drug(f"{name} 100 mg tablet", 100, 2)
        known = {"patient_id": "p1", "knowledge": knowledge, "terminology": terms, "zone": UTC}
        if concerned((draft,), (), **known):
            continue
        passed += 1
        for hook in ("order-sign", "order-select"):
            full = run((knowledge, terms), draft, hook=hook, **CHART)
            little = run((knowledge, terms), draft, hook=hook, patient=CHART["patient"])
            assert full.cards == little.cards, name
            assert all(one.source.topic == "data" for one in full.cards), name
    assert passed > 20
