"""Requests as real clients send them: each quirk as a pair of request and what it must lead to."""

import pytest
from hook_requests import NOW, expected_named, names, request_named

from cds_service.hooks.discovery import BY_ID
from cds_service.hooks.invoke import answer
from cds_service.hooks.schemas import read_request


@pytest.mark.parametrize("name", names())
def test_a_request_with_a_quirk_is_read_as_it_was_meant(client, name):
    expected = expected_named(name)
    response = client.post(f"/cds-services/{expected['service']}", json=request_named(name))
    assert response.status_code == expected["status"], response.json
    if response.status_code != 200:
        assert response.json["resourceType"] == "OperationOutcome"
        return
    cards = response.json["cards"]
    assert [card["indicator"] for card in cards] == [card["indicator"] for card in expected["cards"]], cards
    for card, wanted in zip(cards, expected["cards"], strict=True):
        for part in wanted["says"]:
            assert part in card["summary"] + card["detail"]


@pytest.mark.parametrize("name", [name for name in names() if expected_named(name)["issues"]])
def test_what_could_not_be_used_is_a_named_issue(name, engine):
    expected = expected_named(name)
    request = read_request(request_named(name), BY_ID[expected["service"]])
    codes = [issue.code for issue in answer(request, engine, NOW).issues]
    assert codes == expected["issues"]
