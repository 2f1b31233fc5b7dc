"""`cds-service knowledge`: check, test and list the treatment knowledge."""

import csv
import io
import sys
from collections.abc import Iterable
from typing import Any

import click

from cards.knowledge.cases import run_cases
from cards.knowledge.loader import load_knowledge
from cards.knowledge.statements import Statement
from cds_service.commands.failures import reported
from cds_service.json_bytes import to_text
from terminology.load import load as load_terminology

_COLUMNS = (
    "id",
    "kind",
    "title",
    "drug",
    "problem",
    "topic",
    "severity",
    "evidence",
    "jurisdictions",
    "approved_by",
    "file",
)


@click.group("knowledge")
def knowledge_group() -> None:
    """Check, test and list the treatment knowledge."""


@knowledge_group.command("check")
def check_command() -> None:
    """Read every knowledge file; name file, line and field of what is wrong."""
    with reported():
        knowledge = load_knowledge()
    files = {one.file for one in knowledge.statements.values()}
    count = f"{len(knowledge.statements)} statements in {len(files)} files"
    click.echo(f"{count}, version {knowledge.version}: no problem found")


@knowledge_group.command("test")
def test_command() -> None:
    """Run every case that stands beside the knowledge files; exit code 1 when one does not hold."""
    with reported():
        knowledge, terminology = load_knowledge(), load_terminology()
        results = list(run_cases(knowledge, terminology))
    failing = [one for one in results if one.problems]
    for one in failing:
        click.echo(f"{one.file}: {one.name}")
        for problem in one.problems:
            click.echo(f"    {problem}")
    click.echo(f"{len(knowledge.statements)} statements, {len(results)} cases, {len(failing)} failing")
    sys.exit(1 if failing else 0)


@knowledge_group.command("list")
@click.option("--kind", help="Only statements of this kind.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "csv", "json", "markdown")),
    default="table",
    show_default=True,
)
def list_command(kind: str | None, form: str) -> None:
    """List the statements."""
    with reported():
        statements = load_knowledge().statements.values()
    kinds = sorted({one.kind for one in statements})
    if kind is not None and kind not in kinds:
        raise click.BadParameter(
            f"there is no kind {kind}; known are {', '.join(kinds)}", param_hint="--kind"
        )
    rows = [_row(one) for one in sorted(statements, key=lambda one: one.id) if kind in (None, one.kind)]
    click.echo(_written(rows, form), nl=False)


def _row(statement: Statement) -> dict[str, Any]:
    return {
        "id": statement.id,
        "kind": statement.kind,
        "title": statement.title,
        "drug": statement.drug.name if statement.drug else "",
        "problem": statement.problem,
        "topic": statement.topic,
        "severity": statement.severity.name,
        "evidence": statement.evidence,
        "jurisdictions": " ".join(sorted(statement.jurisdictions)),
        "approved_by": statement.approved_by or "",
        "file": statement.file,
    }


def _written(rows: list[dict[str, Any]], form: str) -> str:
    if form == "json":
        return to_text(rows) + "\n"
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()
    if form == "markdown":
        cells = [[str(row[name]).replace("|", "\\|") for name in _COLUMNS] for row in rows]
        lines = [list(_COLUMNS), ["---"] * len(_COLUMNS), *cells]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return _table(rows, ("id", "kind", "severity", "evidence", "jurisdictions", "file"))


def _table(rows: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> str:
    lines = [columns, *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )
