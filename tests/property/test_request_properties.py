"""Whatever JSON stands where FHIR is expected: an answer or a refusal, never a fault."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.app import create_app
from cds_service.settings import Settings

PLAIN = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "requests" / "plain.request.json").read_text()
)
KINDS = [
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Condition",
    "Patient",
    "Bundle",
    "Medication",
    "Encounter",
]
NAMES = [
    "resourceType", "id", "status", "entry", "resource", "subject", "reference", "code", "coding", "system", "text",
    "value", "unit", "dosageInstruction", "timing", "repeat", "frequency", "period", "periodUnit", "doseAndRate",
    "doseQuantity",
    "valueQuantity", "effectiveDateTime", "birthDate", "gender", "deceasedBoolean", "medicationCodeableConcept", "link",
]  # fmt: skip
TEXTS = [
    "gabapentin 600 mg",
    "310433",
    "http://loinc.org",
    "2160-0",
    "mg",
    "d",
    "Patient/p1",
    "2026-06-01",
    "active",
    "next",
]

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*KINDS, *TEXTS]), st.text(max_size=8),
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=15,
)


@pytest.fixture(scope="module")
def client():
    return create_app(Settings()).test_client()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(PLAIN["prefetch"])), value=anything)
def test_any_prefetch_value_is_answered_or_refused(client, key, value):
    body = copy.deepcopy(PLAIN)
    body["prefetch"][key] = value
    response = client.post("/cds-services/neuropathic-order-sign", json=body)
    assert response.status_code in (200, 412)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(member=st.sampled_from(NAMES), value=anything)
def test_any_member_of_a_draft_is_answered(client, member, value):
    body = copy.deepcopy(PLAIN)
    body["context"]["draftOrders"]["entry"][0]["resource"][member] = value
    response = client.post("/cds-services/neuropathic-order-sign", json=body)
    assert response.status_code == 200


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=anything)
def test_any_body_is_answered_or_refused(client, value):
    for path in ("/cds-services/neuropathic-order-sign", "/cds-services/neuropathic-patient-view"):
        sent = client.post(path, data=json.dumps(value), content_type="application/json")
        assert sent.status_code in (200, 400, 412)
    body = copy.deepcopy(PLAIN) | {"context": value}
    assert client.post("/cds-services/neuropathic-order-sign", json=body).status_code in (200, 400, 412)
    body["context"] = {"patientId": "p1", "draftOrders": value}
    assert client.post("/cds-services/neuropathic-order-sign", json=body).status_code in (200, 400)
