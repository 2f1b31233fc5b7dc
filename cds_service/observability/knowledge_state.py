"""Gauges of the knowledge, worked out when they are asked for: an approval falls due without any call."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cards.knowledge.loader import Knowledge
from cds_service.in_force import reviews

_NOTICES = ("vendor-changed", "switch-off-expired", "approval-lapsed", "review-overdue", "approval-unused")
_REASONS = ("topic-off", "switched-off", "not-approved")


class KnowledgeState(Collector):
    """Statements by state on one local day."""

    def __init__(self, knowledge: Knowledge, day: date) -> None:
        self._knowledge, self._day = knowledge.on(day), day

    def collect(self) -> Iterator[Metric]:
        """Reviews, what is in force, and what somebody has to look at."""
        knowledge = self._knowledge
        states = Counter(dict.fromkeys(_REASONS, 0))
        states.update(knowledge.reason(name) for name in knowledge.dormant)
        states["in-force"] = len(knowledge.statements) - len(knowledge.dormant)
        kinds = Counter(dict.fromkeys(_NOTICES, 0))
        kinds.update(one.kind for one in knowledge.notices(self._day))
        yield _gauge("cds_knowledge_statements", "Statements by whether they can speak.", "state", states)
        yield _gauge(
            "cds_knowledge_reviews",
            "Statements by the state of their review.",
            "state",
            reviews(knowledge, self._day),
        )
        yield _gauge("cds_knowledge_notices", "What of the site's decisions needs attention.", "kind", kinds)


def _gauge(name: str, text: str, label: str, counts: Counter[str]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value in sorted(counts):
        family.add_metric([value], counts[value])
    return family
