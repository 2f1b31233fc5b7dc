"""Tokens seen, in a SQLite file: one statement by the driver alone, in the thread of the request.

A pool, a hop to another thread and a transaction of several statements cost ten times as much as the insert. What
bounds the wait is SQLite itself: another writer is waited for `_BUSY_SECONDS`, and nothing here forces the disk, since
the commits are not durable ones and the log is folded back (a checkpoint) by the other writers of the store.
"""

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cds_service.store.breaker import Breaker, StoreDownError

_BUSY_SECONDS: Final = 0.25
_INSERT: Final = "INSERT INTO seen_token (token_hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING"


class TokenFile:
    """One connection for each thread that asks, opened on first use, and so after any fork."""

    def __init__(self, file: Path, breaker: Breaker) -> None:
        self._address = f"file:{quote(str(file))}?mode=rw"
        self._breaker = breaker
        self._own = threading.local()
        self._lock = threading.Lock()
        self._opened: list[sqlite3.Connection] = []

    def first_use(self, token_hash: str, expires_at: int) -> bool:
        """Whether the token is new; it is kept from now on. Raises StoreDownError."""
        if self._breaker.resting:
            raise StoreDownError
        try:
            connection = getattr(self._own, "connection", None) or self._open()
            new: bool = connection.execute(_INSERT, (token_hash, expires_at)).rowcount == 1
        except (sqlite3.Error, OSError) as error:
            self._let_go()
            self._breaker.failed(error)
            raise StoreDownError from None
        self._breaker.succeeded()
        return new

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            for one in self._opened:
                with suppress(sqlite3.Error):
                    one.close()
            self._opened.clear()

    def _let_go(self) -> None:
        """Closes what failed, so that the next call begins anew and no connection is left over."""
        connection = getattr(self._own, "connection", None)
        self._own.connection = None
        with self._lock, suppress(sqlite3.Error, ValueError):
            if connection is not None:
                self._opened.remove(connection)
                connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        with self._lock:
            self._opened.append(connection)
        self._own.connection = connection
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        return connection
