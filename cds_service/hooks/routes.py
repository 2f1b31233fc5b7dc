"""The CDS Hooks endpoints: discovery, and one POST per service."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, g

from cds_service.errors import JSON_TYPE, Problem, Refused
from cds_service.hooks.body import json_body
from cds_service.hooks.discovery import BY_ID, discovery_document
from cds_service.hooks.invoke import Engine, answer, response
from cds_service.hooks.schemas import read_request
from cds_service.json_bytes import to_bytes
from cds_service.observability.metrics import count_evaluation

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def hook_routes(engine: Engine, clock: Clock) -> Blueprint:
    """The blueprint of /cds-services. The slash variants answer alike: a redirect would break a POST."""
    routes = Blueprint("hooks", __name__)
    document = to_bytes(discovery_document(engine.terminology))

    @routes.get("/cds-services")
    def discovery() -> Response:
        return Response(document, content_type=JSON_TYPE)

    @routes.post("/cds-services/<service_id>")
    def invoke(service_id: str) -> Response:
        service = BY_ID.get(service_id)
        if service is None:
            what = "There is no service of this id here. GET /cds-services lists them."
            raise Refused(404, Problem("not-found", what))
        g.service, g.hook = service.id, service.hook
        now = clock()
        evaluation = answer(read_request(json_body(engine.settings), service), engine, now)
        g.evaluation = evaluation
        count_evaluation(service.hook, evaluation)
        return Response(to_bytes(response(evaluation)), content_type=JSON_TYPE)

    return routes
