"""The service asking the FHIR server of its own sandbox, as it runs: one process, many threads."""

import json

import pytest
from chart import told
from hook_requests import SIGN
from running_service import answering, call, command, free_port

pytestmark = pytest.mark.enable_socket
KEPT = ("hookInstance", "hook", "context")


@pytest.fixture(scope="module")
def port():
    number = free_port()
    process = command("serve", "--port", str(number), "--workers", "1", CDS_TIME_BUDGET_MS="15000")
    try:
        answering(number, process)
        yield number
    finally:
        process.terminate()
        process.communicate(timeout=40)


def request_about(name):
    with command("example", name) as process:
        return json.loads(process.communicate(timeout=60)[0])


def granted(body, base):
    """The request with a server to fetch from in the place of what was prefetched."""
    token = {"access_token": "any", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"}
    return {key: body[key] for key in KEPT} | {
        "fhirServer": base,
        "fhirAuthorization": token | {"subject": "cds-service"},
    }


def cards(port, body):
    status, answer = call(port, "POST", SIGN, json.dumps(body), Content_Type="application/json")
    assert status == 200, answer
    return json.loads(answer)["cards"]


def without_actions(found):
    """What is told, but for the suggestions: their ids and those of the drafts are compared elsewhere."""
    return [one[:3] for one in told(found)]


@pytest.mark.parametrize(
    "name", ["kidney-25", "warfarin", "kidney-injury", "messy-chart", "implants", "healthy"]
)
def test_what_is_fetched_gives_the_same_cards_as_what_was_prefetched(port, name):
    body = request_about(name)
    for host in ("127.0.0.1", "localhost"):
        fetched = cards(port, granted(body, f"http://{host}:{port}/sandbox/fhir"))
        assert without_actions(fetched) == without_actions(cards(port, body))


def test_pages_are_followed(port):
    body = request_about("kidney-25")
    fetched = cards(port, granted(body, f"http://127.0.0.1:{port}/sandbox/fhir/pages-1"))
    assert without_actions(fetched) == without_actions(cards(port, body))


def test_a_server_that_fails_is_told_of_on_a_card(port):
    body = granted(request_about("healthy"), f"http://127.0.0.1:{port}/sandbox/fhir/failing-503")
    told_of = [card for card in cards(port, body) if card["source"]["topic"]["code"] == "data"]
    assert any("active medications" in card["summary"] + card["detail"] for card in told_of)


def test_another_path_of_the_same_host_is_not_asked(port):
    body = granted(request_about("healthy"), f"http://127.0.0.1:{port}/fhir")
    status, _ = call(port, "POST", SIGN, json.dumps(body), Content_Type="application/json")
    assert status == 412
