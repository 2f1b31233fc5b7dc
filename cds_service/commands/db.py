"""`cds-service db`: the tables of the store, and what is kept in them how long.

The database's packages are imported where they are used: they would slow the start of every other command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from cds_service.commands.failures import Failed, reported
from cds_service.settings import read_settings

if TYPE_CHECKING:
    from cds_service.store.settings import StoreSettings


@click.group("db")
def db_group() -> None:
    """Prepare and prune the database."""


@db_group.command("upgrade")
def upgrade_command() -> None:
    """Bring the tables to the schema of this version."""
    from cds_service.store.schema import upgrade

    with store() as settings:
        click.echo(f"schema {upgrade(settings.url)}")


@db_group.command("prune")
@click.option(
    "--days", type=click.IntRange(1, 36_500), help="Keep so many days; default: CDS_RETENTION_DAYS, else 365."
)
def prune_command(days: int | None) -> None:
    """Remove cards, feedback and audit events older than the retention period.

    The service does so by itself; this is for doing it now, or with another period.
    """
    from cds_service.store.engine import open_engine
    from cds_service.store.retention import prune
    from cds_service.store.schema import check_schema

    with store() as settings:
        check_schema(settings.url)
        now = datetime.now(UTC)
        kept = days or read_settings().retention_days
        if not kept:
            raise Failed("CDS_RETENTION_DAYS=0 keeps everything; name a period with --days")
        engine = open_engine(settings.url, 1)
        try:
            removed = prune(engine, now - timedelta(days=kept), now.timestamp())
        finally:
            engine.dispose()
    for table, count in removed.items():
        click.echo(f"{table}: {count} removed")


@contextmanager
def store() -> "Iterator[StoreSettings]":
    """The store that the settings name; failures as in `failing_database`."""
    from cds_service.store.settings import store_settings

    with failing_database():
        settings = store_settings(read_settings())
        if settings is None:
            raise Failed("there is no database: set CDS_DATABASE_URL")
        yield settings


@contextmanager
def failing_database() -> Iterator[None]:
    """A database that fails becomes a message without the driver's text, and so does a wrong file or setting."""
    from sqlalchemy.exc import SQLAlchemyError

    from cds_service.store.schema import StoreUnreachableError

    with reported():
        try:
            yield
        except StoreUnreachableError as error:
            raise Failed(str(error)) from None
        except SQLAlchemyError as error:
            raise Failed(f"the database cannot be used ({type(error).__name__})") from None
