"""Times each request and hands what it led to to the log, the metrics and the audit trail."""

from collections.abc import Callable
from datetime import datetime
from time import perf_counter

from flask import Flask, Response

from cds_service.call import this_call
from cds_service.hooks.invoke import Engine
from cds_service.observability.audit import audit_event
from cds_service.observability.metrics import count_evaluation, count_request
from cds_service.observability.outcomes import read_outcomes
from cds_service.observability.request_log import log_request
from cds_service.per_process import PerProcess
from cds_service.worker import Worker

REQUEST_ID = "X-Request-Id"
Clock = Callable[[], datetime]
_AUDITED = frozenset({"hooks.invoke", "hooks.feedback"})


def register_observation(app: Flask, engine: Engine, worker: PerProcess[Worker], clock: Clock) -> None:
    """Begins each call, and ends it with its id, log line, counts, and event of the audit trail."""

    @app.before_request
    def start() -> None:
        this_call().now = clock()

    @app.after_request
    def finish(response: Response) -> Response:
        call = this_call()
        evaluation, status = call.evaluation, response.status_code
        seconds = perf_counter() - call.started
        outcomes = read_outcomes(evaluation.judged if evaluation is not None else ())
        endpoint = (call.endpoint or "none").rpartition(".")[2]
        response.headers.add(REQUEST_ID, call.request_id)
        if call.hook:
            count_request(call.hook, status, seconds)
            if evaluation is not None:
                count_evaluation(call.hook, evaluation, outcomes)
        log_request(call, endpoint, status, seconds * 1000, outcomes.fired)
        # There is no time of a call whose clock failed.
        if call.endpoint in _AUDITED and call.method == "POST" and hasattr(call, "now"):
            event = audit_event(call, endpoint, status, seconds * 1000, engine, outcomes)
            worker.get().store.add(event)
        return response
