"""The knowledge pages: every statement with its logic, sources, review, cases and source attributes."""

import csv
import io
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cards.knowledge.governance import Approval, Change, Review, SwitchedOff
from cards.rules.names import PREDICATES
from cds_service.app import create_app
from cds_service.publish.predicate_words import phrase

RENAL = "gabapentin-renal-dose"
PAGES = ["/knowledge", f"/knowledge/{RENAL}", "/knowledge/claims", "/knowledge/changelog"]


def with_statement(settings, engine, changed, **more):
    """The application with one statement in another state."""
    statements = dict(engine.knowledge.statements) | {changed.id: changed}
    knowledge = replace(engine.knowledge, statements=statements, **more)
    return create_app(settings, replace(engine, knowledge=knowledge)).test_client()


def test_the_index_lists_every_statement(client, engine):
    page = client.get("/knowledge")
    assert page.status_code == 200
    for name in engine.knowledge.statements:
        assert f'/knowledge/{name}"' in page.text


def test_every_statement_has_a_page_with_its_sources_and_review_state(client, engine):
    for name, statement in engine.knowledge.statements.items():
        page = client.get(f"/knowledge/{name}")
        assert page.status_code == 200
        assert "No clinician has approved it yet" in page.text
        for source in statement.sources:
            assert source.url.replace("&", "&amp;") in page.text


def test_every_statement_shows_cases_that_hold_and_thirteen_attributes(client, engine):
    for name in engine.knowledge.statements:
        text = client.get(f"/knowledge/{name}").text
        assert "all hold with the knowledge of this site" in text
        assert "does not hold" not in text
        attributes = text.partition('id="attributes"')[2].partition("</table>")[0]
        assert re.findall(r'<td class="n">(\d+)</td>', attributes) == [str(number) for number in range(1, 14)]


def test_a_renal_table_is_shown_with_both_edges_of_each_band(client):
    text = client.get(f"/knowledge/{RENAL}").text
    assert "&gt; 15" in text
    assert "≤ 30" in text
    assert ">700<" in text
    assert "max (mg/day)" in text


def test_conditions_are_in_words_with_the_titles_of_value_sets(client):
    text = client.get(f"/knowledge/{RENAL}").text
    assert "the patient is 60 years old or older" in text
    assert "the problem list has “Chronic kidney disease”" in text


def test_a_group_by_route_or_dose_is_shown_with_what_belongs_to_it(client):
    text = client.get("/knowledge/nsaid-with-aspirin").text
    assert "<dt>aspirin-low-dose</dt>" in text
    assert "daily dose" in text.partition("<dt>aspirin-low-dose</dt>")[2][:400]


def test_every_predicate_has_words_for_each_of_its_arguments():
    for name, kinds in PREDICATES.items():
        asked = set(re.findall(r"\{(\d)\}", phrase(name)))
        assert asked == {str(place) for place in range(len(kinds))}, name


def test_what_is_only_recalled_says_so(client, engine):
    recalled = [one.id for one in engine.knowledge.statements.values() if one.evidence == "recall"]
    assert recalled
    for name in recalled:
        assert "not yet checked against the source" in client.get(f"/knowledge/{name}").text


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("drug=gabapentin", "gabapentinoid-with-opioid", "amitriptyline-label-maximum"),
        ("drug=Neurontin", RENAL, "amitriptyline-label-maximum"),
        ("drug=warfarin", "ssri-with-oral-anticoagulant", RENAL),
        ("kind=renal-dose", RENAL, "gabapentin-label-maximum"),
        ("severity=critical", "gabapentin-label-maximum", RENAL),
        ("evidence=recall", "gralise-under-18", RENAL),
        ("q=ceiling+kidney", RENAL, "gabapentin-label-maximum"),
        ("review=none&drug=gabapentin&kind=taper", "gabapentin-abrupt-stop", RENAL),
    ],
)
def test_the_index_can_be_narrowed(client, query, there, gone):
    text = client.get(f"/knowledge?{query}").text
    assert f'/knowledge/{there}"' in text
    assert f'/knowledge/{gone}"' not in text


