"""The clients of this site: CDS_CLIENTS, a TOML file of [[client]] entries."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cds_service.fhir.addresses import is_loopback_host
from cds_service.fhir.allow_list import read_allow_list
from cds_service.fhir.server_url import ServerUrl
from cds_service.settings import SettingsError

# Public-key algorithms only: with a shared secret the service could make its clients' tokens itself.
DEFAULT_ALGORITHMS: Final = ("ES384", "RS384")
ALGORITHMS: Final = ("ES384", "RS384", "ES256", "RS256")
DEFAULT_TOKEN_AGE_S: Final = 3600
_MOST_TOKEN_AGE_S: Final = 86_400
_BEHAVIORS: Final = ("at-most-one", "any")
_MEMBERS: Final = frozenset(
    {
        "name", "iss", "jku", "jwks_file", "algorithms", "audiences", "tenants", "fhir_servers",
        "max_token_age_s", "one_action_per_suggestion", "selection_behaviors",
    }
)  # fmt: skip


class ClientsError(SettingsError):
    """A clients file that cannot be used; the message names file, client and member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One EHR. Keys come from `jwks_file` if given, else from `jku`.

    `tenants` empty: tokens of any tenant, or of none. `fhir_servers` empty: those of CDS_FHIR_SERVERS.
    """

    name: str
    iss: str
    jku: str = ""
    jwks_file: Path | None = None
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    audiences: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()
    fhir_servers: tuple[ServerUrl, ...] = ()
    max_token_age_s: int = DEFAULT_TOKEN_AGE_S
    one_action: bool = False
    only_any: bool = False
    only_one: bool = False


def read_clients(file: Path, *, plain_http: bool = False) -> tuple[Client, ...]:
    """The clients in `file`. Raises ClientsError.

    `plain_http` allows http FHIR servers beyond loopback. The key files are not read here.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClientsError(f"CDS_CLIENTS: {file}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ClientsError(f"CDS_CLIENTS: {file}: is not TOML ({error})") from None
    entries = content.get("client")
    unknown = sorted(content.keys() - {"client"})
    if unknown:
        raise ClientsError(
            f"CDS_CLIENTS: {file}: there is no {unknown[0]!r}; the file holds [[client]] entries"
        )
    if not isinstance(entries, list) or not entries:
        raise ClientsError(f"CDS_CLIENTS: {file}: has no [[client]] entry")
    clients = tuple(
        _client(entry, f"CDS_CLIENTS: {file}: client {place}", file.parent, plain_http=plain_http)
        for place, entry in enumerate(entries, start=1)
    )
    _refuse_ambiguous(clients, file)
    return clients


def _client(entry: Any, where: str, folder: Path, *, plain_http: bool) -> Client:
    if not isinstance(entry, dict):
        raise ClientsError(f"{where}: is no table")
    name = _text(entry, "name", where, required=True)
    where = f"{where} ({name})"
    unknown = sorted(entry.keys() - _MEMBERS)
    if unknown:
        raise ClientsError(f"{where}: there is no member {unknown[0]!r}; known are {_listed(_MEMBERS)}")
    if len(name) > 100:
        raise ClientsError(f"{where}: name is longer than 100 characters")
    jku, jwks_file = _text(entry, "jku", where), _text(entry, "jwks_file", where)
    if not jku and not jwks_file:
        raise ClientsError(f"{where}: needs jku (the URL of its keys) or jwks_file (a file that holds them)")
    if jku and not _is_key_url(jku):
        raise ClientsError(f"{where}: jku must be an https URL without user, query or fragment, is {jku!r}")
    try:
        servers = read_allow_list(_texts(entry, "fhir_servers", where), plain_http=plain_http)
    except ValueError as error:
        raise ClientsError(f"{where}: fhir_servers: {error}") from None
    behaviors = _among(entry, "selection_behaviors", _BEHAVIORS, where) or _BEHAVIORS
    return Client(
        name=name,
        iss=_text(entry, "iss", where, required=True),
        jku=jku,
        jwks_file=folder / jwks_file if jwks_file else None,
        algorithms=_among(entry, "algorithms", ALGORITHMS, where) or DEFAULT_ALGORITHMS,
        audiences=frozenset(_texts(entry, "audiences", where)),
        tenants=frozenset(_texts(entry, "tenants", where)),
        fhir_servers=servers,
        max_token_age_s=_seconds(entry, where),
        one_action=_flag(entry, "one_action_per_suggestion", where),
        only_any="at-most-one" not in behaviors,
        only_one="any" not in behaviors,
    )


def _refuse_ambiguous(clients: tuple[Client, ...], file: Path) -> None:
    """Each token must lead to one client: names differ, and those that share an iss differ in tenants."""
    for place, one in enumerate(clients):
        for other in clients[:place]:
            if one.name == other.name:
                raise ClientsError(f"CDS_CLIENTS: {file}: two clients are named {one.name!r}")
            apart = one.tenants and other.tenants and not one.tenants & other.tenants
            if one.iss == other.iss and not apart:
                raise ClientsError(
                    f"CDS_CLIENTS: {file}: clients {other.name!r} and {one.name!r} share an iss; "
                    "give both of them tenants, none in common"
                )


def _is_key_url(written: str) -> bool:
    """https; http only on this machine, for trying things out."""
    try:
        parts = urlsplit(written)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = parts.scheme == "http" and is_loopback_host(host)
    odd = parts.username or parts.password or parts.query or parts.fragment or "\\" in written
    return (
        bool(host)
        and (parts.scheme == "https" or plain)
        and not odd
        and written.isascii()
        and " " not in written
    )


def _text(entry: Mapping[str, Any], member: str, where: str, *, required: bool = False) -> str:
    value = entry.get(member, "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise ClientsError(f"{where}: {member} must be a text" + (", and is required" if required else ""))
    return value.strip()


def _texts(entry: Mapping[str, Any], member: str, where: str) -> tuple[str, ...]:
    value = entry.get(member, [])
    if not isinstance(value, list) or any(not isinstance(one, str) or not one.strip() for one in value):
        raise ClientsError(f"{where}: {member} must be a list of texts")
    return tuple(one.strip() for one in value)


def _among(entry: Mapping[str, Any], member: str, allowed: tuple[str, ...], where: str) -> tuple[str, ...]:
    value = _texts(entry, member, where)
    for one in value:
        if one not in allowed:
            raise ClientsError(f"{where}: {member} may hold {_listed(allowed)}, has {one!r}")
    if member in entry and not value:
        raise ClientsError(f"{where}: {member} is empty")
    return value


def _seconds(entry: Mapping[str, Any], where: str) -> int:
    value = entry.get("max_token_age_s", DEFAULT_TOKEN_AGE_S)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_TOKEN_AGE_S:
        raise ClientsError(f"{where}: max_token_age_s must be a number from 1 to {_MOST_TOKEN_AGE_S}")
    return value


def _flag(entry: Mapping[str, Any], member: str, where: str) -> bool:
    value = entry.get(member, False)
    if not isinstance(value, bool):
        raise ClientsError(f"{where}: {member} must be true or false")
    return value


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
