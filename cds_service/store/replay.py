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
from cds_service.store.writing import insert_new, insert_one

_SECONDS = 0.3
_MOST_REMEMBERED = 100_000


class ReplayGuard:
    """`engine` is None where there is no store. `on_fallback` is called for each token kept in memory."""

    def __init__(
        self,
        engine: Engine | None,
        breaker: Breaker,
        on_fallback: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._engine, self._breaker, self._on_fallback, self._clock = engine, breaker, on_fallback, clock
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, int] = OrderedDict()
        self.in_memory = engine is None

    def first_use(self, token_hash: str, expires_at: int) -> bool:
        """Whether the token was not seen before; it is seen from now on. `expires_at`: seconds since 1970."""
        with self._lock:
            if self._remembered.get(token_hash, 0) > self._clock():
                return False
            self._remember(token_hash, expires_at)
            earlier = list(self._remembered.items())
        if self._engine is None:
            return self._kept_in_memory()
        try:
            new = self._breaker.run(lambda: self._store(token_hash, expires_at, earlier), _SECONDS)
        except StoreDownError:
            return self._kept_in_memory()
        with self._lock:
            for name, _ in earlier:
                self._remembered.pop(name, None)
            self.in_memory = False
        return new

    def _kept_in_memory(self) -> bool:
        self.in_memory = True
        self._on_fallback()
        return True

    def _remember(self, token_hash: str, expires_at: int) -> None:
        now = self._clock()
        while self._remembered:
            oldest, expiry = next(iter(self._remembered.items()))
            if expiry > now and len(self._remembered) < _MOST_REMEMBERED:
                break
            del self._remembered[oldest]
        self._remembered[token_hash] = expires_at

    def _store(self, token_hash: str, expires_at: int, earlier: list[tuple[str, int]]) -> bool:
        assert self._engine is not None  # noqa: S101  first_use looked
        with self._engine.begin() as connection:
            new = insert_one(connection, seen_tokens, {"token_hash": token_hash, "expires_at": expires_at})
            others = [
                {"token_hash": name, "expires_at": expiry} for name, expiry in earlier if name != token_hash
            ]
            insert_new(connection, seen_tokens, others)
        return new


def forget_expired(connection: Connection, now: float) -> int:
    """Removes tokens that nobody could use any more; returns how many."""
    return connection.execute(delete(seen_tokens).where(seen_tokens.c.expires_at < int(now))).rowcount
