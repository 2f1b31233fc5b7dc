"""The checklist of the CDS Hooks specification: each row has a test that is there, or a reason."""

import copy
import csv
import re
from pathlib import Path

import pytest
from chart import told
from hook_requests import SELECT, SIGN, draft_of, plain

from cards.card import Action
from cds_service.hooks.keys import KEYS

TESTS = Path(__file__).parent.parent
ROWS = list(
    csv.DictReader((Path(__file__).parent / "conformance.tsv").read_text().splitlines(), delimiter="\t")
)
LEVELS = {
    "SHALL", "SHALL NOT", "SHOULD", "MAY", "MAY/SHALL", "C-SHALL", "C-SHOULD", "C-COND", "C-MAY", "C", "DER", "REC",
    "BP",
}  # fmt: skip


def test_every_row_of_the_checklist_names_tests_that_exist_or_a_reason():
    defined = set()
    for file in TESTS.rglob("test_*.py"):
        defined |= set(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))
    assert len(ROWS) > 90
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row["level"] in LEVELS, row
        said = row["tests, or why there is none"]
        if not said.startswith("none"):
            assert set(said.split(", ")) <= defined, row
        else:
            assert len(said.partition(":")[2]) > 15, row


def test_the_order_of_the_keys_is_the_one_on_the_wire(client):
    body = client.get("/cds-services").text
    places = [body.index(f'"{row.key}":') for row in KEYS]
    assert places == sorted(places)


def test_keys_can_be_typed_by_hand():
    for row in KEYS:
        assert re.fullmatch(r"[a-z][a-zA-Z0-9-]*", row.key)


@pytest.mark.parametrize(
    "name",
    ["<b>gabapentin</b> 600 mg tablet", "gabapentin 600 mg tablet<script>x</script>", "gabapentin 600 mg tablet [x](http://x)",
     "gabapentin 600 mg tablet | `x` | ![x](http://x)"],
)  # fmt: skip
def test_names_in_a_request_cannot_write_markup(client, name):
    body = plain()
    draft_of(body)["medicationCodeableConcept"]["text"] = name
    for endpoint, hook in ((SIGN, "order-sign"), (SELECT, "order-select")):
        response = client.post(endpoint, json=body | {"hook": hook})
        assert response.json["cards"]
        for card in response.json["cards"]:
            shown = re.sub(r"\\[<>\[\]|`!]", "", card["detail"])
            assert not re.search(r"<\w|</|\]\(http://x|`x`", shown), card["detail"]


def test_an_action_deletes_by_reference_and_holds_a_resource_otherwise():
    deletion = Action("delete", "Cancel the order", resource_id="MedicationRequest/d1").as_json()
    assert deletion == {
        "type": "delete",
        "description": "Cancel the order",
        "resourceId": "MedicationRequest/d1",
    }
    for wrong in (
        {"type": "delete"},
        {"type": "update"},
        {"type": "delete", "resource": {}, "resource_id": "A/1"},
    ):
        with pytest.raises(ValueError, match="deletion"):
            Action(description="x", **wrong)


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "patient/*.rs user/Observation.rs?category=laboratory",
        "launch openid Unsigned Order (Read) [x]",
        "§ %",
    ],
)
def test_a_scope_of_any_syntax_is_accepted(client, scope):
    body = plain() | {"fhirServer": "https://ehr.example.org/fhir"}
    body["fhirAuthorization"] = {
        "access_token": "t",
        "token_type": "Bearer",
        "expires_in": "300",
        "scope": scope,
    }
    assert told(client.post(SIGN, json=body).json["cards"]) == told(
        client.post(SIGN, json=plain()).json["cards"]
    )


def test_a_body_in_the_shape_of_the_ballot_gives_the_same_cards(client):
    """Bundles are collections with fullUrl, extensions are objects under reverse-domain keys, scopes are v2."""
    body = plain()
    ballot = copy.deepcopy(body)
    ballot["context"]["draftOrders"] |= {"type": "collection"}
    ballot["context"]["draftOrders"]["entry"][0]["fullUrl"] = (
        "https://ehr.example.org/fhir/MedicationRequest/d1"
    )
    ballot["extension"] = {"org.example.ehr": {"a": [1]}}
    ballot["context"]["extension"] = {"org.example.ehr": {"b": None}}
    ballot["prefetch"]["patient"] |= {"extension": [{"url": "http://example.org/x", "valueString": "y"}]}
    answers = [client.post(SIGN, json=one).json["cards"] for one in (body, ballot)]
    assert told(answers[0]) == told(answers[1])


def test_an_extension_is_an_object_with_a_reverse_domain_key(client):
    for service in client.get("/cds-services").json["services"]:
        for key, value in service.get("extension", {}).items():
            assert re.fullmatch(r"[a-z]{2,}(\.[a-z0-9-]+){1,}", key)
            assert isinstance(value, dict)
    for card in client.post(SIGN, json=plain()).json["cards"]:
        assert "extension" not in card
