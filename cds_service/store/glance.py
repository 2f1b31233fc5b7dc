"""A look into a SQLite file whether any answer about a patient is there: for most patients there is none.

It reads in the thread of the request, by the driver alone. A reader of a write-ahead log waits for no writer; what
goes wrong here is left to the full query, which has its time limit and its breaker.
"""

import sqlite3
from pathlib import Path
from typing import Final

from cds_service.store.own_connections import OwnConnections

_QUERY: Final = (
    "SELECT 1 FROM card JOIN feedback ON feedback.client = card.client AND feedback.card = card.card"
    " WHERE card.client = ? AND card.patient_hash = ? LIMIT 1"
)


class Glance:
    """Looks into the SQLite file of the store."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connections = OwnConnections(file, "ro", 0)

    def unanswered(self, client: str, patient_hash: str) -> bool:
        """Whether no card about this patient was ever answered; False also where that cannot be told."""
        try:
            found = self._connections.get().execute(_QUERY, (client, patient_hash)).fetchone()
            return found is None and self._file.exists()
        except (sqlite3.Error, OSError):
            self._connections.let_go()
            return False

    def close(self) -> None:
        """Lets go of the file."""
        self._connections.close()
