"""Searches of several pages: read to the end, within bounds, on the same server."""

import fhir_server as faults
import pytest
from chart import asking, data_cards, listed, not_checked, result
from fhir_app import ROWS, app_of, failing, prefetched
from hook_requests import SIGN, bundle

from cds_service.fhir.failures import words_of

pytestmark = pytest.mark.enable_socket


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
        ("javascript:alert(1)", "foreign-link"),
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


def test_a_later_page_that_does_not_come_in_time_is_said_and_the_earlier_ones_are_used(
    hurried, server, engine
):
    server.store.extend(listed(f"n{place}", "active", "melatonin") for place in range(5))
    server.page = 3
    sent = prefetched(server, engine)
    server.faults["MedicationRequest?patient=p1&status=active,on-hold&_count=200&_offset=3"] = faults.silence
    response = hurried.post(SIGN, json=asking(server, **sent))
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


def test_what_could_not_be_read_of_the_prefetched_page_is_still_said_when_the_next_one_comes(
    calm, server, engine
):
    server.store.extend(listed(f"n{place}", "active", "melatonin") for place in range(3))
    server.page = 2
    sent = prefetched(server, engine)
    sent["medications"]["entry"].append("odd")
    response = calm.post(SIGN, json=asking(server, **sent))
    assert f"{ROWS['medications'].words}: 1 entry could not be read" in not_checked(response)
    assert "only a part was read" not in not_checked(response)


def test_the_next_page_of_a_prefetched_bundle_on_another_server_is_not_fetched_and_it_is_said(
    calm, server, engine
):
    sent = prefetched(server, engine)
    sent["medications"]["link"] = [PAGED | {"url": "http://127.0.0.1:1/fhir/MedicationRequest?page=2"}]
    assert f"only a part was read ({words_of('foreign-link')})" in partly(
        calm.post(SIGN, json=asking(server, **sent))
    )


def test_a_server_that_cuts_a_list_without_a_word_is_said_to_have_done_so(calm, server, engine):
    cut = prefetched(server, engine)["conditions"] | {"total": 3}
    response = failing(calm, server, "conditions", engine, faults.body(cut))
    assert "the problem list: only 1 of 3 entries came" in not_checked(response)
    assert len(response.json["cards"]) > 1
