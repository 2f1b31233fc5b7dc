"""What a request does not hold is fetched from the EHR's FHIR server, and what cannot be fetched is said."""

import json
from dataclasses import replace

import fhir_server as faults
import pytest
from chart import asking, chart, data_cards, listed, not_checked, result, told
from fhir_server import fhir_server
from hook_requests import NOW, SIGN, VIEW, bundle, draft_of, outcome, topics

from cds_service.app import create_app
from cds_service.fhir.allow_list import read_allow_list
from cds_service.fhir.failures import words_of
from cds_service.fhir.workers import Workers
from cds_service.hooks.keys import KEYS

pytestmark = pytest.mark.enable_socket
ROWS = {row.key: row for row in KEYS}
OPTIONAL = [row.key for row in KEYS if not row.required]
READY = 10_000
SHORT = 250


def app_of(engine, settings, **changed):
    """The service, allowed to ask any port of this machine; `changed` are settings."""
    servers = read_allow_list(["http://127.0.0.1:*/fhir"], plain_http=False)
    changed = {"time_budget_ms": READY, "max_resources": 10_000, "fhir_servers": servers} | changed
    settings = replace(settings, **changed)
    fhir = replace(
        engine.fhir,
        allow_list=settings.fhir_servers,
        workers=Workers(settings.fetch_threads, settings.max_fetches),
        limits=replace(
            engine.fhir.limits,
            max_bytes=settings.max_fetch_bytes,
            max_pages=settings.max_pages,
            max_resources=settings.max_resources,
            max_references=settings.max_references,
        ),
    )
    return create_app(settings, replace(engine, settings=settings, fhir=fhir), clock=lambda: NOW)


@pytest.fixture(scope="module")
def calm(engine, settings):
    return app_of(engine, settings).test_client()


@pytest.fixture(scope="module")
def hurried(engine, settings):
    return app_of(engine, settings, time_budget_ms=SHORT).test_client()


@pytest.fixture(scope="module")
def small(engine, settings):
    return app_of(engine, settings, max_fetch_bytes=100_000).test_client()


@pytest.fixture
def server():
    with fhir_server(chart()) as running:
        yield running


def target(key, engine):
    """What of the server's requests belongs to a key: the query as it is asked for."""
    query = engine.fhir.templates[key].replace("{{context.patientId}}", "p1")
    return query.replace("{{context.encounterId}}", "e1").replace("|", "%7C")


def prefetched(server, engine):
    """What a client would have sent: the answer to each query."""
    found = {}
    for row in KEYS:
        kind, _, rest = target(row.key, engine).partition("?")
        if rest:
            query = {
                part.partition("=")[0]: [part.partition("=")[2].replace("%7C", "|")]
                for part in rest.split("&")
            }
            found[row.key] = server._search(kind, query)
        else:
            found[row.key] = next(one for one in server.store if f"{one['resourceType']}/{one['id']}" == kind)
    return found


def test_the_cards_with_everything_fetched_are_those_with_everything_sent(calm, server, engine):
    sent = asking(server, **prefetched(server, engine))
    both = calm.post(SIGN, json=sent), calm.post(SIGN, json=asking(server))
    assert told(both[0].json["cards"]) == told(both[1].json["cards"])
    assert "3600" in both[1].json["cards"][0]["summary"]
    assert "opioid" in both[1].text.lower()
    assert data_cards(both[1]) == []


def test_every_key_is_asked_for_once_and_only_if_it_was_not_sent(calm, server, engine):
    calm.post(SIGN, json=asking(server))
    assert sorted(server.asked) == sorted(target(row.key, engine) for row in KEYS)
    server.asked.clear()
    calm.post(SIGN, json=asking(server, **prefetched(server, engine)))
    assert server.asked == []


@pytest.mark.parametrize(
    "value", [None, bundle(), bundle(outcome("warning")), outcome("error"), outcome("fatal")]
)
def test_what_is_an_answer_is_not_asked_for_again(calm, server, engine, value):
    calm.post(SIGN, json=asking(server, conditions=value))
    assert target("conditions", engine) not in server.asked


