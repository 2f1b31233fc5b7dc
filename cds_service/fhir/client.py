"""One GET of a FHIR server: a JSON object that names its resource type, or the reason why there is none."""

import zlib
from time import monotonic
from typing import Any, Final

from requests import RequestException, Response, Session
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import Timeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from cds_service.fhir.connections import Exchange
from cds_service.fhir.failures import NotFetchedError, Why
from cds_service.fhir.server_url import ServerUrl
from cds_service.json_bytes import UnreadableJson, from_bytes

_CHUNK: Final = 65_536
_BY_STATUS: Final[dict[int, Why]] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    408: "timeout",
    410: "not-found",
    429: "throttled",
    504: "timeout",
}


def get_resource(
    session: Session, url: ServerUrl, token: str, deadline: float, max_bytes: int, exchange: Exchange
) -> dict[str, Any]:
    """The resource at `url`. Raises NotFetchedError and nothing else.

    `deadline` is of the monotonic clock; `max_bytes` bounds the body as sent and as decompressed. The token
    goes into the header of this one request. Redirects are not followed.
    """
    left = deadline - monotonic()
    if left <= 0 or exchange.ended:
        raise NotFetchedError("timeout")
    headers = {
        "Accept": "application/fhir+json",
        "Accept-Encoding": "gzip",
        "Authorization": f"Bearer {token}",
        "User-Agent": "neuropathic-cds-hooks",
    }
    try:
        with exchange:
            try:
                response = _got(session, url, headers, left)
            except RequestsConnectionError:
                # A server closes a kept connection whenever it likes, also while the next request is on its way.
                left = deadline - monotonic()
                if not exchange.reused or exchange.ended or left <= 0:
                    raise
                response = _got(session, url, headers, left)
            body = _body_of(response, deadline, max_bytes)
    except NotFetchedError:
        raise
    except (RequestException, HTTPError, OSError, ValueError, zlib.error) as error:
        raise NotFetchedError(_why(error, exchange, deadline)) from None
    return _resource(body)


def _got(session: Session, url: ServerUrl, headers: dict[str, str], seconds: float) -> Response:
    return session.get(
        str(url), headers=headers, timeout=(seconds, seconds), allow_redirects=False, stream=True
    )


def _body_of(response: Response, deadline: float, max_bytes: int) -> bytes:
    try:
        status = response.status_code
        if status != 200:
            raise NotFetchedError(_by_status(status))
        body = _read(response, deadline, max_bytes)
    except BaseException:
        response.close()  # with its connection: whatever is left in it belongs to nobody
        raise
    response.raw.release_conn()
    return body


def _by_status(status: int) -> Why:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return "redirect"
    return "server-error" if status >= 500 else "rejected"


def _read(response: Response, deadline: float, max_bytes: int) -> bytes:
    """The body, decompressed here so that a small one cannot become a huge one."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise NotFetchedError("unreadable")
    inflate = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    parts: list[bytes] = []
    sent = size = 0
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        sent += len(chunk)
        if inflate is not None:
            chunk = inflate.decompress(chunk, max_bytes - size + 1)
        size += len(chunk)
        parts.append(chunk)
        if max(sent, size) > max_bytes or (inflate is not None and inflate.unconsumed_tail):
            raise NotFetchedError("too-large")
        if monotonic() >= deadline:
            raise NotFetchedError("timeout")
    announced = response.headers.get("Content-Length", "")
    if (announced.isdigit() and sent < int(announced)) or (inflate is not None and not inflate.eof):
        raise NotFetchedError("broken-off")
    return b"".join(parts)


def _why(error: Exception, exchange: Exchange, deadline: float) -> Why:
    if exchange.refused:
        return "not-allowed"
    if (
        exchange.ended
        or monotonic() >= deadline
        or isinstance(error, Timeout | Urllib3Timeout | TimeoutError)
    ):
        return "timeout"
    if isinstance(error, zlib.error):
        return "unreadable"
    if isinstance(error, RequestsConnectionError):
        return "unreachable"
    return "broken-off"


def _resource(body: bytes) -> dict[str, Any]:
    try:
        value = from_bytes(body)
    except UnreadableJson:
        raise NotFetchedError("unreadable") from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise NotFetchedError("not-fhir")
    return value
