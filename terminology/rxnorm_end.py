"""Whether RXNSAT is whole: a file cut off at the end of a line reads like a complete one.

Each active drug component (SCDC) has its strength in RXNSAT, in RXN_STRENGTH and since 2018 in RXN_BOSS_* (NLM,
RxNorm technical documentation, appendix 4). So components without any show that rows are missing.
"""

import sqlite3
from dataclasses import dataclass

from terminology.rrf import RrfError

WHOLE = 0.9  # so large a share must have what it needs; less is an incomplete release
_TAIL = 0.001  # in a file in order, so small a share of the components may follow its last row


@dataclass(slots=True)
class End:
    """How a file of rows by concept ended: its lines, the last concept, and whether they came in order.

    Releases are written in the order of the concept numbers, as numbers or as texts; excerpts in any.
    """

    lines: int = 0
    last: str = ""
    by_number: bool = True
    by_text: bool = True

    def read(self, rxcui: str) -> None:
        """Takes the next row's concept number; "" where it names none."""
        self.lines += 1
        if rxcui and rxcui != self.last:
            self.by_number = self.by_number and int(rxcui) > int(self.last or 0)
            self.by_text = self.by_text and rxcui > self.last
            self.last = rxcui


def attributes_complete(base: sqlite3.Connection, end: End) -> None:
    """Raises RrfError, with the line, where so many strengths are missing that the file was cut off."""
    where = f"RXNSAT.RRF line {end.lines}: the file ends here"
    active, bare = base.execute(_BARE.format("1")).fetchone()
    if active - bare < WHOLE * active:
        raise RrfError(
            f"{where}, and {bare} of {active} active components have no strength; it is incomplete"
        )
    after = "CAST(rxcui AS TEXT) > ?" if end.by_text and not end.by_number else "rxcui > CAST(? AS INTEGER)"
    _, missing = base.execute(_BARE.format(after), (end.last,)).fetchone()
    if (end.by_number or end.by_text) and missing > max(1, _TAIL * active):
        raise RrfError(
            f"{where} with concept {end.last}, and none of {missing} active components that follow it in order"
            " has a strength; it is incomplete"
        )


_BARE = """
SELECT COUNT(*), COALESCE(SUM(NOT EXISTS (SELECT 1 FROM staging.attribute a WHERE a.rxcui = c.rxcui)), 0)
  FROM staging.concept c WHERE c.tty = 'SCDC' AND c.active = 1 AND {}
"""
