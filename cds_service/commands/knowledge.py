"""`cds-service knowledge`: check, test and list the treatment knowledge, and the claims it began from."""

import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import click

from cards.knowledge.loader import HOME
from cards.knowledge.seed import disagreements, read_seed
from cards.knowledge.silent import load_silent
from cards.knowledge.stale_text import stale_texts
from cards.knowledge.strict_yaml import KnowledgeFileError
from cards.knowledge.suite import run_suite, suite_files, unproved
from cds_service.commands.as_of import moment
from cds_service.commands.failures import reported
from cds_service.commands.knowledge_approve import approve_command
from cds_service.commands.knowledge_diff import diff_command, export_command
from cds_service.commands.knowledge_rows import (
    COLUMNS,
    FORMATS,
    SEED_COLUMNS,
    TABLE,
    claim_row,
    statement_row,
    written,
)
from cds_service.commands.overlay_option import overlay_option
from cds_service.publish.interaction_matrix import interaction_matrix
from cds_service.settings import Settings, read_settings
from cds_service.site_knowledge import site_knowledge
from cds_service.site_terminology import site_terminology


@click.group("knowledge")
def knowledge_group() -> None:
    """Check, test, list, compare and approve the treatment knowledge."""


@knowledge_group.command("check")
@overlay_option
def check_command(overlay: Path | None) -> None:
    """Read every knowledge file and the site's overlay; name file, line and field of what is wrong."""
    with reported():
        settings = read_settings()
        terminology, overlay = site_terminology(settings), overlay or settings.knowledge_overlay
        knowledge = site_knowledge(terminology, overlay, require_approval=settings.require_approval)
        suite_files(overlay)
        load_silent(terms=terminology)
        claims = read_seed(HOME).claims
        for problem in disagreements(claims, knowledge.statements.values()):
            raise KnowledgeFileError(f"seed.yaml: {problem}")
        notices, bare = knowledge.notices(_today(settings)), unproved(knowledge, overlay)
    for notice in notices:
        click.echo(f"{notice.statement}: {notice.text}")
    for name in bare:
        click.echo(f"{name}: changed by the site, without a case of its own on each side of the new value")
    for one in knowledge.statements.values():
        for number in stale_texts(one):
            click.echo(f"{one.id}: the site replaced {number}, and a text of the statement still names it")
    files = {one.file for one in knowledge.statements.values()}
    count = f"{len(knowledge.statements)} statements in {len(files)} files"
    click.echo(f"{count}, version {knowledge.version}: no problem found")


@knowledge_group.command("test")
@overlay_option
def test_command(overlay: Path | None) -> None:
    """Run every case, those of the site's overlay included; exit code 1 when one does not hold.

    Approvals do not count here: what is not approved yet has to hold too.
    """
    with reported():
        settings = read_settings()
        terminology, overlay = site_terminology(settings), overlay or settings.knowledge_overlay
        knowledge = site_knowledge(terminology, overlay).on(_today(settings))
        results = list(run_suite(knowledge, terminology, overlay))
    failing = [one for one in results if one.problems]
    for one in failing:
        click.echo(f"{one.file}: {one.name}")
        for problem in one.problems:
            click.echo(f"    {problem}")
    for why, count in Counter(one.set_aside for one in results if one.set_aside).items():
        click.echo(f"{count} set aside: {why}")
    click.echo(f"{len(knowledge.statements)} statements, {len(results)} cases, {len(failing)} failing")
    sys.exit(1 if failing else 0)


@knowledge_group.command("list")
@click.option("--kind", help="Only statements of this kind.")
@click.option("--overdue", is_flag=True, help="Only statements whose review is overdue.")
@click.option(
    "--review",
    type=click.Choice(("none", "approved", "overdue", "lapsed")),
    help="Only statements with this state of review.",
)
@overlay_option
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def list_command(
    kind: str | None, overdue: bool, review: str | None, overlay: Path | None, form: str
) -> None:
    """List the statements; the interactions in markdown are a matrix of pairs, the silent ones included."""
    with reported():
        settings = read_settings()
        day = _today(settings)
        knowledge = site_knowledge(
            None, overlay or settings.knowledge_overlay, require_approval=settings.require_approval
        ).on(day)
    statements = knowledge.statements.values()
    kinds = sorted({one.kind for one in statements})
    if kind is not None and kind not in kinds:
        raise click.BadParameter(
            f"there is no kind {kind}; known are {', '.join(kinds)}", param_hint="--kind"
        )
    if kind == "interaction" and form == "markdown":
        with reported():
            click.echo(interaction_matrix(statements, load_silent()), nl=False)
        return
    wanted = "overdue" if overdue else review
    rows: list[dict[str, Any]] = [
        statement_row(one, knowledge, day)
        for one in sorted(statements, key=lambda one: one.id)
        if kind in (None, one.kind) and wanted in (None, one.review.state_on(day))
    ]
    click.echo(written(rows, form, COLUMNS, TABLE), nl=False)


@knowledge_group.command("seed")
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def seed_command(form: str) -> None:
    """List the claims of the source document and what the product does with each."""
    with reported():
        claims = read_seed(HOME).claims
    rows = [claim_row(name, claims[name]) for name in sorted(claims)]
    click.echo(written(rows, form, SEED_COLUMNS, ("id", "verdict", "claim", "does")), nl=False)


def _today(settings: Settings) -> date:
    return moment(None, settings.zone).astimezone(settings.zone).date()


for command in (diff_command, export_command, approve_command):
    knowledge_group.add_command(command)
