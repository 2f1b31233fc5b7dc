"""The matrix page of the interactions."""

from click.testing import CliRunner

from cards.knowledge.rule_types import Pair
from cards.knowledge.silent import load_silent
from cds_service.cli import main
from cds_service.publish.interaction_matrix import interaction_matrix


def test_every_pair_stands_in_the_matrix_with_tier_evidence_and_source(knowledge):
    lines = interaction_matrix(knowledge.statements.values(), ()).splitlines()
    for statement in knowledge.statements.values():
        if not isinstance(statement.rule, Pair):
            continue
        (row,) = [line for line in lines if line.endswith(f"| {statement.id} |")]
        cells = row.strip("|").split(" | ")
        assert cells[2].startswith(statement.severity.name)
        assert statement.evidence in cells[3]
        assert statement.sources[0].url in cells[4]
        assert all(name in cells[0] for name in statement.rule.subject)
        assert all(name in cells[1] for name in (*statement.rule.partner, *statement.rule.third))


def test_the_silent_pairs_stand_in_a_table_of_their_own(knowledge):
    page = interaction_matrix(knowledge.statements.values(), load_silent())
    spoken, kept = page.split("## Explicitly silent")
    for pair in load_silent():
        assert f"| {pair.id} |" in kept
        assert f"| {pair.id} |" not in spoken
        assert pair.source.url in kept


def test_every_line_of_the_tables_has_six_cells(knowledge):
    page = interaction_matrix(knowledge.statements.values(), load_silent())
    assert {line.replace("\\|", "").count("|") for line in page.splitlines() if line.startswith("|")} == {7}


def test_the_command_line_prints_the_matrix():
    result = CliRunner().invoke(main, ["knowledge", "list", "--kind", "interaction", "--format", "markdown"])
    assert result.exit_code == 0
    assert result.output.startswith("# Interactions\n")
    assert "| nsaid-with-vka |" in result.output
    assert "| gabapentinoid-vka |" in result.output
