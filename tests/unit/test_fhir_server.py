"""The terminology server as a source: what it answers counts, what it does not costs nothing."""

import threading

import pytest

from terminology.coding import ICD10CM, NDC, RXNORM, SNOMED, Coding
from terminology.fhir_server import FhirTerminology
from terminology.load import load

BASE = "https://tx.example.org/r4"
NEURALGIA = Coding(SNOMED, "999001")
UNKNOWN = (404, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]})


def named(display):
    return 200, {"resourceType": "Parameters", "parameter": [{"name": "display", "valueString": display}]}


def held(result):
    return 200, {"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": result}]}


def expansion(*codes, **more):
    contains = [{"system": SNOMED, "code": code} for code in codes]
    return 200, {"resourceType": "ValueSet", "expansion": {"contains": contains, **more}}


class Server:
    """Answers from a list or a function; counts calls; each call takes `seconds` of the clock."""

    def __init__(self, answer, seconds=0.01):
        self.answer, self.seconds, self.now, self.urls = answer, seconds, 0.0, []

    def __call__(self, url, timeout_s):
        self.urls.append(url)
        self.now += min(self.seconds, timeout_s)
        if self.seconds > timeout_s:
            raise TimeoutError
        answer = self.answer(url) if callable(self.answer) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clock(self):
        return self.now


def made(answer, seconds=0.01, **limits):
    server = Server(answer, seconds)
    return server, FhirTerminology(BASE + "/", server, server.clock, **limits)


def test_lookup_asks_for_system_and_code_only_and_is_remembered():
    server, source = made(named("Gabapentin 300 mg oral capsule"))
    coding = Coding(SNOMED, "323021000", "a display that may hold anything")
    assert source.display(coding) == "Gabapentin 300 mg oral capsule"
    assert source.display(coding) == "Gabapentin 300 mg oral capsule"
    assert server.urls == [f"{BASE}/CodeSystem/$lookup?system=http%3A%2F%2Fsnomed.info%2Fsct&code=323021000"]


def test_an_unknown_code_is_remembered_for_a_shorter_time_than_a_known_one():
    server, source = made(UNKNOWN, unknown_s=60)
    assert source.display(NEURALGIA) is None
    assert source.display(NEURALGIA) is None
    assert len(server.urls) == 1
    server.now += 61
    assert source.display(NEURALGIA) is None
    assert len(server.urls) == 2


def test_a_known_code_is_asked_again_after_its_time():
    server, source = made(named("x y"), known_s=100)
    source.display(NEURALGIA)
    server.now += 99
    source.display(NEURALGIA)
    assert len(server.urls) == 1
    server.now += 2
    source.display(NEURALGIA)
    assert len(server.urls) == 2