@pytest.mark.parametrize("value", ["text", 5, {}, {"a": 1}, {"resourceType": "Practitioner"}])
def test_what_is_no_answer_is_asked_for_and_then_nothing_is_missing(calm, server, engine, value):
    response = calm.post(SIGN, json=asking(server, conditions=value))
    assert target("conditions", engine) in server.asked
    assert data_cards(response) == []


def test_the_token_goes_to_the_server_as_a_bearer_token(calm, server):
    calm.post(SIGN, json=asking(server))
    assert server.tokens == {"Bearer token-of-this-call"}


def test_without_an_encounter_none_is_asked_for(calm, server):
    body = asking(server)
    del body["context"]["encounterId"]
    response = calm.post(SIGN, json=body)
    assert not any(one.startswith("Encounter") for one in server.asked)
    assert data_cards(response) == []


@pytest.mark.parametrize(
    "change", [{"fhirServer": None}, {"fhirAuthorization": None}, {"fhirAuthorization": {}}]
)
def test_without_server_or_authorization_nothing_is_asked_and_gaps_stay_gaps(calm, server, engine, change):
    patient = prefetched(server, engine)["patient"]
    response = calm.post(SIGN, json=asking(server, patient=patient) | change)
    assert server.asked == []
    assert "could not be read" not in response.text
    assert response.status_code == 200
    assert calm.post(SIGN, json=asking(server) | change).status_code == 412


# Every way to fail, and what a prescriber reads of it.
FAST = {
    "401": (faults.status(401), "unauthorized"),
    "403": (faults.status(403), "forbidden"),
    "404": (faults.status(404), "not-found"),
    "410": (faults.status(410), "not-found"),
    "400": (faults.status(400), "rejected"),
    "429": (faults.status(429, Retry_After="1"), "throttled"),
    "500": (faults.status(500), "server-error"),
    "503": (faults.status(503), "server-error"),
    "redirect": (faults.status(302, Location="/fhir/Patient/p1"), "redirect"),
    "permanent redirect": (faults.status(308, Location="http://127.0.0.1:1/"), "redirect"),
    "truncated": (faults.truncated, "broken-off"),
    "half a JSON": (faults.truncated_json, "unreadable"),
    "broken chunks": (faults.broken_chunks, "broken-off"),
    "hang up": (faults.hang_up, "unreachable"),
    "not HTTP": (faults.not_http, "unreachable"),
    "empty": (faults.body(b""), "unreadable"),
    "HTML": (faults.body(b"<html><body>Sign in</body></html>", kind="text/html"), "unreadable"),
    "invalid UTF-8": (faults.body(b'{"resourceType": "Bundle", "a": "\xff"}'), "unreadable"),
    "NaN": (faults.body(b'{"resourceType": "Bundle", "total": NaN}'), "unreadable"),
    "deeply nested": (faults.body(b'{"resourceType":"Bundle","a":' + b"[" * 999 + b"]" * 999 + b"}"), "unreadable"),
    "not FHIR": (faults.body({"status": "ok"}), "not-fhir"),
    "null": (faults.body(b"null"), "not-fhir"),
    "list": (faults.body(b"[]"), "not-fhir"),
    "broken gzip": (faults.broken_gzip, "broken-off"),
    "no gzip": (faults.no_gzip, "unreadable"),
    "unknown encoding": (faults.body(b"x", Content_Encoding="br"), "unreadable"),
    "another type": (faults.body({"resourceType": "Organization", "id": "x"}), "wrong-patient"),
}  # fmt: skip
SLOW = {
    "silence": faults.silence,
    "drip of the body": faults.drip_body,
    "drip of headers": faults.drip_headers,
}
LARGE = {"endless": faults.endless, "gzip bomb": faults.bomb}


