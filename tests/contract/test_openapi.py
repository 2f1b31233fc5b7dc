"""The OpenAPI document, and the service held against it."""

import pytest
import schemathesis
from hook_requests import SELECT, SIGN, VIEW, expected_named, names, plain, request_named
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cds_service.hooks.discovery import SERVICES
from cds_service.publish.api_schemas import Cards, Discovery, OperationOutcome, OrderSignCall, PatientCall
from cds_service.publish.openapi import openapi_document

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_document_is_served_and_names_every_service(client):
    response = client.get("/openapi.json")
    assert response.status_code == 200
    paths = response.json["paths"]
    assert set(paths) >= {f"/cds-services/{one.id}" for one in SERVICES}
    assert set(paths) >= {f"/cds-services/{one.id}/feedback" for one in SERVICES}
    assert response.json["openapi"].startswith("3.1")
    assert response.json == openapi_document()


@pytest.mark.parametrize("name", [one for one in names() if expected_named(one)["status"] == 200])
def test_every_answer_is_as_the_schema_says(client, name):
    response = client.post(f"/cds-services/{expected_named(name)['service']}", json=request_named(name))
    assert Cards().validate(response.json) == {}


def test_discovery_and_refusals_are_as_the_schemas_say(client):
    assert Discovery().validate(client.get("/cds-services").json) == {}
    for response in (client.post(SIGN, json={}), client.post(SELECT, data=b"{"), client.get("/nowhere")):
        assert OperationOutcome().validate(response.json) == {}


def test_the_requests_of_the_tests_are_as_the_schemas_say(client):
    assert OrderSignCall().validate(plain()) == {}
    assert PatientCall().validate(request_named("patient-view")) == {}
    assert client.post(VIEW, json=request_named("patient-view")).status_code == 200


@pytest.fixture
def described(serve, tmp_path):
    app = serve(database_url=f"sqlite:///{tmp_path}/fuzzed.sqlite")
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


OPERATIONS = [(path, method) for path, listed in openapi_document()["paths"].items() for method in listed]


def fuzz(described, path, method, examples):
    """Sends that many requests, in accordance with the document and against it, and holds each answer to it."""
    operation = described[path][method.upper()]

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def answered(case):
        case.validate_response(case.call(), checks=CHECKS)

    answered()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_sent_is_answered_as_the_document_says(described, path, method):
    fuzz(described, path, method, 40)


@pytest.mark.full
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_ten_thousand_requests_give_no_fault(described, path, method):
    fuzz(described, path, method, 10_000 // len(OPERATIONS) + 1)
