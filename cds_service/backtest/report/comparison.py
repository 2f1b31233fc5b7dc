"""What changed between two runs: what speaks now and did not, and the other way round, order by order."""

from collections.abc import Mapping
from typing import Any

import duckdb

from cds_service.backtest.report.counting import counted, per_hundred
from cds_service.figures.tables import Column, Line, Table

_EXAMPLES = 3
_ORDERS = Column("orders", "Orders", "count")
_PATIENTS = Column("patients", "Patients", "count")

# Views `orders`, `cards` hold this run; `orders_before`, `cards_before` the run compared with.
_PREPARE = """
    CREATE TEMP VIEW in_both AS SELECT "order" FROM orders WHERE outcome = 'evaluated'
        INTERSECT SELECT "order" FROM orders_before WHERE outcome = 'evaluated';
    CREATE TEMP VIEW spoken AS
        SELECT "order", any_value(patient) AS patient, said, max(rank) AS rank FROM (
            SELECT "order", patient, unnest(statements) AS said,
                   list_position(['info', 'warning', 'critical'], indicator) AS rank FROM cards
            WHERE "order" IN (SELECT "order" FROM in_both)
        ) GROUP BY "order", said;
    CREATE TEMP VIEW spoken_before AS
        SELECT "order", any_value(patient) AS patient, said, max(rank) AS rank FROM (
            SELECT "order", patient, unnest(statements) AS said,
                   list_position(['info', 'warning', 'critical'], indicator) AS rank FROM cards_before
            WHERE "order" IN (SELECT "order" FROM in_both)
        ) GROUP BY "order", said;
    CREATE TEMP VIEW changes AS
        SELECT coalesce(n."order", b."order") AS "order", coalesce(n.patient, b.patient) AS patient,
               coalesce(n.said, b.said) AS said,
               CASE WHEN b.said IS NULL THEN 'new' WHEN n.said IS NULL THEN 'gone'
                    WHEN n.rank > b.rank THEN 'raised' WHEN n.rank < b.rank THEN 'lowered' END AS change
        FROM spoken n FULL OUTER JOIN spoken_before b ON n."order" = b."order" AND n.said = b.said
        WHERE n.said IS NULL OR b.said IS NULL OR n.rank <> b.rank;
"""
_WORDS = {
    "new": "speaks now, did not before",
    "gone": "spoke before, does not now",
    "raised": "on a card with a higher indicator",
    "lowered": "on a card with a lower indicator",
}


def compare(
    database: duckdb.DuckDBPyConnection, titles: Mapping[str, str], least: int
) -> tuple[dict[str, Any], list[Table]]:
    """How many orders stand in both runs, and the tables of what changed about these."""
    database.execute(_PREPARE)
    orders, before, now = counted(
        database,
        """
        SELECT (SELECT count(*) FROM in_both),
               (SELECT count(*) FROM cards_before WHERE "order" IN (SELECT "order" FROM in_both)),
               (SELECT count(*) FROM cards WHERE "order" IN (SELECT "order" FROM in_both))
        """,
    )[0]
    only_now, only_before = counted(
        database,
        """
        SELECT (SELECT count(*) FROM orders WHERE "order" NOT IN (SELECT "order" FROM orders_before)),
               (SELECT count(*) FROM orders_before WHERE "order" NOT IN (SELECT "order" FROM orders))
        """,
    )[0]
    total: dict[str, Any] = {
        "orders": orders, "cards_before": before, "cards_now": now, "only_now": only_now,
        "only_before": only_before,
    }  # fmt: skip
    tables = [_indicators(database, total, least), _statements(database, titles, least)]
    if any(0 < patients < least for patients in _patients(database)):
        total |= {"cards_before": None, "cards_now": None}
    return total, tables


def _patients(database: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """How many patients stand behind the cards before and now."""
    before, now = counted(
        database,
        """
        SELECT (SELECT count(DISTINCT patient) FROM cards_before WHERE "order" IN (SELECT "order" FROM in_both)),
               (SELECT count(DISTINCT patient) FROM cards WHERE "order" IN (SELECT "order" FROM in_both))
        """,
    )[0]
    return before, now


def _indicators(database: duckdb.DuckDBPyConnection, total: Mapping[str, int], least: int) -> Table:
    lines = []
    for name in ("critical", "warning", "info"):
        counts: list[Any] = []
        for view in ("cards_before", "cards"):
            counts += counted(
                database,
                f"""
                SELECT count(*), count(DISTINCT patient) FROM {view}
                WHERE indicator = ? AND "order" IN (SELECT "order" FROM in_both)
                """,  # noqa: S608  the views are named above
                name,
            )[0]
        before, patients_before, now, patients = counts
        rates = (per_hundred(before, total["orders"]), per_hundred(now, total["orders"]))
        # Either number may be the small one.
        behind = min((one for one in (patients_before, patients) if one), default=0)
        lines.append(Line((name, before, now, *rates, rates[1] - rates[0]), behind))
    return Table(
        id="compared-indicators",
        title="Cards by indicator, before and now",
        columns=(
            Column("indicator", "Indicator", "text"),
            Column("before", "Before", "count"),
            Column("now", "Now", "count"),
            Column("per_100_before", "Per 100 orders before", "rate"),
            Column("per_100_now", "Per 100 orders now", "rate"),
            Column("difference", "Difference", "rate"),
        ),
        lines=tuple(lines),
        partition="all",
        ordered=True,
        least=least,
    )


def _statements(database: duckdb.DuckDBPyConnection, titles: Mapping[str, str], least: int) -> Table:
    rows = counted(
        database,
        """
        SELECT said, change, count(*) AS n, count(DISTINCT patient) AS p,
               list_slice(list_sort(list("order")), 1, ?)
        FROM changes GROUP BY said, change ORDER BY n DESC, said, change
        """,
        _EXAMPLES,
    )
    return Table(
        id="changes",
        title="What changed, by statement",
        columns=(
            Column("statement", "Statement", "text"), Column("title", "What it says", "text"),
            Column("change", "Change", "text"), _ORDERS, _PATIENTS,
            Column("examples", "Examples (hash of the order)", "hashes"),
        ),
        lines=tuple(
            Line((said, titles.get(said, ""), _WORDS[change], n, p, list(examples)), p)
            for said, change, n, p, examples in rows
        ),
        note="Look into an example with: cds-service backtest explain OUT --order HASH",
        bar="orders",
        least=least,
    )  # fmt: skip
