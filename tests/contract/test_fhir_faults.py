"""Each prefetch key in each way of failing: what a prescriber reads, and that nothing passes for an all-clear."""

import fhir_server as faults
import pytest
from chart import asking, data_cards, not_checked
from fhir_app import OPTIONAL, ROWS, failing, failing_alone, prefetched
from hook_requests import SIGN, bundle, outcome

from cds_service.fhir.failures import words_of

pytestmark = pytest.mark.enable_socket


# Every way to fail, and what a prescriber reads of it.
FAST = {
    "401": (faults.status(401), "unauthorized"),
    "403": (faults.status(403), "forbidden"),
    "404": (faults.status(404), "not-found"),
    "410": (faults.status(410), "not-found"),
    "400": (faults.status(400), "rejected"),
    "429": (faults.status(429, Retry_After="1"), "throttled"),
    "500": (faults.status(500), "server-error"),
    "503": (faults.status(503), "server-error"),
    "redirect": (faults.status(302, Location="/fhir/Patient/p1"), "redirect"),
    "permanent redirect": (faults.status(308, Location="http://127.0.0.1:1/"), "redirect"),
    "truncated": (faults.truncated, "broken-off"),
    "half a JSON": (faults.truncated_json, "unreadable"),
    "broken chunks": (faults.broken_chunks, "broken-off"),
    "hang up": (faults.hang_up, "unreachable"),
    "not HTTP": (faults.not_http, "unreachable"),
    "empty": (faults.body(b""), "unreadable"),
    "HTML": (faults.body(b"<html><body>Sign in</body></html>", kind="text/html"), "unreadable"),
    "invalid UTF-8": (faults.body(b'{"resourceType": "Bundle", "a": "\xff"}'), "unreadable"),
    "NaN": (faults.body(b'{"resourceType": "Bundle", "total": NaN}'), "unreadable"),
    "deeply nested": (faults.body(b'{"resourceType":"Bundle","a":' + b"[" * 999 + b"]" * 999 + b"}"), "unreadable"),
    "not FHIR": (faults.body({"status": "ok"}), "not-fhir"),
    "null": (faults.body(b"null"), "not-fhir"),
    "list": (faults.body(b"[]"), "not-fhir"),
    "broken gzip": (faults.broken_gzip, "broken-off"),
    "no gzip": (faults.no_gzip, "unreadable"),
    "unknown encoding": (faults.body(b"x", Content_Encoding="br"), "unreadable"),
    "another type": (faults.body({"resourceType": "Organization", "id": "x"}), "wrong-patient"),
}  # fmt: skip
SLOW = {
    "silence": faults.silence,
    "drip of the body": faults.drip_body,
    "drip of headers": faults.drip_headers,
}
LARGE = {"endless": faults.endless, "gzip bomb": faults.bomb}


def pairs(kinds):
    """Every key with every fault; a part of them, with each key and each fault in it, in small runs."""
    small = min(4, len(kinds))
    return [
        pytest.param(key, name, marks=() if (i + j) % small == 0 else pytest.mark.full)
        for i, key in enumerate(OPTIONAL)
        for j, name in enumerate(kinds)
    ]


def assert_said(response, key, why):
    """One card of topic data names what was not read and why; nothing else is lost, nobody is reassured."""
    assert response.status_code == 200, response.text
    (card,) = data_cards(response)
    assert f"{ROWS[key].words} could not be read" in card["detail"]
    assert words_of(why) in card["detail"]
    assert card["summary"].startswith("Not checked: ")
    assert len(response.json["cards"]) > 1


@pytest.mark.parametrize(("key", "name"), pairs(FAST))
def test_a_key_that_cannot_be_fetched_is_named_and_the_other_advice_comes(calm, server, engine, key, name):
    fault, why = FAST[name]
    assert_said(failing(calm, server, key, engine, fault), key, why)


@pytest.mark.parametrize(("key", "name"), pairs(SLOW))
def test_a_key_that_is_too_slow_is_named_and_the_other_advice_comes(hurried, server, engine, key, name):
    assert_said(failing_alone(hurried, server, key, engine, SLOW[name]), key, "timeout")


@pytest.mark.parametrize(("key", "name"), pairs(LARGE))
def test_a_key_that_is_too_large_is_named_and_the_other_advice_comes(small, server, engine, key, name):
    assert_said(failing(small, server, key, engine, LARGE[name]), key, "too-large")


@pytest.mark.parametrize("key", OPTIONAL)
def test_the_error_of_a_server_that_answers_200_is_named(calm, server, engine, key):
    response = failing(calm, server, key, engine, faults.body(outcome("error", "forbidden")))
    assert f"{ROWS[key].words} could not be read (the EHR reported an error: forbidden)" in not_checked(
        response
    )
    assert len(response.json["cards"]) > 1


@pytest.mark.parametrize("key", OPTIONAL)
def test_data_of_another_patient_is_left_out_and_named(calm, server, engine, key):
    kind = min(ROWS[key].types)
    foreign = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/other"}}
    response = failing(calm, server, key, engine, faults.body(bundle(foreign)))
    assert "another patient" in not_checked(response)
    assert f"{ROWS[key].words} could not be read" in not_checked(response)


@pytest.mark.parametrize("name", FAST)
def test_a_patient_that_cannot_be_fetched_is_a_failed_precondition_that_says_why(calm, server, engine, name):
    fault, why = FAST[name]
    response = failing(calm, server, "patient", engine, fault)
    assert response.status_code == 412
    said = response.json["issue"][0]["diagnostics"]
    assert words_of(why) in said
    assert "p1" not in said.replace("context.patientId", "")


def test_another_patient_in_the_answer_is_a_failed_precondition(calm, server, engine):
    other = {"resourceType": "Patient", "id": "p2", "gender": "male"}
    assert failing(calm, server, "patient", engine, faults.body(other)).status_code == 412


def test_a_patient_that_does_not_come_in_time_is_a_failed_precondition(hurried, server, engine):
    assert failing_alone(hurried, server, "patient", engine, faults.silence).status_code == 412


def test_a_patient_that_the_client_failed_to_read_is_not_asked_for_again(calm, server):
    assert calm.post(SIGN, json=asking(server, patient=outcome("error"))).status_code == 412
    assert "Patient/p1" not in server.asked


def test_a_patient_that_was_sent_is_enough_when_everything_else_fails(calm, server):
    server.faults["*"] = faults.status(503)
    patient = next(one for one in server.store if one["resourceType"] == "Patient")
    response = calm.post(SIGN, json=asking(server, patient=patient))
    assert response.status_code == 200
    for key in OPTIONAL:
        assert ROWS[key].words in not_checked(response)


def test_a_server_that_is_not_there_is_said_so(calm, server, engine):
    patient = prefetched(server, engine)["patient"]
    body = asking("http://127.0.0.1:1/fhir", patient=patient)
    assert words_of("unreachable") in not_checked(calm.post(SIGN, json=body))
