"""Successful answers: the response as the specification wants it."""

import re

import pytest
from hook_requests import SIGN, draft_of, names, plain, request_named

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def empty_members(value, path=""):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from empty_members(child, f"{path}.{key}")
    elif isinstance(value, list):
        for place, child in enumerate(value):
            yield from empty_members(child, f"{path}[{place}]")
    if value in (None, "", [], {}) and path != ".cards":
        yield path


@pytest.mark.parametrize("name", names())
def test_no_member_is_null_or_empty_but_the_list_of_cards(client, name):
    body = request_named(name)
    service = "order-select" if body["hook"] in ("medication-prescribe", "order-review") else body["hook"]
    response = client.post(f"/cds-services/neuropathic-{service}", json=body)
    if response.status_code == 200:
        assert list(empty_members(response.json)) == []
        assert response.content_type == "application/json"


def test_a_card_has_what_clients_rely_on(client):
    (card,) = client.post(SIGN, json=plain()).json["cards"]
    assert UUID.fullmatch(card["uuid"])
    assert len(card["summary"]) < 140
    assert card["source"]["label"]
    assert card["source"]["topic"]["code"] == "dosing"
    assert card["selectionBehavior"] in ("any", "at-most-one")
    assert all({"code", "system", "display"} <= set(reason) for reason in card["overrideReasons"])
    assert card["links"][0]["url"].startswith("http://cds.example.org/knowledge/")
    (suggestion,) = card["suggestions"]
    assert UUID.fullmatch(suggestion["uuid"])
    (action,) = suggestion["actions"]
    assert action["type"] == "update"
    assert action["description"]
    assert action["resource"]["id"] == "d1"


def test_an_update_echoes_what_does_not_state_the_dose(client):
    body = plain()
    extra = {
        "identifier": [{"value": "x"}],
        "extension": [{"url": "http://x", "valueDecimal": 1.5}],
        "unknown": {"a": [1]},
    }
    draft_of(body).update(extra)
    (card,) = client.post(SIGN, json=body).json["cards"]
    resource = card["suggestions"][0]["actions"][0]["resource"]
    assert {name: resource[name] for name in extra} == extra


def test_the_same_call_gives_the_same_answer_and_another_call_other_ids(client):
    first, again = (client.post(SIGN, json=plain()).data for _ in range(2))
    assert first == again
    other = client.post(SIGN, json=plain() | {"hookInstance": "another"}).json["cards"]
    assert other[0]["uuid"] not in first.decode()


@pytest.mark.parametrize("fixture", ["plain"])
def test_the_link_of_a_card_opens_the_page_of_its_statement(client, fixture):
    (card,) = client.post(SIGN, json=request_named(fixture)).json["cards"]
    path = card["links"][0]["url"].removeprefix("http://cds.example.org")
    page = client.get(path)
    assert page.status_code == 200
    assert card["source"]["url"].replace("&", "&amp;") in page.text
