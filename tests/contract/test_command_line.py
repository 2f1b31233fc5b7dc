"""The commands through click's runner: output, exit codes, and no traceback for what a user can get wrong."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hook_requests import FIXTURES, names, plain, request_named

from cards.knowledge.cases import CaseResult
from cds_service.cli import main
from cds_service.commands import knowledge
from cds_service.commands.as_of import moment
from cds_service.commands.example import example
from cds_service.commands.example import names as example_names


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("CDS_TIMEZONE", "CDS_JURISDICTION", "CDS_PAGES", "CDS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments, given=None, code=0):
    result = CliRunner().invoke(main, arguments, input=given)
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    assert "Traceback" not in result.output + result.stderr
    return result


def explained(body, *more):
    return json.loads(run("explain", "-", *more, given=json.dumps(body)).stdout)


def test_the_version_and_the_commands_are_listed():
    assert "cds-service" in run("--version").output
    text = run("--help").output
    for command in ("serve", "evaluate", "explain", "example", "knowledge", "terminology"):
        assert command in text


def test_evaluate_answers_as_the_service_does(client):
    path = str(FIXTURES / "plain.request.json")
    printed = json.loads(run("evaluate", path, "--as-of", "2026-06-15T12:00").stdout)
    answered = client.post("/cds-services/neuropathic-order-sign", json=plain()).json
    for cards in (printed["cards"], answered["cards"]):
        for card in cards:
            del card["links"]  # their address differs
    assert printed == answered


def test_evaluate_reads_standard_input():
    assert run("evaluate", "-", "--as-of", "2026-06-15", given=json.dumps(plain())).stdout.startswith("{")


@pytest.mark.parametrize("name", example_names())
def test_every_example_is_evaluated(name):
    printed = run("example", name).stdout
    assert "$" not in printed
    body = json.loads(printed)
    answer = json.loads(run("evaluate", "-", given=printed).stdout)
    assert bool(answer["cards"]) == (name != "gabapentin-healthy")
    assert set(body["prefetch"]) == {
        "patient", "medications", "endedMedications", "statements", "conditions", "kidney", "body", "encounter",
    }  # fmt: skip


def test_examples_conform_to_fhir_r4_and_so_do_the_suggestions():
    for name in example_names():
        issues = explained(json.loads(run("example", name).stdout))["issues"]
        assert issues == [], name


def test_the_renal_example_gives_one_critical_card_with_dose_clearance_limit_and_a_change():
    answer = json.loads(run("evaluate", "-", given=run("example", "gabapentin-renal").stdout).stdout)
    (card,) = answer["cards"]
    assert card["indicator"] == "critical"
    assert all(part in card["summary"] for part in ("3600", "25", "700"))
    day = json.loads(run("example", "gabapentin-renal").stdout)["prefetch"]["kidney"]["entry"][0]["resource"]
    assert day["effectiveDateTime"][:10] in card["detail"]
    assert len(card["suggestions"]) == 1


def test_an_example_is_dated_relative_to_the_day_it_is_printed():
    leap = json.loads(example("gabapentin-renal", datetime(2028, 2, 29, tzinfo=UTC).date()))
    assert leap["prefetch"]["patient"]["birthDate"] == "1954-02-28"
    assert leap["prefetch"]["kidney"]["entry"][0]["resource"]["effectiveDateTime"].startswith("2028-02-17")


def test_example_without_a_name_lists_them_and_an_unknown_one_is_an_error():
    listed = run("example").stdout.split()
    assert {"gabapentin-renal", "gabapentin-healthy", "haemodialysis", "patient-view", "warfarin"} <= set(
        listed
    )
    assert "gabapentin-renal" in run("example", "none", code=2).stderr


def test_an_example_of_a_synthetic_patient_is_evaluated():
    printed = run("example", "warfarin", "--hook", "order-select").stdout
    assert json.loads(printed)["hook"] == "order-select"
    cards = json.loads(run("evaluate", "-", given=printed).stdout)["cards"]
    assert cards[0]["summary"].startswith("Naproxen with warfarin (no PPI, age 77)")


def test_the_synthetic_patients_are_printed_as_one_transaction():
    bundle = json.loads(run("example", "--patients").stdout)
    assert bundle["type"] == "transaction"
    assert bundle["entry"][1]["request"]["url"] == "Patient/kidney-45"


def test_explain_shows_facts_statements_cards_and_issues():
    out = explained(plain(), "--as-of", "2026-06-15T12:00")
    assert set(out) == {"facts", "statements", "cards", "issues"}
    (order,) = out["facts"]["orders"]
    assert order["ingredients"] == [{"rxcui": "25480", "name": "gabapentin"}]
    assert order["strength_mg"] == 600
    assert order["dose"]["max_mg_per_day"] == 3600
    assert out["facts"]["renal"]["crcl_ml_min"] == 25
    assert out["facts"]["renal"]["creatinine_date"] == "2026-06-03"
    fired = [one for one in out["statements"] if one["outcome"] == "fired"]
    assert "gabapentin-renal-dose" in [one["id"] for one in fired]
    assert all(one["why"] for one in out["statements"])


@pytest.mark.parametrize("name", [name for name in names() if name != "context-empty-list"])
def test_explain_reads_every_kind_of_request(name):
    out = json.loads(run("explain", str(FIXTURES / f"{name}.request.json"), "--as-of", "2026-06-15").stdout)
    assert isinstance(out["issues"], list)


def test_explain_goes_on_where_the_service_would_refuse_for_want_of_the_patient():
    body = plain()
    del body["prefetch"]["patient"]
    out = explained(body)
    assert out["facts"]["orders"][0]["medication"]
    assert out["issues"][0]["code"] == "refused"
    assert "412" in out["issues"][0]["text"]
    assert "412" in run("evaluate", "-", given=json.dumps(body), code=2).stderr


def test_explain_lists_what_does_not_conform_by_path_and_never_by_value():
    body = request_named("category-object")
    body["prefetch"]["patient"]["gender"] = ["Mustermann"]
    issues = [issue for issue in explained(body)["issues"] if issue["code"] == "non-conformant"]
    assert any("MedicationRequest.category" in issue["text"] for issue in issues)
    assert any("Patient.gender" in issue["text"] for issue in issues)
    assert not any("Mustermann" in issue["text"] for issue in issues)


def test_an_order_of_another_kind_is_named_as_not_checked():
    body = plain()
    service = {"resourceType": "NutritionOrder", "id": "s1", "status": "draft", "intent": "order"}
    body["context"]["draftOrders"]["entry"].append({"resource": service})
    named = [(issue["code"], issue.get("resource")) for issue in explained(body)["issues"]]
    assert ("not-a-medication-order", "NutritionOrder/s1") in named


@pytest.mark.parametrize(("status", "more"), [("entered-in-error", {}), ("draft", {"doNotPerform": True})])
def test_a_draft_that_is_no_exposure_is_named(status, more):
    body = plain()
    body["context"]["draftOrders"]["entry"][0]["resource"].update({"status": status, **more})
    out = explained(body)
    assert out["cards"] == []
    assert ("no-exposure", "MedicationRequest/d1") in [
        (one["code"], one.get("resource")) for one in out["issues"]
    ]


@pytest.mark.parametrize("command", ["evaluate", "explain"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ("[]", "'hook'"),
        ('{"hook": "encounter-start"}', "encounter-start"),
        ('{"hook": "order-sign"}', "hookInstance"),
        ('{"hook": "order-sign", "hookInstance": "1", "context": {"patientId": "1"}}', "draftOrders"),
    ],
)
def test_a_request_that_cannot_be_read_is_one_line_and_exit_code_2(command, given, said):
    result = run(command, "-", given=given, code=2)
    assert said in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_a_file_that_is_not_there_is_said_so():
    assert "no-such-file.json" in run("evaluate", "no-such-file.json", code=2).stderr


@pytest.mark.parametrize("value", ["yesterday", "2026-13-40", "2026-02-30T10:00", "15.06.2026", ""])
def test_an_as_of_that_is_no_time_is_refused(value):
    assert "--as-of" in run("evaluate", "-", "--as-of", value, given=json.dumps(plain()), code=2).stderr


def test_as_of_without_a_zone_is_local_time_of_the_site(monkeypatch):
    monkeypatch.setenv("CDS_TIMEZONE", "Pacific/Auckland")
    # 11 creatinine days later in Auckland than in UTC at this hour
    early = explained(plain(), "--as-of", "2026-06-15T01:00")
    late = explained(plain(), "--as-of", "2026-06-15T01:00+00:00")
    assert "11 days old" in early["cards"][0]["detail"] or "12 days old" in early["cards"][0]["detail"]
    assert moment("2026-06-15T01:00", UTC) == datetime(2026, 6, 15, 1, tzinfo=UTC)
    assert late["cards"]


def test_a_date_as_of_is_the_end_of_that_day():
    assert moment("2026-06-15", UTC) == datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC)
    assert moment("2026-06-15T10:30:00Z", UTC) == datetime(2026, 6, 15, 10, 30, tzinfo=UTC)


def test_a_wrong_setting_is_one_line_and_exit_code_2(monkeypatch):
    monkeypatch.setenv("CDS_TIMEZONE", "Mars/Base")
    assert "CDS_TIMEZONE" in run("evaluate", "-", given=json.dumps(plain()), code=2).stderr


def test_knowledge_check_counts_statements():
    assert " statements in " in run("knowledge", "check").stdout


def test_knowledge_test_says_how_many_cases_ran():
    last = run("knowledge", "test").stdout.splitlines()[-1]
    assert last.endswith(" 0 failing")
    assert int(last.split(" cases")[0].rsplit(" ", 1)[1]) > 0


def test_knowledge_test_fails_with_a_failing_case(monkeypatch):
    results = [CaseResult("a.yaml", "one", ("x: expected y",)), CaseResult("a.yaml", "two", ())]
    monkeypatch.setattr(knowledge, "run_suite", lambda *_: results)
    out = run("knowledge", "test", code=1).stdout
    assert "a.yaml: one" in out
    assert "expected y" in out
    assert out.endswith("2 cases, 1 failing\n")


def test_knowledge_list_in_every_format_holds_every_statement(engine):
    ids = sorted(engine.knowledge.statements)
    assert [row["id"] for row in json.loads(run("knowledge", "list", "--format", "json").stdout)] == ids
    table = csv.DictReader(io.StringIO(run("knowledge", "list", "--format", "csv").stdout))
    assert [row["id"] for row in table] == ids
    for form in ("table", "markdown"):
        text = run("knowledge", "list", "--format", form).stdout
        assert all(name in text for name in ids)


def test_knowledge_list_of_one_kind_and_of_a_kind_that_is_none():
    rows = json.loads(run("knowledge", "list", "--kind", "renal-dose", "--format", "json").stdout)
    assert rows
    assert {row["kind"] for row in rows} == {"renal-dose"}
    assert "renal-dose" in run("knowledge", "list", "--kind", "none", code=2).stderr


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rxnorm|310431", "gabapentin 300 MG Oral Capsule"),
        ("310431", "RxNorm 310431"),
        ("http://loinc.org|2160-0", "creatinine"),
        ("2160-0", "LOINC 2160-0"),
        ("N03AX12", "ATC N03AX12"),
        ("Neurontin 300 mg capsule", "ingredient: gabapentin"),
        ("N18.6", "ICD-10-CM N18.6"),
    ],
)
def test_lookup_says_what_a_code_or_text_is(written, said):
    assert said in run("terminology", "lookup", written).stdout


@pytest.mark.parametrize("written", ["loinc|310431", "gabapentn", "no such thing", "rxnorm|1", "|"])
def test_lookup_of_something_unknown_says_so_with_exit_code_1(written):
    assert "nothing is known" in run("terminology", "lookup", written, code=1).stdout


def test_lookup_names_what_looks_alike():
    assert "gabapentin" in run("terminology", "lookup", "gabapentn", code=1).stdout


def test_serve_refuses_to_be_exposed_without_authentication(monkeypatch):
    monkeypatch.delenv("CDS_AUTH", raising=False)
    monkeypatch.setenv("CDS_HOST", "127.0.0.1")
    assert "CDS_AUTH=off" in run("serve", "--host", "0.0.0.0", code=2).stderr  # noqa: S104  refused
