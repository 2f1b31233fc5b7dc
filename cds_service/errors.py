"""Refusals and their bodies: every answer that is not 2xx carries a FHIR OperationOutcome.

Diagnostics tell the client what to change. They are fixed texts and names of members, never values from
the request, so that no error body can hold patient data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service.call import this_call
from cds_service.json_bytes import to_bytes
from cds_service.observability.request_log import log_crash

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One OperationOutcome.issue; `code` is a FHIR IssueType, `expression` a path ("context.patientId")."""

    code: str
    diagnostics: str
    expression: str = ""


class Refused(Exception):  # noqa: N818  named for what happened to the request
    """A request that is not evaluated: HTTP status and the problems to report."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(f"{status}: {'; '.join(problem.diagnostics for problem in problems)}")
        self.status = status
        self.problems = problems


def operation_outcome(problems: Iterable[Problem], severity: str = "error") -> dict[str, Any]:
    """A FHIR R4 OperationOutcome of these problems."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": severity,
                "code": problem.code,
                "diagnostics": problem.diagnostics,
                **({"expression": [problem.expression]} if problem.expression else {}),
            }
            for problem in problems
        ],
    }


# What werkzeug raises by itself, in the words of this service.
_BY_STATUS = {
    400: Problem("structure", "The HTTP request could not be read."),
    404: Problem("not-found", "There is nothing here. GET /cds-services lists the services of this server."),
    405: Problem(
        "not-supported", "This method is not supported here; the Allow header names those that are."
    ),
}


def register_error_handlers(app: Flask, max_body_bytes: int) -> None:
    """Turns refusals, HTTP errors and crashes into OperationOutcome responses."""
    app.logger.disabled = True  # Flask would log the exception's message, which may quote the request
    too_large = Problem(
        "too-long", f"The body is larger than {max_body_bytes} bytes, the limit of this server."
    )

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        this_call().refused = [problem.code for problem in error.problems]
        response = _response(error.status, operation_outcome(error.problems))
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        call = this_call()
        call.refused = ["exception"]
        log_crash(error, call.request_id)
        diagnostics = (
            "This request could not be evaluated because of a fault in the service; nothing was checked. "
            f"Report it with the reference {call.request_id}."
        )
        return _response(500, operation_outcome([Problem("exception", diagnostics)], "fatal"))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        cause = getattr(error, "original_exception", None)
        if isinstance(cause, Exception):  # raised after the view, where Flask wraps it
            return crashed(cause)
        status = error.code or 500
        if status < 400:  # a redirect of the router; none should exist, and none is sent (they break POST)
            status = 404
        problem = too_large if status == 413 else _BY_STATUS.get(status)
        problem = problem or Problem("processing", error.name)
        this_call().refused = [problem.code]
        response = _response(status, operation_outcome([problem]))
        allowed = error.get_response().headers.get("Allow")
        if status == 405 and allowed:
            response.headers["Allow"] = allowed
        return response


def _response(status: int, body: dict[str, Any]) -> Response:
    return Response(to_bytes(body), status=status, content_type=JSON_TYPE)
