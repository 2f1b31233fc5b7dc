"""Where the store is and what has to be done before any worker starts."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from cds_service.settings import Settings
from cds_service.store.engine import StoreUrlError, database_url, sqlite_file
from cds_service.store.keyed_hash import read_key
from cds_service.store.schema import StoreUnreachableError, check_schema, upgrade

KEY_FILE = ".hash-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`url` may hold a password, so it stands in no text about this object.

    `make_hash_key`: a missing key file is made, which only SQLite allows: several machines would differ.
    `retention_days` is 0 where everything is kept.
    """

    url: URL = field(repr=False)
    hash_key_file: Path
    make_hash_key: bool
    threads: int
    most_waiting: int
    retention_days: int


def store_settings(settings: Settings) -> StoreSettings | None:
    """What the settings say of the store, the key beside the SQLite file by default; None where nothing is
    kept. Raises StoreUrlError.
    """
    if settings.database_url is None:
        return None
    url = database_url(settings.database_url)
    beside = sqlite_file(url)
    if beside is None and settings.hash_key_file is None:
        raise StoreUrlError(
            "CDS_HASH_KEY_FILE: PostgreSQL needs it, the same key on every machine ('openssl rand -hex 32')"
        )
    return StoreSettings(
        url=url,
        hash_key_file=settings.hash_key_file or (beside or Path()).with_name(KEY_FILE),
        make_hash_key=settings.hash_key_file is None,
        threads=settings.threads,
        most_waiting=settings.max_waiting,
        retention_days=settings.retention_days,
    )


def prepare(settings: StoreSettings) -> str:
    """Makes the key, migrates SQLite, and refuses PostgreSQL with another schema; before any worker starts.

    Returns a warning where the database does not answer: the service starts without it. Raises
    HashKeyError, StoreUrlError or SchemaError for what the operator has to change.
    """
    try:
        if sqlite_file(settings.url) is not None:
            upgrade(settings.url)
        else:
            check_schema(settings.url)
    except StoreUnreachableError as error:
        return f"{error}; cards are answered, feedback and audit are not kept until it is back"
    finally:
        read_key(settings.hash_key_file, make=settings.make_hash_key)
    return ""