def failing(client, server, key, engine, fault):
    """The answer where one key fails in that way and all others come."""
    server.faults[target(key, engine)] = fault
    return client.post(SIGN, json=asking(server))


def assert_said(response, key, why):
    """One card of topic data names what was not read and why; nothing else is lost, nobody is reassured."""
    assert response.status_code == 200, response.text
    (card,) = data_cards(response)
    assert f"{ROWS[key].words} could not be read" in card["detail"]
    assert words_of(why) in card["detail"]
    assert card["summary"].startswith("Not checked: ")
    assert len(response.json["cards"]) > 1


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("key", OPTIONAL)
def test_a_key_that_cannot_be_fetched_is_named_and_the_other_advice_comes(calm, server, engine, key, name):
    fault, why = FAST[name]
    assert_said(failing(calm, server, key, engine, fault), key, why)


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("key", OPTIONAL)
def test_a_key_that_is_too_slow_is_named_and_the_other_advice_comes(hurried, server, engine, key, name):
    assert_said(failing(hurried, server, key, engine, SLOW[name]), key, "timeout")


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("key", OPTIONAL)
def test_a_key_that_is_too_large_is_named_and_the_other_advice_comes(small, server, engine, key, name):
    assert_said(failing(small, server, key, engine, LARGE[name]), key, "too-large")


@pytest.mark.parametrize("key", OPTIONAL)
def test_the_error_of_a_server_that_answers_200_is_named(calm, server, engine, key):
    response = failing(calm, server, key, engine, faults.body(outcome("error", "forbidden")))
    assert f"{ROWS[key].words} could not be read (the EHR reported an error: forbidden)" in not_checked(
        response
    )
    assert len(response.json["cards"]) > 1


@pytest.mark.parametrize("key", OPTIONAL)
def test_data_of_another_patient_is_left_out_and_named(calm, server, engine, key):
    kind = min(ROWS[key].types)
    foreign = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/other"}}
    response = failing(calm, server, key, engine, faults.body(bundle(foreign)))
    assert "another patient" in not_checked(response)
    assert f"{ROWS[key].words} could not be read" in not_checked(response)


@pytest.mark.parametrize("name", FAST)
def test_a_patient_that_cannot_be_fetched_is_a_failed_precondition_that_says_why(calm, server, engine, name):
    fault, why = FAST[name]
    response = failing(calm, server, "patient", engine, fault)
    assert response.status_code == 412
    said = response.json["issue"][0]["diagnostics"]
    assert words_of(why) in said
    assert "p1" not in said.replace("context.patientId", "")


def test_another_patient_in_the_answer_is_a_failed_precondition(calm, server, engine):
    other = {"resourceType": "Patient", "id": "p2", "gender": "male"}
    assert failing(calm, server, "patient", engine, faults.body(other)).status_code == 412


def test_a_patient_that_does_not_come_in_time_is_a_failed_precondition(hurried, server, engine):
    assert failing(hurried, server, "patient", engine, faults.silence).status_code == 412


def test_a_patient_that_the_client_failed_to_read_is_not_asked_for_again(calm, server):
    assert calm.post(SIGN, json=asking(server, patient=outcome("error"))).status_code == 412
    assert "Patient/p1" not in server.asked


def test_a_patient_that_was_sent_is_enough_when_everything_else_fails(calm, server):
    server.faults["*"] = faults.status(503)
    patient = next(one for one in server.store if one["resourceType"] == "Patient")
    response = calm.post(SIGN, json=asking(server, patient=patient))
    assert response.status_code == 200
    for key in OPTIONAL:
        assert ROWS[key].words in not_checked(response)


def test_a_server_that_is_not_there_is_said_so(calm, server, engine):
    patient = prefetched(server, engine)["patient"]
    body = asking("http://127.0.0.1:1/fhir", patient=patient)
    assert words_of("unreachable") in not_checked(calm.post(SIGN, json=body))


