"""A look into a SQLite file whether any answer about a patient is there: for most patients there is none.

It reads in the thread of the request, by the driver alone. A reader of a write-ahead log waits for no writer; what
goes wrong here is left to the full query, which has its time limit and its breaker.
"""

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

_QUERY: Final = (
    "SELECT 1 FROM card JOIN feedback ON feedback.client = card.client AND feedback.card = card.card"
    " WHERE card.client = ? AND card.patient_hash = ? LIMIT 1"
)


class Glance:
    """One connection for each thread that asks, opened on first use, and so after any fork."""

    def __init__(self, file: Path) -> None:
        self._address = f"file:{quote(str(file))}?mode=ro"
        self._file = file
        self._own = threading.local()
        self._lock = threading.Lock()
        self._opened: list[sqlite3.Connection] = []

    def unanswered(self, client: str, patient_hash: str) -> bool:
        """Whether no card about this patient was ever answered; False also where that cannot be told."""
        try:
            connection = getattr(self._own, "connection", None) or self._open()
            return (
                connection.execute(_QUERY, (client, patient_hash)).fetchone() is None and self._file.exists()
            )
        except (sqlite3.Error, OSError):
            self._let_go()
            return False

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
            self._address, uri=True, timeout=0, check_same_thread=False, isolation_level=None
        )
        with self._lock:
            self._opened.append(connection)
        self._own.connection = connection
        return connection
