"""Values that no reader should trust: a clear refusal or a named issue, never a fault, never silence."""

import copy

import pytest
from hook_requests import SELECT, SIGN, VIEW, bundle, draft_of, plain, summaries, topics

ODD = [
    None,
    True,
    0,
    -1,
    1e300,
    2**63,
    "",
    "  ",
    "x" * 1_001,
    "2026-13-40",
    [],
    [[]],
    [None],
    {},
    {"a": [1]},
    [{"a": None}],
]


def members(value, path=()):
    """The path of every member in a JSON value."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield (*path, key)
            yield from members(child, (*path, key))
    elif isinstance(value, list):
        for place, child in enumerate(value):
            yield (*path, place)
            yield from members(child, (*path, place))


def with_value(body, path, value):
    changed = copy.deepcopy(body)
    target = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return changed


@pytest.mark.parametrize("path", sorted(members(plain()), key=str), ids=lambda path: ".".join(map(str, path)))
def test_no_value_anywhere_in_a_request_makes_the_service_fail(client, path):
    for value in ODD:
        response = client.post(SIGN, json=with_value(plain(), path, value))
        assert response.status_code in (200, 400, 412), (path, value)
        if response.status_code != 200:
            assert response.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize("endpoint", [SELECT, VIEW])
@pytest.mark.parametrize("value", ODD, ids=str)
def test_no_prefetch_value_makes_any_service_fail(client, endpoint, value):
    body = plain()
    body["hook"] = endpoint.rpartition("neuropathic-")[2]
    for key in body["prefetch"]:
        changed = with_value(body, ("prefetch", key), value)
        assert client.post(endpoint, json=changed).status_code in (200, 412)


@pytest.mark.parametrize(
    "entry", [[None], [5], ["x"], [[]], [{}], [{"fullUrl": "urn:x"}], "x", 5, [{"resource": {}}]]
)
def test_a_draft_that_cannot_be_read_is_named_in_a_card(client, entry):
    body = plain()
    body["context"]["draftOrders"]["entry"] = entry
    response = client.post(SIGN, json=body)
    assert response.status_code == 200
    assert topics(response) == ["data"]
    assert "draft orders" in summaries(response)


def test_a_draft_of_a_misspelt_type_is_named_in_a_card(client):
    body = plain()
    draft_of(body)["resourceType"] = "MedicationRequst"
    response = client.post(SIGN, json=body)
    assert topics(response) == ["data"]


def test_an_unreadable_draft_does_not_silence_the_others(client):
    body = plain()
    body["context"]["draftOrders"]["entry"].append("x")
    response = client.post(SIGN, json=body)
    assert topics(response) == ["dosing", "data"]


def test_two_drafts_of_one_id_are_both_evaluated(client):
    body = plain()
    twin = copy.deepcopy(draft_of(body))
    twin["medicationCodeableConcept"] = {"text": "pregabalin 300 mg capsule"}
    body["context"]["draftOrders"]["entry"].append({"resource": twin})
    response = client.post(SIGN, json=body)
    everything = " ".join(card["summary"] + card["detail"] for card in response.json["cards"]).lower()
    assert "gabapentin 3600 mg/day" in everything
    assert "pregabalin" in everything


def test_a_birth_date_that_is_no_date_leaves_the_age_unknown_and_says_so(client):
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1952-13-40"}
    response = client.post(SIGN, json=plain(patient=patient))
    assert response.status_code == 200
    assert "birth date" in summaries(response)


@pytest.mark.parametrize("value", [1e300, -2, "many", None, 1e-9])
def test_a_dose_that_is_no_amount_is_not_computed_and_a_card_says_so(client, value):
    body = plain()
    draft_of(body)["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] = value
    response = client.post(SIGN, json=body)
    assert response.status_code == 200
    assert "could not be read" in summaries(response)


@pytest.mark.parametrize("value", [1e300, -5, "high", None])
def test_a_creatinine_that_is_no_result_does_not_pass_as_a_check(client, value):
    body = plain()
    body["prefetch"]["kidney"]["entry"][0]["resource"]["valueQuantity"]["value"] = value
    response = client.post(SIGN, json=body)
    assert response.status_code == 200
    assert response.json["cards"]


def test_entries_of_another_patient_are_left_out_and_named(client):
    foreign = {"resourceType": "Condition", "subject": {"reference": "Patient/other"}}
    response = client.post(SIGN, json=plain(conditions=bundle(foreign)))
    assert topics(response) == ["dosing", "data"]
    assert "another patient" in summaries(response)


def test_a_huge_text_is_not_read_as_a_dose(client):
    body = plain()
    draft_of(body)["dosageInstruction"] = [{"text": "take one " * 5_000}]
    response = client.post(SIGN, json=body)
    assert response.status_code == 200
    assert "could not be read" in summaries(response)
