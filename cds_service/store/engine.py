"""The database: SQLite in a file by default, PostgreSQL by URL."""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from cds_service.settings import SettingsError

_BUSY_SECONDS = 5.0
_CONNECT_SECONDS = 2
_STATEMENT_MS = 5_000


class StoreUrlError(SettingsError):
    """A database URL that cannot be used; the message never holds the URL, which may hold a password."""


def database_url(written: str) -> URL:
    """The URL with its driver named. Raises StoreUrlError."""
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):
        raise StoreUrlError(
            "CDS_DATABASE_URL: this is no database URL such as postgresql://user@host/name"
        ) from None
    kind = url.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise StoreUrlError(
                "CDS_DATABASE_URL: PostgreSQL needs the extra: pip install 'neuropathic-cds-hooks[postgres]'"
            ) from None
        return url.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:":
            raise StoreUrlError(
                "CDS_DATABASE_URL: SQLite needs a file, such as sqlite:////var/lib/cds/store.sqlite"
            )
        return url
    raise StoreUrlError(f"CDS_DATABASE_URL: {kind} is not supported; use sqlite or postgresql")


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database, None for another kind."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def open_engine(
    url: URL, connections: int, *, busy_seconds: float = _BUSY_SECONDS, durable: bool = True
) -> Engine:
    """An engine for the threads of this process; connects on first use.

    `busy_seconds` is how long SQLite waits for another writer. What a `durable` one has committed survives
    a power failure; the other only survives the end of any process, and is faster.
    """
    for name in ("sqlalchemy", "psycopg"):  # their messages may quote values
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    common: dict[str, Any] = {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": _CONNECT_SECONDS,
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    try:
        if url.get_backend_name() == "sqlite":
            engine = create_engine(_existing(url), connect_args={"timeout": busy_seconds}, **common)
            _set_up_sqlite(engine, durable=durable)
            return engine
        options = f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_STATEMENT_MS}"
        if not durable:
            options += " -c synchronous_commit=off"
        arguments = {
            "connect_timeout": _CONNECT_SECONDS,
            "options": options,
            "keepalives_idle": 10,
            "tcp_user_timeout": _STATEMENT_MS,
            "application_name": "cds-service",
        }
        return create_engine(url, connect_args=arguments, pool_pre_ping=True, **common)
    except (NoSuchModuleError, ImportError):
        raise StoreUrlError("CDS_DATABASE_URL: its driver is not installed") from None


def _existing(url: URL) -> URL:
    """The URL by which SQLite opens a file and never makes one: a file that is gone is a store that is down."""
    return url.set(database=f"file:{quote(url.database or '')}", query={"uri": "true", "mode": "rw"})


def _set_up_sqlite(engine: Engine, *, durable: bool) -> None:
    """WAL lets readers go on while one writes; a writer takes its lock at once, so none fails half-way."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy begins, see below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
