"""The CDS Hooks endpoints: discovery, and one POST per service."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, g, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped,unused-ignore]
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import JSON_TYPE, Problem, Refused
from cds_service.hooks.discovery import BY_ID, discovery_document
from cds_service.hooks.invoke import Engine, answer, response
from cds_service.hooks.schemas import read_request
from cds_service.json_bytes import UnreadableJson, from_bytes, longest_string, to_bytes
from cds_service.observability.metrics import count_evaluation
from cds_service.settings import Settings

Clock = Callable[[], datetime]
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


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
        evaluation = answer(read_request(_json_body(engine.settings), service), engine, now)
        g.evaluation = evaluation
        count_evaluation(service.hook, evaluation)
        return Response(to_bytes(response(evaluation)), content_type=JSON_TYPE)

    return routes


def _json_body(settings: Settings) -> object:
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "").lower()
    if not (kind == JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))):
        raise Refused(415, Problem("not-supported", "Content-Type must be application/json.", "Content-Type"))
    if charset not in _CHARSETS:
        raise Refused(415, Problem("not-supported", "JSON must be sent as UTF-8.", "Content-Type"))
    if request.content_encoding:
        raise Refused(415, Problem("not-supported", "Content-Encoding is not supported.", "Content-Encoding"))
    try:
        body = _body()
        value = from_bytes(body, settings.max_nesting)
    except UnreadableJson as error:
        raise Refused(400, Problem("structure", f"The body is not JSON: {error}.")) from None
    most = settings.max_string_bytes
    if len(body) > most and longest_string(body) > most:
        raise Refused(
            413, Problem("too-long", f"A text is longer than {most} bytes, the limit of this server.")
        )
    return value


def _body() -> bytes:
    """The bytes sent. Raises RequestEntityTooLarge over the limit, whatever length was announced."""
    try:
        body = request.get_data(cache=False)
    except (OSError, ParseException):  # gunicorn, for a body broken off or wrongly chunked
        raise Refused(400, Problem("structure", "The body broke off or could not be read.")) from None
    # A chunked body is cut at the limit without a word, so look whether there is more of it.
    cut = request.content_length is None and len(body) == request.max_content_length
    if cut and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body
