"""The decision table of prefetch values, row by row, for a required and an optional key."""

import pytest
from hook_requests import SIGN, bundle, outcome, plain, request_named, summaries, topics

from cds_service.hooks.keys import KEYS
from cds_service.hooks.prefetch import ABSENT, read_key

ROWS = {row.key: row for row in KEYS}
CONDITION = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}
OTHERS = {"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/other"}}
NEXT = [{"relation": "next", "url": "https://ehr.example.org/page/2"}]


def read(value, key="conditions"):
    result, issues = read_key(ROWS[key], value, "p1")
    return result.state, len(result.resources), [issue.code for issue in issues]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ABSENT, ("absent", 0, [])),
        ({}, ("absent", 0, [])),
        (None, ("given", 0, [])),
        ([], ("given", 0, [])),
        ({"resourceType": "Bundle"}, ("given", 0, [])),
        ({"resourceType": "Bundle", "entry": []}, ("given", 0, [])),
        ({"resourceType": "Bundle", "entry": None, "total": 0}, ("given", 0, [])),
        (CONDITION, ("given", 1, [])),
        (bundle(CONDITION), ("given", 1, [])),
        ([CONDITION, bundle(CONDITION)], ("given", 2, [])),
        ({"resourceType": "Bundle", "entry": {"resource": CONDITION}}, ("given", 1, [])),
        ({"resourceType": "Bundle", "entry": [CONDITION]}, ("given", 1, [])),
        ({"entry": [{"resource": CONDITION}]}, ("given", 1, [])),
        (bundle(bundle(CONDITION)), ("given", 1, [])),
        ("text", ("absent", 0, ["unreadable-resource"])),
        (5, ("absent", 0, ["unreadable-resource"])),
        (False, ("absent", 0, ["unreadable-resource"])),
        ({"a": 1}, ("absent", 0, ["unreadable-resource"])),
        ({"resourceType": 5}, ("absent", 0, ["unreadable-resource"])),
        ({"resourceType": "Patient"}, ("absent", 0, ["unreadable-resource"])),
        (bundle({"resourceType": "Patient"}), ("absent", 0, ["unreadable-resource"])),
        (bundle(CONDITION, {"resourceType": "Practitioner"}), ("given", 1, ["unexpected-resource"])),
        (bundle(CONDITION, "x", 5, None), ("given", 1, ["unreadable-resource"])),
        ([[[[[[CONDITION]]]]]], ("absent", 0, ["unreadable-resource"])),
        (bundle(CONDITION, OTHERS), ("given", 1, ["other-patient"])),
        (bundle(OTHERS), ("absent", 0, ["other-patient"])),
        (outcome("error"), ("failed", 0, [])),
        (outcome("fatal"), ("failed", 0, [])),
        ({"resourceType": "OperationOutcome"}, ("failed", 0, [])),
        (outcome("warning"), ("given", 0, [])),
        (outcome("information"), ("given", 0, [])),
        (bundle(outcome("error")), ("failed", 0, [])),
        (bundle(CONDITION, outcome("error")), ("failed", 1, [])),
        (bundle(outcome("warning")), ("given", 0, [])),
        (bundle(CONDITION, outcome("warning")), ("given", 1, [])),
        (bundle(CONDITION, link=NEXT), ("given", 1, ["page-not-followed"])),
        (bundle(CONDITION, link=[{"relation": "self"}]), ("given", 1, [])),
        (bundle(CONDITION, total=1), ("given", 1, [])),
        (bundle(CONDITION, total=2), ("given", 1, ["page-not-followed"])),
        (bundle(CONDITION, total=0), ("given", 1, [])),
        (bundle(CONDITION, total="2"), ("given", 1, [])),
        (bundle(CONDITION, total=True), ("given", 1, [])),
        (bundle(CONDITION, total=2, link=NEXT), ("given", 1, ["page-not-followed"])),
        ([bundle(CONDITION, total=2), bundle(CONDITION, total=2)], ("given", 2, [])),
        ({"response": {"status": "200 OK"}, "resource": bundle(CONDITION)}, ("given", 1, [])),
        ({"response": {"status": "200 OK"}, "resource": None}, ("given", 0, [])),
        ({"response": {"status": "200 OK"}}, ("given", 0, [])),
        ({"response": {"status": "404 Not Found"}}, ("failed", 0, [])),
        ({"response": {"status": 500}, "resource": {}}, ("failed", 0, [])),
        ({"response": "odd"}, ("absent", 0, [])),
        ({"resource": CONDITION}, ("given", 1, [])),
    ],
)
def test_a_prefetch_value_is_read_by_the_decision_table(value, expected):
    assert read(value) == expected


