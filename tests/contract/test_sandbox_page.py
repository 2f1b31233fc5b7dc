"""The sandbox page through its form: no session, nothing stored but feedback, nothing of the input run."""

import json
import re
import sqlite3
import tempfile
from dataclasses import replace
from io import BytesIO

import pytest
from hook_requests import NOW, plain
from markupsafe import escape
from sandbox_form import HTMX, OWN, Sandbox

from cds_service.app import create_app
from cds_service.settings import Settings

MARK = "Xylophonist"
RENAL = "kidney-25"
EVIL = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def stored(serve, tmp_path):
    pages = frozenset({"sandbox", "knowledge", "feedback"})
    return serve(pages=pages, database_url=f"sqlite:///{tmp_path}/s.sqlite")


@pytest.fixture(scope="module")
def unstored(engine, settings):
    own = replace(settings, pages=frozenset({"sandbox", "knowledge"}))
    return create_app(own, replace(engine, settings=own), clock=lambda: NOW)


@pytest.fixture
def sandbox(unstored):
    """A page without a database."""
    return Sandbox(unstored.test_client())


@pytest.fixture
def kept_sandbox(stored):
    return Sandbox(stored.test_client())


def bundle(*resources, name="Smith", **patient):
    person = {
        "resourceType": "Patient",
        "id": "own-1",
        "gender": "female",
        "birthDate": "1950-01-01",
        **patient,
    }
    person["name"] = [{"family": name}]
    entry = [{"resource": one} for one in (person, *resources)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry})


def headings(text):
    return re.findall(r'<h3 id="card-\d+">([^<]*)</h3>', text)


