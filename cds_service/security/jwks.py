"""The public keys of a client: from its file, or fetched from its jku and renewed in the background.

Only the jku of the clients file is ever fetched, never one that a token names. Keys that cannot be renewed
stay in use for a day; a key that the client withdrew is gone with the next renewal.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

import jwt
from jwt.exceptions import PyJWKError
from requests import RequestException, Session
from urllib3.exceptions import HTTPError

from cds_service.fhir.connections import Exchange
from cds_service.json_bytes import UnreadableJson, from_bytes
from cds_service.security.clients import ClientsError

RENEW_SECONDS: Final = 600.0
_KEEP_SECONDS: Final = 86_400.0
_UNKNOWN_KID_SECONDS: Final = 30.0
_FETCH_SECONDS: Final = 3.0
_MOST_BYTES: Final = 500_000
_MOST_KEYS: Final = 100
_LEAST_RSA_BITS: Final = 2048
# What a key must be to verify signatures of an algorithm (RFC 7518); the token's header alone decides nothing.
_KINDS: Final = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
}


class KeysUnavailableError(Exception):
    """The keys could not be fetched or read; holds no URL and no content."""


@dataclass(frozen=True, slots=True)
class Key:
    """One public key, bound to one algorithm."""

    kid: str
    algorithm: str
    verifier: Any


def read_keys(content: bytes, algorithms: Iterable[str]) -> dict[tuple[str, str], Key]:
    """(kid, algorithm) to key, of those keys of a JWK Set that may verify. Raises KeysUnavailableError."""
    try:
        document = from_bytes(content)
    except UnreadableJson:
        raise KeysUnavailableError("not JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise KeysUnavailableError("no JWK Set")
    found: dict[tuple[str, str], Key] = {}
    twice: set[tuple[str, str]] = set()
    for jwk in listed[:_MOST_KEYS]:
        for algorithm in algorithms:
            key = _key(jwk, algorithm)
            if key is not None:
                name = (key.kid, algorithm)
                if name in found:
                    twice.add(name)
                found[name] = key
    for name in twice:  # one name for two keys names neither
        del found[name]
    return found


def _key(jwk: Any, algorithm: str) -> Key | None:
    if not isinstance(jwk, dict):
        return None
    kind, curve = _KINDS[algorithm]
    kid, operations = jwk.get("kid"), jwk.get("key_ops")
    fits = (
        isinstance(kid, str)
        and bool(kid)
        and jwk.get("kty") == kind
        and (curve is None or jwk.get("crv") == curve)
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )
    if not fits:
        return None
    public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    try:
        made = jwt.PyJWK(public, algorithm=algorithm)
    except (PyJWKError, jwt.InvalidKeyError, ValueError, TypeError, AttributeError):
        return None
    if kind == "RSA" and made.key.key_size < _LEAST_RSA_BITS:
        return None
    return Key(str(kid), algorithm, made.key)


def keys_in_file(file: Path, algorithms: Iterable[str]) -> dict[tuple[str, str], Key]:
    """The keys in a file. Raises ClientsError where there is none that could be used."""
    try:
        found = read_keys(file.read_bytes(), algorithms)
    except OSError as error:
        raise ClientsError(f"jwks_file {file}: cannot be read ({error.strerror})") from None
    except KeysUnavailableError as error:
        raise ClientsError(f"jwks_file {file}: {error}") from None
    if not found:
        raise ClientsError(f"jwks_file {file}: holds no public key for {', '.join(algorithms)}")
    return found


class KeySource:
    """The keys of one jku in one worker. `fetch` returns the body or raises KeysUnavailableError."""

    def __init__(
        self,
        fetch: Callable[[], bytes],
        algorithms: tuple[str, ...],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._fetch, self._algorithms, self._clock = fetch, algorithms, clock
        self._lock = threading.Lock()
        self._keys: Mapping[tuple[str, str], Key] = {}
        self._renewed = float("-inf")
        self._tried = float("-inf")

    @property
    def ready(self) -> bool:
        """Whether there are keys that may be used."""
        return bool(self._current())

    def key(self, kid: str, algorithm: str) -> Key:
        """The key of this name. Asks once more for an unknown one, but not for each token that names one.

        Raises KeyError where the client has no such key, KeysUnavailableError where nobody can say.
        """
        found = self._current().get((kid, algorithm))
        if found is None:
            self.renew(_UNKNOWN_KID_SECONDS)
            if not self._current():
                raise KeysUnavailableError
            found = self._current()[kid, algorithm]
        return found

    def renew(self, unless_tried_within: float = 0.0) -> None:
        """Fetches the keys anew, unless that was tried so many seconds ago. Raises nothing."""
        with self._lock:  # the others wait for the one that fetches, and find what it brought
            if self._clock() - self._tried < unless_tried_within:
                return
            try:
                self._keys = read_keys(self._fetch(), self._algorithms)
                self._renewed = self._clock()
            except KeysUnavailableError:
                pass
            self._tried = self._clock()

    def _current(self) -> Mapping[tuple[str, str], Key]:
        return self._keys if self._clock() - self._renewed < _KEEP_SECONDS else {}


def fetch_keys(session: Session, url: str) -> bytes:
    """The body at a jku: no redirects, bounded in bytes and in time. Raises KeysUnavailableError."""
    exchange = Exchange()
    ending = threading.Timer(_FETCH_SECONDS, exchange.end)
    ending.daemon = True
    ending.start()
    try:
        with (
            exchange,
            session.get(
                url,
                headers={"Accept": "application/json", "User-Agent": "neuropathic-cds-hooks"},
                timeout=(_FETCH_SECONDS, _FETCH_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if response.status_code != 200:
                raise KeysUnavailableError(f"status {response.status_code}")
            content = bytearray()
            for chunk in response.iter_content(16_384):
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise KeysUnavailableError("too large")
        if exchange.ended:
            raise KeysUnavailableError("too slow")
        return bytes(content)
    except (RequestException, HTTPError, OSError, ValueError) as error:
        raise KeysUnavailableError(type(error).__name__) from None
    finally:
        ending.cancel()