@pytest.mark.parametrize(
    "authorization",
    [
        "token", 5, [], {"access_token": ""}, {"access_token": 5}, {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": "a", "token_type": "MAC"}, {"access_token": "a", "expires_in": 0},
        {"access_token": "a", "expires_in": -5}, {"token_type": "Bearer"},
    ],
)  # fmt: skip
def test_an_authorization_that_cannot_be_used_is_said_so_and_no_connection_is_made(
    calm, server, engine, authorization
):
    body = asking(server, patient=prefetched(server, engine)["patient"])
    response = calm.post(SIGN, json=body | {"fhirAuthorization": authorization})
    assert response.status_code == 200
    assert words_of("no-authorization") in not_checked(response)
    assert server.asked == []


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", "http://127.0.0.1/fhir/Patient/p1", "", None])
def test_an_authorization_of_this_patient_or_of_none_is_used(calm, server, patient):
    body = asking(server)
    body["fhirAuthorization"]["patient"] = patient
    assert calm.post(SIGN, json=body).status_code == 200
    assert server.asked


@pytest.mark.parametrize("patient", ["p2", "Patient/p2", "P1", 5, "Group/p1"])
def test_an_authorization_of_another_patient_is_refused(calm, server, patient):
    body = asking(server)
    body["fhirAuthorization"]["patient"] = patient
    response = calm.post(SIGN, json=body)
    assert response.status_code == 400
    assert response.json["issue"][0]["expression"] == ["fhirAuthorization.patient"]
    assert server.asked == []


@pytest.mark.parametrize("identifier", [".", "..", "...", "p1\\..\\x"])
def test_an_id_that_would_name_something_else_in_a_url_is_not_sent(calm, server, identifier):
    body = asking(server)
    body["context"]["patientId"] = identifier
    del body["fhirAuthorization"]["patient"]
    del draft_of(body)["subject"]
    assert calm.post(SIGN, json=body).status_code == 412
    assert server.asked == []


@pytest.mark.parametrize("identifier", ["p1?x=1", "p1&status=x", "p1#x", "p1%2f..", "p 1", "pä"])
def test_an_id_cannot_change_a_query(calm, server, identifier):
    body = asking(server)
    body["context"]["patientId"] = identifier
    del body["fhirAuthorization"]["patient"]
    calm.post(SIGN, json=body)
    for asked in server.asked:
        names = [part.partition("=")[0] for part in asked.partition("?")[2].split("&")]
        assert set(names) <= {"patient", "status", "code", "category", "_sort", "_count", ""}


# Pages


def test_all_pages_are_read(calm, server):
    server.store.extend(listed(f"n{place}", "active", "melatonin") for place in range(30))
    server.store.append(listed("last", "active", "pregabalin 300 mg capsule"))
    server.page = 7
    response = calm.post(SIGN, json=asking(server))
    assert "pregabalin" in response.text
    assert data_cards(response) == []


def test_the_newest_results_are_read_until_there_are_as_many_as_asked_for(calm, server):
    server.store.extend(result("2160-0", 1.87, "mg/dL", id=f"k{place}") for place in range(60))
    server.page = 10
    response = calm.post(SIGN, json=asking(server))
    assert sum("2160-0" in one for one in server.asked) == 3
    assert data_cards(response) == []


def partly(response):
    assert response.status_code == 200
    assert len(response.json["cards"]) > 1
    return not_checked(response)


PAGED = {"relation": "next"}


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("{base}/Condition?patient=p1&_count=200", "loop"),
        ("http://127.0.0.1:1/fhir/Condition?page=2", "foreign-link"),
        ("http://localhost/fhir/Condition", "foreign-link"),
        ("{base}-other/Condition", "foreign-link"),
        ("{base}/../Condition", "foreign-link"),
        ("{base}@evil.example.org/", "foreign-link"),
        ("//evil.example.org/fhir/", "foreign-link"),
        ("javascript:alert(1)", "rejected"),
        ("", "foreign-link"),
        (5, "foreign-link"),
        (None, "foreign-link"),
    ],
)
def test_a_link_that_is_not_followed_is_said_and_the_first_page_is_used(calm, server, engine, link, why):
    page = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}
    url = link.replace("{base}", server.base) if isinstance(link, str) else link
    server.faults["Condition/javascript:alert(1)"] = server.faults["javascript:alert(1)"] = faults.status(400)
    response = failing(
        calm, server, "conditions", engine, faults.body(bundle(page, link=[PAGED | {"url": url}]))
    )
    assert f"{ROWS['conditions'].words}: only a part was read ({words_of(why)})" in partly(response)


