"""Inserts that leave alone what is already there, in both databases' words."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows; one that breaks a uniqueness is skipped."""
    if rows:
        connection.execute(_insert(connection, table), rows)


def insert_one(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Inserts a row; False where its like is already there."""
    key = next(iter(table.primary_key))
    return connection.execute(_insert(connection, table).values(**row).returning(key)).first() is not None


def _insert(connection: Connection, table: Table) -> Any:
    words: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return words.insert(table).on_conflict_do_nothing()