@pytest.mark.parametrize(
    "query", ["review=approved", "drug=zzz", "kind=nothing", "standing=changed", "q=qqqq"]
)
def test_a_search_without_a_result_says_so(client, query):
    text = client.get(f"/knowledge?{query}").text
    assert "No statement fits" in text
    assert "0 of" in text


def test_an_unknown_statement_is_not_found(client):
    assert client.get("/knowledge/none").status_code == 404


def test_an_approval_and_its_history_stand_on_the_page(settings, engine):
    statement = engine.knowledge.statements[RENAL]
    old = Approval(
        by="Dr One", role="pharmacist", on=date(2025, 1, 2), fingerprint="sha256:old", release="2025.1.1"
    )
    new = Approval(
        by="Dr Two",
        role="physician",
        on=date(2026, 1, 3),
        fingerprint=statement.fingerprint,
        due=date(2099, 1, 1),
    )
    approved = replace(statement, review=Review(current=new, history=(old, new)))
    text = with_statement(settings, engine, approved).get(f"/knowledge/{RENAL}").text
    assert "Approved by Dr Two (physician) on 2026-01-03" in text
    assert "Dr One" in text
    assert "no, it has changed since" in text
    lapsed = replace(statement, review=Review(current=None, history=(old,)))
    text = with_statement(settings, engine, lapsed).get(f"/knowledge/{RENAL}").text
    assert "Approval lapsed: the statement has changed since Dr One" in text


def test_what_the_site_changed_stands_beside_what_was_shipped(settings, engine):
    change = Change(
        path="rule.bands[30 < crcl < 60].max_mg_per_day", shipped="1400", site="1200", base="1400",
        why="local formulary", owner="Pharmacy",
    )  # fmt: skip
    changed = replace(engine.knowledge.statements[RENAL], changed=(change,))
    client = with_statement(settings, engine, changed)
    text = client.get(f"/knowledge/{RENAL}").text
    assert "1200 mg/day" in text
    assert "local formulary" in text
    assert "Changed by this site: Pharmacy" in text
    assert f'/knowledge/{RENAL}"' in client.get("/knowledge?standing=changed").text


def test_what_is_switched_off_says_that_it_says_nothing(settings, engine):
    off = SwitchedOff(owner="Pharmacy", reason="too many alerts", expires=date(2099, 1, 1))
    changed = replace(engine.knowledge.statements["qt-stack"], switched_off=off)
    client = with_statement(settings, engine, changed, dormant={"qt-stack": "switched off by Pharmacy"})
    text = client.get("/knowledge/qt-stack").text
    assert "says nothing at this site: switched off by Pharmacy" in text
    assert "too many alerts" in text
    assert f'/knowledge/{"qt-stack"}"' in client.get("/knowledge?standing=dormant").text


def test_a_case_that_does_not_hold_stands_on_the_page_with_what_happened_instead(settings, engine):
    statement = engine.knowledge.statements[RENAL]
    bands = tuple(
        replace(one, max_mg_per_day=Decimal(9000), max_single_mg=None) for one in statement.rule.bands
    )
    raised = replace(statement, rule=replace(statement.rule, bands=bands))
    key = ("gabapentin", "immediate")
    listed = tuple(raised if one.id == RENAL else one for one in engine.knowledge.of_drug[key])
    of_drug = dict(engine.knowledge.of_drug) | {key: listed}
    text = with_statement(settings, engine, raised, of_drug=of_drug).get(f"/knowledge/{RENAL}").text
    assert "does not hold" in text
    assert f"{RENAL}: expected critical, got nothing" in text


