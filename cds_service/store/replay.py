"""Each token is used once: seen tokens are kept until they expire, for all workers and over restarts.

Where the store does not answer, a worker remembers by itself. Calls go on; a token could then be used once
per worker, so the state is counted and shown, and what was remembered is written once the store is back.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import time

from sqlalchemy import Connection, Engine, delete

from cds_service.store.breaker import Breaker, StoreDownError
from cds_service.store.tables import seen_tokens
from cds_service.store.token_file import TokenFile
from cds_service.store.writing import insert_new, insert_one

_SECONDS = 0.3
_MOST_REMEMBERED = 100_000


class ReplayGuard:
    """`engine` is None where there is no store; `file` is the quicker way to one that is a SQLite file.
    `on_fallback` is called for each token kept in memory.
    """

    def __init__(
        self,
        engine: Engine | None,
        breaker: Breaker,
        on_fallback: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time,
        file: TokenFile | None = None,
    ) -> None:
        self._file = file
        self._engine, self._breaker, self._on_fallback, self._clock = engine, breaker, on_fallback, clock
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, int] = OrderedDict()  # accepted while the store was down
        self._under_way: set[str] = set()
        self.in_memory = engine is None

    def first_use(self, token_hash: str, expires_at: int) -> bool:
        """Whether the token was not seen before; it is seen from now on. `expires_at`: seconds since 1970."""
        with self._lock:
            if token_hash in self._under_way or self._remembered.get(token_hash, 0) > self._clock():
                return False
            self._under_way.add(token_hash)
            earlier = list(self._remembered.items())
        try:
            new = self._stored(token_hash, expires_at, earlier)
        except StoreDownError:
            new = True
            with self._lock:
                self._remember(token_hash, expires_at)
            self.in_memory = True
            self._on_fallback()
        finally:
            with self._lock:
                self._under_way.discard(token_hash)
        return new

    def close(self) -> None:
        """Lets go of its connections."""
        if self._file is not None:
            self._file.close()
        if self._engine is not None:
            self._engine.dispose()

    def _stored(self, token_hash: str, expires_at: int, earlier: list[tuple[str, int]]) -> bool:
        """Asks the store, and hands it what was remembered without it. Raises StoreDownError."""
        if self._engine is None:
            raise StoreDownError
        if self._file is not None and not earlier:
            new = self._file.first_use(token_hash, expires_at)
            self.in_memory = False
            return new
        engine = self._engine

        def write() -> bool:
            with engine.begin() as connection:
                row = {"token_hash": token_hash, "expires_at": expires_at}
                new = insert_one(connection, seen_tokens, row)
                others = [{"token_hash": name, "expires_at": expiry} for name, expiry in earlier]
                insert_new(connection, seen_tokens, others)
            return new

        new = self._breaker.run(write, _SECONDS)
        with self._lock:
            for name, _ in earlier:
                self._remembered.pop(name, None)
        self.in_memory = False
        return new

    def _remember(self, token_hash: str, expires_at: int) -> None:
        now = self._clock()
        while self._remembered:
            oldest, expiry = next(iter(self._remembered.items()))
            if expiry > now and len(self._remembered) < _MOST_REMEMBERED:
                break
            del self._remembered[oldest]
        self._remembered[token_hash] = expires_at


def forget_expired(connection: Connection, now: float) -> int:
    """Removes tokens that nobody could use any more; returns how many."""
    return connection.execute(delete(seen_tokens).where(seen_tokens.c.expires_at < int(now))).rowcount
