"""Numbers of a draft that do not state its dose come back in the characters they were sent in."""

import json
import re

import pytest
from hook_requests import SIGN, plain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.hooks.decimals import as_written

# As clients with exact decimals write them; Python's floats would write each of them otherwise.
WRITTEN = [
    "1.50",
    "0.10",
    "30.00",
    "1.0e2",
    "2E1",
    "0.12345678901234567890",
    "100000000000000000000000",
    "-0.0500",
]


def posted(client, number):
    """The plain request with the number beside what states the dose, and the resources that are offered."""
    body = plain()
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["extension"] = [{"url": "http://example.org/weight", "valueDecimal": "NUMBER"}]
    order["contained"] = [
        {"resourceType": "Medication", "id": "m", "amount": {"numerator": {"value": "NUMBER"}}}
    ]
    text = json.dumps(body).replace('"NUMBER"', number)
    response = client.post(SIGN, data=text, content_type="application/json")
    assert response.status_code == 200, response.text
    return response


@pytest.mark.parametrize("number", WRITTEN)
def test_a_number_comes_back_as_it_was_written(client, number):
    response = posted(client, number)
    assert "suggestions" in response.json["cards"][0]
    offered = sum(
        "resource" in action
        for card in response.json["cards"]
        for one in card.get("suggestions", ())
        for action in one["actions"]
    )
    for member in ("valueDecimal", "value"):
        found = re.findall(rf'"{member}":({re.escape(number)})[,}}]', response.text)
        assert len(found) >= offered > 0
    action = response.json["cards"][0]["suggestions"][0]["actions"][0]
    assert float(action["resource"]["extension"][0]["valueDecimal"]) == float(number)


def test_the_new_dose_is_written_as_it_was_computed(client):
    body = plain()
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    quantity = order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    text = json.dumps(body).replace(f'"value": {quantity["value"]}', f'"value": {quantity["value"]}.00')
    response = client.post(SIGN, data=text, content_type="application/json")
    plainly = client.post(SIGN, json=body)
    assert response.json["cards"] == plainly.json["cards"]


def test_without_suggestions_nothing_is_read_again():
    answer = {"cards": [{"summary": "s"}]}
    assert as_written(answer, b'{"context": {"a": 1.50}}') is answer


@pytest.mark.parametrize("member", ["1.5", ["1.5"], 1, True, None, {"a": "2.50"}])
def test_without_a_decimal_in_what_is_handed_back_nothing_is_read_again(member):
    resource = {"resourceType": "X", "id": "1", "member": member}
    answer = {"cards": [{"suggestions": [{"actions": [{"type": "update", "resource": resource}]}]}]}
    assert as_written(answer, b'{"context": {"a": 1.50}}') is answer


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(handed=json_values, sent=json_values)
def test_nothing_but_the_characters_of_equal_numbers_changes(handed, sent):
    import orjson

    resource = {"resourceType": "X", "id": "1", "member": handed}
    answer = {"cards": [{"suggestions": [{"actions": [{"type": "update", "resource": resource}]}]}]}
    body = json.dumps({"context": {"a": {"resourceType": "X", "id": "1", "member": sent}, "b": 1.5}}) + " "
    body = body.replace(" 1.5}", " 1.50}")
    try:
        before = orjson.loads(orjson.dumps(answer))
    except (TypeError, ValueError):  # an integer that the answer could not hold either way
        return
    assert orjson.loads(orjson.dumps(as_written(answer, body.encode()))) == before