def test_pages_without_end_are_bounded_and_said(engine, settings, server):
    def another(handler):
        number = int(handler.path.partition("page=")[2] or "0")
        link = [PAGED | {"url": f"{server.base}/Condition?page={number + 1}"}]
        faults.send(handler, bundle({"resourceType": "Condition", "id": f"c{number}"}, link=link))

    server.faults["Condition"] = another
    response = app_of(engine, settings, max_pages=5).test_client().post(SIGN, json=asking(server))
    assert words_of("too-many-pages") in partly(response)
    assert sum(one.startswith("Condition") for one in server.asked) == 5


def test_a_later_page_that_fails_is_said_and_the_earlier_ones_are_used(calm, server):
    server.store.extend(listed(f"n{place}", "active", "melatonin") for place in range(5))
    server.page = 3

    def second(handler):
        faults.send(handler, {}, 503)

    first = "MedicationRequest?patient=p1&status=active,on-hold&_count=200&_offset=3"
    server.faults[first] = second
    response = calm.post(SIGN, json=asking(server))
    assert f"{ROWS['medications'].words}: only a part was read" in partly(response)
    assert "opioid" in response.text.lower()


def test_a_later_page_that_does_not_come_in_time_is_said_and_the_earlier_ones_are_used(hurried, server):
    server.store.extend(listed(f"n{place}", "active", "melatonin") for place in range(5))
    server.page = 3
    server.faults["MedicationRequest?patient=p1&status=active,on-hold&_count=200&_offset=3"] = faults.silence
    response = hurried.post(SIGN, json=asking(server))
    assert f"only a part was read ({words_of('timeout')})" in partly(response)
    assert "opioid" in response.text.lower()


def test_more_entries_than_the_limit_are_not_kept_and_it_is_said(engine, settings, server):
    server.store.extend(listed(f"n{place}", "active", "melatonin") for place in range(300))
    app = app_of(engine, settings, max_resources=100)
    assert words_of("too-many-resources") in not_checked(app.test_client().post(SIGN, json=asking(server)))


def test_the_next_page_of_a_prefetched_bundle_is_fetched(calm, server, engine):
    server.store.extend(listed(f"n{place}", "active", "pregabalin 300 mg capsule") for place in range(3))
    server.page = 2
    sent = prefetched(server, engine)
    server.asked.clear()
    assert [one["relation"] for one in sent["medications"]["link"]] == ["next"]
    response = calm.post(SIGN, json=asking(server, **sent))
    assert [one.partition("_offset=")[2] for one in server.asked] == ["2"]
    assert "pregabalin" in response.text
    assert data_cards(response) == []


def test_the_next_page_of_a_prefetched_bundle_on_another_server_is_not_fetched_and_it_is_said(
    calm, server, engine
):
    sent = prefetched(server, engine)
    sent["medications"]["link"] = [PAGED | {"url": "http://127.0.0.1:1/fhir/MedicationRequest?page=2"}]
    assert f"only a part was read ({words_of('foreign-link')})" in partly(
        calm.post(SIGN, json=asking(server, **sent))
    )


# References


def pointing(body, reference):
    draft = draft_of(body)
    del draft["medicationCodeableConcept"]
    draft["medicationReference"] = {"reference": reference}
    return body


