"""The error table: status, OperationOutcome, and never an empty card list in its place."""

import json
from datetime import UTC, datetime

import pytest
from hook_requests import SELECT, SIGN, VIEW, bundle, draft_of, outcome, plain, request_named

from cds_service.app import create_app
from cds_service.settings import Settings


def refused(response, status):
    assert response.status_code == status, response.data
    assert response.content_type == "application/json"
    body = response.json
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"]
    for issue in body["issue"]:
        assert issue["severity"] in ("error", "fatal")
        assert issue["code"]
        assert issue["diagnostics"]
    return [issue.get("expression", [""])[0] for issue in body["issue"]]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{'hook': 1}", b'{"hook": NaN}', b'{"a": 1e999}', b'{"a": Infinity}', b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"{}//", b"[1,]", b"[" * 100_000, b'{"a":' * 30_000,
    ],
)  # fmt: skip
def test_a_body_that_is_not_json_is_refused(client, body):
    response = client.post(SIGN, data=body, content_type="application/json")
    refused(response, 400)


@pytest.mark.parametrize("depth", [253, 254, 500, 1000])
def test_deep_nesting_never_crashes(client, depth):
    body = plain()
    draft_of(body)["extension"] = "HERE"
    text = json.dumps(body).replace('"HERE"', "[" * depth + "]" * depth)
    refused(client.post(SIGN, data=text, content_type="application/json"), 400)


@pytest.mark.parametrize("depth", range(225, 252))
def test_whatever_nesting_is_accepted_can_be_written_back_in_a_suggestion(client, depth):
    body = plain()
    draft_of(body)["extension"] = "HERE"
    text = json.dumps(body).replace('"HERE"', "[" * depth + "1" + "]" * depth)
    response = client.post(SIGN, data=text, content_type="application/json")
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert response.json["cards"][0]["suggestions"]
    assert response.status_code == 200 or depth > 235


@pytest.mark.parametrize("body", [[], "text", 5, None, True, [{"hook": "order-sign"}]])
def test_a_body_that_is_no_object_is_refused(client, body):
    refused(client.post(SIGN, data=json.dumps(body), content_type="application/json"), 400)


@pytest.mark.parametrize("member", ["hook", "hookInstance", "context"])
def test_a_missing_member_of_the_envelope_is_named(client, member):
    body = plain()
    del body[member]
    assert refused(client.post(SIGN, json=body), 400) == [member]


@pytest.mark.parametrize("value", [None, 5, "", "   ", True, ["a"], {"a": 1}])
def test_a_hook_instance_that_is_no_text_is_refused(client, value):
    body = plain()
    body["hookInstance"] = value
    assert refused(client.post(SIGN, json=body), 400) == ["hookInstance"]


@pytest.mark.parametrize(
    "value",
    [
        "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "F399C67C-C703-11EA-AF16-460231621F93",
        "4b6ffa0e-6f9e-7f0c-9e07-0d6f2a1f1b11", "not a uuid",
    ],
)  # fmt: skip
def test_any_text_is_accepted_as_hook_instance(client, value):
    body = plain()
    body["hookInstance"] = value
    assert client.post(SIGN, json=body).status_code == 200


@pytest.mark.parametrize("value", [None, 5, "x", [], [1], True])
def test_a_context_that_is_no_object_is_refused(client, value):
    body = plain()
    body["context"] = value
    refused(client.post(SIGN, json=body), 400)


@pytest.mark.parametrize("value", [None, "", " ", [], {}, True, "Practitioner/p1", "http://x/Group/1"])
def test_a_patient_id_that_is_none_is_refused(client, value):
    body = plain()
    body["context"]["patientId"] = value
    assert refused(client.post(SIGN, json=body), 400) == ["context.patientId"]


@pytest.mark.parametrize("value", ["p1", "Patient/p1", "https://ehr.example.org/fhir/Patient/p1", " p1 "])
def test_a_patient_id_is_read_bare_or_as_a_reference(client, value):
    body = plain()
    body["context"]["patientId"] = value
    assert client.post(SIGN, json=body).status_code == 200


@pytest.mark.parametrize("endpoint", [SIGN, SELECT])
@pytest.mark.parametrize("value", ["absent", None, "x", 5, {}, True])
def test_an_order_hook_without_draft_orders_is_refused(client, endpoint, value):
    body = plain()
    body["hook"] = endpoint.rpartition("neuropathic-")[2]
    body["context"]["draftOrders"] = value
    if value == "absent":
        del body["context"]["draftOrders"]
    assert refused(client.post(endpoint, json=body), 400) == ["context.draftOrders"]


def test_patient_view_needs_no_draft_orders(client):
    assert client.post(VIEW, json=request_named("patient-view")).status_code == 200


@pytest.mark.parametrize("value", [[], "x", 5, True])
def test_prefetch_that_is_no_object_is_refused(client, value):
    body = plain()
    body["prefetch"] = value
    assert refused(client.post(SIGN, json=body), 400) == ["prefetch"]


def test_all_problems_are_reported_at_once(client):
    body = plain()
    body["context"] = {}
    assert refused(client.post(SIGN, json=body), 400) == ["context.patientId", "context.draftOrders"]


