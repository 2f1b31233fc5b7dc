"""One thread per worker writes cards issued and audit events in batches, off the path of a request.

The queue is bounded. What does not fit is counted and lost; what the store does not take waits.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from sqlalchemy import Engine, Table, insert
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, SQLAlchemyError

from cds_service.store.breaker import Breaker
from cds_service.store.records import AuditEvent, IssuedCard
from cds_service.store.tables import audit, cards
from cds_service.store.writing import insert_new

Record = IssuedCard | AuditEvent
_BATCH = 500
_WAIT_SECONDS = 0.2
# Records come one by one; a transaction for each would cost more than the request that made it.
_GATHER_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 15.0


class Writer:
    """`on_lost` is called with the number of records that were lost, `on_depth` with what waits.

    `upkeep` is called between two writes and does a little at a time.
    """

    def __init__(
        self,
        engine: Engine,
        breaker: Breaker,
        most: int,
        on_lost: Callable[[int], None] = lambda _: None,
        on_depth: Callable[[int], None] = lambda _: None,
        upkeep: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine, self._breaker, self._upkeep = engine, breaker, upkeep
        self._queue: queue.Queue[Record] = queue.Queue(most)
        self._on_lost, self._on_depth = on_lost, on_depth
        self._ending = threading.Event()
        self._in_hand = 0
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Records not yet written."""
        return self._queue.qsize() + self._in_hand

    def add(self, record: Record) -> None:
        """Hands a record over; never waits and never raises."""
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._count_lost(1)

    def drain(self, seconds: float) -> bool:
        """Waits until everything is written; False where that took too long."""
        until = monotonic() + seconds
        while self.waiting and monotonic() < until:
            threading.Event().wait(0.01)
        return not self.waiting

    def close(self, seconds: float) -> int:
        """Writes what waits, as far as time allows; returns how many records were lost by ending."""
        self._ending.set()
        self._thread.join(seconds)
        left = self.waiting
        if left:
            self._count_lost(left)
        return left

    def _count_lost(self, count: int) -> None:
        self.lost += count
        self._on_lost(count)

    def _run(self) -> None:
        pause = 0.5
        batch: list[Record] = []
        while True:
            batch.extend(self._gathered(_BATCH - len(batch)))
            self._in_hand = len(batch)
            self._on_depth(self.waiting)
            if not batch:
                if self._ending.is_set():
                    return
                self._upkeep()
                continue
            try:
                self._write(batch)
            except SQLAlchemyError as error:
                self._breaker.failed(error)
                if self._ending.is_set():
                    return
                self._ending.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                continue
            pause = 0.5
            batch = []
            self._in_hand = 0
            if not self._ending.is_set():  # also where records never stop coming
                self._upkeep()

    def _gathered(self, most: int) -> list[Record]:
        found: list[Record] = []
        try:
            if most > 0:
                found.append(self._queue.get(timeout=_WAIT_SECONDS if not self._ending.is_set() else 0.01))
                self._in_hand += 1  # it waits still, here instead of in the queue
                self._ending.wait(_GATHER_SECONDS)
            while len(found) < most:
                found.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return found

    def _write(self, batch: Sequence[Record]) -> None:
        try:
            self._write_all(batch)
        except (OperationalError, InterfaceError, InternalError):
            raise  # the store, not the record
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            self._write_singly(batch)
        self._breaker.succeeded()

    def _write_all(self, batch: Sequence[Record]) -> None:
        with self._engine.begin() as connection:
            insert_new(connection, cards, [one.row() for one in batch if isinstance(one, IssuedCard)])
            events = [one.row() for one in batch if isinstance(one, AuditEvent)]
            if events:
                connection.execute(insert(audit), events)

    def _write_singly(self, batch: Sequence[Record]) -> None:
        """Leaves out the record that the store refuses, so that it does not hold up the others."""
        for one in batch:
            table: Table = cards if isinstance(one, IssuedCard) else audit
            try:
                with self._engine.begin() as connection:
                    insert_new(connection, table, [one.row()])
            except (OperationalError, InterfaceError, InternalError):
                raise
            except SQLAlchemyError:
                self._count_lost(1)
