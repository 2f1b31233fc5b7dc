"""A case saved from the sandbox is a knowledge case: the loader runs it and it passes."""

from dataclasses import replace

import pytest
from hook_requests import NOW
from sandbox_form import Sandbox

from cards.knowledge.cases import run_file
from cards.knowledge.strict_yaml import read
from cds_service.app import create_app
from cds_service.sandbox.chosen_chart import chosen_chart
from cds_service.sandbox.form import CaseForm
from cds_service.sandbox.patients import synthetic_patients

PATIENTS = synthetic_patients(NOW.date())


@pytest.fixture(scope="module")
def app(settings, engine):
    own = replace(settings, pages=frozenset({"sandbox"}), max_resources=10_000)
    return create_app(own, replace(engine, settings=own), clock=lambda: NOW)


def saved(app, tmp_path, patient, *presses):
    sandbox = Sandbox(app.test_client()).press("patient", patient=patient)
    for do, fields in presses:
        sandbox.press(do, **fields)
    answer = sandbox.saved()
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{patient}.cases.yaml"'
    path = tmp_path / f"{patient}.cases.yaml"
    path.write_bytes(answer.data)
    return path


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_saved_case_of_each_patient_passes(app, engine, tmp_path, patient):
    path = saved(app, tmp_path, patient, ("suggested", {}), ("evaluate", {}))
    (result,) = run_file(path, engine.knowledge, engine.terminology)
    assert result.problems == ()


@pytest.mark.parametrize("patient", sorted(PATIENTS.keys() - {"deceased"}))
def test_the_saved_case_says_what_the_page_said(app, tmp_path, patient):
    assert "Differs" not in saved(app, tmp_path, patient, ("suggested", {}), ("evaluate", {})).read_text()


def test_what_a_case_cannot_say_is_named_in_the_file(app, tmp_path):
    text = saved(app, tmp_path, "deceased", ("suggested", {}), ("evaluate", {})).read_text()
    assert "# Differs: gabapentin-renal-dose was silent on the page" in text


def test_orders_written_on_the_page_are_in_the_case(app, engine, tmp_path):
    dose = {
        "q": "gabapentin 600 MG Oral Tablet",
        "amount": "0.5",
        "unit": "tablet",
        "often": "2",
        "as_needed": "on",
    }
    procedure = {"procedure": "tens", "site": "left knee", "day": "2026-06-20"}
    path = saved(app, tmp_path, "implants", ("add", dose), ("procedure", procedure))
    (case,) = read(path)
    drug, tens = case["drafts"]
    assert (drug["dose"], drug["times"], drug["as_needed"]) == ("0.5 tablet", 2, True)
    assert (tens["site"], tens["in_days"]) == ("left knee", 5)
    assert "tens" in engine.terminology.named_sets(tens["procedure"]) or tens["procedure"] == "tens"
    (result,) = run_file(path, engine.knowledge, engine.terminology)
    assert result.problems == ()


def test_a_case_without_a_patient_is_refused(app):
    assert Sandbox(app.test_client()).saved().status_code == 400


def ids(value):
    """Of a resource, a Bundle or nothing; what only came along to be referred to does not count."""
    if not value:
        return []
    found = (
        [one["resource"] for one in value.get("entry", [])] if value["resourceType"] == "Bundle" else [value]
    )
    return sorted(one["id"] for one in found if one["resourceType"] not in ("Medication", "OperationOutcome"))


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_prefetch_is_what_the_fhir_endpoint_of_the_sandbox_answers(app, engine, patient):
    chart = chosen_chart(CaseForm(patient=patient), engine, NOW.date())
    for key, template in engine.fhir.templates.items():
        path = template.replace("{{context.patientId}}", patient)
        path = path.replace("{{context.encounterId}}", chart.encounter_id or "none")
        answer = app.test_client().get(f"/sandbox/fhir/{path}")
        assert ids(chart.prefetch[key]) == ids(answer.json if answer.status_code == 200 else None), key
