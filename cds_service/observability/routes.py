"""Health, readiness and metrics."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response

from cds_service.call import this_call
from cds_service.errors import JSON_TYPE
from cds_service.hooks.invoke import Engine
from cds_service.in_force import in_force
from cds_service.installation import version
from cds_service.json_bytes import to_bytes
from cds_service.observability.knowledge_state import KnowledgeState
from cds_service.observability.metrics import CONTENT_TYPE, exposition
from cds_service.releases import releases


def health_routes(
    engine: Engine, auth: str, with_metrics: bool, state: Callable[[], dict[str, Any]]
) -> Blueprint:
    """/healthz, /readyz and, where switched on, /metrics.

    `state` is of the worker that answers: a store that is down shows there, and answers go on.
    """
    routes = Blueprint("health", __name__)

    # A process that answers at all has read its knowledge: a wrong file stops the start.
    @lru_cache(maxsize=2)
    def ready(day: date) -> dict[str, Any]:
        live = in_force(engine.knowledge.on(day))
        return {
            "status": "ready",
            "version": version(),
            "knowledge": engine.knowledge.version,
            "statements": live.pop("statements"),
            "terminology": engine.terminology.version,
            "jurisdiction": engine.policy.jurisdiction,
            "auth": auth,
            "releases": releases(engine.knowledge, engine.terminology).as_json(),
            **live,
            "notices": Counter(one.kind for one in engine.knowledge.notices(day)),
        }

    def today() -> date:
        return this_call().now.astimezone(engine.policy.zone).date()

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response(b'{"status":"ok"}', content_type=JSON_TYPE)

    @routes.get("/readyz")
    def readyz() -> Response:
        return Response(to_bytes(ready(today()) | state()), content_type=JSON_TYPE)

    if with_metrics:

        @routes.get("/metrics")
        def metrics() -> Response:
            return Response(
                exposition(more=KnowledgeState(engine.knowledge, today())), content_type=CONTENT_TYPE
            )

    return routes
