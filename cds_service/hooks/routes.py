"""The CDS Hooks endpoints: discovery, one POST per service, and its feedback."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from werkzeug.datastructures import Headers

from cards.acknowledged import Acknowledged
from cds_service.call import Call, Subject, this_call
from cds_service.errors import JSON_TYPE, Problem, Refused, operation_outcome
from cds_service.hooks.body import json_body
from cds_service.hooks.decimals import as_written
from cds_service.hooks.discovery import BY_ID, Service, discovery_document
from cds_service.hooks.feedback import Feedback, read_feedback
from cds_service.hooks.invoke import Earlier, Engine, answer, for_client, response
from cds_service.hooks.issued import issued_cards, subject_of
from cds_service.hooks.schemas import read_request
from cds_service.json_bytes import to_bytes
from cds_service.observability.metrics import (
    count_earlier_unknown,
    count_feedback,
    timed,
)
from cds_service.per_process import PerProcess
from cds_service.security.clients import Client
from cds_service.store.breaker import StoreDownError
from cds_service.store.store import Store
from cds_service.worker import Worker

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Clock = Callable[[], datetime]


class _Cards(Response):
    """The answer to a hook. Its headers are complete: no length to be counted, no location to be made absolute."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:  # noqa: ARG002  signature of werkzeug
        """The headers, as they are."""
        return self.headers


def now_utc() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def hook_routes(engine: Engine, worker: PerProcess[Worker]) -> Blueprint:
    """The blueprint of /cds-services. The slash variants answer alike: a redirect would break a POST."""
    routes = Blueprint("hooks", __name__)
    made: dict[str, tuple[Client, Engine]] = {}

    def engine_for(client: Client | None) -> Engine:
        if client is None:
            return engine
        known = made.get(client.name)
        if known is None or known[0] is not client:
            known = made[client.name] = (client, for_client(engine, client))
        return known[1]

    @lru_cache(maxsize=2)
    def document(day: date) -> bytes:
        return to_bytes(discovery_document(engine.terminology, engine.knowledge.on(day)))

    @routes.get("/cds-services")
    def discovery() -> Response:
        day = this_call().now.astimezone(engine.policy.zone).date()
        return Response(document(day), content_type=JSON_TYPE)

    @routes.post("/cds-services/<service_id>")
    def invoke(service_id: str) -> Response:
        call = this_call()
        service = _service(service_id, call)
        own, store, now = engine_for(call.client), worker.get().store, call.now
        with timed(service.hook, "read"):
            body, sent = json_body(call, engine.settings)
            request = read_request(body, service)
        call.subject = subject = subject_of(body, request, own.client, store.hash)
        stage = partial(timed, service.hook)
        evaluation = answer(request, own, now, _earlier(store, own, subject, now), stage)
        call.evaluation = evaluation
        with timed(service.hook, "write"):
            written = to_bytes(as_written(response(evaluation, only_one=own.only_one), sent))
        for card in issued_cards(evaluation, request, own, subject, now):
            store.add(card)
        return _Cards(written, content_type=JSON_TYPE)

    @routes.post("/cds-services/<service_id>/feedback")
    def feedback(service_id: str) -> Response:
        call = this_call()
        service = _service(service_id, call)
        body, _ = json_body(call, engine.settings)
        given = read_feedback(body, engine_for(call.client).client, service.id, engine.policy.zone)
        call.entries = len(given.answers)
        try:
            worker.get().store.keep(given.answers, call.now)
        except StoreDownError:
            count_feedback("not-kept", len(given.answers))
            what = "Feedback cannot be kept at the moment; nothing of this call was. Send it again later."
            raise Refused(503, Problem("transient", what)) from None
        for one in given.answers:
            count_feedback(one.outcome)
        if given.problems:
            count_feedback("unreadable", len(given.problems))
        return Response(to_bytes(_kept(given)), content_type=JSON_TYPE)

    return routes


def _service(service_id: str, call: Call) -> Service:
    service = BY_ID.get(service_id)
    if service is None:
        what = "There is no service of this id here. GET /cds-services lists them."
        raise Refused(404, Problem("not-found", what))
    call.service, call.hook = service.id, service.hook
    return service


def _earlier(store: Store, engine: Engine, subject: Subject, now: datetime) -> Earlier:
    """The lookup of earlier answers: where it fails, nothing is lost but the silence they would bring."""

    def look_up(seconds: float) -> tuple[Acknowledged, ...]:
        since = now - timedelta(days=engine.policy.repeat_days)
        try:
            return store.acknowledged(engine.client, subject.patient_hash, since, seconds)
        except StoreDownError:
            count_earlier_unknown()
            return ()

    return look_up


def _kept(given: Feedback) -> dict[str, object]:
    """The body of an answer to feedback: how many entries were kept, and what was wrong with the others."""
    said = Problem("informational", f"{len(given.answers)} entries of feedback were kept.")
    outcome = operation_outcome([said], "information")
    outcome["issue"] += operation_outcome(given.problems)["issue"]
    return outcome
