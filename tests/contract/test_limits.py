"""Limits of a request: fit for real charts, each with a clear refusal."""

import copy
import json
from dataclasses import replace

import pytest
from chart import listed, result
from hook_requests import NOW, SIGN, bundle, draft_of, plain, summaries

from cds_service.app import create_app
from cds_service.settings import Settings


@pytest.fixture
def limited(engine, settings):
    """The service with some limits changed."""

    def made(**limits):
        changed = replace(settings, **limits)
        return create_app(changed, replace(engine, settings=changed), clock=lambda: NOW).test_client()

    return made


def post(client, text):
    return client.post(SIGN, data=text, content_type="application/json")


def test_the_defaults_hold_a_chart_of_ten_megabytes_and_five_thousand_resources(engine):
    client = create_app(Settings(), replace(engine, settings=Settings()), clock=lambda: NOW).test_client()
    padding = "x" * 1_900
    results = [result("2951-2", 140, "mmol/L", id=f"r{n}", note=[{"text": padding}]) for n in range(3_000)]
    entries = [listed(f"m{n}", "completed", "melatonin", note=[{"text": padding}]) for n in range(2_100)]
    text = json.dumps(plain(sodium=bundle(*results), endedMedications=bundle(*entries)))
    assert len(text) > 10_000_000
    response = post(client, text)
    assert response.status_code == 200
    assert "3600" in summaries(response)


def test_more_orders_than_the_limit_are_refused_and_as_many_are_read(limited):
    client = limited(max_orders=3)
    body = plain()
    for number in range(2):
        twin = copy.deepcopy(draft_of(body)) | {"id": f"t{number}"}
        body["context"]["draftOrders"]["entry"].append({"resource": twin})
    assert client.post(SIGN, json=body).status_code == 200
    body["context"]["draftOrders"]["entry"].append({"resource": draft_of(body) | {"id": "t9"}})
    response = client.post(SIGN, json=body)
    assert response.status_code == 413
    assert "3 orders" in response.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize(("depth", "status"), [(40, 200), (41, 400)])
def test_nesting_beyond_the_limit_is_refused(limited, depth, status):
    body = plain()
    body["extension"] = "HERE"
    inside = depth - 1  # the body itself is one level
    text = json.dumps(body).replace('"HERE"', "[" * inside + "]" * inside)
    response = post(limited(max_nesting=40), text)
    assert response.status_code == status
    assert status == 200 or "nested too deeply" in response.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize(("length", "status"), [(9_000, 200), (9_001, 413)])
@pytest.mark.parametrize("text", ["x", '\\"', "\\\\", '\\\\\\"'])
def test_a_text_beyond_the_limit_is_refused(limited, text, length, status):
    body = plain()
    draft_of(body)["note"] = [{"text": "HERE"}]
    times = length // len(text)
    long = text * times + "y" * (length - times * len(text))
    response = post(limited(max_string_bytes=9_000), json.dumps(body).replace("HERE", long))
    assert response.status_code == status
    assert status == 200 or "longer than 9000 bytes" in response.json["issue"][0]["diagnostics"]


def test_many_short_texts_are_no_long_one(limited):
    body = plain()
    draft_of(body)["note"] = [{"text": 'a "quoted" word'}] * 2_000
    assert post(limited(max_string_bytes=5_000), json.dumps(body)).status_code == 200
