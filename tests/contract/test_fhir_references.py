"""Medications that orders refer to: contained, in the same Bundle, on the server."""

import fhir_server as faults
import pytest
from chart import asking, data_cards, listed, not_checked
from fhir_app import app_of
from hook_requests import SIGN, draft_of

from cds_service.fhir.failures import words_of

pytestmark = pytest.mark.enable_socket


def pointing(body, reference):
    draft = draft_of(body)
    del draft["medicationCodeableConcept"]
    draft["medicationReference"] = {"reference": reference}
    return body


PRODUCT = {
    "resourceType": "Medication",
    "id": "g600",
    "code": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "310433"}],
        "text": "gabapentin 600 MG Oral Tablet",
    },
}


@pytest.mark.parametrize("form", ["Medication/g600", "{base}/Medication/g600", "Medication/g600/_history/3"])
def test_a_medication_that_an_order_refers_to_is_read_from_the_server(calm, server, form):
    server.store.append(PRODUCT)
    server.faults["Medication/g600/_history/3"] = faults.body(PRODUCT)
    response = calm.post(SIGN, json=pointing(asking(server), form.replace("{base}", server.base)))
    assert "Gabapentin 3600 mg/day" in response.text
    assert data_cards(response) == []


def test_a_medication_in_the_same_bundle_or_contained_is_not_asked_for(calm, server):
    body = pointing(asking(server), "Medication/g600")
    body["context"]["draftOrders"]["entry"].append({"resource": PRODUCT})
    inside = pointing(asking(server), "#g600")
    draft_of(inside)["contained"] = [PRODUCT]
    named = pointing(asking(server), "urn:uuid:0b2b2d0a-6b5a-4a36-8f2c-5a5f0c0f7f11")
    full_url = "urn:uuid:0b2b2d0a-6b5a-4a36-8f2c-5a5f0c0f7f11"
    named["context"]["draftOrders"]["entry"].append({"fullUrl": full_url, "resource": PRODUCT})
    for one in (body, inside, named):
        response = calm.post(SIGN, json=one)
        assert "Gabapentin 3600 mg/day" in response.text
    assert not any(one.startswith("Medication/") for one in server.asked)


def test_a_medication_that_the_list_refers_to_is_read_from_the_server(calm, server):
    entry = listed("m9", "active", "") | {"medicationReference": {"reference": "Medication/x1"}}
    del entry["medicationCodeableConcept"]
    server.store.extend(
        [entry, {"resourceType": "Medication", "id": "x1", "code": {"text": "pregabalin 300 mg"}}]
    )
    response = calm.post(SIGN, json=asking(server))
    assert "pregabalin" in response.text
    assert server.asked.count("Medication/x1") == 1


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("Medication/none", "not-found"),
        ("http://127.0.0.1:1/fhir/Medication/g600", "foreign-link"),
        ("https://evil.example.org/Medication/g600", "foreign-link"),
        ("../Medication/g600", "foreign-link"),
    ],
)
def test_a_medication_that_cannot_be_read_is_named(calm, server, reference, why):
    response = calm.post(SIGN, json=pointing(asking(server), reference))
    assert response.status_code == 200
    assert f"medications that orders refer to could not be read ({words_of(why)})" in not_checked(response)


@pytest.mark.parametrize(
    "answer", [{"resourceType": "Medication", "id": "other"}, {"resourceType": "Patient", "id": "g600"}]
)
def test_another_resource_than_the_one_referred_to_is_not_used(calm, server, answer):
    server.faults["Medication/g600"] = faults.body(answer)
    response = calm.post(SIGN, json=pointing(asking(server), "Medication/g600"))
    assert words_of("not-fhir") in not_checked(response)


def test_more_references_than_the_limit_are_not_read_and_it_is_said(engine, settings, server):
    for place in range(5):
        entry = listed(f"m9{place}", "active", "") | {
            "medicationReference": {"reference": f"Medication/x{place}"}
        }
        product = {"resourceType": "Medication", "id": f"x{place}", "code": {"text": "melatonin"}}
        server.store.extend([entry, product])
    response = app_of(engine, settings, max_references=3).test_client().post(SIGN, json=asking(server))
    assert words_of("too-many-references") in not_checked(response)
    assert sum(one.startswith("Medication/") for one in server.asked) == 3
