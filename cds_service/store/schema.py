"""Migrations: run, and checked at start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from cds_service.settings import SettingsError
from cds_service.store.engine import open_engine, sqlite_file


class SchemaError(SettingsError):
    """A database that this version cannot use; the message says what to do."""


class StoreUnreachableError(RuntimeError):
    """A database that does not answer; the message holds no URL and no text of the driver."""


def upgrade(url: URL, revision: str = "head") -> str:
    """Brings the tables to `revision`, the newest by default; returns the revision reached."""
    file = sqlite_file(url)
    if file is not None:
        _make_private(file)
    with _connected(url) as connection:
        command.upgrade(_config(connection), revision)
        return _revision(connection)


def downgrade(url: URL, revision: str) -> str:
    """Takes the tables back to `revision` ("base": none)."""
    with _connected(url) as connection:
        command.downgrade(_config(connection), revision)
        return _revision(connection)


def check_schema(url: URL) -> None:
    """Raises SchemaError where the tables are not of this version."""
    wanted, found = newest(), ""
    file = sqlite_file(url)
    if file is None or file.exists():
        with _connected(url) as connection:
            found = _revision(connection)
    if found != wanted:
        raise SchemaError(
            f"CDS_DATABASE_URL: the database has schema {found or 'none'}, this version needs {wanted}: "
            "run 'cds-service db upgrade'"
        )


def newest() -> str:
    """The revision this version needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _make_private(file: Path) -> None:
    """A new file is readable by its owner only: it will hold comments of clinicians."""
    try:
        file.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreUnreachableError(f"{file} cannot be made or written ({error.strerror})") from None


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "cds_service.store:migrations")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    """One transaction; two processes that start together migrate one after the other."""
    engine = open_engine(url, 1)
    try:
        with engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6303482)")
            yield connection
    except SQLAlchemyError as error:
        raise StoreUnreachableError(f"the database cannot be used ({type(error).__name__})") from None
    finally:
        engine.dispose()
