"""The synthetic patients on a FHIR server that others wrote and that checks what it stores."""

import json
import subprocess

import pytest
from chart import told
from hook_requests import NOW, SIGN
from test_medplum import FOLDER, TOKEN, install, node

from cds_service.app import create_app
from cds_service.fhir.allow_list import read_allow_list
from cds_service.hooks.invoke import load_engine
from cds_service.sandbox.example_requests import hook_request, transaction
from cds_service.sandbox.patients import MESSY, synthetic_patients
from cds_service.settings import Settings

pytestmark = [pytest.mark.enable_socket, pytest.mark.full]
PATIENTS = {name: one for name, one in synthetic_patients(NOW.date()).items() if name != MESSY}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The base URL of a running server that holds what `cds-service example --patients` prints."""
    program, installer = node()
    install(installer)
    stored = [entry["resource"] for entry in transaction(PATIENTS.values())["entry"]]
    file = tmp_path_factory.mktemp("medplum") / "patients.json"
    file.write_text(json.dumps(stored))
    process = subprocess.Popen(
        [program, "server.mjs", str(file), TOKEN], cwd=FOLDER, stdout=subprocess.PIPE, text=True
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/fhir/R4"
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def engine(server):
    return load_engine(
        Settings(fhir_servers=read_allow_list([server], plain_http=False), time_budget_ms=30_000)
    )


@pytest.fixture(scope="module")
def client(engine):
    return create_app(engine.settings, engine, clock=lambda: NOW).test_client()


@pytest.mark.parametrize("name", PATIENTS)
def test_what_is_fetched_from_it_gives_the_same_cards_as_the_prefetch(client, engine, server, name):
    body = hook_request(PATIENTS[name], engine.fhir.templates, NOW.date())
    prefetched = client.post(SIGN, json=body)
    del body["prefetch"]
    body["fhirServer"] = server
    body["fhirAuthorization"] = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "cds-service",
    }
    fetched = client.post(SIGN, json=body)
    assert fetched.status_code == 200, fetched.text
    assert [one[:3] for one in told(fetched.json["cards"])] == [
        one[:3] for one in told(prefetched.json["cards"])
    ]