PRODUCT = {
    "resourceType": "Medication",
    "id": "g600",
    "code": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "310433"}],
        "text": "gabapentin 600 MG Oral Tablet",
    },
}


@pytest.mark.parametrize("form", ["Medication/g600", "{base}/Medication/g600", "Medication/g600/_history/3"])
def test_a_medication_that_an_order_refers_to_is_read_from_the_server(calm, server, form):
    server.store.append(PRODUCT)
    server.faults["Medication/g600/_history/3"] = faults.body(PRODUCT)
    response = calm.post(SIGN, json=pointing(asking(server), form.replace("{base}", server.base)))
    assert "gabapentin 3600 mg/day" in response.text
    assert data_cards(response) == []


def test_a_medication_in_the_same_bundle_or_contained_is_not_asked_for(calm, server):
    body = pointing(asking(server), "Medication/g600")
    body["context"]["draftOrders"]["entry"].append({"resource": PRODUCT})
    inside = pointing(asking(server), "#g600")
    draft_of(inside)["contained"] = [PRODUCT]
    named = pointing(asking(server), "urn:uuid:0b2b2d0a-6b5a-4a36-8f2c-5a5f0c0f7f11")
    full_url = "urn:uuid:0b2b2d0a-6b5a-4a36-8f2c-5a5f0c0f7f11"
    named["context"]["draftOrders"]["entry"].append({"fullUrl": full_url, "resource": PRODUCT})
    for one in (body, inside, named):
        response = calm.post(SIGN, json=one)
        assert "gabapentin 3600 mg/day" in response.text
    assert not any(one.startswith("Medication/") for one in server.asked)


def test_a_medication_that_the_list_refers_to_is_read_from_the_server(calm, server):
    entry = listed("m9", "active", "") | {"medicationReference": {"reference": "Medication/x1"}}
    del entry["medicationCodeableConcept"]
    server.store.extend(
        [entry, {"resourceType": "Medication", "id": "x1", "code": {"text": "pregabalin 300 mg"}}]
    )
    response = calm.post(SIGN, json=asking(server))
    assert "pregabalin" in response.text
    assert server.asked.count("Medication/x1") == 1


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("Medication/none", "not-found"),
        ("http://127.0.0.1:1/fhir/Medication/g600", "foreign-link"),
        ("https://evil.example.org/Medication/g600", "foreign-link"),
        ("../Medication/g600", "foreign-link"),
    ],
)
def test_a_medication_that_cannot_be_read_is_named(calm, server, reference, why):
    response = calm.post(SIGN, json=pointing(asking(server), reference))
    assert response.status_code == 200
    assert f"medications that orders refer to could not be read ({words_of(why)})" in not_checked(response)


@pytest.mark.parametrize(
    "answer", [{"resourceType": "Medication", "id": "other"}, {"resourceType": "Patient", "id": "g600"}]
)
def test_another_resource_than_the_one_referred_to_is_not_used(calm, server, answer):
    server.faults["Medication/g600"] = faults.body(answer)
    response = calm.post(SIGN, json=pointing(asking(server), "Medication/g600"))
    assert words_of("not-fhir") in not_checked(response)


def test_more_references_than_the_limit_are_not_read_and_it_is_said(engine, settings, server):
    for place in range(5):
        entry = listed(f"m9{place}", "active", "") | {
            "medicationReference": {"reference": f"Medication/x{place}"}
        }
        product = {"resourceType": "Medication", "id": f"x{place}", "code": {"text": "melatonin"}}
        server.store.extend([entry, product])
    response = app_of(engine, settings, max_references=3).test_client().post(SIGN, json=asking(server))
    assert words_of("too-many-references") in not_checked(response)
    assert sum(one.startswith("Medication/") for one in server.asked) == 3


# Pool, allow-list, privacy