@pytest.mark.parametrize(
    ("endpoint", "hook"), [(SIGN, "order-select"), (SELECT, "order-sign"), (VIEW, "order-sign")]
)
def test_a_hook_of_another_service_is_refused_not_answered_with_no_cards(client, endpoint, hook):
    body = plain()
    body["hook"] = hook
    assert refused(client.post(endpoint, json=body), 400) == ["hook"]


def test_an_unknown_service_is_not_found(client):
    refused(client.post("/cds-services/none", json=plain()), 404)
    refused(client.get("/nowhere"), 404)


@pytest.mark.parametrize(
    ("method", "path"), [("get", SIGN), ("put", SIGN), ("delete", SIGN), ("post", "/cds-services")]
)
def test_another_method_is_refused_with_those_that_are_allowed(client, method, path):
    response = getattr(client, method)(path)
    refused(response, 405)
    assert response.headers["Allow"]


def test_a_trailing_slash_is_answered_and_a_double_one_is_not_redirected(client):
    assert client.post(SIGN + "/", json=plain()).status_code == 200
    refused(client.post("/cds-services//neuropathic-order-sign", json=plain()), 404)


@pytest.mark.parametrize(
    "value",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "application/fhir+json",
    ],
)
def test_json_content_types_are_accepted(client, value):
    assert client.post(SIGN, data=json.dumps(plain()), content_type=value).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
    ],
)
def test_other_content_types_are_refused(client, value):
    refused(client.post(SIGN, data=json.dumps(plain()), content_type=value), 415)


def test_a_compressed_body_is_refused(client):
    response = client.post(
        SIGN, data=b"\x1f\x8b", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    refused(response, 415)


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read(client, settings):
    body = json.dumps(plain()).encode()
    padded = body + b" " * (settings.max_body_bytes - len(body))
    assert client.post(SIGN, data=padded, content_type="application/json").status_code == 200
    refused(client.post(SIGN, data=padded + b" ", content_type="application/json"), 413)


def test_more_resources_than_the_limit_are_refused_and_as_many_are_read(client, settings):
    body = plain(conditions=bundle(), kidney=None)
    body["prefetch"] = {"patient": body["prefetch"]["patient"]}
    others = settings.max_resources - 2  # the draft and the patient
    body["prefetch"]["conditions"] = bundle(*({"resourceType": "Condition"} for _ in range(others)))
    assert client.post(SIGN, json=body).status_code == 200
    body["prefetch"]["conditions"]["entry"].append({"resource": {"resourceType": "Condition"}})
    refused(client.post(SIGN, json=body), 413)


@pytest.mark.parametrize("endpoint", [SIGN, SELECT, VIEW])
def test_a_patient_that_was_not_sent_is_a_failed_precondition(client, endpoint):
    body = plain()
    body["hook"] = endpoint.rpartition("neuropathic-")[2]
    del body["prefetch"]["patient"]
    assert refused(client.post(endpoint, json=body), 412) == ["prefetch.patient"]


def test_no_prefetch_at_all_is_a_failed_precondition(client):
    body = plain()
    del body["prefetch"]
    refused(client.post(SIGN, json=body), 412)
    body["fhirServer"] = "https://ehr.example.org/fhir"
    refused(client.post(SIGN, json=body), 412)


@pytest.mark.parametrize(
    "value",
    [
        outcome("error", "forbidden"), outcome("fatal"), bundle(outcome("error")), {"response": {"status": "404"}},
        {"response": {"status": "500 oops"}, "resource": None}, "p1", 5, {},
        {"resourceType": "Practitioner", "id": "p1"},
        {"resourceType": "Patient", "id": "another"}, bundle({"resourceType": "Patient", "id": "another"}),
    ],
)  # fmt: skip
def test_a_patient_that_cannot_be_used_is_a_failed_precondition(client, value):
    refused(client.post(SIGN, json=plain(patient=value)), 412)


@pytest.mark.parametrize("value", [None, {"resourceType": "Bundle", "total": 0}, bundle(outcome("warning"))])
def test_a_patient_known_to_be_none_is_evaluated_and_a_card_says_so(client, value):
    response = client.post(SIGN, json=plain(patient=value))
    assert response.status_code == 200
    data = [card for card in response.json["cards"] if card["source"]["topic"]["code"] == "data"]
    assert any("age" in card["detail"] for card in data)


def test_a_fault_is_a_500_with_a_reference_and_without_its_message(settings, engine):
    times = iter([datetime.now(UTC)])  # one for the start

    def broken():
        for time in times:
            return time
        raise RuntimeError("Erika Mustermann, born 1952")

    client = create_app(settings, engine, clock=broken).test_client()
    response = client.post(SIGN, json=plain())
    refused(response, 500)
    assert b"Erika" not in response.data
    assert response.headers["X-Request-Id"] in response.json["issue"][0]["diagnostics"]


def test_a_page_that_is_switched_off_does_not_exist(engine):
    client = create_app(Settings(), engine).test_client()
    for path in ("/metrics", "/knowledge", "/static/pages.css"):
        refused(client.get(path), 404)


def test_unknown_members_are_ignored_at_every_level(client):
    body = plain()
    body["junk"] = body["context"]["junk"] = body["prefetch"]["junk"] = {"a": [None]}
    draft_of(body)["junk"] = {"b": 1}
    plain_cards = client.post(SIGN, json=plain()).json["cards"]
    cards = client.post(SIGN, json=body).json["cards"]
    assert [card["summary"] for card in cards] == [card["summary"] for card in plain_cards]
