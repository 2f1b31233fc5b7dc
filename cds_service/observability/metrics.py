"""Counters for Prometheus; labels come from closed sets, so none can hold patient data.

Under gunicorn every worker writes to files in PROMETHEUS_MULTIPROC_DIR (set by `gunicorn_conf`, before
this module is imported) and any worker can answer for all of them.
"""

import os
from collections.abc import Mapping
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector  # type: ignore[no-untyped-call,unused-ignore]
from prometheus_client.registry import Collector

from cards.evaluate import Evaluation
from cds_service.hooks.discovery import SERVICES
from cds_service.observability.gathered import Gathered, SummedHistogram
from cds_service.observability.outcomes import Outcomes

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REGISTRY = CollectorRegistry()

ISSUE_CODES = frozenset(
    {
        "fetch-failed", "page-not-followed", "unreadable-resource", "unexpected-resource", "rule-failed",
        "other-patient", "no-patient", "duplicate-id", "dangling-selection", "prefetch-not-asked",
        "not-a-medication-order", "no-exposure", "server-not-asked",
    }
)  # fmt: skip
_HOOKS = frozenset(service.hook for service in SERVICES)
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_requests = Counter(
    "cds_requests", "Calls by hook and class of HTTP status.", ("hook", "status"), registry=REGISTRY
)
_seconds = SummedHistogram(
    "cds_request_seconds", "Time to answer a call.", ("hook",), buckets=_BUCKETS, registry=REGISTRY
)
_stage_seconds = SummedHistogram(
    "cds_stage_seconds",
    "Time of one stage of a call.",
    ("hook", "stage"),
    buckets=_BUCKETS,
    registry=REGISTRY,
)
_cards = Counter(
    "cds_cards",
    "Cards returned, by their leading statement.",
    ("hook", "indicator", "statement"),
    registry=REGISTRY,
)
_unknown_drugs = Counter(
    "cds_unknown_drugs", "Orders whose drug is not in the terminology.", ("named_by",), registry=REGISTRY
)
_feedback = Counter("cds_feedback", "Feedback entries.", ("result",), registry=REGISTRY)
_unauthenticated = Counter("cds_unauthenticated", "Calls without a usable token.", registry=REGISTRY)
_replay_fallback = Counter(
    "cds_replay_guard_in_memory", "Tokens remembered by one worker only.", registry=REGISTRY
)
_store_lost = Counter("cds_store_lost", "Cards and audit events that were not kept.", registry=REGISTRY)
_earlier_unknown = Counter(
    "cds_earlier_answers_unknown", "Calls for which earlier answers could not be read.", registry=REGISTRY
)
_store_waiting = Gauge(
    "cds_store_waiting",
    "Records that wait for the store.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
_statements = Counter(
    "cds_statements", "Outcomes of statements, once per order.", ("statement", "outcome"), registry=REGISTRY
)
_issues = Counter("cds_issues", "What of the input could not be used.", ("code",), registry=REGISTRY)


_fetches = Counter(
    "cds_fetches",
    "Queries of an EHR's FHIR server, and how each ended.",
    ("key", "outcome"),
    registry=REGISTRY,
)
_fetch_seconds = Histogram(
    "cds_fetch_seconds",
    "Time of such a query, with its pages.",
    ("key",),
    buckets=_BUCKETS,
    registry=REGISTRY,
)


_gathered = Gathered()


def write_gathered() -> None:
    """Brings the counters of requests up to date; for the end of a worker."""
    _gathered.write()


def count_fetch(key: str, outcome: str, seconds: float) -> None:
    """One query; `key` is of the prefetch table, `outcome` "ok" or why it failed, both closed sets."""
    _fetches.labels(key, outcome).inc()
    _fetch_seconds.labels(key).observe(seconds)


def count_request(hook: str, status: int, seconds: float) -> None:
    """One call; a hook that is not ours counts as "other"."""
    name = hook if hook in _HOOKS else "other"
    _gathered.count(_requests, [name], f"{status // 100}xx")
    _gathered.time(_seconds, seconds, name)
    _gathered.write_if_due()


def count_evaluation(hook: str, evaluation: Evaluation, outcomes: Outcomes) -> None:
    """What one evaluation led to. Statement ids come from the knowledge files."""
    for card in evaluation.cards:
        leading = card.statements[0] if card.statements else "none"
        _gathered.count(_cards, [hook], card.indicator.name, leading)
    for order in (*evaluation.orders, *evaluation.medications):
        if order.has_drug and order.medication is None and not order.classes:
            _unknown_drugs.labels("text" if order.named else "code").inc()
    for kind, statements in outcomes.by_kind.items():
        if statements:
            _gathered.count(_statements, statements, kind)
    for issue in evaluation.issues:
        _issues.labels(issue.code if issue.code in ISSUE_CODES else "other").inc()


class timed:  # noqa: N801  used as a function
    """Times one stage of a call: authenticate, read, store (earlier answers), fetch, evaluate, write."""

    __slots__ = ("_hook", "_stage", "_started")

    def __init__(self, hook: str, stage: str) -> None:
        self._hook, self._stage = hook if hook in _HOOKS else "other", stage

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(self, *_: object) -> None:
        _gathered.time(_stage_seconds, perf_counter() - self._started, self._hook, self._stage)


def count_feedback(result: str, entries: int = 1) -> None:
    """Feedback entries: "accepted", "overridden", "unreadable" or "not-kept"."""
    _feedback.labels(result).inc(entries)


def count_unauthenticated() -> None:
    """One call without a usable token."""
    _unauthenticated.inc()


def count_replay_fallback() -> None:
    """One token that only this worker remembers."""
    _replay_fallback.inc()


def count_store_lost(records: int) -> None:
    """Records that were not kept."""
    _store_lost.inc(records)


def count_earlier_unknown() -> None:
    """One call for which earlier answers could not be read in time."""
    _earlier_unknown.inc()


def show_store_waiting(records: int) -> None:
    """How many records of this worker wait for the store; told several times a second."""
    _store_waiting.set(records)
    _gathered.write_if_due()


def exposition(environment: Mapping[str, str] = os.environ, more: Collector | None = None) -> bytes:
    """All counters in the text format, over all workers where there are several; and what `more` collects now."""
    own = CollectorRegistry()
    if more is not None:
        own.register(more)
    _gathered.write()
    folder = environment.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return generate_latest(REGISTRY) + generate_latest(own)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call,unused-ignore]
    return generate_latest(registry) + generate_latest(own)