def test_a_full_pool_fetches_nothing_more_and_says_so(engine, settings, server):
    client = app_of(engine, settings, fetch_threads=1, max_fetches=3).test_client()
    response = client.post(SIGN, json=asking(server))
    assert response.status_code == 200
    assert words_of("busy") in not_checked(response)
    again = client.post(SIGN, json=asking(server))
    assert len(server.asked) == 6
    assert again.status_code == 200


def test_after_slow_answers_the_pool_serves_the_next_request(engine, settings, server):
    client = app_of(engine, settings, fetch_threads=24, max_fetches=24, time_budget_ms=SHORT).test_client()
    patient = next(one for one in server.store if one["resourceType"] == "Patient")
    for fault in SLOW.values():
        server.faults["*"] = fault
        assert words_of("timeout") in not_checked(client.post(SIGN, json=asking(server, patient=patient)))
    server.faults.clear()
    workers = client.application  # the threads let go of their places a moment after they are ended
    assert workers is not None
    for _ in range(200):
        response = client.post(SIGN, json=asking(server, patient=patient))
        if data_cards(response) == []:
            return
    pytest.fail("the pool did not recover")


@pytest.mark.parametrize(
    "fault", [faults.status(401), faults.truncated, faults.body(b"<html>"), faults.status(302)]
)
def test_neither_urls_nor_ids_nor_tokens_reach_logs_or_metrics(calm, server, capfd, caplog, fault):
    caplog.set_level(0)
    server.faults["*"] = fault
    patient = next(one for one in server.store if one["resourceType"] == "Patient")
    response = calm.post(SIGN, json=asking(server, patient=patient))
    captured = capfd.readouterr()
    written = captured.out + captured.err + caplog.text + calm.get("/metrics").text + response.text
    assert "fetch-failed" in captured.out
    for secret in ("token-of-this-call", "Patient/p1", "127.0.0.1", "patient=p1"):
        assert secret not in written


def test_metrics_count_each_fetch_by_key_and_outcome(calm, server):
    server.faults["Condition"] = faults.status(403)
    calm.post(SIGN, json=asking(server))
    text = calm.get("/metrics").text
    assert 'cds_fetches_total{key="conditions",outcome="forbidden"}' in text
    assert 'cds_fetches_total{key="kidney",outcome="ok"}' in text
    assert 'cds_fetch_seconds_count{key="kidney"}' in text


def test_a_cookie_of_the_server_is_not_sent_back(calm, server):
    sent = []

    def cookie(handler):
        sent.append(handler.headers.get("Cookie"))
        faults.send(handler, bundle(), Set_Cookie="session=abc; Path=/")

    server.faults["Condition"] = cookie
    for _ in range(2):
        calm.post(SIGN, json=asking(server))
    assert sent == [None, None]


def test_the_environment_names_no_proxy_and_no_credentials(calm, server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    for name, value in (("http_proxy", "http://127.0.0.1:1"), ("HTTP_PROXY", "http://127.0.0.1:1"),
                        ("NETRC", str(tmp_path / ".netrc")), ("REQUESTS_CA_BUNDLE", "/none")):  # fmt: skip
        monkeypatch.setenv(name, value)
    response = calm.post(SIGN, json=asking(server))
    assert data_cards(response) == []
    assert server.tokens == {"Bearer token-of-this-call"}


def test_a_gzipped_answer_is_read(calm, server, engine):
    import gzip

    content = json.dumps(prefetched(server, engine)["medications"]).encode()
    fault = faults.body(gzip.compress(content), Content_Encoding="gzip")
    response = failing(calm, server, "medications", engine, fault)
    assert "opioid" in response.text.lower()
    assert data_cards(response) == []


def test_patient_view_fetches_too(calm, server):
    dosage = draft_of(asking(server))["dosageInstruction"]
    server.store.append(listed("g1", "active", "gabapentin 600 mg tablet", dosageInstruction=dosage))
    body = asking(server) | {"hook": "patient-view"}
    del body["context"]["draftOrders"]
    response = calm.post(VIEW, json=body)
    assert response.status_code == 200
    assert "data" not in topics(response)
    assert server.asked
