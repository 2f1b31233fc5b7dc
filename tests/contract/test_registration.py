"""The guide for connecting an EHR says what the server says of itself."""

import json
import re
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from cds_service.app import create_app
from cds_service.cli import main
from cds_service.hooks.invoke import load_engine
from cds_service.publish.registration import registration_guide
from cds_service.security.clients import read_clients
from cds_service.settings import Settings

NOW = datetime(2026, 6, 10, 9, tzinfo=UTC)
CLIENTS = """
[[client]]
name = "main-hospital"
iss = "https://ehr.example.org/fhir"
jku = "https://ehr.example.org/jwks.json"
audiences = ["typed-in-by-hand"]
max_token_age_s = 300
"""


@pytest.fixture(scope="module")
def engine():
    return load_engine(Settings(database_url=None, base_url="https://cds.example.org"))


@pytest.fixture(scope="module")
def guide(engine):
    return registration_guide(engine, (), NOW)


@pytest.fixture(scope="module")
def discovery(engine):
    return create_app(engine.settings, engine).test_client().get("/cds-services").get_json()["services"]


def test_every_service_stands_in_the_guide_with_its_address_and_description(guide, discovery):
    for service in discovery:
        url = f"https://cds.example.org/cds-services/{service['id']}"
        assert f"| `{service['hook']}` | `{url}` | {service['description']} |" in guide


def test_every_prefetch_key_stands_in_the_guide_with_the_query_that_discovery_announces(guide, discovery):
    found = dict(re.findall(r"^- `(\w+)`.*\n\n {6}(\S+)$", guide, re.MULTILINE))
    for service in discovery:
        assert found == service["prefetch"]


def test_the_scopes_are_those_of_what_is_read_and_no_others(guide, discovery):
    read = {re.split("[?/]", query)[0] for query in discovery[0]["prefetch"].values()} | {"Medication"}
    assert set(re.findall(r"patient/(\w+)\.rs", guide)) == read


def test_the_override_reasons_are_those_of_the_cards(engine, guide):
    body = CliRunner().invoke(main, ["example", "kidney-25"]).output
    body = json.loads(body[body.index("{") :])
    answer = (
        create_app(engine.settings, engine)
        .test_client()
        .post("/cds-services/neuropathic-order-sign", json=body)
    )
    for reason in answer.get_json()["cards"][0]["overrideReasons"]:
        assert f"| `{reason['code']}` | {reason['display']} |" in guide
        assert reason["system"] in guide


def test_each_test_patient_stands_in_the_guide_with_the_card_it_shows(guide):
    (line,) = [line for line in guide.splitlines() if line.startswith("| `kidney-25`")]
    assert "**critical**, dosing: Gabapentin 3600 mg/day" in line
    (line,) = [line for line in guide.splitlines() if line.startswith("| `healthy`")]
    assert line.endswith("no card |")


def test_without_clients_the_guide_says_that_authentication_is_off(guide):
    assert "Authentication is off on this server" in guide
    assert "| `aud` |" not in guide


def test_with_clients_the_guide_lists_what_their_tokens_need(engine, tmp_path):
    from dataclasses import replace

    file = tmp_path / "clients.toml"
    file.write_text(CLIENTS)
    settings = replace(engine.settings, auth_required=True, clients_file=file)
    guide = registration_guide(replace(engine, settings=settings), read_clients(file), NOW)
    assert "| `aud` | the URL that is called, such as `https://cds.example.org/cds-services/" in guide
    (row,) = [line for line in guide.splitlines() if line.startswith("| main-hospital |")]
    for value in (
        "`https://ehr.example.org/fhir`", "`https://ehr.example.org/jwks.json`", "ES384, RS384", "typed-in-by-hand",
        "300 s",
    ):  # fmt: skip
        assert value in row
    assert "Authentication is off" not in guide


def test_the_command_prints_the_guide(monkeypatch):
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.org")
    told = CliRunner().invoke(main, ["registration"])
    assert told.exit_code == 0
    assert "`https://cds.example.org/cds-services/neuropathic-order-sign`" in told.output


def test_the_command_says_which_client_is_wrong(monkeypatch, tmp_path):
    file = tmp_path / "clients.toml"
    file.write_text(CLIENTS.replace("iss", "isss"))
    monkeypatch.setenv("CDS_CLIENTS", str(file))
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.org")
    told = CliRunner().invoke(main, ["registration"])
    assert told.exit_code != 0
    assert "client 1" in told.output
