import json
import re

import pytest

from cards.facts.lab_table import LABS
from cards.facts.record import Record
from cds_service.hooks.keys import KEYS, templates

KEYS_OF_THE_INTERFACE = [
    "patient", "medications", "endedMedications", "statements", "conditions", "kidney", "body", "inr", "bleeding",
    "pregnancy", "sodium", "potassium", "liver", "ecg", "bloodPressure", "genetics", "orders", "procedures",
    "devices", "encounter",
]  # fmt: skip


@pytest.fixture
def services(client):
    return client.get("/cds-services").json["services"]


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
def test_discovery_answers_with_and_without_a_slash_and_never_redirects(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert list(response.json) == ["services"]


def test_each_hook_has_a_service_of_its_own_id(services):
    hooks = ["order-select", "order-sign", "order-dispatch", "patient-view"]
    assert [one["hook"] for one in services] == hooks
    assert len({one["id"] for one in services}) == len(hooks)


def test_every_advertised_service_can_be_called(client, services):
    for one in services:
        assert client.post(f"/cds-services/{one['id']}", json={}).status_code == 400


def test_each_service_says_what_it_is_and_needs(services):
    for one in services:
        for name in ("hook", "title", "description", "id", "usageRequirements"):
            assert isinstance(one[name], str)
            assert one[name].strip()
        assert one["version"] == "2.0.1"


def test_the_prefetch_keys_are_those_of_the_interface_in_their_order(client):
    body = json.loads(client.get("/cds-services").data)
    for one in body["services"]:
        assert list(one["prefetch"]) == KEYS_OF_THE_INTERFACE


def test_templates_keep_to_what_every_r4_server_answers(services):
    for query in services[0]["prefetch"].values():
        kind, _, parameters = query.partition("?")
        tokens = re.findall(r"{{(.*?)}}", query)
        assert set(tokens) <= {"context.patientId", "context.encounterId"}
        assert re.fullmatch(r"[A-Z][A-Za-z]+(/{{context\.\w+}})?", kind)
        assert len(query) < 1500
        if parameters:
            named = [part.partition("=")[0] for part in parameters.split("&")]
            assert len(set(named)) == len(named)
            assert set(named) <= {"patient", "status", "code", "category", "_sort", "_count"}


def test_conditions_are_not_filtered_by_clinical_status(services):
    assert "status" not in services[0]["prefetch"]["conditions"]


def test_codes_of_results_come_from_the_value_sets_that_the_evaluation_uses(terminology):
    query = templates(terminology.sets.sets)["kidney"]
    for name in ("creatinine", "egfr"):
        for system, code in terminology.sets.sets[name].codes:
            assert f"{system}|{code}" in query


def test_each_result_that_statements_ask_for_has_a_key_that_asks_for_its_codes(terminology):
    asked = {name for row in KEYS for name in row.codes}
    assert {lab.value_set for lab in LABS.values()} <= asked
    for query in templates(terminology.sets.sets).values():
        assert "code=&" not in query


def test_every_key_that_is_asked_for_is_read_by_the_evaluation():
    asked = {row.key for row in KEYS}
    record = Record(patient_id="p1")
    assert all(record.state(key) == "absent" for key in asked)
    assert len({row.words for row in KEYS}) == len(KEYS)
