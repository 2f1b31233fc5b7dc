"""Value sets of a terminology server, fetched by a thread of the worker."""

import threading

from cds_service.expansions import Expansions


class Source:
    """Has the sets of `held`; `done` is set once each wanted set was asked for as often as `rounds`."""

    def __init__(self, held, rounds=1):
        self.held, self.rounds, self.asked = set(held), rounds, []
        self.done = threading.Event()

    def refresh(self, urls):
        (url,) = urls
        self.asked.append(url)
        if len(self.asked) >= self.rounds:
            self.done.set()
        return {url: url in self.held}


def test_each_set_is_fetched_by_another_thread_and_counted():
    source, said, threads = Source({"a", "b"}, rounds=2), [], set()
    refresh = source.refresh
    source.refresh = lambda urls: (threads.add(threading.get_ident()), refresh(urls))[1]
    kept = Expansions(source, ["b", "a"], said.append)
    assert source.done.wait(5)
    kept.close()
    _ends(kept)
    assert source.asked == ["a", "b"]
    assert threading.get_ident() not in threads
    assert kept.state() == {"serverValueSets": {"wanted": 2, "fetched": 2}}
    assert said == []


def test_what_cannot_be_fetched_is_reported_once_and_tried_again():
    source, said = Source({"a"}, rounds=6), []
    kept = Expansions(source, ["a", "b"], said.append, retry_s=0.001)
    assert source.done.wait(5)
    kept.close()
    _ends(kept)
    assert said == ["1 of 2 value sets of the terminology server were not fetched"]
    assert kept.state() == {"serverValueSets": {"wanted": 2, "fetched": 1}}


def test_a_set_that_was_fetched_once_counts_although_its_renewal_failed():
    source, said = Source({"a"}, rounds=2), []
    refresh = source.refresh
    source.refresh = lambda urls: (refresh(urls), source.held.clear())[0]
    kept = Expansions(source, ["a"], said.append, renew_s=0.001)
    assert source.done.wait(5)
    kept.close()
    _ends(kept)
    assert said == ["1 of 1 value sets of the terminology server were not fetched"]
    assert kept.state() == {"serverValueSets": {"wanted": 1, "fetched": 1}}


def test_without_value_sets_there_is_no_thread_and_nothing_to_show():
    before = threading.active_count()
    kept = Expansions(Source(()), [], print)
    assert threading.active_count() == before
    assert kept.state() == {}


def test_closing_ends_the_thread_and_waits_for_nothing():
    source, going_on = Source({"a", "b"}), threading.Event()
    refresh = source.refresh
    source.refresh = lambda urls: (refresh(urls), going_on.wait(5))[0]
    kept = Expansions(source, ["a", "b"], print)
    assert source.done.wait(5)
    kept.close()  # while the first set is under way
    going_on.set()
    _ends(kept)
    assert source.asked == ["a"]


def _ends(kept):
    kept._thread.join(5)
    assert not kept._thread.is_alive()
