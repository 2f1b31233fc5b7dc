"""The service against a FHIR server that others wrote: Medplum's router and in-memory repository, under node."""

import fcntl
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from chart import asking, chart, data_cards, listed, not_checked
from hook_requests import NOW, SIGN, draft_of

from cds_service.app import create_app
from cds_service.fhir.allow_list import read_allow_list
from cds_service.fhir.failures import words_of
from cds_service.hooks.invoke import load_engine
from cds_service.hooks.keys import KEYS
from cds_service.settings import Settings

pytestmark = pytest.mark.enable_socket
FOLDER = Path(__file__).parent / "medplum"
TOKEN = "token-of-this-call"
PRODUCT = {"resourceType": "Medication", "id": "x1", "code": {"text": "pregabalin 300 mg capsule"}}


def node():
    """The node to run the server with; CI has one, and elsewhere its want is a reason to skip."""
    found = shutil.which("node"), shutil.which("npm")
    if None in found:
        missing = "needs node 20 and npm: apt-get install nodejs npm"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def install(installer):
    """Installs what package-lock.json names, once, also where several processes run the tests."""
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = FOLDER / "node_modules" / ".package-lock.json"
        if not done.exists():
            subprocess.run([installer, "ci", "--silent"], cwd=FOLDER, check=True, timeout=400)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The base URL of a running server that holds the chart."""
    program, installer = node()
    install(installer)
    pointing = listed("m9", "active", "") | {"medicationReference": {"reference": "Medication/x1"}}
    del pointing["medicationCodeableConcept"]
    more = [listed(f"n{place}", "active", "melatonin") for place in range(4)]
    file = tmp_path_factory.mktemp("medplum") / "chart.json"
    file.write_text(json.dumps([*chart(), *more, pointing, PRODUCT]))
    process = subprocess.Popen(
        [program, "server.mjs", str(file), TOKEN], cwd=FOLDER, stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}/fhir/R4"
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def client(server):
    servers = read_allow_list([server], plain_http=False)
    made = Settings(fhir_servers=servers, time_budget_ms=30_000)
    engine = load_engine(made)
    engine = replace(engine, fhir=replace(engine.fhir, allow_list=servers))
    return create_app(made, engine, clock=lambda: NOW).test_client()


def test_everything_is_fetched_from_a_real_server(client, server):
    response = client.post(SIGN, json=asking(server))
    assert response.status_code == 200, response.text
    assert data_cards(response) == []
    assert "3600" in response.json["cards"][0]["summary"]
    assert "CrCl 25" in response.json["cards"][0]["summary"]


def test_pages_and_references_of_a_real_server_are_followed(client, server):
    """The opioid stands on the first page of the list, the pregabalin on the third and in another resource."""
    text = client.post(SIGN, json=asking(server)).text.lower()
    assert "opioid" in text
    assert "pregabalin" in text


def test_a_real_server_that_does_not_know_the_token_costs_the_answer(client, server):
    body = asking(server)
    body["fhirAuthorization"]["access_token"] = "expired"
    response = client.post(SIGN, json=body)
    assert response.status_code == 412
    body["prefetch"]["patient"] = chart()[0]
    response = client.post(SIGN, json=body)
    assert words_of("unauthorized") in not_checked(response)
    for row in KEYS:
        assert row.required or row.words in not_checked(response)


def test_what_a_real_server_does_not_have_is_named(client, server):
    body = asking(server)
    body["context"]["encounterId"] = "none"
    assert f"the encounter could not be read ({words_of('not-found')})" in not_checked(
        client.post(SIGN, json=body)
    )
    body = asking(server)
    draft_of(body)["medicationReference"] = {"reference": "Medication/none"}
    del draft_of(body)["medicationCodeableConcept"]
    assert words_of("not-found") in not_checked(client.post(SIGN, json=body))
