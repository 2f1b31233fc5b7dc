"""The JSON body of a call, or the refusal that says what is wrong with it."""

from flask import Request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped,unused-ignore]
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import JSON_TYPE, Problem, Refused
from cds_service.json_bytes import UnreadableJson, from_bytes, longest_string
from cds_service.settings import Settings

_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


def json_body(request: Request, settings: Settings) -> tuple[object, bytes]:
    """The JSON value that was sent, and its bytes. Raises Refused (400, 413, 415)."""
    headers = request.environ  # itself: werkzeug's properties look each name up three times
    if headers.get("CONTENT_TYPE") != JSON_TYPE:  # as nearly all clients send it
        _refuse_other_types(request)
    if headers.get("HTTP_CONTENT_ENCODING"):
        raise Refused(415, Problem("not-supported", "Content-Encoding is not supported.", "Content-Encoding"))
    try:
        body = _body(request, settings.max_body_bytes)
        value = from_bytes(body, settings.max_nesting)
    except UnreadableJson as error:
        raise Refused(400, Problem("structure", f"The body is not JSON: {error}.")) from None
    most = settings.max_string_bytes
    if len(body) > most and longest_string(body) > most:
        raise Refused(
            413, Problem("too-long", f"A text is longer than {most} bytes, the limit of this server.")
        )
    return value, body


def _refuse_other_types(request: Request) -> None:
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "").lower()
    if not (kind == JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))):
        raise Refused(415, Problem("not-supported", "Content-Type must be application/json.", "Content-Type"))
    if charset not in _CHARSETS:
        raise Refused(415, Problem("not-supported", "JSON must be sent as UTF-8.", "Content-Type"))


def _body(request: Request, most: int) -> bytes:
    """The bytes sent. Raises RequestEntityTooLarge for more than `most`, whatever length was announced."""
    length = request.content_length
    try:
        if length is not None and length <= most:
            body: bytes = request.environ["wsgi.input"].read(length)  # at once; Flask would read it in pieces
            return body
        body = request.get_data(cache=False)
    except (OSError, ParseException):  # gunicorn, for a body broken off or wrongly chunked
        raise Refused(400, Problem("structure", "The body broke off or could not be read.")) from None
    # A chunked body is cut at the limit without a word, so look whether there is more of it.
    if length is None and len(body) == most and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body
