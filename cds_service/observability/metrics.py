"""Counters for Prometheus; labels come from closed sets, so none can hold patient data.

Under gunicorn every worker writes to files in PROMETHEUS_MULTIPROC_DIR (set by `gunicorn_conf`, before
this module is imported) and any worker can answer for all of them.
"""

import os
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector  # type: ignore[no-untyped-call,unused-ignore]

from cards.evaluate import Evaluation
from cards.finding import Outcome
from cds_service.hooks.discovery import SERVICES

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
_seconds = Histogram(
    "cds_request_seconds", "Time to answer a call.", ("hook",), buckets=_BUCKETS, registry=REGISTRY
)
_cards = Counter("cds_cards", "Cards returned.", ("hook", "indicator"), registry=REGISTRY)
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


def count_fetch(key: str, outcome: str, seconds: float) -> None:
    """One query; `key` is of the prefetch table, `outcome` "ok" or why it failed, both closed sets."""
    _fetches.labels(key, outcome).inc()
    _fetch_seconds.labels(key).observe(seconds)


def count_request(hook: str, status: int, seconds: float) -> None:
    """One call; a hook that is not ours counts as "other"."""
    name = hook if hook in _HOOKS else "other"
    _requests.labels(name, f"{status // 100}xx").inc()
    _seconds.labels(name).observe(seconds)


def count_evaluation(hook: str, evaluation: Evaluation) -> None:
    """What one evaluation led to. Statement ids come from the knowledge files."""
    for card in evaluation.cards:
        _cards.labels(hook, card.indicator.name).inc()
    for judged in evaluation.judged:
        _statements.labels(judged.statement.id, _outcome(judged.outcome)).inc()
    for issue in evaluation.issues:
        _issues.labels(issue.code if issue.code in ISSUE_CODES else "other").inc()


def exposition(environment: Mapping[str, str] = os.environ) -> bytes:
    """All counters in the text format, over all workers where there are several."""
    folder = environment.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call,unused-ignore]
    return generate_latest(registry)


def fired(evaluation: Evaluation) -> Iterable[str]:
    """Ids of the statements that spoke, each once."""
    return dict.fromkeys(one.statement.id for one in evaluation.judged if one.outcome.finding is not None)


def _outcome(outcome: Outcome) -> str:
    return outcome.kind