def test_a_page_of_the_newest_results_needs_no_further_page_and_a_shorter_one_does():
    result = {"resourceType": "Observation", "subject": {"reference": "Patient/p1"}}
    count = ROWS["kidney"].newest
    assert read(bundle(*[result] * count, link=NEXT), "kidney") == ("given", count, [])
    assert read(bundle(*[result] * (count - 1), link=NEXT), "kidney") == (
        "given",
        count - 1,
        ["page-not-followed"],
    )


def test_the_newest_results_of_many_are_all_that_was_asked_for_and_fewer_are_a_part():
    result = {"resourceType": "Observation", "subject": {"reference": "Patient/p1"}}
    count = ROWS["kidney"].newest
    assert read(bundle(*[result] * count, total=count + 15), "kidney") == ("given", count, [])
    short = bundle(*[result] * (count - 1), total=count + 15)
    assert read(short, "kidney") == ("given", count - 1, ["page-not-followed"])


def test_a_list_that_was_cut_without_a_word_gives_a_data_card_beside_the_advice(client):
    medications = request_named("patient-view")["prefetch"]["medications"] | {"total": 7}
    response = client.post(SIGN, json=plain(medications=medications))
    assert topics(response)[-1] == "data"
    assert "the list of active medications: only 1 of 7 entries came" in response.json["cards"][-1]["detail"]
    assert "3600" in summaries(response)


def test_the_newest_page_size_is_the_one_that_is_asked_for():
    for row in KEYS:
        if row.newest is not None:
            assert f"_count={row.newest}" in row.query
            assert "_sort=-" in row.query


def test_medications_that_orders_refer_to_are_kept():
    order = {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/p1"}}
    assert read(bundle(order, {"resourceType": "Medication", "id": "m"}), "medications") == ("given", 2, [])


@pytest.mark.parametrize("key", [row.key for row in KEYS if not row.required])
def test_a_failed_query_gives_one_data_card_that_names_it_and_the_other_advice_still_comes(client, key):
    response = client.post(SIGN, json=plain(**{key: outcome("error", "forbidden")}))
    assert response.status_code == 200
    naming = [card for card in response.json["cards"] if "forbidden" in card["detail"]]
    assert len(naming) == 1
    assert ROWS[key].words in naming[0]["detail"]
    assert naming[0]["source"]["topic"]["code"] == "data"
    assert len(response.json["cards"]) == 2


def test_a_page_that_was_not_followed_gives_a_data_card_beside_the_advice(client):
    medications = request_named("patient-view")["prefetch"]["medications"] | {"link": NEXT}
    response = client.post(SIGN, json=plain(medications=medications))
    assert topics(response)[-1] == "data"
    assert "3600" in summaries(response)


@pytest.mark.parametrize("key", [row.key for row in KEYS if not row.required])
def test_null_is_never_a_failure(client, key):
    response = client.post(SIGN, json=plain(**{key: None}))
    assert response.status_code == 200
    assert not any("could not be read" in card["detail"] for card in response.json["cards"])


def test_the_reason_of_an_outcome_is_never_its_text(client):
    spoken = outcome("error", "Erika Mustermann")
    spoken["issue"][0]["diagnostics"] = "Patient Erika Mustermann is locked"
    response = client.post(SIGN, json=plain(conditions=spoken))
    assert b"Erika" not in response.data


def test_an_order_for_another_patient_is_left_out_and_named(client):
    body = plain()
    body["context"]["draftOrders"]["entry"][0]["resource"]["subject"] = {"reference": "Patient/other"}
    response = client.post(SIGN, json=body)
    assert topics(response) == ["data"]
    assert "another patient" in summaries(response)
