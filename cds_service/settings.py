"""Settings from environment variables; deploy/README.md documents each of them."""

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvError

from cards.policy import Jurisdiction
from cds_service.fhir.allow_list import read_allow_list
from cds_service.fhir.server_url import ServerUrl
from cds_service.json_bytes import MOST_NESTING

PAGES = frozenset({"knowledge", "metrics", "feedback", "sandbox"})
# Pages for the operators; beyond loopback they need CDS_ADMIN_TOKEN_FILE.
OPERATORS_PAGES = frozenset({"metrics", "feedback", "sandbox"})
# Where the sandbox serves its synthetic patients. That FHIR server is the same process: a call that fetches
# from it holds a thread and needs others.
SANDBOX_FHIR = "/sandbox/fhir"
_SANDBOX_THREADS = 16
LOG_LEVELS = ("debug", "info", "warning", "error")

_SQLITE = "sqlite:///cds-service.sqlite"
_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one process serves one site.

    `host` is the address listened on, which decides the defaults of pages and CORS; `base_url` is the
    public URL without trailing slash, None when nobody said and the service is not on loopback.
    `database_url` is None where nothing is kept; it may hold a password. `max_waiting` are records that a
    worker holds for the database; `small_cells` is the number of cards below which a page counts none.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 4
    base_url: str | None = None
    jurisdiction: Jurisdiction = "us"
    zone: tzinfo = UTC
    pages: frozenset[str] = frozenset()
    cors_origins: frozenset[str] = frozenset()
    auth_off: bool = False
    auth_required: bool = False
    clients_file: Path | None = None
    admin_token_file: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    hash_key_file: Path | None = None
    retention_days: int = 365
    max_waiting: int = 10_000
    small_cells: int = 11
    fhir_servers: tuple[ServerUrl, ...] = ()
    fhir_http_any: bool = False
    fhir_ca_file: Path | None = None
    time_budget_ms: int = 1_000
    fetch_threads: int = 12
    max_fetches: int = 96
    max_fetch_bytes: int = 20_000_000
    max_pages: int = 20
    max_references: int = 100
    max_body_bytes: int = 20_000_000
    max_resources: int = 10_000
    max_orders: int = 500
    max_nesting: int = MOST_NESTING
    max_string_bytes: int = 2_000_000
    log_level: str = "info"
    rxnorm_file: Path | None = None
    value_sets_folder: Path | None = None
    knowledge_overlay: Path | None = None
    require_approval: bool = False
    terminology_url: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)

    @property
    def only_this_machine(self) -> bool:
        """Whether it is not made public by a proxy either."""
        return self.loopback and is_loopback(urlsplit(self.base_url or "").hostname or "localhost")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only; a Unix socket does."""
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_settings() -> Settings:
    """Settings from the process environment. Raises SettingsError for a value that cannot be used."""
    env = Env()
    try:
        host = env.str("CDS_HOST", "127.0.0.1").strip()
        port = _between(env.int("CDS_PORT", 8000), 1, 65_535, "CDS_PORT")
        public_url = env.str("CDS_BASE_URL", "").strip()
        clients_file = _existing(env.str("CDS_CLIENTS", ""), "CDS_CLIENTS", Path.is_file)
        auth = _auth(env.str("CDS_AUTH", ""), clients_file, public_url)
        admin_token_file = _existing(
            env.str("CDS_ADMIN_TOKEN_FILE", ""), "CDS_ADMIN_TOKEN_FILE", Path.is_file
        )
        local = is_loopback(host) and is_loopback(urlsplit(public_url).hostname or "localhost")
        pages = _pages(env.str("CDS_PAGES", ""), local, admin_token_file)
        own_fhir = _own_fhir(host, port) if "sandbox" in pages else []
        return Settings(
            host=host,
            port=port,
            workers=_between(env.int("CDS_WORKERS", min(os.cpu_count() or 1, 4)), 1, 64, "CDS_WORKERS"),
            threads=max(
                _between(env.int("CDS_THREADS", 4), 1, 64, "CDS_THREADS"),
                _SANDBOX_THREADS if "sandbox" in pages else 1,
            ),
            base_url=_base_url(public_url, host, port),
            jurisdiction=_jurisdiction(env.str("CDS_JURISDICTION", "us")),
            zone=_zone(env.str("CDS_TIMEZONE", "UTC")),
            pages=pages,
            cors_origins=_origins(env.list("CDS_CORS_ORIGINS", [])),
            auth_off=auth == "off",
            auth_required=auth == "required",
            clients_file=clients_file,
            admin_token_file=admin_token_file,
            database_url=env.str("CDS_DATABASE_URL", "").strip() or _SQLITE,
            hash_key_file=_path(env.str("CDS_HASH_KEY_FILE", "")),
            retention_days=_number(env, "CDS_RETENTION_DAYS", 365, 0, 36_500),
            max_waiting=_number(env, "CDS_MAX_WAITING", 10_000, 10, 1_000_000),
            small_cells=_number(env, "CDS_SMALL_CELLS", 11, 1, 1_000),
            fhir_servers=_fhir_servers(
                [*env.list("CDS_FHIR_SERVERS", []), *own_fhir], env.str("CDS_FHIR_HTTP", "loopback")
            ),
            fhir_http_any=env.str("CDS_FHIR_HTTP", "").strip().lower() == "any",
            fhir_ca_file=_existing(env.str("CDS_FHIR_CA_FILE", ""), "CDS_FHIR_CA_FILE", Path.is_file),
            time_budget_ms=_number(env, "CDS_TIME_BUDGET_MS", 1_000, 50, 60_000),
            fetch_threads=_number(env, "CDS_FETCH_THREADS", 12, 1, 64),
            max_fetches=_number(env, "CDS_MAX_FETCHES", 96, 1, 10_000),
            max_fetch_bytes=_number(env, "CDS_MAX_FETCH_BYTES", 20_000_000, 1_000, 100_000_000),
            max_pages=_number(env, "CDS_MAX_PAGES", 20, 1, 1_000),
            max_references=_number(env, "CDS_MAX_REFERENCES", 100, 0, 10_000),
            max_body_bytes=_number(env, "CDS_MAX_BODY_BYTES", 20_000_000, 1_000, 100_000_000),
            max_resources=_number(env, "CDS_MAX_RESOURCES", 10_000, 1, 1_000_000),
            max_orders=_number(env, "CDS_MAX_ORDERS", 500, 1, 10_000),
            max_nesting=_number(env, "CDS_MAX_NESTING", MOST_NESTING, 10, MOST_NESTING),
            max_string_bytes=_number(env, "CDS_MAX_STRING_BYTES", 2_000_000, 1_000, 100_000_000),
            rxnorm_file=_existing(env.str("CDS_RXNORM_FILE", ""), "CDS_RXNORM_FILE", Path.is_file),
            value_sets_folder=_existing(env.str("CDS_VALUE_SETS", ""), "CDS_VALUE_SETS", Path.is_dir),
            knowledge_overlay=_existing(
                env.str("CDS_KNOWLEDGE_OVERLAY", ""), "CDS_KNOWLEDGE_OVERLAY", Path.is_dir
            ),
            require_approval=_one_of(
                env.str("CDS_REQUIRE_APPROVAL", "off").strip().lower(), ("on", "off"), "CDS_REQUIRE_APPROVAL"
            )
            == "on",
            terminology_url=_url(env.str("CDS_TERMINOLOGY_URL", ""), "CDS_TERMINOLOGY_URL"),
            log_level=_one_of(env.str("CDS_LOG_LEVEL", "info").lower(), LOG_LEVELS, "CDS_LOG_LEVEL"),
        )
    except EnvError as error:
        raise SettingsError(str(error)) from error


def check_exposure(settings: Settings, host: str) -> None:
    """Raises SettingsError when `host` would expose hooks or operators' pages without authentication."""
    if not is_loopback(host) and not settings.auth_off and not settings.auth_required:
        raise SettingsError(
            f"refusing to listen on {host}: without client authentication anyone who can connect could call "
            "this service. Name the clients in CDS_CLIENTS, or listen on 127.0.0.1, or put a proxy that "
            "authenticates in front and set CDS_AUTH=off on purpose."
        )
    # An address of gunicorn's own command line: the pages were chosen for that of CDS_HOST.
    open_pages = sorted(settings.pages & OPERATORS_PAGES)
    if not is_loopback(host) and open_pages and settings.admin_token_file is None:
        raise SettingsError(
            f"refusing to listen on {host}: the page {open_pages[0]} is for operators. Name the address in "
            "CDS_HOST, which leaves such pages off, or set CDS_ADMIN_TOKEN_FILE."
        )


