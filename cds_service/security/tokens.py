"""Client tokens: JWTs as CDS Hooks describes them, checked without mercy and refused without explanation.

Nothing is fetched before `iss` and `jku` are found in the clients file. Keys are bound to one algorithm.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import jwt
from jwt.exceptions import InvalidTokenError

from cds_service.json_bytes import UnreadableJson, from_bytes
from cds_service.security.clients import Client
from cds_service.security.jwks import Key, KeysUnavailableError

SKEW_S: Final = 30
_MOST_CHARACTERS: Final = 16_384
_MOST_JTI: Final = 1_000
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

Reason = Literal[
    "no-token", "malformed", "algorithm", "type", "critical-header", "no-kid", "iss", "jku", "tenant",
    "audience", "no-expiry", "no-issue-time", "no-jti", "expired", "issued-in-future", "not-yet-valid",
    "lifetime", "key", "keys-unavailable", "signature", "replayed",
]  # fmt: skip

KeyOf = Callable[[Client, str, str], Key]
"""(client, kid, algorithm) to key; raises KeyError or KeysUnavailableError."""
FirstUse = Callable[[str, int], bool]
"""(hash of the token's identity, end of its life) to whether it is new."""


class TokenRefusedError(Exception):
    """A call without a usable token. `reason` is for the audit trail, `client` the one it claims to be."""

    def __init__(self, reason: Reason, client: str = "") -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.client = client


@dataclass(frozen=True, slots=True)
class _Token:
    compact: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def verify(
    authorization: str,
    audiences: Iterable[str],
    clients: Iterable[Client],
    key_of: KeyOf,
    first_use: FirstUse,
    now: float,
) -> Client:
    """The client that a request's Authorization header proves. Raises TokenRefusedError.

    `audiences` are the URLs of the endpoint called; `now` is in seconds since 1970.
    """
    token = _read(authorization)
    algorithm, kid = _header(token.header)
    client = _client(token, tuple(clients))
    try:
        if algorithm not in client.algorithms:
            raise TokenRefusedError("algorithm")
        if "jku" in token.header and client.jku and token.header["jku"] != client.jku:
            raise TokenRefusedError("jku")
        _audience(token.claims.get("aud"), {*(_bare(one) for one in audiences), *client.audiences})
        expires = _times(token.claims, client, now)
        jti = _jti(token.claims.get("jti"))
        _signature(token, _key(client, kid, algorithm, key_of), algorithm)
        identity = sha256("\x00".join((client.name, client.iss, jti)).encode()).hexdigest()
        if not first_use(identity, math.ceil(expires) + SKEW_S + 1):
            raise TokenRefusedError("replayed")
    except TokenRefusedError as error:
        raise TokenRefusedError(error.reason, client.name) from None
    return client


def _read(authorization: str) -> _Token:
    scheme, _, compact = authorization.strip().partition(" ")
    compact = compact.strip()
    if scheme.lower() != "bearer" or not compact:
        raise TokenRefusedError("no-token")
    if len(compact) > _MOST_CHARACTERS or not _TOKEN.fullmatch(compact):
        raise TokenRefusedError("malformed")
    header, claims = (_object(part) for part in compact.split(".")[:2])
    return _Token(compact, header, claims)


def _object(part: str) -> dict[str, Any]:
    """One part of a token. Read by the strict JSON reader; a member given twice is read as the last."""
    try:
        value = from_bytes(jwt.utils.base64url_decode(part))
    except (UnreadableJson, ValueError):
        raise TokenRefusedError("malformed") from None
    if not isinstance(value, dict):
        raise TokenRefusedError("malformed")
    return value


def _header(header: Mapping[str, Any]) -> tuple[str, str]:
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str):
        raise TokenRefusedError("algorithm")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise TokenRefusedError("type")
    if "crit" in header or "b64" in header:
        raise TokenRefusedError("critical-header")
    if not isinstance(kid, str) or not kid:
        raise TokenRefusedError("no-kid")
    return algorithm, kid


def _client(token: _Token, clients: tuple[Client, ...]) -> Client:
    """The client of this iss, and of this tenant where the client names tenants."""
    iss, tenant = token.claims.get("iss"), token.claims.get("tenant")
    issued = [one for one in clients if isinstance(iss, str) and one.iss == iss]
    if not issued:
        raise TokenRefusedError("iss")
    for one in issued:
        if not one.tenants or (isinstance(tenant, str) and tenant in one.tenants):
            return one
    raise TokenRefusedError("tenant", issued[0].name if len(issued) == 1 else "")


def _audience(stated: Any, accepted: set[str]) -> None:
    """Equal to one accepted value; a URL may end in a slash more or less."""
    listed = [stated] if isinstance(stated, str) else stated
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise TokenRefusedError("audience")
    if not any(one in accepted or _bare(one) in accepted for one in listed):
        raise TokenRefusedError("audience")


def _bare(url: str) -> str:
    return url.removesuffix("/")


def _times(claims: Mapping[str, Any], client: Client, now: float) -> float:
    """The end of the token's life, all its times being in order."""
    expires, issued, begins = (_time(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None:
        raise TokenRefusedError("no-expiry")
    if issued is None:
        raise TokenRefusedError("no-issue-time")
    if expires + SKEW_S <= now:
        raise TokenRefusedError("expired")
    if issued > now + SKEW_S:
        raise TokenRefusedError("issued-in-future")
    if "nbf" in claims and (begins is None or begins > now + SKEW_S):
        raise TokenRefusedError("not-yet-valid")
    if not 0 < expires - issued <= client.max_token_age_s:
        raise TokenRefusedError("lifetime")
    return expires


def _time(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _jti(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_JTI:
        raise TokenRefusedError("no-jti")
    return value


def _key(client: Client, kid: str, algorithm: str, key_of: KeyOf) -> Key:
    try:
        return key_of(client, kid, algorithm)
    except KeyError:
        raise TokenRefusedError("key") from None
    except KeysUnavailableError:
        raise TokenRefusedError("keys-unavailable") from None


def _signature(token: _Token, key: Key, algorithm: str) -> None:
    """PyJWT's check alone: its reader of tokens would read all three parts again, which costs more than the check."""
    signed, _, written = token.compact.rpartition(".")
    try:
        signature = jwt.utils.base64url_decode(written)
        genuine = (
            jwt.utils.base64url_encode(signature) == written.encode()  # bits to spare make no second token
            and jwt.get_algorithm_by_name(algorithm).verify(signed.encode(), key.verifier, signature)
        )
    except (InvalidTokenError, ValueError, TypeError):
        genuine = False
    if not genuine:
        raise TokenRefusedError("signature")
