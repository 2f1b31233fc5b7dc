"""Forgets what is older than the retention period."""

from datetime import datetime

from sqlalchemy import Engine, Table, delete, select

from cds_service.store.replay import forget_expired
from cds_service.store.tables import audit, cards, feedback

_AT_ONCE = 5_000
_BY_TIME = ((feedback, "received_at"), (cards, "issued_at"), (audit, "at"))


def prune(engine: Engine, before: datetime, now: float) -> dict[str, int]:
    """Removes rows older than `before`, in portions so that nobody waits long; returns table to number."""
    removed = {table.name: _remove(engine, table, column, before) for table, column in _BY_TIME}
    with engine.begin() as connection:
        removed["seen_token"] = forget_expired(connection, now)
    return removed


def _remove(engine: Engine, table: Table, column: str, before: datetime) -> int:
    removed = 0
    oldest = select(table.c.id).where(table.c[column] < before).order_by(table.c.id).limit(_AT_ONCE)
    while True:
        with engine.begin() as connection:
            count = connection.execute(delete(table).where(table.c.id.in_(oldest))).rowcount
        removed += count
        if count < _AT_ONCE:
            return removed