def kept(app, query):
    app.extensions["cds_worker"].made().close()
    url = app.extensions["cds_worker"].made().store.engine.url
    connection = sqlite3.connect(url.database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_page_lists_every_synthetic_patient_and_asks_for_one(sandbox):
    assert sandbox.response.status_code == 200
    assert sandbox.text.count('name="patient"') >= 12
    assert "Choose a patient" in sandbox.text
    policy = sandbox.response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_with_the_sandbox_off_the_root_is_not_found(engine):
    client = create_app(Settings(pages=frozenset({"knowledge"})), engine).test_client()
    assert client.get("/").status_code == 404
    assert client.get("/sandbox/static/sandbox.js").status_code == 404


def test_the_suggested_order_signed_gives_the_renal_card(sandbox):
    sandbox.signed(RENAL)
    (summary,) = headings(sandbox.text)
    assert all(part in summary for part in ("3600", "25", "700"))
    assert "Critical" in sandbox.text
    assert 'href="http://cds.example.org/knowledge/gabapentin-renal-dose"' in sandbox.text


def test_an_applied_suggestion_changes_the_draft_settles_the_card_and_is_kept_as_accepted(
    kept_sandbox, stored
):
    kept_sandbox.signed(RENAL).press(kept_sandbox.button("apply:"))
    assert headings(kept_sandbox.text) == []
    assert "<strong>No card.</strong>" in kept_sandbox.text
    (draft,) = kept_sandbox.fields.getlist("draft")
    assert "200 mg" in draft
    assert kept(stored, "SELECT client, outcome FROM feedback") == [("sandbox", "accepted")]


def test_a_suggestion_may_add_and_remove_orders(sandbox):
    sandbox.signed("warfarin")
    assert len([one for one in sandbox.buttons if one.startswith("apply:")]) > 1
    sandbox.press(sandbox.button("apply:"))
    (draft,) = (json.loads(one) for one in sandbox.fields.getlist("draft"))
    assert "acetaminophen" in json.dumps(draft)
    assert draft["id"]


def test_each_call_stands_in_the_audit_trail_and_looking_at_it_again_does_not(kept_sandbox, stored):
    kept_sandbox.signed(RENAL).press("show", view="statements").press("show", view="request")
    query = "SELECT client, endpoint, service, status, cards FROM audit"
    assert kept(stored, query) == [("sandbox", "sandbox", "neuropathic-order-sign", 200, 1)]


def test_an_override_needs_a_reason_and_is_kept_with_it(kept_sandbox, stored):
    kept_sandbox.signed(RENAL)
    button = kept_sandbox.button("override:")
    uuid = button.partition(":")[2]
    assert kept_sandbox.press(button).response.status_code == 422
    assert "Choose a reason" in kept_sandbox.text
    kept_sandbox.press(button, **{f"reason-{uuid}": "invented"})
    assert kept_sandbox.response.status_code == 422
    kept_sandbox.press(button, **{f"reason-{uuid}": "will-monitor", f"comment-{uuid}": MARK})
    assert "Not followed: Will monitor" in kept_sandbox.text
    assert MARK not in kept_sandbox.text
    query = "SELECT client, card, outcome, reason_code, comment FROM feedback"
    assert kept(stored, query) == [("sandbox", uuid, "overridden", "will-monitor", MARK)]


def test_a_card_that_was_overridden_stays_so_while_other_views_are_opened(kept_sandbox):
    kept_sandbox.signed(RENAL)
    button = kept_sandbox.button("override:")
    kept_sandbox.press(button, **{f"reason-{button.partition(':')[2]}": "will-monitor"})
    for view in ("statements", "request", "response"):
        assert "Not followed: Will monitor" in kept_sandbox.press("show", view=view).text


def test_feedback_is_not_claimed_to_be_kept_where_there_is_no_database(sandbox):
    sandbox.signed(RENAL)
    button = sandbox.button("override:")
    sandbox.press(button, **{f"reason-{button.partition(':')[2]}": "will-monitor"})
    assert sandbox.response.status_code == 422
    assert "not kept" in sandbox.text
    assert "Not followed" not in sandbox.text


def test_orders_are_written_changed_and_removed(sandbox):
    sandbox.press("patient", patient=RENAL)
    sandbox.press("add", q="gabapentin 300 MG Oral Capsule", amount="2", unit="capsule", often="3")
    sandbox.press("procedure", procedure="tens", site="left knee")
    drafts = [json.loads(one) for one in sandbox.fields.getlist("draft")]
    assert [one["id"] for one in drafts] == ["draft-1", "draft-2"]
    assert drafts[0]["medicationCodeableConcept"]["coding"][0]["code"] == "310431"
    assert drafts[0]["dosageInstruction"][0]["text"] == "2 capsules three times a day"
    assert drafts[1]["bodySite"] == [{"text": "left knee"}]
    sandbox.press("edit:MedicationRequest/draft-1").press("add", amount="1")
    drafts = [json.loads(one) for one in sandbox.fields.getlist("draft")]
    assert [one["id"] for one in drafts] == ["draft-1", "draft-2"]
    assert drafts[0]["dosageInstruction"][0]["text"] == "1 capsule three times a day"
    sandbox.press("remove:MedicationRequest/draft-1")
    assert [json.loads(one)["id"] for one in sandbox.fields.getlist("draft")] == ["draft-2"]


@pytest.mark.parametrize(
    ("do", "fields", "said"),
    [
        ("add", {}, "Choose a drug"),
        ("add", {"q": "gabapentin", "amount": "2"}, "needs an amount and how often"),
        ("add", {"q": "gabapentin", "often": "3"}, "needs an amount and how often"),
        ("add", {"q": "gabapentin", "often": "3", "amount": "two"}, "a number above zero"),
        ("add", {"q": "gabapentin", "often": "3", "amount": "-1"}, "a number above zero"),
        ("add", {"q": "gabapentin", "often": "3", "amount": "NaN"}, "a number above zero"),
        ("procedure", {}, "Choose a procedure"),
        ("procedure", {"procedure": "no-such-set"}, "Choose a procedure"),
        ("procedure", {"procedure": "tens", "day": "tomorrow"}, "is no date"),
        ("edit:MedicationRequest/none", {}, "cannot be edited"),
        ("apply:3f0c", {}, "no longer offered"),
        ("override:3f0c", {}, "no longer shown"),
        ("find", {"server": "http://127.0.0.1:1/fhir", "search": "x", "source": "server"}, "not in the allow-list"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_used_is_answered_with_what_to_change(sandbox, do, fields, said):
    sandbox.press("patient", patient=RENAL).press(do, **fields)
    assert sandbox.response.status_code == 422
    assert said in sandbox.text


@pytest.mark.parametrize("do", ["evaluate", "add", "procedure", "suggested", "select"])
def test_without_a_patient_nothing_is_evaluated(sandbox, do):
    sandbox.press(do, q="gabapentin")
    assert sandbox.response.status_code == 422
    assert headings(sandbox.text) == []


def test_an_unknown_patient_is_said_so(sandbox):
    assert sandbox.press("patient", patient="nobody").response.status_code == 422


@pytest.mark.parametrize("draft", ["", "{", "[]", '"text"', '{"id": 1}', "[" * 300, "\ud800"])
def test_an_order_that_cannot_be_read_is_left_out_and_said_so(sandbox, draft):
    sandbox.press("patient", patient=RENAL)
    fields = sandbox.fields
    fields.setlist("draft", [draft.encode("utf-8", "surrogatepass")])
    fields["do"] = "evaluate"
    answer = sandbox.client.post("/sandbox", data=fields, headers=OWN)
    assert answer.status_code == 422
    assert "1 orders of the form could not be read" in answer.text


def test_any_draft_of_any_shape_is_answered(sandbox):
    sandbox.press("patient", patient=RENAL)
    odd = {
        "resourceType": "MedicationRequest", "id": ["x"], "subject": 7, "medicationCodeableConcept": [None, 3],
        "dosageInstruction": {"timing": [1], "doseAndRate": "x", "text": {"a": 1}}, "status": {"x": 1},
    }  # fmt: skip
    fields = sandbox.fields
    fields.setlist("draft", [json.dumps(odd), json.dumps({"resourceType": "ServiceRequest", "code": 4})])
    for view in ("facts", "statements", "conformance", "request", "response"):
        fields["do"], fields["view"] = "evaluate", view
        assert sandbox.client.post("/sandbox", data=fields, headers=OWN).status_code == 200


def test_a_pasted_bundle_is_evaluated_and_its_texts_are_escaped(sandbox):
    problem = {"resourceType": "Condition", "code": {"text": EVIL}, "subject": {"reference": "Patient/own-1"}}
    order = {
        "resourceType": "MedicationRequest", "id": EVIL, "status": "draft", "intent": "order",
        "medicationCodeableConcept": {"text": f"gabapentin 600 MG Oral Tablet {EVIL}"},
        "dosageInstruction": [{"text": f"2 tablets three times a day {EVIL}"}],
    }  # fmt: skip
    sandbox.press("source", source="bundle").press("read", bundle=bundle(problem, order, name=EVIL))
    assert sandbox.response.status_code == 200
    assert len(sandbox.fields.getlist("draft")) == 1
    for view in ("facts", "statements", "conformance", "request", "response"):
        sandbox.press("evaluate", view=view)
        assert sandbox.response.status_code == 200
        assert "<script>alert" not in sandbox.text
        assert "<img" not in sandbox.text
        assert "&lt;script&gt;" in sandbox.text


def test_a_whole_hook_request_may_be_pasted(sandbox):
    sandbox.press("source", source="bundle").press("read", bundle=json.dumps(plain()))
    assert len(sandbox.fields.getlist("draft")) == 1
    sandbox.press("evaluate")
    assert len(headings(sandbox.text)) == 1


@pytest.mark.parametrize(
    "garbage",
    ["", "   ", "no json", "{", "null", "7", "[]", "{}", '{"resourceType": "Bundle"}', '{"hook": "x", "context": 3}',
     '{"resourceType": "Patient"}', "[" * 5000, "\x00", '{"a": NaN}', "\u202e{}"],
)  # fmt: skip
def test_pasted_garbage_is_said_to_be_so(sandbox, garbage):
    sandbox.press("source", source="bundle").press("read", bundle=garbage)
    assert sandbox.response.status_code == 422
    assert 'role="alert"' in sandbox.text


def test_a_paste_over_the_limit_is_refused(sandbox, settings):
    sandbox.press("source", source="bundle")
    sandbox.press("read", bundle="x" * (settings.max_body_bytes + 1))
    assert sandbox.response.status_code == 413
    assert sandbox.response.json["resourceType"] == "OperationOutcome"


def test_what_the_service_refuses_is_shown_as_its_answer(sandbox, settings):
    many = [
        {"resourceType": "Condition", "id": f"c{n}", "code": {"text": "x"}}
        for n in range(settings.max_resources)
    ]
    sandbox.press("source", source="bundle").press("read", bundle=bundle(*many))
    sandbox.press("add", q="gabapentin").press("evaluate")
    assert "The service answers 413" in sandbox.text


def test_an_upload_reaches_neither_a_file_nor_the_store_nor_a_link(kept_sandbox, stored, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a file was made")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
        monkeypatch.setattr(f"werkzeug.formparser.{name}", refuse, raising=False)
    note = {"resourceType": "Condition", "id": "c", "code": {"text": MARK}, "note": [{"text": "y" * 150_000}]}
    order = {
        "resourceType": "MedicationRequest", "id": "o1", "status": "draft",
        "medicationCodeableConcept": {"text": "gabapentin 600 MG Oral Tablet"},
        "dosageInstruction": [{"text": f"2 tablets three times a day for {MARK}"}],
    }  # fmt: skip
    file = bundle(note, order, name=MARK).encode()
    fields = kept_sandbox.press("source", source="bundle").fields.to_dict()
    sent = fields | {"do": "read", "bundle": "", "upload": (BytesIO(file), "own.json")}
    read = kept_sandbox.client.post("/sandbox", data=sent, headers=OWN)
    assert read.status_code == 200
    assert MARK in read.text
    kept_sandbox.text = read.text
    kept_sandbox.press("evaluate")
    assert headings(kept_sandbox.text)
    assert "data-case" not in kept_sandbox.text
    assert kept_sandbox.saved().status_code == 400
    for query in ("SELECT * FROM card", "SELECT * FROM feedback", "SELECT * FROM audit"):
        rows = str(kept(stored, query))
        assert MARK not in rows
        assert "own-1" not in rows


def test_an_access_token_is_sent_on_and_never_shown(sandbox):
    sandbox.press("source", source="server")
    assert "No FHIR server may be asked" in sandbox.text
    fields = {
        "source": "server",
        "server": "https://fhir.example.org",
        "patient": "p1",
        "token": MARK,
        "q": "x",
    }
    for do in ("find", "patient", "add", "evaluate"):
        answer = sandbox.client.post("/sandbox", data=fields | {"do": do, "view": "request"}, headers=OWN)
        assert MARK not in answer.text


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none"])
@pytest.mark.parametrize("path", ["/sandbox", "/sandbox/case"])
def test_other_sites_cannot_post(sandbox, path, site):
    headers = {"Sec-Fetch-Site": site} if site else {}
    assert sandbox.client.post(path, data={"do": "evaluate"}, headers=headers).status_code == 403


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_only_forms_are_taken(sandbox, kind):
    answer = sandbox.client.post("/sandbox", data=b"{}", content_type=kind, headers=OWN)
    assert answer.status_code == 415


def test_htmx_gets_the_part_that_changes_and_others_the_whole_page(sandbox):
    sandbox.press("patient", patient=RENAL)
    assert "<html" in sandbox.text
    part = Sandbox(sandbox.client)
    part.press("patient", headers=HTMX, patient=RENAL)
    assert "<html" not in part.text
    assert 'id="workspace"' in part.text
    assert 'id="announce"' in part.text
    assert 'name="source"' not in part.text
    assert 'name="source"' in Sandbox(sandbox.client).press("source", headers=HTMX, source="bundle").text


def test_a_shared_case_opens_with_its_orders_and_cards(sandbox):
    sandbox.signed(RENAL)
    shared = re.search(r'data-case="([^"]*)"', sandbox.text)[1].replace("&#34;", '"').replace("&amp;", "&")
    other = Sandbox(sandbox.client).press("open", shared=shared)
    assert other.response.status_code == 200
    assert headings(other.text) == headings(sandbox.text)
    assert other.fields["patient"] == RENAL


@pytest.mark.parametrize(
    "shared",
    ["", "x", "[]", '{"patient": 7}', '{"patient": "nobody"}', '{"patient": "kidney-25", "drafts": ["{"]}'],
)
def test_a_link_that_cannot_be_read_is_said_so(sandbox, shared):
    assert sandbox.press("open", shared=shared).response.status_code == 422


def test_order_select_evaluates_as_orders_change_and_for_selected_ones_only(sandbox):
    sandbox.press("patient", patient="warfarin").press("hook", hook="order-select").press("suggested")
    assert headings(sandbox.text)
    sandbox.press("add", q="gabapentin 100 MG Oral Capsule", sig="1 capsule at night")
    fields = sandbox.fields
    assert fields.getlist("selected") == ["MedicationRequest/draft-1", "MedicationRequest/draft-2"]
    fields.setlist("selected", ["MedicationRequest/draft-2"])
    fields["do"] = "select"
    answer = sandbox.client.post("/sandbox", data=fields, headers=OWN)
    assert headings(answer.text) == []


def test_patient_view_needs_no_order(sandbox):
    sandbox.press("patient", patient="opioid-copd").press("hook", hook="patient-view").press("evaluate")
    assert sandbox.response.status_code == 200
    assert "neuropathic-patient-view" in sandbox.press("show", view="request").text


def test_each_statement_is_shown_with_its_outcome_and_why(sandbox, engine):
    sandbox.signed(RENAL).press("show", view="statements")
    for title in ("Fired", "Cannot be evaluated", "Suppressed", "Not fired"):
        assert title in sandbox.text
    assert escape(engine.knowledge.statements["gabapentin-renal-dose"].title) in sandbox.text
    assert "/knowledge/gabapentin-label-maximum" in sandbox.text


def test_the_trace_names_what_does_not_conform_to_fhir(sandbox):
    problem = {
        "resourceType": "Condition",
        "id": "c1",
        "category": {"text": "x"},
        "subject": {"reference": "Patient/own-1"},
    }
    sandbox.press("source", source="bundle").press("read", bundle=bundle(problem))
    sandbox.press("add", q="gabapentin 300 MG Oral Capsule", sig="1 capsule at night").press(
        "evaluate", view="conformance"
    )
    assert "Condition/c1" in sandbox.text
    assert "non-conformant" in sandbox.text


@pytest.mark.parametrize("typed", ["", "g", "zzzz", "'\"<script>", "gaba" * 200, "%", "300 gabapentin"])
def test_any_drug_search_is_answered(sandbox, typed):
    answer = sandbox.client.get("/sandbox/drugs", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert ("gabapentin 300 MG Oral Capsule" in answer.text) == (typed == "300 gabapentin")


def test_a_topic_that_the_site_switched_off_asks_for_no_key_and_the_page_still_works(engine):
    fewer = {
        key: one
        for key, one in engine.fhir.templates.items()
        if key in ("patient", "medications", "kidney", "body")
    }
    own = replace(engine, fhir=replace(engine.fhir, templates=fewer))
    app = create_app(Settings(pages=frozenset({"sandbox"})), own, clock=lambda: NOW)
    sandbox = Sandbox(app.test_client()).signed(RENAL)
    assert len(headings(sandbox.text)) == 1
    assert "conditions" not in sandbox.press("show", view="request").text
