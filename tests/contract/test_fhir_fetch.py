"""What a request does not hold is fetched from the EHR's FHIR server, and only then."""

import pytest
from chart import asking, data_cards, not_checked, told
from fhir_app import ROWS, prefetched, target
from hook_requests import SIGN, bundle, draft_of, outcome

from cds_service.fhir.failures import words_of

pytestmark = pytest.mark.enable_socket


def test_the_cards_with_everything_fetched_are_those_with_everything_sent(calm, server, engine):
    sent = asking(server, **prefetched(server, engine))
    both = calm.post(SIGN, json=sent), calm.post(SIGN, json=asking(server))
    assert told(both[0].json["cards"]) == told(both[1].json["cards"])
    assert "3600" in both[1].json["cards"][0]["summary"]
    assert "opioid" in both[1].text.lower()
    assert data_cards(both[1]) == []


def test_every_key_is_asked_for_once_and_only_if_it_was_not_sent(calm, server, engine):
    calm.post(SIGN, json=asking(server))
    assert sorted(server.asked) == sorted(target(row.key, engine) for row in ROWS.values())
    server.asked.clear()
    calm.post(SIGN, json=asking(server, **prefetched(server, engine)))
    assert server.asked == []


@pytest.mark.parametrize(
    "value", [None, bundle(), bundle(outcome("warning")), outcome("error"), outcome("fatal")]
)
def test_what_is_an_answer_is_not_asked_for_again(calm, server, engine, value):
    calm.post(SIGN, json=asking(server, conditions=value))
    assert target("conditions", engine) not in server.asked


@pytest.mark.parametrize("value", ["text", 5, {}, {"a": 1}, {"resourceType": "Practitioner"}])
def test_what_is_no_answer_is_asked_for_and_then_nothing_is_missing(calm, server, engine, value):
    response = calm.post(SIGN, json=asking(server, conditions=value))
    assert target("conditions", engine) in server.asked
    assert data_cards(response) == []


def test_the_token_goes_to_the_server_as_a_bearer_token(calm, server):
    calm.post(SIGN, json=asking(server))
    assert server.tokens == {"Bearer token-of-this-call"}


def test_without_an_encounter_none_is_asked_for(calm, server):
    body = asking(server)
    del body["context"]["encounterId"]
    response = calm.post(SIGN, json=body)
    assert not any(one.startswith("Encounter") for one in server.asked)
    assert data_cards(response) == []


@pytest.mark.parametrize(
    "change", [{"fhirServer": None}, {"fhirAuthorization": None}, {"fhirAuthorization": {}}]
)
def test_without_server_or_authorization_nothing_is_asked_and_gaps_stay_gaps(calm, server, engine, change):
    patient = prefetched(server, engine)["patient"]
    response = calm.post(SIGN, json=asking(server, patient=patient) | change)
    assert server.asked == []
    assert "could not be read" not in response.text
    assert response.status_code == 200
    assert calm.post(SIGN, json=asking(server) | change).status_code == 412


@pytest.mark.parametrize(
    "authorization",
    [
        "token", 5, [], {"access_token": ""}, {"access_token": 5}, {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": "a", "token_type": "MAC"}, {"access_token": "a", "expires_in": 0},
        {"access_token": "a", "expires_in": -5}, {"token_type": "Bearer"},
    ],
)  # fmt: skip
def test_an_authorization_that_cannot_be_used_is_said_so_and_no_connection_is_made(
    calm, server, engine, authorization
):
    body = asking(server, patient=prefetched(server, engine)["patient"])
    response = calm.post(SIGN, json=body | {"fhirAuthorization": authorization})
    assert response.status_code == 200
    assert words_of("no-authorization") in not_checked(response)
    assert server.asked == []


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", "http://127.0.0.1/fhir/Patient/p1", "", None])
def test_an_authorization_of_this_patient_or_of_none_is_used(calm, server, patient):
    body = asking(server)
    body["fhirAuthorization"]["patient"] = patient
    assert calm.post(SIGN, json=body).status_code == 200
    assert server.asked


@pytest.mark.parametrize("patient", ["p2", "Patient/p2", "P1", 5, "Group/p1"])
def test_an_authorization_of_another_patient_is_refused(calm, server, patient):
    body = asking(server)
    body["fhirAuthorization"]["patient"] = patient
    response = calm.post(SIGN, json=body)
    assert response.status_code == 400
    assert response.json["issue"][0]["expression"] == ["fhirAuthorization.patient"]
    assert server.asked == []


@pytest.mark.parametrize("identifier", [".", "..", "...", "p1\\..\\x"])
def test_an_id_that_would_name_something_else_in_a_url_is_not_sent(calm, server, identifier):
    body = asking(server)
    body["context"] |= {"patientId": identifier, "encounterId": identifier}
    del body["fhirAuthorization"]["patient"]
    del draft_of(body)["subject"]
    assert calm.post(SIGN, json=body).status_code == 412
    assert server.asked == []


@pytest.mark.parametrize("identifier", ["p1?x=1", "p1&status=x", "p1#x", "p1%2f..", "p 1", "pä"])
def test_an_id_cannot_change_a_query(calm, server, identifier):
    body = asking(server)
    body["context"]["patientId"] = identifier
    del body["fhirAuthorization"]["patient"]
    calm.post(SIGN, json=body)
    for asked in server.asked:
        names = [part.partition("=")[0] for part in asked.partition("?")[2].split("&")]
        assert set(names) <= {"patient", "status", "code", "category", "_sort", "_count", ""}
