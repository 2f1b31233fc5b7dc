"""Times each request and hands what it led to to the log and the metrics."""

from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from uuid import uuid4

from flask import Flask, Response, g, request

from cards.evaluate import Evaluation
from cds_service.hooks.invoke import Engine
from cds_service.observability.audit import audit_event, caller
from cds_service.observability.metrics import count_request, fired
from cds_service.observability.request_log import log_request
from cds_service.per_process import PerProcess
from cds_service.worker import Worker

REQUEST_ID = "X-Request-Id"
Clock = Callable[[], datetime]
_AUDITED = frozenset({"hooks.invoke", "hooks.feedback"})


def register_observation(app: Flask, engine: Engine, worker: PerProcess[Worker], clock: Clock) -> None:
    """A request id for each request (ours: a client's could name a patient), log, counts, and audit trail."""

    @app.before_request
    def start() -> None:
        g.started = perf_counter()
        g.request_id = uuid4().hex
        g.now = clock()

    @app.after_request
    def finish(response: Response) -> Response:
        seconds = perf_counter() - g.started
        evaluation: Evaluation | None = g.get("evaluation")
        hook = g.get("hook", "")
        endpoint = (request.endpoint or "none").rpartition(".")[2]
        response.headers[REQUEST_ID] = g.request_id
        if hook:
            count_request(hook, response.status_code, seconds)
        log_request(
            request_id=g.request_id,
            endpoint=endpoint,
            client=caller() if g.get("client") is not None else "",
            service=g.get("service", ""),
            hook=hook,
            status=response.status_code,
            duration_ms=seconds * 1000,
            cards=len(evaluation.cards) if evaluation else None,
            statements=fired(evaluation) if evaluation else (),
            issues=dict.fromkeys(issue.code for issue in evaluation.issues) if evaluation else (),
            refused=g.get("refused", ()),
            entries=g.get("entries"),
        )
        if request.endpoint in _AUDITED and request.method == "POST" and "now" in g:
            event = audit_event(endpoint, response.status_code, seconds * 1000, engine, g.get("now"))
            worker.get().store.add(event)
        return response
