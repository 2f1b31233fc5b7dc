"""`cds-service knowledge seed` lists every claim of the source document and what the product does with it."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from cards.knowledge.loader import HOME
from cards.knowledge.seed import read_seed
from cds_service.commands import knowledge as commands

CLAIMS = read_seed(HOME).claims


def seed(form, code=0):
    result = CliRunner().invoke(commands.knowledge_group, ["seed", "--format", form])
    assert result.exit_code == code, result.output
    return result.output


def test_json_and_csv_hold_each_claim_with_its_verdict_and_destination():
    rows = json.loads(seed("json"))
    assert [row["id"] for row in rows] == sorted(CLAIMS)
    assert rows == list(csv.DictReader(io.StringIO(seed("csv"))))
    for row in rows:
        claim = CLAIMS[row["id"]]
        assert row["verdict"] == claim.verdict
        assert all(name in row["does"] for name in claim.statements)
        assert claim.information in row["does"]
        assert claim.not_surfaced in row["does"]
        assert row["does"]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_the_readable_forms_have_one_line_for_each_claim(form):
    lines = seed(form).splitlines()
    assert [sum(name in line.split() for line in lines) for name in CLAIMS] == [1] * len(CLAIMS)


def test_check_refuses_a_claim_and_a_statement_that_disagree(monkeypatch):
    spoilt = dict(CLAIMS)
    del spoilt["SC028"]
    monkeypatch.setattr(commands, "read_seed", lambda _: type("Seed", (), {"claims": spoilt}))
    result = CliRunner().invoke(commands.knowledge_group, ["check"])
    assert result.exit_code == 2
    assert "seed.yaml: statement" in result.output
    assert "no claim SC028" in result.output
