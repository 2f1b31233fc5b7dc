"""A site adds a drug with one YAML file and one file of cases, and no Python."""

from dataclasses import replace

import pytest
from hook_requests import NOW, SIGN, draft_of, plain, summaries
from prometheus_client import Counter

from cards.knowledge.cases import run_file
from cards.knowledge.strict_yaml import KnowledgeFileError
from cds_service.app import create_app
from cds_service.hooks.invoke import load_engine
from cds_service.observability import metrics
from cds_service.settings import SettingsError, read_settings

MILNACIPRAN = """
drug: {ingredient: milnacipran, release: immediate, name: Milnacipran}
sources:
  SITE:
    title: Drug committee of the hospital
    section: Decision 12
    url: https://hospital.example.org/decisions/12
    status: design
statements:
  - id: site-milnacipran-maximum
    kind: dose-limit
    title: Milnacipran above the committee's maximum
    problem: dose-and-sedation
    topic: dosing
    severity: warning
    order: 10
    sources: [SITE]
    evidence: design
    information: review
    rule:
      max_mg_per_day: 200
      reason: The committee decided on at most 200 mg/day.
      advice: Reduce the dose.
"""
CASES = """
- name: 300 mg a day
  patient: {age: 50, sex: female}
  drafts: [{drug: milnacipran 50 mg tablet, dose: 3 tablet, times: 2}]
  expect: {site-milnacipran-maximum: warning}
  summary: Milnacipran 300 mg/day
- name: 200 mg a day
  patient: {age: 50, sex: female}
  drafts: [{drug: milnacipran 50 mg tablet, dose: 2 tablet, times: 2}]
  silent: [site-milnacipran-maximum]
  cards: 0
"""


@pytest.fixture
def overlay(tmp_path):
    (tmp_path / "dosing").mkdir()
    (tmp_path / "dosing/milnacipran.yaml").write_text(MILNACIPRAN)
    (tmp_path / "dosing/milnacipran.cases.yaml").write_text(CASES)
    yield tmp_path
    metrics.write_gathered()
    for counter in vars(metrics).values():  # one registry for all tests: no site's ids stay in it
        if isinstance(counter, Counter):
            counter.clear()


def ordered(tablets):
    """The plain request with another drug: tablets of 50 mg twice a day."""
    body = plain()
    draft = draft_of(body)
    draft["medicationCodeableConcept"] = {"text": "milnacipran 50 mg tablet"}
    draft["dosageInstruction"] = [
        {
            "doseAndRate": [{"doseQuantity": {"value": tablets, "unit": "tablet"}}],
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        }
    ]
    return body


def test_an_added_drug_is_advised_on_end_to_end(settings, overlay):
    site = replace(settings, knowledge_overlay=overlay)
    client = create_app(site, load_engine(site), clock=lambda: NOW).test_client()
    said = client.post(SIGN, json=ordered(3))
    assert said.status_code == 200
    assert "Milnacipran 300 mg/day is above the label maximum of 200 mg/day" in summaries(said)
    assert "site-milnacipran-maximum" in str(said.json["cards"][0]["links"])
    assert "Milnacipran" not in summaries(client.post(SIGN, json=ordered(2)))


def test_without_the_overlay_the_drug_is_out_of_scope(client):
    assert "Milnacipran" not in summaries(client.post(SIGN, json=ordered(3)))


def test_the_cases_of_an_overlay_run_with_its_knowledge(settings, overlay):
    engine = load_engine(replace(settings, knowledge_overlay=overlay))
    cases = overlay / "dosing/milnacipran.cases.yaml"
    results = list(run_file(cases, engine.knowledge, engine.terminology, overlay))
    assert [(one.file, one.problems) for one in results] == [("dosing/milnacipran.cases.yaml", ())] * 2


def test_the_shipped_knowledge_has_another_version_than_with_an_overlay(settings, engine, overlay):
    site = load_engine(replace(settings, knowledge_overlay=overlay))
    assert site.knowledge.version != engine.knowledge.version
    assert site.knowledge.statements.keys() - engine.knowledge.statements.keys() == {
        "site-milnacipran-maximum"
    }


def test_a_wrong_file_of_an_overlay_stops_the_start(settings, overlay):
    (overlay / "dosing/milnacipran.yaml").write_text(
        MILNACIPRAN.replace("milnacipran, release", "milnacipram, release")
    )
    with pytest.raises(
        KnowledgeFileError, match=r"milnacipran\.yaml: line 2: drug\.ingredient: .*milnacipram"
    ):
        load_engine(replace(settings, knowledge_overlay=overlay))


def test_the_setting_names_a_folder(monkeypatch, overlay):
    monkeypatch.setenv("CDS_KNOWLEDGE_OVERLAY", str(overlay))
    assert read_settings().knowledge_overlay == overlay
    monkeypatch.setenv("CDS_KNOWLEDGE_OVERLAY", str(overlay / "none"))
    with pytest.raises(SettingsError, match="CDS_KNOWLEDGE_OVERLAY"):
        read_settings()