def _existing(value: str, name: str, exists: Callable[[Path], bool]) -> Path | None:
    if not value.strip():
        return None
    path = Path(value.strip())
    if not exists(path):
        raise SettingsError(f"{name}: there is no {path}")
    return path


def _url(value: str, name: str) -> str | None:
    value = value.strip().rstrip("/")
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{name} must be an absolute http(s) URL without query, is {value!r}")
    return value


def _between(value: int, least: int, most: int, name: str) -> int:
    if not least <= value <= most:
        raise SettingsError(f"{name} must be between {least} and {most}, is {value}")
    return value


def _number(env: Env, name: str, default: int, least: int, most: int) -> int:
    return _between(env.int(name, default), least, most, name)


def _fhir_servers(listed: list[str], plain_http: str) -> tuple[ServerUrl, ...]:
    allowed = _one_of(plain_http.strip().lower(), ("loopback", "any"), "CDS_FHIR_HTTP")
    try:
        return read_allow_list(listed, plain_http=allowed == "any")
    except ValueError as error:
        raise SettingsError(f"CDS_FHIR_SERVERS: {error}") from None


def _own_fhir(host: str, port: int) -> list[str]:
    """The sandbox's own FHIR endpoint, under the names by which this machine reaches it."""
    if host.startswith("unix:") or not is_loopback(host):
        return []
    own = f"[{host.strip('[]')}]" if ":" in host else host
    return [f"http://{name}:{port}{SANDBOX_FHIR}/*" for name in dict.fromkeys((own, "localhost"))]


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}, is {value!r}")
    return value


