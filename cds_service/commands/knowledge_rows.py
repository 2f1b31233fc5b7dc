"""Statements and claims as rows, and rows as a table, CSV, JSON or markdown."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

import click

from cards.knowledge.loader import Knowledge, triggers
from cards.knowledge.path_words import path_words
from cards.knowledge.seed import Claim
from cards.knowledge.statements import Statement
from cds_service.json_bytes import to_text

COLUMNS = (
    "id",
    "kind",
    "title",
    "drug",
    "problem",
    "topic",
    "severity",
    "evidence",
    "jurisdictions",
    "source",
    "review",
    "approved_by",
    "review_due",
    "in_force",
    "changed_by_site",
    "file",
)
TABLE = ("id", "kind", "drug", "severity", "evidence", "review", "source")
SEED_COLUMNS = ("id", "claim", "verdict", "value", "does", "sources")
FORMATS = click.Choice(("table", "csv", "json", "markdown"))


def claim_row(name: str, claim: Claim) -> dict[str, Any]:
    """One claim of the source document."""
    parts = [f"judged by {', '.join(claim.statements)}"] if claim.statements else []
    parts += [f"information {claim.information}"] if claim.information else []
    parts += [f"not surfaced: {claim.not_surfaced}"] if claim.not_surfaced else []
    return {
        "id": name,
        "claim": claim.claim,
        "verdict": claim.verdict,
        "value": claim.value,
        "does": "; ".join(parts),
        "sources": " ".join(claim.sources),
    }


def _about(statement: Statement) -> str:
    """The product, or the classes that bring the statement up."""
    return statement.drug.name if statement.drug else " ".join(sorted(triggers(statement)))


def statement_row(statement: Statement, knowledge: Knowledge, day: date) -> dict[str, Any]:
    """One statement as it stands on a local day."""
    current = statement.review.current
    return {
        "id": statement.id,
        "kind": statement.kind,
        "title": statement.title,
        "drug": _about(statement),
        "problem": statement.problem,
        "topic": statement.topic,
        "severity": statement.severity.name,
        "evidence": statement.evidence,
        "jurisdictions": " ".join(sorted(statement.jurisdictions)),
        "source": f"{statement.sources[0].title}, {statement.sources[0].section}",
        "review": statement.review.words(day),
        "approved_by": statement.approved_by or "",
        "review_due": current.due.isoformat() if current and current.due else "",
        "in_force": knowledge.dormant.get(statement.id, "yes"),
        "changed_by_site": "; ".join(
            f"{path_words(one.path)[0]} {one.shipped} -> {one.site}" for one in statement.changed
        ),
        "file": statement.file,
    }


def written(rows: list[dict[str, Any]], form: str, columns: tuple[str, ...], table: tuple[str, ...]) -> str:
    """The rows in one of FORMATS; `table` are the columns of the short one."""
    if form == "json":
        return to_text(rows) + "\n"
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()
    if form == "markdown":
        cells = [[str(row[name]).replace("|", "\\|") for name in columns] for row in rows]
        lines = [list(columns), ["---"] * len(columns), *cells]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return _table(rows, table)


def _table(rows: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> str:
    lines = [columns, *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )
