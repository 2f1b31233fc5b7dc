"""The knowledge as FHIR: every resource is valid R4B, says what CRMI asks of it, and can be read and searched."""

import base64
import json
from dataclasses import replace
from datetime import date

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cards.knowledge.governance import Approval, Review
from cds_service.app import create_app
from cds_service.publish.artifacts.repository import TYPES, artifacts
from terminology.canonical import CANONICAL_BASE

DAY = date(2026, 11, 25)
RENAL = "gabapentin-renal-dose"


@pytest.fixture(scope="module")
def made(engine):
    return artifacts(engine.knowledge, engine.terminology, DAY)


def valid(resource):
    plain = json.loads(json.dumps(resource))
    get_fhir_model_class(plain["resourceType"]).model_validate(plain)


@pytest.mark.parametrize("kind", TYPES)
def test_every_resource_is_valid_r4b(made, kind):
    assert made[kind]
    for resource in made[kind].values():
        valid(resource)


@pytest.mark.parametrize("kind", TYPES)
def test_every_resource_has_the_fields_of_a_publishable_one(made, engine, kind):
    for name, resource in made[kind].items():
        assert resource["meta"]["profile"] == [
            f"http://hl7.org/fhir/uv/crmi/StructureDefinition/crmi-publishable{kind.lower()}"
        ]
        assert resource["id"] == name
        assert resource["url"] == f"{CANONICAL_BASE}/{kind}/{name}"
        assert resource["version"] in (engine.knowledge.version, engine.terminology.version)
        assert resource["name"].isidentifier()
        assert resource["status"] in ("draft", "active")
        assert resource["experimental"] is False
        for member in ("title", "date", "publisher", "description"):
            assert resource[member], (kind, name, member)


def test_there_is_one_plan_for_each_statement_and_none_is_approved(made, engine):
    plans = made["PlanDefinition"]
    assert plans.keys() == engine.knowledge.statements.keys()
    for plan in plans.values():
        assert plan["status"] == "draft"
        assert "approvalDate" not in plan
        assert "lastReviewDate" not in plan
        assert plan["purpose"]
        assert plan["usage"]
        assert plan["copyright"]
        assert plan["topic"]


def test_a_plan_cites_every_source_with_its_place_and_mark(made, engine):
    for name, plan in made["PlanDefinition"].items():
        cited = [one for one in plan["relatedArtifact"] if one["type"] == "citation"]
        sources = engine.knowledge.statements[name].sources
        assert [one["url"] for one in cited] == [source.url for source in sources]
        for one, source in zip(cited, sources, strict=True):
            assert source.section in one["citation"]
            assert ("not checked" in one["display"]) == source.status.startswith("recall")


def test_a_plan_carries_the_thirteen_source_attributes(made):
    for plan in made["PlanDefinition"].values():
        parts = [one["extension"] for one in plan["extension"] if one["url"].endswith("source-attribute")]
        assert [one[0]["valuePositiveInt"] for one in parts] == list(range(1, 14))
    renal = {one[0]["valuePositiveInt"]: one for one in _attributes(made["PlanDefinition"][RENAL])}
    assert {"url": "used", "valueBoolean": True} in renal[11]
    assert {"url": "used", "valueBoolean": False} in renal[5]


def _attributes(plan):
    return [one["extension"] for one in plan["extension"] if one["url"].endswith("source-attribute")]


def test_what_a_plan_depends_on_is_published_too(made):
    urls = {one["url"] for kind in TYPES for one in made[kind].values()}
    for plan in made["PlanDefinition"].values():
        for one in plan["relatedArtifact"]:
            assert one["type"] == "citation" or one["resource"] in urls
        assert all(one.partition("|")[0] in urls for one in plan["library"])


def test_the_collection_is_composed_of_every_other_resource(made):
    listed = {one["resource"] for one in made["Library"]["knowledge"]["relatedArtifact"]}
    others = [one for kind in TYPES for one in made[kind].values() if kind != "Library"]
    assert listed == {f"{one['url']}|{one['version']}" for one in others}


def test_the_table_of_predicates_is_in_its_library(made):
    (content,) = made["Library"]["predicates"]["content"]
    lines = base64.b64decode(content["data"]).decode().splitlines()
    assert any(
        one.startswith("age-at-least\tnumber\tthe patient is {0} years old or older\tdate of birth")
        for one in lines
    )