def _jurisdiction(value: str) -> Jurisdiction:
    return "us" if _one_of(value.strip().lower(), ("us", "eu"), "CDS_JURISDICTION") == "us" else "eu"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"CDS_TIMEZONE must be an IANA name such as Europe/Berlin, is {name!r}") from None


def _base_url(value: str, host: str, port: int) -> str | None:
    value = value.strip().rstrip("/")
    if not value:
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}" if is_loopback(host) and not host.startswith("unix:") else None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"CDS_BASE_URL must be an absolute http(s) URL without query, is {value!r}")
    return value


def _pages(value: str, local: bool, admin_token_file: Path | None) -> frozenset[str]:
    """The pages that are on: all on loopback, unless a proxy makes it public; none elsewhere."""
    named = {part.strip().lower() for part in value.split(",") if part.strip()}
    if not named:
        return PAGES if local else frozenset()
    if named == {"none"}:
        return frozenset()
    pages = PAGES if named == {"all"} else frozenset(named)
    unknown = sorted(pages - PAGES)
    if unknown:
        known = ", ".join(sorted(PAGES))
        raise SettingsError(f"CDS_PAGES: there is no page {unknown[0]!r}; known are {known}, or all, or none")
    closed = sorted(pages & OPERATORS_PAGES)
    if closed and not local and admin_token_file is None:
        raise SettingsError(
            f"CDS_PAGES: {closed[0]} is for operators; beyond loopback it needs CDS_ADMIN_TOKEN_FILE"
        )
    return pages


def _origins(listed: list[str]) -> frozenset[str]:
    origins = {origin.strip().rstrip("/").lower() for origin in listed if origin.strip()}
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"CDS_CORS_ORIGINS needs origins such as https://ehr.example.org, has {origin!r}; "
                "a wildcard is not accepted"
            )
    return frozenset(origins)


def _auth(auth: str, clients_file: Path | None, public_url: str) -> str:
    """ "required", "off", or "" where nobody said: then only this machine can call."""
    stated = _one_of(auth.strip().lower(), ("", "required", "off"), "CDS_AUTH")
    if stated == "off" or (not stated and clients_file is None):
        return stated
    if clients_file is None:
        raise SettingsError("CDS_AUTH=required needs CDS_CLIENTS, the file that names the clients")
    if not public_url:
        raise SettingsError(
            "CDS_CLIENTS needs CDS_BASE_URL: a token is made for a public URL, and no other is accepted"
        )
    return "required"


def _path(value: str) -> Path | None:
    return Path(value.strip()) if value.strip() else None
