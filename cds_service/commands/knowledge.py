"""`cds-service knowledge`: check, test and list the treatment knowledge, and the claims it began from."""

import csv
import io
import sys
from collections.abc import Iterable
from typing import Any

import click

from cards.knowledge.cases import run_cases
from cards.knowledge.loader import HOME, load_knowledge, triggers
from cards.knowledge.seed import Claim, disagreements, read_seed
from cards.knowledge.silent import load_silent
from cards.knowledge.statements import Statement
from cards.knowledge.strict_yaml import KnowledgeFileError
from cds_service.commands.failures import reported
from cds_service.json_bytes import to_text
from cds_service.publish.interaction_matrix import interaction_matrix
from cds_service.settings import read_settings
from cds_service.site_terminology import site_terminology

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
    "source",
    "review",
    "approved_by",
    "file",
)
_SEED_COLUMNS = ("id", "claim", "verdict", "value", "does", "sources")
_FORMATS = click.Choice(("table", "csv", "json", "markdown"))


_TABLE = ("id", "kind", "drug", "severity", "evidence", "review", "source")


@click.group("knowledge")
def knowledge_group() -> None:
    """Check, test and list the treatment knowledge."""


@knowledge_group.command("check")
def check_command() -> None:
    """Read every knowledge file; name file, line and field of what is wrong."""
    with reported():
        settings = read_settings()
        knowledge = load_knowledge(terms=site_terminology(settings), overlay=settings.knowledge_overlay)
        load_silent(terms=site_terminology(settings))
        claims = read_seed(HOME).claims
        for problem in disagreements(claims, knowledge.statements.values()):
            raise KnowledgeFileError(f"seed.yaml: {problem}")
    files = {one.file for one in knowledge.statements.values()}
    count = f"{len(knowledge.statements)} statements in {len(files)} files"
    click.echo(f"{count}, version {knowledge.version}: no problem found")


@knowledge_group.command("test")
def test_command() -> None:
    """Run every case that stands beside the knowledge files; exit code 1 when one does not hold."""
    with reported():
        settings = read_settings()
        terminology, overlay = site_terminology(settings), settings.knowledge_overlay
        knowledge = load_knowledge(terms=terminology, overlay=overlay)
        results = list(run_cases(knowledge, terminology))
        results += run_cases(knowledge, terminology, overlay) if overlay else ()
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
    type=_FORMATS,
    default="table",
    show_default=True,
)
def list_command(kind: str | None, form: str) -> None:
    """List the statements; the interactions in markdown are a matrix of pairs, the silent ones included."""
    with reported():
        statements = load_knowledge(overlay=read_settings().knowledge_overlay).statements.values()
    kinds = sorted({one.kind for one in statements})
    if kind is not None and kind not in kinds:
        raise click.BadParameter(
            f"there is no kind {kind}; known are {', '.join(kinds)}", param_hint="--kind"
        )
    if kind == "interaction" and form == "markdown":
        with reported():
            click.echo(interaction_matrix(statements, load_silent()), nl=False)
        return
    rows = [_row(one) for one in sorted(statements, key=lambda one: one.id) if kind in (None, one.kind)]
    click.echo(_written(rows, form, _COLUMNS, _TABLE), nl=False)


@knowledge_group.command("seed")
@click.option("--format", "form", type=_FORMATS, default="table", show_default=True)
def seed_command(form: str) -> None:
    """List the claims of the source document and what the product does with each."""
    with reported():
        claims = read_seed(HOME).claims
    rows = [_claim_row(name, claims[name]) for name in sorted(claims)]
    click.echo(_written(rows, form, _SEED_COLUMNS, ("id", "verdict", "claim", "does")), nl=False)


def _claim_row(name: str, claim: Claim) -> dict[str, Any]:
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


def _row(statement: Statement) -> dict[str, Any]:
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
        "review": "approved" if statement.approved_by else "no clinician has approved it yet",
        "approved_by": statement.approved_by or "",
        "file": statement.file,
    }


def _written(rows: list[dict[str, Any]], form: str, columns: tuple[str, ...], table: tuple[str, ...]) -> str:
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