@pytest.mark.parametrize(
    "answer",
    [
        OSError("refused"), RuntimeError("a library's own error"), (500, None), (503, {}), (429, {}), (401, {}),
        (302, None), (200, None), (200, []), (200, "text"), (200, {"resourceType": "Bundle"}), (200, {}),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_unknown_and_is_asked_again(answer):
    server, source = made(answer)
    assert source.display(NEURALGIA) is None
    assert source.display(NEURALGIA) is None
    assert len(server.urls) == 2


def test_after_three_failures_nobody_asks_for_a_while_and_one_more_failure_closes_again():
    server, source = made(OSError("down"), pause_s=30)
    for place in range(10):
        source.display(Coding(SNOMED, str(place)))
    assert len(server.urls) == 3
    server.now += 31
    source.display(Coding(SNOMED, "a"))
    source.display(Coding(SNOMED, "b"))
    assert len(server.urls) == 4
    server.answer = named("back again")
    server.now += 31
    assert source.display(Coding(SNOMED, "c")) == "back again"
    assert source.display(Coding(SNOMED, "d")) == "back again"


def test_two_failures_and_an_answer_do_not_close():
    answers = iter([OSError(), OSError(), named("x"), OSError(), OSError(), named("x")])
    server, source = made(lambda _: next(answers))
    for place in range(6):
        source.display(Coding(SNOMED, str(place)))
    assert len(server.urls) == 6


def test_what_is_remembered_is_answered_while_nobody_asks():
    answers = iter([named("known"), *[OSError()] * 3])
    server, source = made(lambda _: next(answers))
    source.display(NEURALGIA)
    for place in range(5):
        source.display(Coding(SNOMED, str(place)))
    assert len(server.urls) == 4
    assert source.display(NEURALGIA) == "known"


def test_a_thread_waits_only_so_long_within_a_window():
    server, source = made(UNKNOWN, seconds=0.25, timeout_s=0.3, box_s=0.4, window_s=2)
    for place in range(10):
        source.display(Coding(SNOMED, str(place)))
    assert len(server.urls) == 2
    assert server.now == pytest.approx(0.5)
    server.now += 2
    source.display(Coding(SNOMED, "9"))
    assert len(server.urls) == 3


def test_a_call_that_takes_too_long_is_a_failure():
    server, source = made(named("late"), seconds=5, timeout_s=0.3)
    assert source.display(NEURALGIA) is None
    assert server.now == pytest.approx(0.3)


@pytest.mark.parametrize(
    "coding", [Coding("", "1"), Coding("urn:oid:1.2.3", "GABA300"), Coding(SNOMED, " "), Coding("local", "x")]
)
def test_local_codes_and_codes_without_system_are_not_sent(coding):
    server, source = made(named("x"))
    assert source.display(coding) is None
    assert source.value_sets(coding, {"http://vs": frozenset({"a"})}) == frozenset()
    assert server.urls == []


def test_validate_code_tells_the_sets_that_hold_a_code():
    server, source = made(lambda url: held("acute" in url))
    wanted = {"http://vs/acute": frozenset({"aki", "kidney"}), "http://vs/other": frozenset({"copd"})}
    assert source.value_sets(NEURALGIA, wanted) == {"aki", "kidney"}
    assert source.value_sets(NEURALGIA, wanted) == {"aki", "kidney"}
    assert len(server.urls) == 2
    assert "ValueSet/$validate-code?url=http%3A%2F%2Fvs%2Facute&system=" in server.urls[0]


def test_an_expansion_answers_without_a_call_for_each_code():
    server, source = made(expansion("999001", "5"))
    wanted = {"http://vs/a": frozenset({"copd"})}
    assert source.refresh(wanted) == {"http://vs/a": True}
    assert source.value_sets(NEURALGIA, wanted) == {"copd"}
    assert source.value_sets(Coding(SNOMED, "6"), wanted) == frozenset()
    assert server.urls == [f"{BASE}/ValueSet/$expand?url=http%3A%2F%2Fvs%2Fa"]


def test_nested_entries_of_an_expansion_count():
    nested = {"contains": [{"abstract": True, "contains": [{"system": SNOMED, "code": "999001"}, 7]}, None]}
    _, source = made((200, {"resourceType": "ValueSet", "expansion": nested}))
    source.refresh(["u"])
    assert source.value_sets(NEURALGIA, {"u": frozenset({"copd"})}) == {"copd"}


@pytest.mark.parametrize(
    "answer",
    [
        expansion("1", total=2), (422, {}), OSError(), (200, {"resourceType": "ValueSet"}), (200, None),
        (200, {"resourceType": "ValueSet", "expansion": []}),
    ],
)  # fmt: skip
def test_an_expansion_that_is_not_whole_is_not_used(answer):
    _, source = made(answer)
    assert source.refresh(["u"]) == {"u": False}


def test_many_threads_share_what_is_remembered():
    server, source = made(named("gabapentin 300 MG Oral Capsule"))
    found = []
    threads = [threading.Thread(target=lambda: found.append(source.display(NEURALGIA))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["gabapentin 300 MG Oral Capsule"] * 8
    assert 1 <= len(server.urls) <= 8


def test_the_server_names_a_code_that_no_table_has():
    _, source = made(named("gabapentin 300 MG Oral Capsule"))
    terms = load(server=source)
    (found,) = terms.medication((NEURALGIA,), ()).medications
    assert (found.recognised_by, found.ingredients[0].name, found.ingredients[0].strength.mg) == (
        "server", "gabapentin", 300,
    )  # fmt: skip


def test_the_tables_come_first_and_the_server_before_the_text():
    server, source = made(named("pregabalin 75 MG Oral Capsule"))
    terms = load(server=source)
    terms.medication((Coding(RXNORM, "310431"),), ("gabapentin",))
    assert server.urls == []
    found = terms.medication((NEURALGIA,), ("gabapentin 300 mg",)).medications
    assert [one.ingredients[0].name for one in found] == ["pregabalin", "gabapentin"]


def test_without_an_answer_the_text_still_names_the_drug():
    _, source = made(OSError("down"))
    terms = load(server=source)
    (found,) = terms.medication((NEURALGIA, Coding(NDC, "00000-0000-00")), ("gabapentin 300 mg",)).medications
    assert (found.recognised_by, found.ingredients[0].name) == ("text", "gabapentin")
    assert terms.medication((NEURALGIA,), ()).medications == ()


def test_a_name_that_the_server_gives_and_nobody_knows_is_no_drug():
    _, source = made(named("Hospital bed"))
    assert load(server=source).medication((NEURALGIA,), ()).medications == ()


def test_what_failed_once_is_not_remembered_as_unknown():
    answers = iter([OSError(), named("gabapentin 300 MG Oral Capsule")])
    _, source = made(lambda _: next(answers))
    terms = load(server=source)
    assert terms.medication((NEURALGIA,), ()).medications == ()
    assert len(terms.medication((NEURALGIA,), ()).medications) == 1


def test_sets_of_the_server_extend_sets_of_the_site(tmp_path):
    (tmp_path / "copd.yaml").write_text("id: copd\ntitle: T\nsource: site\nexpand: ['http://vs/copd']\n")
    server, source = made(lambda url: held("999001" in url))
    terms = load(site_sets=tmp_path, server=source)
    assert "copd" in terms.value_sets(NEURALGIA)
    assert terms.value_sets(Coding(SNOMED, "5")) == frozenset()
    assert len(server.urls) == 2
    assert "copd" in terms.value_sets(Coding(ICD10CM, "J44.9"))
    assert len(server.urls) == 2
