"""Health, readiness and metrics."""

from flask import Blueprint, Response

from cds_service.errors import JSON_TYPE
from cds_service.hooks.invoke import Engine
from cds_service.installation import version
from cds_service.json_bytes import to_bytes
from cds_service.observability.metrics import CONTENT_TYPE, exposition


def health_routes(engine: Engine, with_metrics: bool) -> Blueprint:
    """/healthz, /readyz and, where switched on, /metrics. None of them needs a token."""
    routes = Blueprint("health", __name__)
    # A process that answers at all has read its knowledge: a wrong file stops the start.
    ready = to_bytes(
        {
            "status": "ready",
            "version": version(),
            "knowledge": engine.knowledge.version,
            "statements": len(engine.knowledge.statements),
            "terminology": engine.terminology.version,
            "jurisdiction": engine.policy.jurisdiction,
        }
    )

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response(b'{"status":"ok"}', content_type=JSON_TYPE)

    @routes.get("/readyz")
    def readyz() -> Response:
        return Response(ready, content_type=JSON_TYPE)

    if with_metrics:

        @routes.get("/metrics")
        def metrics() -> Response:
            return Response(exposition(), content_type=CONTENT_TYPE)

    return routes
