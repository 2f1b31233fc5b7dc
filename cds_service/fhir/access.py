"""`fhirServer` and `fhirAuthorization` of a request: where its data may be fetched, and with which token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cards.facts.resources import text, type_and_id

# What RFC 6750 allows in a bearer token; anything else could break out of the header.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,16000}=*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Access:
    """What a request grants. `token` lives as long as the request, and stands in no text about this object.

    `token` is "" where the authorization cannot be used: no token, another type, or expired.
    """

    server: str
    token: str = field(repr=False)


def read_access(body: Mapping[str, Any]) -> Access | None:
    """The access in a request; None where it names no server, or shares no authorization."""
    server, authorization = body.get("fhirServer"), body.get("fhirAuthorization")
    if not text(server) or authorization is None or authorization == {}:
        return None
    return Access(text(server), _token(authorization))


def another_patients(body: Mapping[str, Any], patient_id: str) -> bool:
    """Whether the authorization is bound to another patient than the one of the context."""
    authorization = body.get("fhirAuthorization")
    stated = authorization.get("patient") if isinstance(authorization, dict) else None
    if isinstance(stated, int) and not isinstance(stated, bool):
        stated = str(stated)
    written = text(stated)
    kind, bare = type_and_id(written)
    return bool(written) and (bare if kind == "Patient" else written) != patient_id


def _token(authorization: Any) -> str:
    if not isinstance(authorization, dict):
        return ""
    token, kind = authorization.get("access_token"), authorization.get("token_type", "Bearer")
    usable = isinstance(token, str) and _TOKEN.fullmatch(token) is not None
    if not usable or text(kind).lower() != "bearer" or _expired(authorization.get("expires_in")):
        return ""
    return str(token)


def _expired(seconds: Any) -> bool:
    """Whether no time is left; a lifetime that cannot be read is left for the server to judge."""
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds <= 0
