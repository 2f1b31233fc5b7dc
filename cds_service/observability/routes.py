"""Health, readiness and metrics."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response

from cds_service.errors import JSON_TYPE
from cds_service.hooks.invoke import Engine
from cds_service.installation import version
from cds_service.json_bytes import to_bytes
from cds_service.observability.metrics import CONTENT_TYPE, exposition


def health_routes(
    engine: Engine, auth: str, with_metrics: bool, state: Callable[[], dict[str, Any]]
) -> Blueprint:
    """/healthz, /readyz and, where switched on, /metrics.

    `state` is of the worker that answers: a store that is down shows there, and answers go on.
    """
    routes = Blueprint("health", __name__)
    # A process that answers at all has read its knowledge: a wrong file stops the start.
    ready = {
        "status": "ready",
        "version": version(),
        "knowledge": engine.knowledge.version,
        "statements": len(engine.knowledge.statements),
        "terminology": engine.terminology.version,
        "jurisdiction": engine.policy.jurisdiction,
        "auth": auth,
    }

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response(b'{"status":"ok"}', content_type=JSON_TYPE)

    @routes.get("/readyz")
    def readyz() -> Response:
        return Response(to_bytes(ready | state()), content_type=JSON_TYPE)

    if with_metrics:

        @routes.get("/metrics")
        def metrics() -> Response:
            return Response(exposition(), content_type=CONTENT_TYPE)

    return routes
