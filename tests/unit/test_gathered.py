"""Counts that wait in the process: they reach Prometheus as if each had been counted at once."""

import threading

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from cds_service.observability.gathered import Gathered, SummedHistogram

BUCKETS = (0.1, 1.0)


@pytest.fixture
def registry():
    return CollectorRegistry()


def test_what_was_put_down_is_counted_when_it_is_written_and_once(registry):
    calls = Counter("calls", "", ("hook", "status"), registry=registry)
    gathered = Gathered()
    gathered.count(calls, ["sign", "sign", "view"], "2xx")
    gathered.count(calls, ["sign"], "4xx")
    assert registry.get_sample_value("calls_total", {"hook": "sign", "status": "2xx"}) is None
    gathered.write()
    gathered.write()
    assert registry.get_sample_value("calls_total", {"hook": "sign", "status": "2xx"}) == 2
    assert registry.get_sample_value("calls_total", {"hook": "view", "status": "2xx"}) == 1
    assert registry.get_sample_value("calls_total", {"hook": "sign", "status": "4xx"}) == 1


@pytest.mark.parametrize(
    "seconds", [[0.0], [0.1], [0.1000001], [1.0], [7.0], [0.05, 0.1, 0.5, 1.0, 3.0, 3.0]]
)
def test_times_fall_into_the_buckets_in_which_a_plain_histogram_counts_them(seconds):
    one, other = CollectorRegistry(), CollectorRegistry()
    summed = SummedHistogram("stage", "", ("hook",), buckets=BUCKETS, registry=one)
    plain = Histogram("stage", "", ("hook",), buckets=BUCKETS, registry=other)
    gathered = Gathered()
    for value in seconds:
        gathered.time(summed, value, "sign")
        plain.labels("sign").observe(value)
    gathered.write()
    written = [line for line in generate_latest(one).splitlines() if b"_created" not in line]
    assert written == [line for line in generate_latest(other).splitlines() if b"_created" not in line]


def test_nothing_is_lost_while_it_is_written(registry):
    calls = Counter("calls", "", ("hook",), registry=registry)
    gathered = Gathered()

    def put_down():
        for _ in range(5_000):
            gathered.count(calls, ["sign"])

    threads = [threading.Thread(target=put_down) for _ in range(4)]
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        gathered.write()
    gathered.write()
    assert registry.get_sample_value("calls_total", {"hook": "sign"}) == 20_000
