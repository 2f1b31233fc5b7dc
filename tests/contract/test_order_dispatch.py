"""order-dispatch: orders that stand in the EHR, by the names of hook 1.1 and of 1.0."""

import fhir_server as faults
import pytest
from chart import asking, not_checked
from hook_requests import bundle, draft_of, plain, summaries, topics

DISPATCH = "/cds-services/neuropathic-order-dispatch"
ORDER = "MedicationRequest/d1"


def ordered():
    """The gabapentin order of the plain request as it stands in the EHR after signing."""
    return draft_of(plain()) | {"status": "active", "authoredOn": "2026-06-15"}


def dispatching(body, **context):
    del body["context"]["draftOrders"]
    del body["context"]["userId"]
    body["context"] |= {"performer": "Organization/o1", **context}
    return body | {"hook": "order-dispatch"}


def sent(**context):
    return dispatching(plain(medications=bundle(ordered())), **context)


@pytest.mark.parametrize(
    "context",
    [
        {"dispatchedOrders": [ORDER]},
        {"dispatchedOrders": [ORDER, ORDER]},
        {"dispatchedOrders": ORDER},
        {"dispatchedOrders": ["http://ehr.example.org/fhir/MedicationRequest/d1"]},
        {"order": ORDER},
        {"order": ORDER, "task": {"resourceType": "Task"}},
        {"dispatchedOrders": [ORDER], "fulfillmentTasks": [{"resourceType": "Task"}]},
        {"dispatchedOrders": [ORDER], "fulfillment-tasks": ["Task/1"]},
    ],
)
def test_a_dispatched_order_that_was_sent_is_checked_as_before_signing(client, context):
    response = client.post(DISPATCH, json=sent(**context))
    assert response.status_code == 200
    assert "3600" in summaries(response)
    assert "data" not in topics(response)


@pytest.mark.enable_socket
def test_a_dispatched_order_is_read_from_the_server(calm, server):
    server.store.append(ordered())
    body = dispatching(asking(server), dispatchedOrders=[ORDER])
    response = calm.post(DISPATCH, json=body)
    assert "3600" in summaries(response)
    assert ORDER in server.asked


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "fault", [faults.status(404), faults.status(403), faults.body({"resourceType": "Patient", "id": "d1"})]
)
def test_a_dispatched_order_that_cannot_be_read_is_named(calm, server, fault):
    server.faults[ORDER] = fault
    body = dispatching(asking(server), dispatchedOrders=[ORDER])
    response = calm.post(DISPATCH, json=body)
    assert response.status_code == 200
    assert "dispatched orders could not be read" in not_checked(response)


@pytest.mark.enable_socket
def test_an_order_on_another_server_is_not_asked_for_and_named(calm, server):
    body = dispatching(asking(server), dispatchedOrders=["https://evil.example.org/MedicationRequest/d1"])
    assert "dispatched orders could not be read" in not_checked(calm.post(DISPATCH, json=body))


def test_a_dispatched_order_that_nobody_sent_is_named_and_the_others_are_checked(client):
    response = client.post(DISPATCH, json=sent(dispatchedOrders=[ORDER, "ServiceRequest/s9"]))
    assert "3600" in summaries(response)
    assert "dispatched orders could not be read" in not_checked(response)


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"dispatchedOrders": None},
        {"dispatchedOrders": []},
        {"dispatchedOrders": [5, None, "x"]},
        {"order": ""},
    ],
)
def test_a_dispatch_of_nothing_is_refused(client, context):
    response = client.post(DISPATCH, json=sent(**context))
    assert response.status_code == 400
    assert response.json["issue"][0]["expression"] == ["context.dispatchedOrders"]


def test_an_order_of_another_patient_is_left_out_and_named(client):
    body = sent(dispatchedOrders=[ORDER])
    body["prefetch"]["medications"] = bundle(ordered() | {"subject": {"reference": "Patient/other"}})
    assert "3600" not in client.post(DISPATCH, json=body).text
