"""Forgets what is older than the retention period: at once by command, or little by little in a worker."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from sqlalchemy import Engine, Table, delete, select
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store.replay import forget_expired
from cds_service.store.tables import audit, cards, feedback

_AT_ONCE: Final = 5_000
_BY_TIME: Final = ((feedback, "received_at"), (cards, "issued_at"), (audit, "at"))
_EVERY_SECONDS: Final = 600.0


def prune(engine: Engine, before: datetime | None, now: float) -> dict[str, int]:
    """Removes rows older than `before` (None: none) and expired tokens; returns table to number."""
    removed = {table.name: 0 for table, _ in _BY_TIME} if before is not None else {}
    removed["seen_token"] = 0
    for table, count in portions(engine, before, now):
        removed[table] += count
    return removed


def portions(engine: Engine, before: datetime | None, now: float) -> Iterator[tuple[str, int]]:
    """Removes as `prune` does, one short transaction at a time, so that nobody waits long."""
    with engine.begin() as connection:
        expired = forget_expired(connection, now)
    yield "seen_token", expired
    for table, column in _BY_TIME if before is not None else ():
        # By time and not by id: where nothing is old, the index says so without reading the table.
        oldest = select(table.c.id).where(table.c[column] < before).order_by(table.c[column]).limit(_AT_ONCE)
        count = _AT_ONCE
        while count >= _AT_ONCE:
            count = _removed(engine, table, oldest)
            yield table.name, count


def _removed(engine: Engine, table: Table, chosen: object) -> int:
    with engine.begin() as connection:
        return connection.execute(delete(table).where(table.c.id.in_(chosen))).rowcount  # type: ignore[arg-type]


class Upkeep:
    """Keeps one worker's store within the retention period, a portion between two writes.

    `days` is 0 where nothing but expired tokens is to go. Workers may do so side by side. `clock` gives seconds
    since 1970; `report` hears the type of an error, after which the next round tries again.
    """

    def __init__(
        self,
        engine: Engine,
        days: int,
        clock: Callable[[], float],
        report: Callable[[str], None] = lambda _: None,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._engine, self._days, self._clock = engine, days, clock
        self._report, self._ticks = report, ticks
        self._round: Iterator[tuple[str, int]] | None = None
        self._next = ticks() + _EVERY_SECONDS

    def step(self) -> None:
        """Removes one portion if a round is due or under way. Raises nothing that a database raises."""
        if self._round is None:
            if self._ticks() < self._next:
                return
            self._round = portions(self._engine, self._before(), self._clock())
        try:
            next(self._round)
        except StopIteration:
            self._rest()
        except SQLAlchemyError as error:
            self._rest()
            self._report(type(error).__name__)

    def _rest(self) -> None:
        self._round = None
        self._next = self._ticks() + _EVERY_SECONDS

    def _before(self) -> datetime | None:
        if not self._days:
            return None
        return datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=self._days)
