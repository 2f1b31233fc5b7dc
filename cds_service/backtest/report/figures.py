"""The figures of one run, counted by DuckDB over its tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from cds_service.backtest.report.counting import CARDS, ORDERS, PATIENTS, PER_100, counted, per_hundred
from cds_service.backtest.report.gaps import drug_states, issues, missing, not_evaluated, unchecked
from cds_service.backtest.report.spread import for_whom, per_order, per_patient, per_prescriber, repeated
from cds_service.figures.tables import Column, Table, enough, lines_of

_PER_YEAR = Column("per_100_patient_years", "Per 100 patient-years", "rate")
INDICATORS = ("critical", "warning", "info")


def open_run(out: Path, database: duckdb.DuckDBPyConnection, suffix: str = "") -> None:
    """Makes the run's two tables known as `orders` and `cards`, with a suffix."""
    for name in ("orders", "cards"):
        files = sorted(str(path) for path in (out / name).glob("part-*.parquet"))
        database.from_parquet(files).create_view(f"{name}{suffix}")


def totals(database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The numbers that rates are taken from."""
    row = database.execute(
        """
        SELECT count(*), count(*) FILTER (outcome = 'evaluated'),
               count(*) FILTER (outcome = 'evaluated' AND statements > 0),
               count(*) FILTER (cards > 0), coalesce(sum(cards), 0)::BIGINT,
               count(DISTINCT patient) FILTER (outcome = 'evaluated'),
               count(DISTINCT prescriber) FILTER (outcome = 'evaluated'),
               count(DISTINCT patient || '/' || year) FILTER (outcome = 'evaluated'),
               count(DISTINCT patient) FILTER (cards > 0), min(year), max(year)
        FROM orders
        """
    ).fetchone()
    names = (
        "orders", "evaluated", "concerned", "with_cards", "cards", "patients", "prescribers", "patient_years",
        "patients_with_cards", "first_year", "last_year",
    )  # fmt: skip
    return dict(zip(names, row or (), strict=True))


def all_tables(
    database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], titles: Mapping[str, str], least: int
) -> list[Table]:
    """Every table of the report, before suppression. `titles` are those of the statements."""
    return [
        _indicators(database, total, least),
        _topics(database, total, least),
        _statements(database, total, titles, least),
        _drugs(database, least),
        for_whom(database, least),
        _years(database, least),
        per_order(database, total, least),
        per_patient(database, least),
        per_prescriber(database),
        repeated(database, titles, least),
        missing(database, total, least),
        unchecked(database, total, least),
        not_evaluated(database, total, least),
        drug_states(database, total, least),
        issues(database, total, least),
    ]


def _indicators(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    found = {
        row[0]: row
        for row in counted(
            database,
            """
            SELECT indicator, count(*), count(DISTINCT "order"), count(DISTINCT patient)
            FROM cards GROUP BY indicator
            """,
        )
    }
    rows = []
    for name in INDICATORS:
        _, cards, orders, patients = found.get(name, (name, 0, 0, 0))
        rows.append(
            (
                name, cards, per_hundred(cards, total["evaluated"]), orders, patients,
                per_hundred(cards, total["patient_years"]), patients,
            )
        )  # fmt: skip
    return Table(
        id="indicators",
        title="Cards by indicator",
        columns=(
            Column("indicator", "Indicator", "text"), CARDS, PER_100,
            Column("orders", "Orders with such a card", "count"), PATIENTS, _PER_YEAR,
        ),
        lines=lines_of(rows),
        note="A patient-year is a calendar year in which a patient had at least one order evaluated.",
        bar="per_100_orders",
        partition="all",
        ordered=True,
        least=least,
    )  # fmt: skip


def _topics(database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], least: int) -> Table:
    rows = counted(
        database,
        """
        SELECT topic, count(*) AS n, count(DISTINCT patient) AS p FROM cards
        GROUP BY topic ORDER BY n DESC, topic
        """,
    )
    return Table(
        id="topics",
        title="Cards by topic",
        columns=(Column("topic", "Topic", "text"), CARDS, PER_100, PATIENTS),
        lines=lines_of((topic, n, per_hundred(n, total["evaluated"]), p, p) for topic, n, p in rows),
        bar="per_100_orders",
        partition="all",
        least=least,
    )


def _statements(
    database: duckdb.DuckDBPyConnection, total: Mapping[str, Any], titles: Mapping[str, str], least: int
) -> Table:
    rows = counted(
        database,
        """
        WITH spoken AS (SELECT *, unnest(statements) AS said FROM cards)
        SELECT said, count(*) AS n, count(DISTINCT patient) AS p,
               count(*) FILTER (indicator = 'critical'),
               count(DISTINCT patient) FILTER (indicator = 'critical'),
               count(*) FILTER (indicator <> 'critical'),
               count(DISTINCT patient) FILTER (indicator <> 'critical')
        FROM spoken GROUP BY said ORDER BY n DESC, said
        """,
    )
    return Table(
        id="statements",
        title="Cards by statement",
        columns=(
            Column("statement", "Statement", "text"),
            Column("title", "What it says", "text"),
            CARDS,
            PER_100,
            Column("critical", "On critical cards", "count"),
            Column("other", "On other cards", "count"),
            PATIENTS,
        ),
        lines=lines_of(
            (
                said, titles.get(said, ""), n, per_hundred(n, total["evaluated"]),
                *enough(((critical, patients), (other, of_other)), least), p, p,
            )
            for said, n, p, critical, patients, other, of_other in rows
        ),
        note="A card that joins several statements counts under each of them.",
        bar="per_100_orders",
        least=least,
    )  # fmt: skip


def _drugs(database: duckdb.DuckDBPyConnection, least: int) -> Table:
    rows = counted(
        database,
        """
        SELECT drug, count(*) AS n, coalesce(sum(cards), 0)::BIGINT AS c,
               count(DISTINCT patient) FILTER (cards > 0), count(DISTINCT patient),
               coalesce(sum(critical), 0)::BIGINT, count(DISTINCT patient) FILTER (critical > 0),
               coalesce(sum(warning), 0)::BIGINT, count(DISTINCT patient) FILTER (warning > 0),
               coalesce(sum(info), 0)::BIGINT, count(DISTINCT patient) FILTER (info > 0)
        FROM orders WHERE outcome = 'evaluated' AND drug <> '' AND statements > 0
        GROUP BY drug ORDER BY c DESC, n DESC, drug
        """,
    )
    return Table(
        id="drugs",
        title="Cards by ordered drug",
        columns=(
            Column("drug", "Drug", "text"), ORDERS, CARDS, PER_100, Column("critical", "Critical", "count"),
            Column("warning", "Warning", "count"), Column("info", "Info", "count"), PATIENTS,
        ),
        # Behind the numbers of cards stand the patients with a card, where there is any.
        lines=lines_of(
            (drug, n, c, per_hundred(c, n), *enough(_pairs(parts), least), p, min(p, with_card or p))
            for drug, n, c, with_card, p, *parts in rows
        ),
        note="Drugs that a statement concerns.",
        bar="per_100_orders",
        least=least,
    )  # fmt: skip


def _years(database: duckdb.DuckDBPyConnection, least: int) -> Table:
    rows = counted(
        database,
        """
        SELECT year::VARCHAR, count(*), coalesce(sum(cards), 0)::BIGINT,
               coalesce(nullif(count(DISTINCT patient) FILTER (cards > 0), 0), count(DISTINCT patient)),
               coalesce(sum(critical), 0)::BIGINT, count(DISTINCT patient) FILTER (critical > 0),
               coalesce(sum(warning), 0)::BIGINT, count(DISTINCT patient) FILTER (warning > 0),
               coalesce(sum(info), 0)::BIGINT, count(DISTINCT patient) FILTER (info > 0)
        FROM orders WHERE outcome = 'evaluated' GROUP BY year ORDER BY year
        """,
    )
    return Table(
        id="years",
        title="By year",
        columns=(
            Column("year", "Year", "text"), ORDERS, CARDS,
            Column("critical", "Critical per 100 orders", "rate"),
            Column("warning", "Warning per 100 orders", "rate"), Column("info", "Info per 100 orders", "rate"),
            Column("per_100_orders", "All per 100 orders", "rate"),
        ),
        lines=lines_of(
            (
                year, n, c,
                *(None if part is None else per_hundred(part, n) for part in enough(_pairs(parts), least)),
                per_hundred(c, n), p,
            )
            for year, n, c, p, *parts in rows
        ),
        bar="per_100_orders",
        partition="all",
        ordered=True,
        least=least,
    )  # fmt: skip


def _pairs(flat: list[int]) -> list[tuple[int, int]]:
    """Numbers, each with the patients behind it."""
    return list(zip(flat[::2], flat[1::2], strict=True))
