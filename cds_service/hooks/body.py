"""The JSON body of a call, or the refusal that says what is wrong with it."""

from flask import g, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped,unused-ignore]
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import JSON_TYPE, Problem, Refused
from cds_service.json_bytes import UnreadableJson, from_bytes, longest_string
from cds_service.settings import Settings

_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


def json_body(settings: Settings) -> object:
    """The JSON value that was sent, its bytes in g.body. Raises Refused (400, 413, 415)."""
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "").lower()
    if not (kind == JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))):
        raise Refused(415, Problem("not-supported", "Content-Type must be application/json.", "Content-Type"))
    if charset not in _CHARSETS:
        raise Refused(415, Problem("not-supported", "JSON must be sent as UTF-8.", "Content-Type"))
    if request.content_encoding:
        raise Refused(415, Problem("not-supported", "Content-Encoding is not supported.", "Content-Encoding"))
    try:
        body = g.body = _body()
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