def test_claims_stand_with_verdict_and_what_is_done_with_them(client, knowledge):
    text = client.get("/knowledge/claims").text
    assert len(re.findall(r'<tr id="SC\d{3}">', text)) == 112
    few = client.get("/knowledge/claims?verdict=garbled").text
    assert 0 < len(re.findall(r'<tr id="SC\d{3}">', few)) < 112
    assert knowledge.statements[RENAL].seed_claims[0] in client.get(f"/knowledge/{RENAL}").text


def test_the_csv_has_a_row_for_each_statement_and_a_column_for_each_attribute(client, engine):
    answer = client.get("/knowledge.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="knowledge.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["id"] for row in rows} == set(engine.knowledge.statements)
    row = next(one for one in rows if one["id"] == RENAL)
    assert row["(11) Use of date of birth"].startswith("Used: ")
    assert row["(5) Use of race"] == "Not used"
    assert "max (mg/day) 1400" in row["logic"]
    assert row["review"] == "no clinician has approved it yet"


def test_the_json_says_what_each_statement_reads(client, engine):
    document = client.get("/knowledge.json").json
    assert document["version"] == engine.knowledge.version
    listed = {one["id"]: one for one in document["statements"]}
    assert listed.keys() == engine.knowledge.statements.keys()
    assert "kidney-function" in listed[RENAL]["reads"]
    assert [one["number"] for one in listed[RENAL]["sourceAttributes"]] == list(range(1, 14))
    assert listed[RENAL]["approvals"] == []


def test_text_of_the_knowledge_is_escaped(settings, engine):
    odd = replace(engine.knowledge.statements[RENAL], title="<script>alert(1)</script>")
    client = with_statement(settings, engine, odd)
    for path in ("/knowledge", f"/knowledge/{RENAL}"):
        text = client.get(path).text
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_what_is_asked_is_escaped(client):
    text = client.get("/knowledge?q=%22%3E%3Cscript%3E&drug=%3Cb%3E").text
    assert "<script>" not in text
    assert "<b>" not in text


def test_a_source_that_is_no_web_address_is_no_link(settings, engine):
    statement = engine.knowledge.statements[RENAL]
    source = replace(statement.sources[0], url="javascript:alert(1)")
    client = with_statement(settings, engine, replace(statement, sources=(source,)))
    assert 'href="javascript:' not in client.get(f"/knowledge/{RENAL}").text


@pytest.mark.parametrize("path", PAGES)
def test_pages_need_nothing_but_their_own_style_sheet(client, path):
    text = client.get(path).text
    assert "<script" not in text
    assert "style=" not in text
    assert 'href="/static/pages.css"' in text
    with client.get("/static/pages.css") as style:
        assert style.status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_forms_go_to_this_server_only(client, path):
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("path", PAGES)
def test_every_page_names_the_releases_and_the_pages_that_are_on(client, engine, path):
    text = client.get(path).text
    assert engine.knowledge.release in text
    assert engine.terminology.version in text
    assert '<a href="/knowledge" aria-current="page">Knowledge</a>' in text
    assert ">Feedback</a>" not in text  # not on here


def test_the_changelog_of_the_knowledge_names_the_running_release(client, engine):
    text = client.get("/knowledge/changelog").text
    assert f"<h2>{engine.knowledge.release} (" in text
    assert "No statement has been approved by a clinician." in text


def test_no_statement_is_hidden_behind_another_page(client, engine):
    pages = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert not {f"/knowledge/{name}" for name in engine.knowledge.statements} & pages


def test_pages_load_neither_the_fhir_models_nor_the_back_test():
    loaded = """
import sys
from cds_service.app import create_app
from cds_service.settings import Settings
client = create_app(Settings(pages=frozenset({"knowledge", "feedback"}))).test_client()
for path in ("/knowledge", "/knowledge/gabapentin-renal-dose", "/fhir/PlanDefinition", "/fhir/metadata"):
    assert client.get(path).status_code == 200, path
print(sorted(name for name in ("fhir", "duckdb", "pydantic") if name in sys.modules))
"""
    made = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert made.stdout.splitlines()[-1] == "[]"
