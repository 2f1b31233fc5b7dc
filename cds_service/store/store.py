"""The store as one worker uses it. A store that is down or full never blocks a clinical answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cards.acknowledged import Acknowledged
from cds_service.store import answers
from cds_service.store.breaker import Breaker, StoreDownError
from cds_service.store.engine import StoreUrlError, open_engine, sqlite_file
from cds_service.store.feedback_counts import FeedbackCounts, feedback_counts
from cds_service.store.glance import Glance
from cds_service.store.keyed_hash import HashKeyError, keyed_hash, read_key
from cds_service.store.records import Answer
from cds_service.store.replay import ReplayGuard
from cds_service.store.retention import Upkeep
from cds_service.store.settings import StoreSettings
from cds_service.store.token_file import TokenFile
from cds_service.store.writer import Record, Writer

_CLOSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Told of records lost, of how many wait, of tokens remembered in memory only, and of old records that
    could not be removed (the type of the error).
    """

    lost: Callable[[int], None] = lambda _: None
    waiting: Callable[[int], None] = lambda _: None
    fallback: Callable[[], None] = lambda: None
    unremoved: Callable[[str], None] = lambda _: None


@dataclass(slots=True)
class Store:
    """`engine` and `writer` are None where there is no store, or it could not be opened.

    `retention_days` is 0 where everything is kept.
    """

    engine: Engine | None
    writer: Writer | None
    breaker: Breaker
    replay: ReplayGuard
    key: bytes
    opened: bool
    retention_days: int = 0
    glance: Glance | None = None

    def hash(self, kind: str, client: str, value: str) -> str:
        """The keyed hash of an identifier, "" for none."""
        return keyed_hash(self.key, kind, client, value) if self.key else ""

    def add(self, record: Record) -> None:
        """Hands a card or an audit event to the writer."""
        if self.writer is not None:
            self.writer.add(record)

    def keep(self, given: Iterable[Answer], received_at: datetime) -> int:
        """Writes feedback; returns how many entries were new. Raises StoreDownError: then none is kept."""
        if self.engine is None:
            raise StoreDownError
        try:
            return answers.keep(self.engine, given, received_at)
        except SQLAlchemyError as error:
            self.breaker.failed(error)
            raise StoreDownError from None

    def acknowledged(
        self, client: str, patient_hash: str, since: datetime, seconds: float
    ) -> tuple[Acknowledged, ...]:
        """Earlier answers about a patient. Raises StoreDownError where they are not there in `seconds`."""
        if self.engine is None or not patient_hash:
            return ()
        if self.glance is not None and self.glance.unanswered(client, patient_hash):
            return ()
        engine = self.engine

        def read() -> tuple[Acknowledged, ...]:
            with engine.connect().execution_options(reading=True) as connection:
                return answers.acknowledged(connection, client, patient_hash, since)

        return self.breaker.run(read, seconds)

    def feedback_counts(self, since: datetime, until: datetime) -> FeedbackCounts:
        """What became of the cards issued in a period. Raises StoreDownError."""
        if self.engine is None:
            raise StoreDownError
        try:  # not through the breaker: a page that takes long is no reason to leave the store alone
            with self.engine.connect().execution_options(reading=True) as connection:
                return feedback_counts(connection, since, until)
        except SQLAlchemyError:
            raise StoreDownError from None

    def state(self) -> dict[str, Any]:
        """What /readyz shows of this worker."""
        if not self.opened:
            return {"store": "none" if self.engine is None and not self.breaker.down_as else "down"}
        waiting, lost = (self.writer.waiting, self.writer.lost) if self.writer else (0, 0)
        return {
            "store": "down" if self.breaker.down_as else "ok",
            "replayGuard": "memory" if self.replay.in_memory else "store",
            "waiting": waiting,
            "lost": lost,
            "retentionDays": self.retention_days,
        }

    def close(self, seconds: float = _CLOSE_SECONDS) -> int:
        """Writes what waits and lets go; returns how many records were lost."""
        lost = self.writer.close(seconds) if self.writer is not None else 0
        self.breaker.close()
        self.replay.close()
        if self.engine is not None:
            self.engine.dispose()
        if self.glance is not None:
            self.glance.close()
        return lost


def open_store(
    settings: StoreSettings | None, counting: Counting, clock: Callable[[], float] = time
) -> Store:
    """The store of this process. Raises nothing: what cannot be opened is a store that is down.

    `clock` gives seconds since 1970.
    """
    if settings is None:
        return _without("", counting, clock)
    breaker = Breaker(settings.threads)
    try:
        key = read_key(settings.hash_key_file, make=False)
        engine = open_engine(settings.url, settings.threads + 3)
        quick = open_engine(settings.url, settings.threads, busy_seconds=0.25, durable=False)
    except (HashKeyError, StoreUrlError) as error:
        return _without(type(error).__name__, counting, clock)
    upkeep = Upkeep(engine, settings.retention_days, clock, counting.unremoved)
    writer = Writer(engine, breaker, settings.most_waiting, counting.lost, counting.waiting, upkeep.step)
    file = sqlite_file(settings.url)
    return Store(
        glance=Glance(file) if file is not None else None,
        engine=engine,
        writer=writer,
        breaker=breaker,
        replay=ReplayGuard(
            quick, breaker, counting.fallback, clock, TokenFile(file, breaker) if file is not None else None
        ),
        key=key,
        opened=True,
        retention_days=settings.retention_days,
    )


def _without(down_as: str, counting: Counting, clock: Callable[[], float]) -> Store:
    breaker = Breaker(1)
    breaker.down_as = down_as
    replay = ReplayGuard(None, breaker, counting.fallback, clock)
    return Store(engine=None, writer=None, breaker=breaker, replay=replay, key=b"", opened=False)
