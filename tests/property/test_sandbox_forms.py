"""Whatever a form holds, the sandbox answers with a page or with what to change, and runs none of it."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from cds_service.app import create_app
from cds_service.hooks.invoke import load_engine
from cds_service.settings import Settings

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
OWN = {"Sec-Fetch-Site": "same-origin"}
DO = [
    "source", "patient", "read", "find", "suggested", "add", "procedure", "remove:MedicationRequest/draft-1", "open",
    "edit:MedicationRequest/draft-1", "evaluate", "apply:x", "override:x", "show", "hook", "select", "",
]  # fmt: skip
DRAFT = '{"resourceType": "MedicationRequest", "id": "draft-1", "medicationCodeableConcept": {"text": "gabapentin"}}'
VALUE = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "kidney-25", "synthetic", "bundle", "server", "order-sign", "order-select", "patient-view", "1", "mg", "tens",
        "statements", "request", "response", "facts", "<script>x</script>", DRAFT, "{}", "[]", '"><b>',
        "2026-06-15T12:00:00Z", "6f0d9f0c-5d0e-5a3b-9a57-3d3f1c6b7b11", '{"resourceType": "Patient", "id": "p"}',
    ]),
)  # fmt: skip
NAMES = st.sampled_from([
    "source", "patient", "bundle", "server", "token", "search", "shared", "hook", "view", "visit", "instance", "called",
    "draft", "selected", "selecting", "answered", "q", "drug", "amount", "unit", "often", "as_needed", "sig",
    "procedure", "procedure_text", "site", "day", "editing", "reason-x", "comment-x", "\x00", "upload",
])  # fmt: skip


@pytest.fixture(scope="module")
def client():
    own = Settings(pages=frozenset({"sandbox"}))
    return create_app(own, replace(load_engine(own), settings=own), clock=lambda: NOW).test_client()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(
    do=st.sampled_from(DO),
    fields=st.lists(st.tuples(NAMES, VALUE), max_size=8),
    path=st.sampled_from(["", "/case"]),
)
def test_any_form_is_answered(client, do, fields, path):
    sent = MultiDict([("do", do), *fields])
    answer = client.post(f"/sandbox{path}", data=sent, headers=OWN)
    assert answer.status_code in ((200, 422) if not path else (200, 400))
    if not path:
        assert not re.search(r"<script(?! src=\"/sandbox/static/)", answer.text)
        assert "<b>" not in re.sub(r"<b>[^<]*</b>", "", answer.text)
