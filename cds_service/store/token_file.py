"""Tokens seen, in a SQLite file: one statement by the driver alone, in the thread of the request.

A pool, a hop to another thread and a transaction of several statements cost ten times as much as the insert. What
bounds the wait is SQLite itself: another writer is waited for `_BUSY_SECONDS`, and nothing here forces the disk, since
the commits are not durable ones and the log is folded back (a checkpoint) by the other writers of the store.
"""

import sqlite3
from pathlib import Path
from typing import Final

from cds_service.store.breaker import Breaker, StoreDownError
from cds_service.store.own_connections import OwnConnections

_BUSY_SECONDS: Final = 0.25
_INSERT: Final = "INSERT INTO seen_token (token_hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING"


class TokenFile:
    """The tokens seen, in the SQLite file of the store."""

    def __init__(self, file: Path, breaker: Breaker) -> None:
        pragmas = ("synchronous=NORMAL", "wal_autocheckpoint=0")
        self._connections = OwnConnections(file, "rw", _BUSY_SECONDS, *pragmas)
        self._breaker = breaker

    def first_use(self, token_hash: str, expires_at: int) -> bool:
        """Whether the token is new; it is kept from now on. Raises StoreDownError."""
        if self._breaker.resting:
            raise StoreDownError
        try:
            new: bool = self._connections.get().execute(_INSERT, (token_hash, expires_at)).rowcount == 1
        except (sqlite3.Error, OSError) as error:
            self._connections.let_go()
            self._breaker.failed(error)
            raise StoreDownError from None
        self._breaker.succeeded()
        return new

    def close(self) -> None:
        """Lets go of the file."""
        self._connections.close()
