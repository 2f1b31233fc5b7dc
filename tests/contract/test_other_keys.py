"""Prefetch under keys that analysts typed in by hand: read by what it is."""

import pytest
from chart import data_cards, not_checked
from hook_requests import SIGN, bundle, draft_of, outcome, plain, summaries

OPIOID = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "oxycodone 10 mg tablet"},
}


def moved(body, old, new):
    body["prefetch"][new] = body["prefetch"].pop(old)
    return body


def seen(response):
    return [(card["summary"], card["detail"]) for card in response.json["cards"]]


@pytest.mark.parametrize("key", ["creatinine", "Kidney", "kidney-", "kidney results"])
def test_results_under_another_key_are_read_as_under_their_own(client, key):
    response = client.post(SIGN, json=moved(plain(), "kidney", key))
    assert seen(response) == seen(client.post(SIGN, json=plain()))


def test_a_medication_list_under_another_key_is_read(client):
    response = client.post(SIGN, json=moved(plain(medications=bundle(OPIOID)), "medications", "meds"))
    assert "opioid" in response.text.lower()


def test_the_patient_under_another_key_satisfies_the_required_one(client):
    response = client.post(SIGN, json=moved(plain(), "patient", "Patient"))
    assert response.status_code == 200
    assert seen(response) == seen(client.post(SIGN, json=plain()))


def test_another_patient_under_another_key_satisfies_nothing(client):
    body = moved(plain(), "patient", "pat")
    body["prefetch"]["pat"]["id"] = "p2"
    assert client.post(SIGN, json=body).status_code == 412


def test_a_resource_under_two_keys_counts_once(client):
    body = plain()
    body["prefetch"]["labs"] = body["prefetch"]["kidney"]
    assert seen(client.post(SIGN, json=body)) == seen(client.post(SIGN, json=plain()))


def test_entries_of_another_patient_under_another_key_are_left_out_and_named(client):
    foreign = OPIOID | {"subject": {"reference": "Patient/p2"}}
    response = client.post(SIGN, json=plain(meds=bundle(foreign)))
    assert "another patient" in not_checked(response)
    assert "opioid" not in response.text.lower()


def test_a_failed_query_under_another_key_is_named(client):
    response = client.post(SIGN, json=plain(labs=outcome("error", "forbidden")))
    assert "data under other keys could not be read" in not_checked(response)


@pytest.mark.parametrize(
    "value", [None, 5, "p1", [], {}, {"a": 1}, {"resourceType": "Practitioner"}, bundle(), [[[[[[1]]]]]]]
)
def test_what_holds_nothing_to_read_under_another_key_says_nothing(client, value):
    response = client.post(SIGN, json=plain(user=value))
    assert seen(response) == seen(client.post(SIGN, json=plain()))
    assert data_cards(response) == []


def test_resources_under_other_keys_count_towards_the_limit(client, settings):
    many = bundle(*({"resourceType": "Basic"} for _ in range(settings.max_resources)))
    assert client.post(SIGN, json=plain(more=many)).status_code == 413


WARFARIN = OPIOID | {"id": "m2", "medicationCodeableConcept": {"text": "warfarin 5 mg tablet"}}


def of_another_service(**prefetch):
    """Ibuprofen to be signed, with nothing under a key of this service."""
    body = plain()
    draft_of(body)["medicationCodeableConcept"] = {"text": "ibuprofen 400 mg tablet"}
    body["prefetch"] = prefetch
    return body


def test_a_client_with_the_keys_of_another_service_is_answered_without_the_patient_and_a_card_says_so(client):
    response = client.post(SIGN, json=of_another_service(item1=bundle(WARFARIN), item2=bundle()))
    assert response.status_code == 200
    assert [card["indicator"] for card in response.json["cards"]] == ["critical", "warning"]
    assert "Ibuprofen with warfarin" in summaries(response)
    assert "age and sex are unknown" in not_checked(response)


@pytest.mark.parametrize(
    "prefetch",
    [
        {"item1": bundle(WARFARIN), "medications": bundle()},  # answers a key of this service
        {"item1": bundle(WARFARIN), "patient": {}},
        {"item1": bundle(WARFARIN | {"subject": {"reference": "Patient/p2"}})},
        {"item1": bundle(WARFARIN), "item2": {"resourceType": "Patient", "id": "p2"}},
        {"item1": bundle()},
        {"item1": None, "item2": 5},
        {"item1": outcome("error")},
        {},
    ],
)
def test_no_other_client_is_answered_without_the_patient(client, prefetch):
    response = client.post(SIGN, json=of_another_service(**prefetch))
    assert response.status_code == 412
    assert response.json["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("inside", [True, False])
def test_results_with_their_response_inside_the_context_are_read_under_any_key(client, inside):
    person = plain()["prefetch"]["patient"]
    sent = {
        "item1": {"response": {"status": "200 OK"}, "resource": bundle(WARFARIN)},
        "item2": {"response": {"status": "200 OK"}, "resource": bundle(person)},
    }
    body = of_another_service()
    del body["prefetch"]
    body["context"].update({"prefetch": sent} if inside else sent)
    response = client.post(SIGN, json=body)
    assert [card["indicator"] for card in response.json["cards"]] == ["critical"]
    assert "Ibuprofen with warfarin" in summaries(response)


def test_a_failed_result_inside_the_context_is_named(client):
    body = plain()
    body["context"]["item4"] = {"response": {"status": "500"}, "resource": None}
    assert "data under other keys could not be read" in not_checked(client.post(SIGN, json=body))
