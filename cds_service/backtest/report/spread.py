"""How cards spread over orders, patients and prescribers."""

from collections.abc import Mapping
from typing import Any

import duckdb

from cds_service.backtest.report.counting import CARDS, ORDERS, PATIENTS, PER_100, SHARE, counted, share
from cds_service.figures.tables import Column, Line, Table, lines_of


def per_order(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    """Orders by the number of cards on them."""
    rows = counted(
        database,
        """
        SELECT CASE WHEN cards >= 5 THEN '5 or more' ELSE cards::VARCHAR END AS many, count(*),
               count(DISTINCT patient)
        FROM orders WHERE outcome = 'evaluated' GROUP BY many ORDER BY many
        """,
    )
    return Table(
        id="cards-per-order",
        title="Cards on one order",
        columns=(Column("on_one_order", "Cards on one order", "text"), ORDERS, SHARE),
        lines=lines_of((many, n, share(n, total["evaluated"]), p) for many, n, p in rows),
        bar="share",
        partition="all",
        ordered=True,
        least=least,
    )


def per_patient(database: duckdb.DuckDBPyConnection, least: int) -> Table:
    """Patients by the number of cards about them."""
    rows = counted(
        database,
        """
        WITH each AS (SELECT patient, sum(cards) AS n FROM orders WHERE outcome = 'evaluated' GROUP BY patient),
        banded AS (
            SELECT CASE WHEN n <= 2 THEN n ELSE CASE WHEN n <= 5 THEN 3 WHEN n <= 10 THEN 6 ELSE 11 END END AS b
            FROM each
        )
        SELECT b, count(*) FROM banded GROUP BY b ORDER BY b
        """,
    )
    names = {0: "none", 1: "1", 2: "2", 3: "3 to 5", 6: "6 to 10", 11: "more than 10"}
    everyone = sum(row[1] for row in rows)
    return Table(
        id="cards-per-patient",
        title="Cards about one patient",
        columns=(Column("about_one_patient", "Cards about one patient", "text"), PATIENTS, SHARE),
        lines=lines_of((names[int(band)], n, share(n, everyone), n) for band, n in rows),
        bar="share",
        partition="all",
        ordered=True,
        least=least,
    )


def per_prescriber(database: duckdb.DuckDBPyConnection) -> Table:
    """Quantiles over prescribers: no row is about one of them."""
    row = database.execute(
        """
        WITH each AS (
            SELECT prescriber, count(*) AS n, sum(cards)::BIGINT AS c FROM orders
            WHERE outcome = 'evaluated' AND prescriber IS NOT NULL GROUP BY prescriber
        )
        SELECT count(*), quantile_cont(c, [0.5, 0.75, 0.9, 0.99]),
               quantile_cont(100.0 * c / n, [0.5, 0.75, 0.9, 0.99]) FROM each
        """
    ).fetchone()
    lines: list[Line] = []
    # A quantile of a few people is one of them.
    if row and row[0] >= 20:
        for place, name in enumerate(("median", "75th percentile", "90th percentile", "99th percentile")):
            lines.append(Line((name, float(row[1][place]), float(row[2][place])), row[0]))
    return Table(
        id="cards-per-prescriber",
        title="Cards to one prescriber",
        columns=(
            Column("quantile", "Over prescribers", "text"),
            Column("cards", "Cards in the period", "rate"),
            PER_100,
        ),
        lines=tuple(lines),
        note="Shown from 20 prescribers on.",
    )


def repeated(database: duckdb.DuckDBPyConnection, titles: Mapping[str, str], least: int) -> Table:
    """Cards that came again about the same patient and drug."""
    rows = counted(
        database,
        """
        WITH each AS (
            SELECT statement, drug, patient, count(*) AS n FROM cards WHERE statement <> ''
            GROUP BY statement, drug, patient HAVING count(*) > 1
        )
        SELECT statement, drug, sum(n)::BIGINT AS cards, avg(n), max(n), count(*) AS p FROM each
        GROUP BY statement, drug ORDER BY cards DESC, statement, drug LIMIT 50
        """,
    )
    return Table(
        id="repeated",
        title="Cards shown again about the same patient and drug",
        columns=(
            Column("statement", "Statement", "text"), Column("title", "What it says", "text"),
            Column("drug", "Drug", "text"), CARDS, Column("mean", "Mean per patient", "rate"),
            Column("most", "Most", "count"), PATIENTS,
        ),
        lines=lines_of((s, titles.get(s, ""), d, n, mean, most, p, p) for s, d, n, mean, most, p in rows),
        note="Nobody answers a card in a back-test, so nothing is held back as answered before.",
        bar="cards",
        least=least,
    )  # fmt: skip


def for_whom(database: duckdb.DuckDBPyConnection, least: int) -> Table:
    """Cards per 100 orders by age, sex and setting."""
    rows: list[tuple[Any, ...]] = []
    for what, column in (("Age", "age"), ("Sex", "sex"), ("Setting", "setting")):
        rows += counted(
            database,
            f"""
            SELECT '{what}', {column} AS part, count(*), coalesce(sum(cards), 0)::BIGINT,
                   100.0 * coalesce(sum(cards), 0) / count(*), count(DISTINCT patient),
                   coalesce(nullif(count(DISTINCT patient) FILTER (cards > 0), 0), count(DISTINCT patient))
            FROM orders WHERE outcome = 'evaluated' GROUP BY part ORDER BY part
            """,  # noqa: S608  the columns are named above
        )
    return Table(
        id="patients",
        title="For whom",
        columns=(
            Column("group", "Group", "text"), Column("value", "Value", "text"), ORDERS, CARDS, PER_100,
            PATIENTS,
        ),
        lines=lines_of(rows),
        bar="per_100_orders",
        partition="group",
        ordered=True,
        least=least,
    )  # fmt: skip
