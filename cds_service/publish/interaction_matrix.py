"""The interactions as one page: every pair with its tiers, evidence and source, and the pairs kept silent."""

from collections.abc import Iterable

from cards.knowledge.rule_types import Pair
from cards.knowledge.silent import SilentPair
from cards.knowledge.statements import Reference, Statement

_PAIRS = ("drug", "with", "tier", "evidence", "source", "statement")
_SILENT = ("drug", "with", "why nothing is said", "evidence", "source", "pair")


def interaction_matrix(statements: Iterable[Statement], silent: Iterable[SilentPair]) -> str:
    """Markdown: a table of the pairs that lead to a card, by drug, and one of those that do not."""
    pairs = [(one, one.rule) for one in statements if isinstance(one.rule, Pair)]
    spoken = sorted(_spoken(one, rule) for one, rule in pairs)
    kept = sorted(
        (", ".join(one.drugs), ", ".join(one.others), one.why, one.evidence, _cited(one.source), one.id)
        for one in silent
    )
    return (
        "# Interactions\n\n"
        "No clinician has approved these statements. `recall`: not yet checked against the source.\n\n"
        f"{_table(_PAIRS, spoken)}\n"
        "## Explicitly silent\n\n"
        f"{_table(_SILENT, kept)}"
    )


def _spoken(statement: Statement, rule: Pair) -> tuple[str, ...]:
    partner = ", ".join(rule.partner)
    if rule.third:
        partner += " and " + ", ".join(rule.third)
    sources = "; ".join(map(_cited, statement.sources))
    drugs = ", ".join(rule.subject)
    return (drugs, partner, _tiers(statement, rule), statement.evidence, sources, statement.id)


def _tiers(statement: Statement, rule: Pair) -> str:
    steps = [f"{step.to.name}: {step.because}" for step in (*statement.escalations, *statement.caps)]
    needed = f" {'and' if rule.when.mode == 'all' else 'or'} ".join(map(str, rule.when.predicates))
    quiet = ", ".join(map(str, rule.unless.predicates))
    narrowed = [f"only where: {needed}"] if needed else []
    silenced = [f"silent: {quiet}"] if quiet else []
    return "; ".join((statement.severity.name, *steps, *narrowed, *silenced))


def _cited(reference: Reference) -> str:
    return f"[{reference.title}]({reference.url}), {reference.section}"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *(tuple(_cell(cell) for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
