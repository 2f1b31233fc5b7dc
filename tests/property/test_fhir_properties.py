"""Whether data is sent or fetched makes no difference to the cards."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fhir_server import fhir_server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_fhir import NOW, ago, condition, creatinine, height, observation, patient, weight
from make_request import drug

from cds_service.app import create_app
from cds_service.fhir.allow_list import read_allow_list
from cds_service.hooks.invoke import load_engine
from cds_service.hooks.keys import KEYS
from cds_service.settings import Settings

pytestmark = pytest.mark.enable_socket
PLAIN = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "requests" / "plain.request.json").read_text()
)
SUBJECT = {"subject": {"reference": "Patient/p1"}}
NAMES = [
    "oxycodone 10 mg",
    "pregabalin 75 mg",
    "warfarin 5 mg",
    "ibuprofen 400 mg",
    "lorazepam 1 mg",
    "duloxetine 60 mg",
]

listed = st.builds(
    lambda name, place, status, days: drug(
        name, 10, 2, status=status, identifier=f"m{place}", authoredOn=ago(days=days)
    ),
    st.sampled_from(NAMES),
    st.integers(0, 40),
    st.sampled_from(["active", "on-hold", "stopped", "completed", "draft"]),
    st.integers(1, 400),
)
measured = st.one_of(
    st.builds(
        lambda value, days, place: creatinine(value, days=days, id=f"k{place}") | SUBJECT,
        st.decimals("0.4", "6", places=2).map(float),
        st.integers(0, 500),
        st.integers(0, 40),
    ),
    st.builds(lambda value: weight(value) | SUBJECT, st.integers(40, 150)),
    st.builds(lambda value: height(value) | SUBJECT, st.integers(140, 200)),
    st.builds(
        lambda value, days: observation("6301-6", value, "{INR}", ago(days=days)) | SUBJECT,
        st.decimals("0.9", "7", places=1).map(float),
        st.integers(0, 60),
    ),
    st.builds(
        lambda value, days: observation("777-3", value, "10*9/L", ago(days=days)) | SUBJECT,
        st.integers(10, 400),
        st.integers(0, 60),
    ),
)
diagnosed = st.builds(
    lambda code: condition(code) | SUBJECT, st.sampled_from(["N18.4", "J44.9", "I48.91", "F32.9", "Z33.1"])
)
charts = st.lists(
    st.one_of(listed, measured, diagnosed),
    max_size=12,
    unique_by=lambda one: (one["resourceType"], one["id"]),
)


@pytest.fixture(scope="module")
def service():
    servers = read_allow_list(["http://127.0.0.1:*/fhir"], plain_http=False)
    made = Settings(fhir_servers=servers, time_budget_ms=20_000)
    engine = load_engine(made)
    engine = replace(engine, fhir=replace(engine.fhir, allow_list=servers))
    return create_app(made, engine, clock=lambda: NOW).test_client(), engine.fhir.templates


@pytest.fixture(scope="module")
def server():
    with fhir_server() as running:
        yield running


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chart=charts,
    age=st.integers(18, 95),
    withheld=st.sets(st.sampled_from([row.key for row in KEYS])),
    page=st.integers(1, 5),
)
def test_any_keys_withheld_and_fetched_give_the_same_cards(service, server, chart, age, withheld, page):
    client, templates = service
    server.store[:] = [patient(age), *chart]
    server.page = 1000
    body = json.loads(json.dumps(PLAIN))
    body["prefetch"] = {
        key: answered(server, template) for key, template in templates.items() if key != "encounter"
    }
    sent = client.post("/cds-services/neuropathic-order-sign", json=body)
    server.page = page
    body["prefetch"] = {key: value for key, value in body["prefetch"].items() if key not in withheld}
    body |= {"fhirServer": server.base, "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"}}
    fetched = client.post("/cds-services/neuropathic-order-sign", json=body)
    assert sent.status_code == fetched.status_code == 200
    assert fetched.json == sent.json
    assert "could not be read" not in fetched.text


def answered(server, template):
    """What the server answers to a query of discovery."""
    kind, _, rest = template.replace("{{context.patientId}}", "p1").partition("?")
    if not rest:
        return server.store[0]
    return server.search(kind, {part.partition("=")[0]: [part.partition("=")[2]] for part in rest.split("&")})
