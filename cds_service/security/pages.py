"""Pages are for people at this site: not for other sites' scripts, and some only with the admin token."""

import binascii
import hmac
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from flask import Response, abort, request

from cds_service.errors import JSON_TYPE, Problem, Refused, operation_outcome
from cds_service.json_bytes import to_bytes
from cds_service.settings import Settings, SettingsError, is_loopback

# What may call each part of the application: a client with its token, anybody, or a person at a page.
Access = Literal["client", "open", "readers", "operators"]

_OPEN: Final = frozenset({"hooks.discovery", "health.healthz", "health.readyz"})
_CLIENTS: Final = frozenset({"hooks"})
# They show files of this program; the links on cards lead there. The sandbox's patients are made up, and the
# service reads them over HTTP with the token of a request.
_READERS: Final = frozenset({"knowledge", "openapi", "artifacts", "sandbox_fhir"})
_OPERATORS: Final = frozenset({"feedback_page", "sandbox", "health"})
_LEAST_TOKEN: Final = 16


@dataclass(frozen=True, slots=True)
class PageRules:
    """`token` is b"" where none is set."""

    host: str
    token: bytes

    @classmethod
    def of(cls, settings: Settings) -> "PageRules":
        """Reads the admin token. Raises SettingsError."""
        host = urlsplit(settings.base_url or "").hostname or ""
        return cls(host, _token(settings.admin_token_file))


def access_of(endpoint: str) -> Access:
    """Who may call an endpoint. One that nobody has classified is for operators: the strictest of pages."""
    blueprint, _, name = endpoint.rpartition(".")
    if endpoint in _OPEN:
        return "open"
    if blueprint in _CLIENTS:
        return "client"
    return "readers" if name == "static" or blueprint in _READERS else "operators"


def is_classified(endpoint: str) -> bool:
    """Whether somebody has decided who may call an endpoint."""
    return access_of(endpoint) != "operators" or endpoint.rpartition(".")[0] in _OPERATORS


def check_page(rules: PageRules) -> None:
    """Raises Refused, or aborts with 401, where the request may not see the page."""
    with_token = bool(rules.token) and hmac.compare_digest(_presented(), rules.token)
    if not with_token and not _own_host(rules.host):
        raise Refused(421, Problem("forbidden", "This page is not served under this host name.", "Host"))
    if request.method not in ("GET", "HEAD") and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise Refused(403, Problem("forbidden", "This page takes requests from its own pages only."))
    if rules.token and not with_token and access_of(request.endpoint or "") != "readers":
        _ask_for_token()


def _own_host(host: str) -> bool:
    """A name that an attacker's DNS points here is neither loopback nor ours (DNS rebinding)."""
    try:
        name = (urlsplit(f"//{request.host}").hostname or "").lower()
    except ValueError:
        return False
    return is_loopback(name) or (bool(host) and name == host)


def _presented() -> bytes:
    """The token of a Bearer header, or the password of a Basic one: browsers ask for that."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(value.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _ask_for_token() -> None:
    body = operation_outcome([Problem("login", "This page needs the admin token.")])
    response = Response(to_bytes(body), status=401, content_type=JSON_TYPE)
    response.headers["WWW-Authenticate"] = 'Basic realm="cds-service", charset="UTF-8"'
    abort(response)


def _token(file: Path | None) -> bytes:
    if file is None:
        return b""
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"CDS_ADMIN_TOKEN_FILE: {file} cannot be read ({type(error).__name__})") from None
    if len(token) < _LEAST_TOKEN:
        raise SettingsError(f"CDS_ADMIN_TOKEN_FILE: the token needs {_LEAST_TOKEN} characters or more")
    return token.encode()