def test_only_an_approved_statement_is_active_and_has_an_approval_date(engine):
    statement = engine.knowledge.statements[RENAL]
    approval = Approval(by="Dr Two", role="physician", on=date(2026, 1, 3), fingerprint=statement.fingerprint)
    for review, status, approved in (
        (Review(current=approval, history=(approval,)), "active", True),
        (Review(current=None, history=(approval,)), "draft", False),
    ):
        statements = dict(engine.knowledge.statements) | {RENAL: replace(statement, review=review)}
        knowledge = replace(engine.knowledge, statements=statements)
        plan = artifacts(knowledge, engine.terminology, DAY)["PlanDefinition"][RENAL]
        valid(plan)
        assert plan["status"] == status
        assert (plan.get("approvalDate") == "2026-01-03") is approved
        assert plan["lastReviewDate"] == "2026-01-03"
        assert ("reviewer" in plan) is approved


def test_the_capability_statement_is_valid_and_names_the_types(client):
    answer = client.get("/fhir/metadata")
    assert answer.content_type.startswith("application/fhir+json")
    valid(answer.json)
    (rest,) = answer.json["rest"]
    assert [one["type"] for one in rest["resource"]] == list(TYPES)
    assert all({"code": "read"} in one["interaction"] for one in rest["resource"])


@pytest.mark.parametrize("kind", TYPES)
def test_a_resource_is_read_by_its_id(client, made, kind):
    name = next(iter(made[kind]))
    assert client.get(f"/fhir/{kind}/{name}").json["url"] == f"{CANONICAL_BASE}/{kind}/{name}"
    missing = client.get(f"/fhir/{kind}/no-such-thing")
    assert missing.status_code == 404
    valid(missing.json)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"url={CANONICAL_BASE}/PlanDefinition/{RENAL}", 1),
        (f"url={CANONICAL_BASE}/PlanDefinition/{RENAL}%7C1.0", 1),
        (f"_id={RENAL}", 1),
        (f"_id={RENAL},gabapentin-label-maximum", 2),
        (f"_id={RENAL}&status=active", 0),
        ("title=gabapentin%20above%20the%20ceiling", 1),
        ("name=GabapentinRenalDose", 2),
        ("url=https://example.org/none", 0),
    ],
)
def test_plans_are_found_by_parameters(client, query, found):
    bundle = client.get(f"/fhir/PlanDefinition?{query}").json
    valid(bundle)
    assert bundle["total"] == found
    assert len(bundle.get("entry", ())) == found


def test_a_search_goes_on_page_by_page(client, engine):
    seen, url = [], "/fhir/PlanDefinition?_count=100"
    while url:
        bundle = client.get(url).json
        seen += [one["resource"]["id"] for one in bundle["entry"]]
        url = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")
    assert seen == sorted(engine.knowledge.statements)


def test_a_search_for_nothing_but_the_number_has_no_entries(client, engine):
    bundle = client.get("/fhir/PlanDefinition?_count=0").json
    valid(bundle)
    assert bundle["total"] == len(engine.knowledge.statements)
    assert "entry" not in bundle


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/fhir/Patient", 404, "not-supported"),
        ("/fhir/Patient/1", 404, "not-supported"),
        ("/fhir/PlanDefinition/x/_history", 404, "not-supported"),
        ("/fhir/PlanDefinition?subject=x", 400, "not-supported"),
        ("/fhir/PlanDefinition?_count=many", 400, "value"),
        ("/fhir/PlanDefinition?_count=-1", 400, "value"),
        ("/fhir/PlanDefinition?_count=%C2%B2", 400, "value"),
        ("/fhir/PlanDefinition?_format=xml", 406, "not-supported"),
        ("/fhir/metadata?_format=xml", 406, "not-supported"),
    ],
)
def test_what_is_not_supported_says_so(client, path, status, code):
    answer = client.get(path)
    assert answer.status_code == status
    valid(answer.json)
    assert answer.json["issue"][0]["code"] == code


@pytest.mark.parametrize("path", ["/fhir/PlanDefinition", "/fhir/PlanDefinition/x", "/fhir/metadata"])
def test_nothing_can_be_written(client, path):
    answer = client.post(path, json={}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 405
    valid(answer.json)


def test_artifacts_are_off_where_the_knowledge_pages_are(settings, engine):
    client = create_app(replace(settings, pages=frozenset()), engine).test_client()
    assert client.get("/fhir/metadata").status_code == 404
