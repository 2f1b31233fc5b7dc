"""Logs and metrics: what they say, and that they never hold patient data."""

import json
import re

import pytest
from hook_requests import NOW, SIGN, draft_of, outcome, plain

from cds_service.app import create_app
from cds_service.fhir.failures import WHYS
from cds_service.hooks.keys import KEYS
from cds_service.observability.metrics import ISSUE_CODES

STAGES = ["read", "store", "fetch", "evaluate", "write"]
SECRETS = [
    "Mustermann",
    "MRN-778899",
    "1952-01-01",
    "draft-secret-17",
    "4b6ffa0e",
    "take my secret",
    "p-secret-1",
]


def secretive():
    """A request with something to recognise in every place."""
    body = plain()
    patient = body["prefetch"]["patient"]
    patient |= {
        "id": "p-secret-1",
        "name": [{"family": "Mustermann"}],
        "identifier": [{"value": "MRN-778899"}],
    }
    body["context"]["patientId"] = "p-secret-1"
    draft = draft_of(body)
    draft |= {"id": "draft-secret-17", "subject": {"reference": "Patient/p-secret-1"}}
    draft["dosageInstruction"][0]["patientInstruction"] = "take my secret"
    for key in ("kidney", "body"):
        for entry in body["prefetch"][key]["entry"]:
            entry["resource"]["subject"] = {"reference": "Patient/p-secret-1"}
    return body


def lines(captured):
    return [json.loads(line) for line in captured.out.splitlines()]


def test_a_request_writes_one_line_that_says_what_came_of_it(client, capfd):
    client.post(SIGN, json=plain(conditions=outcome("error")))
    (line,) = lines(capfd.readouterr())
    assert line["service"] == "neuropathic-order-sign"
    assert line["hook"] == "order-sign"
    assert line["status"] == 200
    assert line["cards"] == 2
    assert "gabapentin-renal-dose" in line["statements"]
    assert line["issues"] == ["fetch-failed"]
    assert line["ms"] >= 0


def refusals():
    body = secretive()
    yield "accepted", SIGN, json.dumps(body)
    yield "broken", SIGN, json.dumps(body)[:-5]
    yield "mismatch", SIGN, json.dumps(body | {"hook": "Mustermann"})
    yield "nowhere", "/cds-services/Mustermann", json.dumps(body)
    yield "no-patient", SIGN, json.dumps(body | {"prefetch": {}})
    yield "odd-member", SIGN, json.dumps(body | {"hookInstance": {"Mustermann": 1}})
    yield "foreign", SIGN, json.dumps(body).replace("Patient/p-secret-1", "Patient/MRN-778899")


@pytest.mark.parametrize(
    ("path", "text"), [case[1:] for case in refusals()], ids=[case[0] for case in refusals()]
)
def test_no_patient_data_reaches_a_log_a_metric_or_an_error_body(client, capfd, path, text):
    response = client.post(
        path + "?name=Mustermann",
        data=text,
        content_type="application/json",
        headers={"X-Request-Id": "MRN-778899"},
    )
    captured = capfd.readouterr()
    written = captured.out + captured.err + client.get("/metrics").text + str(response.headers)
    if response.status_code != 200:
        written += response.text
    assert captured.out
    for secret in SECRETS:
        assert secret not in written


def test_a_crash_is_logged_by_type_and_place_without_message_or_values(settings, engine, capfd):
    times = [NOW]  # the application reads the day once as it starts

    def broken():
        if times:
            return times.pop()
        raise RuntimeError("Mustermann MRN-778899")

    create_app(settings, engine, clock=broken).test_client().post(SIGN, json=secretive())
    captured = capfd.readouterr()
    crash, request = lines(captured)
    assert crash["type"] == "RuntimeError"
    assert re.fullmatch(r"test_observation\.py:\d+", crash["where"][-1])
    assert request["status"] == 500
    assert crash["request"] == request["request"]
    for secret in SECRETS:
        assert secret not in captured.out + captured.err


def test_a_fault_after_the_view_is_logged_the_same_way(settings, engine, capfd):
    app = create_app(settings, engine)

    @app.after_request
    def broken(_):
        raise RuntimeError("Mustermann")

    response = app.test_client().get("/healthz")
    captured = capfd.readouterr()
    assert response.status_code == 500
    assert '"type":"RuntimeError"' in captured.out
    assert "Mustermann" not in captured.out + captured.err + response.text


def test_metrics_count_calls_cards_statements_and_issues(client):
    client.post(SIGN, json=plain(conditions=outcome("error")))
    client.post(SIGN, json=[])
    text = client.get("/metrics").text
    for sample in (
        'cds_requests_total{hook="order-sign",status="2xx"}',
        'cds_requests_total{hook="order-sign",status="4xx"}',
        'cds_cards_total{hook="order-sign",indicator="critical",statement="gabapentin-renal-dose"}',
        'cds_statements_total{outcome="fired",statement="gabapentin-renal-dose"}',
        'cds_issues_total{code="fetch-failed"}',
        'cds_request_seconds_count{hook="order-sign"}',
        *(f'cds_stage_seconds_count{{hook="order-sign",stage="{stage}"}}' for stage in STAGES),
    ):
        assert re.search(re.escape(sample) + r" [1-9]", text), sample


def test_labels_come_from_closed_sets(client, engine):
    for path in (SIGN, "/cds-services/Mustermann"):
        client.post(path, json=secretive())
    text = client.get("/metrics").text
    allowed = {
        "hook": {"order-select", "order-sign", "order-dispatch", "patient-view", "other"},
        "status": {"2xx", "3xx", "4xx", "5xx"},
        "indicator": {"info", "warning", "critical"},
        "outcome": {"fired", "not-fired", "cannot-evaluate", "suppressed"},
        "code": ISSUE_CODES | {"other"},
        "statement": set(engine.knowledge.statements)
        | {"none", "other", "not-checked", "drug-not-recognised"},
        "stage": {"authenticate", *STAGES},
        "named_by": {"code", "text"},
        "result": {"accepted", "overridden", "unreadable", "not-kept"},
        "state": {"in-force", "not-approved", "switched-off", "topic-off", "approved", "lapsed", "none", "overdue"},
        "kind": {
            "vendor-changed", "switch-off-expired", "approval-lapsed", "review-overdue", "approval-unused",
        },
    }  # fmt: skip
    fetched = {
        "key": {row.key for row in KEYS} | {"references", "dispatchedOrders"},
        "outcome": WHYS | {"ok"},
    }
    assert "cds_requests_total{" in text
    for line in text.splitlines():
        closed = fetched if line.startswith("cds_fetch") else allowed
        for label, value in re.findall(r'(\w+)="([^"]*)"', line):
            assert label == "le" or value in closed[label]


def test_readiness_tells_the_versions_and_health_tells_nothing(client, engine):
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz").json
    assert ready["status"] == "ready"
    assert ready["knowledge"] == engine.knowledge.version
    assert ready["terminology"] == engine.terminology.version
    assert ready["statements"] == len(engine.knowledge.statements)


def test_health_checks_are_logged_at_debug_only(settings, engine, capfd):
    create_app(settings, engine).test_client().get("/healthz")
    assert capfd.readouterr().out == ""
