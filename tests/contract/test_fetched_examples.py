"""With the prefetch removed and a FHIR server given, the cards are those with prefetch: for every request there is."""

import json

import pytest
from fhir_app import app_of
from fhir_server import fhir_server
from hook_requests import NOW, expected_named, names, request_named

from cds_service.commands.example import about_patient, example
from cds_service.commands.example import names as example_names
from cds_service.hooks.discovery import service_for
from cds_service.hooks.entries import resources_in
from cds_service.hooks.keys import KEYS
from cds_service.hooks.schemas import read_request
from cds_service.sandbox.patients import synthetic_patients
from cds_service.settings import Settings

pytestmark = pytest.mark.enable_socket

ACCESS = {"access_token": "t", "token_type": "Bearer"}


def bodies():
    for name in example_names():
        yield pytest.param(json.loads(example(name, NOW.date())), id=f"example {name}")
    for name in synthetic_patients(NOW.date()):
        for hook in ("order-sign", "patient-view"):
            written = about_patient(name, NOW.date(), Settings(), hook)
            yield pytest.param(json.loads(written), id=f"{hook} of {name}")
    for name in names():
        if expected_named(name)["status"] == 200:
            yield pytest.param(request_named(name), id=name)


def chart_of(request):
    """What the request sent, as a server holds it: with ids, and all of it about the patient."""
    found = {}
    sent = (*request.prefetch.values(), *request.others)
    for place, resource in enumerate(one for value in sent for one in resources_in(value)[0]):
        kind = resource["resourceType"]
        own = {"id": f"x{place}", "subject": {"reference": f"Patient/{request.patient_id}"}} | resource
        if kind == "Patient":
            own["id"] = request.patient_id
        found[kind, own["id"]] = own
    if not any(kind == "Patient" for kind, _ in found):
        found["Patient", ""] = {"resourceType": "Patient", "id": request.patient_id}
    if request.encounter_id and not any(kind == "Encounter" for kind, _ in found):
        who = {"reference": f"Patient/{request.patient_id}"}
        found["Encounter", ""] = {"resourceType": "Encounter", "id": request.encounter_id, "subject": who}
    return [one for (kind, _), one in found.items() if kind != "OperationOutcome"]


def answered(server, template, request):
    """What the server answers to a query of discovery, None where it has nothing."""
    filled = template.replace("{{context.patientId}}", request.patient_id)
    kind, _, rest = filled.replace("{{context.encounterId}}", request.encounter_id).partition("?")
    if rest:
        return server.search(
            kind, {part.partition("=")[0]: [part.partition("=")[2]] for part in rest.split("&")}
        )
    return next((one for one in server.store if f"{one['resourceType']}/{one['id']}" == kind), None)


@pytest.fixture(scope="module")
def running():
    with fhir_server() as server:
        yield server


@pytest.fixture(scope="module")
def service(engine, settings):
    return app_of(engine, settings, max_body_bytes=2_000_000).test_client()


def without_prefetch(body, server):
    """The request without anything of the record, also where old clients put it."""
    left = {name: value for name, value in body.items() if name == "context" or not sent_loose(name, value)}
    context = left["context"]
    if isinstance(context, dict):
        left["context"] = {
            name: value
            for name, value in context.items()
            if name != "prefetch" and (name in ("medications", "orders") or not sent_loose(name, value))
        }
    left.pop("prefetch", None)
    return left | {"fhirServer": server.base, "fhirAuthorization": ACCESS}


def sent_loose(name, value):
    return name in {row.key for row in KEYS} and isinstance(value, dict)


@pytest.mark.parametrize("body", list(bodies()))
def test_what_is_fetched_gives_the_cards_of_what_is_sent(service, running, engine, body):
    own = service_for(body["hook"])
    request = read_request(body, own)
    running.store[:] = chart_of(request)
    running.asked.clear()
    path = f"/cds-services/{own.id}"
    fetched = service.post(path, json=without_prefetch(body, running))
    prefetch = {key: answered(running, query, request) for key, query in engine.fhir.templates.items()}
    sent = service.post(path, json=without_prefetch(body, running) | {"prefetch": prefetch})
    assert fetched.status_code == sent.status_code == 200, fetched.text
    assert fetched.json == sent.json
    assert request.drafts == () or running.asked
