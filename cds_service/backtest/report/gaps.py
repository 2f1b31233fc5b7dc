"""What was not evaluated, not known, or not recognised."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from cds_service.backtest.report.counting import ORDERS, PATIENTS, PER_100, SHARE, counted, per_hundred, share
from cds_service.backtest.rows import MISSING
from cds_service.figures.tables import Column, Table, lines_of


def missing(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    """Which facts were not known."""
    rows: list[Sequence[Any]] = []
    for name in MISSING:
        n, p = counted(
            database,
            "SELECT count(*), count(DISTINCT patient) FROM orders WHERE list_contains(missing, ?)",
            name,
        )[0]
        rows.append((name, n, share(n, total["concerned"]), p, p))
    n, p = counted(database, "SELECT count(*), count(DISTINCT patient) FROM orders WHERE stale")[0]
    rows.append(("kidney function too old", n, share(n, total["concerned"]), p, p))
    return Table(
        id="missing",
        title="What was not known",
        columns=(Column("fact", "Not known", "text"), ORDERS, SHARE, PATIENTS),
        lines=lines_of(rows),
        note="Of the orders that a statement concerns.",
        bar="share",
        least=least,
    )


def unchecked(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    """Statements that could not be evaluated, by listed reason."""
    rows = counted(
        database,
        """
        WITH each AS (SELECT "order", patient, unnest(unchecked) AS one FROM orders)
        SELECT split_part(one, ': ', 1) AS statement, split_part(one, ': ', 2) AS reason, count(*) AS n,
               count(DISTINCT patient) AS p
        FROM each GROUP BY statement, reason ORDER BY n DESC, statement, reason
        """,
    )
    return Table(
        id="unchecked",
        title="Statements that could not be evaluated, and why",
        columns=(
            Column("statement", "Statement", "text"), Column("reason", "Why", "text"), ORDERS, PER_100,
            PATIENTS,
        ),
        lines=lines_of((s, r, n, per_hundred(n, total["evaluated"]), p, p) for s, r, n, p in rows),
        bar="per_100_orders",
        least=least,
    )  # fmt: skip


def not_evaluated(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    """Orders that were not evaluated, by reason."""
    rows = counted(
        database,
        """
        SELECT CASE WHEN outcome = 'failed' THEN 'evaluation failed: ' || reason ELSE reason END AS why,
               count(*) AS n, count(DISTINCT nullif(patient, '')) FROM orders
        WHERE outcome <> 'evaluated' GROUP BY why ORDER BY n DESC, why
        """,
    )
    return Table(
        id="not-evaluated",
        title="Orders not evaluated",
        columns=(Column("reason", "Why", "text"), ORDERS, SHARE),
        lines=lines_of((why, n, share(n, total["orders"]), p) for why, n, p in rows),
        bar="share",
        partition="all",
        least=least,
    )


def drug_states(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    """Whether the ordered drug was recognised."""
    rows = counted(
        database,
        """
        SELECT drug_state, count(*) AS n, count(*) FILTER (statements > 0), count(DISTINCT patient)
        FROM orders WHERE outcome = 'evaluated' GROUP BY drug_state ORDER BY n DESC
        """,
    )
    return Table(
        id="recognition",
        title="Whether the drug was recognised",
        columns=(
            Column("state", "Drug", "text"), ORDERS, SHARE,
            Column("concerned", "Concerned by a statement", "count"),
        ),
        lines=lines_of((state, n, share(n, total["evaluated"]), c, p) for state, n, c, p in rows),
        bar="share",
        partition="all",
        least=least,
    )  # fmt: skip


def issues(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    """Data issues by code."""
    rows = counted(
        database,
        """
        WITH each AS (SELECT patient, unnest(issues) AS code FROM orders)
        SELECT code, count(*) AS n, count(DISTINCT patient) FROM each GROUP BY code ORDER BY n DESC, code
        """,
    )
    return Table(
        id="issues",
        title="Data issues met during evaluation",
        columns=(Column("code", "Issue", "text"), ORDERS, SHARE),
        lines=lines_of((code, n, share(n, total["evaluated"]), p) for code, n, p in rows),
        bar="share",
        least=least,
    )
