"""Connections to a SQLite file by the driver alone, one for each thread that asks."""

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote


class OwnConnections:
    """Opened on first use, and so after any fork. `mode` is SQLite's ("ro", "rw"); a lock is waited for `seconds`."""

    def __init__(self, file: Path, mode: str, seconds: float, *pragmas: str) -> None:
        self._address = f"file:{quote(str(file))}?mode={mode}"
        self._seconds, self._pragmas = seconds, pragmas
        self._own = threading.local()
        self._lock = threading.Lock()
        self._opened: list[sqlite3.Connection] = []

    def get(self) -> sqlite3.Connection:
        """That of this thread, in autocommit. Raises sqlite3.Error."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        return connection if connection is not None else self._open()

    def let_go(self) -> None:
        """Closes that of this thread after a failure, so that the next call begins anew."""
        connection = getattr(self._own, "connection", None)
        self._own.connection = None
        with self._lock, suppress(sqlite3.Error, ValueError):
            if connection is not None:
                self._opened.remove(connection)
                connection.close()

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            for one in self._opened:
                with suppress(sqlite3.Error):
                    one.close()
            self._opened.clear()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._address, uri=True, timeout=self._seconds, check_same_thread=False, isolation_level=None
        )
        with self._lock:
            self._opened.append(connection)
        self._own.connection = connection
        for pragma in self._pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection
