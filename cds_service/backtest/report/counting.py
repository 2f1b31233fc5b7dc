"""Counting with DuckDB: queries, rates, and the columns that several tables share."""

from typing import Any

import duckdb

from cds_service.figures.tables import Column

CARDS = Column("cards", "Cards", "count")
ORDERS = Column("orders", "Orders", "count")
PATIENTS = Column("patients", "Patients", "count")
PER_100 = Column("per_100_orders", "Per 100 orders", "rate")
SHARE = Column("share", "Share", "share")


def counted(database: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return database.execute(query, list(values)).fetchall()


def per_hundred(count: int, of: int) -> float:
    """A rate per hundred; 0 of nothing."""
    return 100 * count / of if of else 0.0


def share(count: int, of: int) -> float:
    """A share of 1; 0 of nothing."""
    return count / of if of else 0.0
