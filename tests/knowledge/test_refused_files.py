"""A knowledge file that is not right stops the start, naming file, line and field."""

import pytest

from cards.knowledge.loader import load_knowledge
from cards.knowledge.strict_yaml import KnowledgeFileError

GOOD = """\
drug: {ingredient: mexiletine, release: immediate, name: Mexiletine}
sources:
  LABEL:
    title: Mexiletine US prescribing information
    section: "2"
    url: https://dailymed.nlm.nih.gov/dailymed/search.cfm?query=mexiletine
    status: recall
statements:
  - id: mexiletine-renal-dose
    kind: renal-dose
    title: Mexiletine and kidney function
    problem: dose-and-sedation
    topic: dosing
    severity: warning
    order: 10
    sources: [LABEL]
    evidence: recall
    rule:
      critical_ratio: 1.5
      near_percent: 10
      floor_mg_per_day: 200
      unreadable_below: 30
      aki: {max_mg_per_day: 200, critical_above_mg_per_day: 400}
      when_missing: {any: [condition ckd]}
      bands:
        - {crcl: crcl >= 30, max_mg_per_day: 1200}
        - {crcl: crcl < 30, max_mg_per_day: 600}
      haemodialysis: {max_mg_per_day: 600}
"""
CASES = """\
- {name: speaks, expect: {mexiletine-renal-dose: warning}}
- {name: is silent, silent: [mexiletine-renal-dose]}
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "dosing").mkdir()
    (tmp_path / "dosing/mexiletine.yaml").write_text(GOOD)
    (tmp_path / "dosing/mexiletine.cases.yaml").write_text(CASES)
    return tmp_path


def test_the_file_these_tests_spoil_is_right(home, terminology):
    assert list(load_knowledge(home, terms=terminology).statements) == ["mexiletine-renal-dose"]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "what"),
    [
        (
            "    severity: warning\n",
            "    severity: warning\n    colour: red\n",
            15,
            "statements.0.colour",
            "Unknown",
        ),
        (
            "      near_percent: 10\n",
            "      near_percent: 10\n      nearly: 2\n",
            21,
            "rule.nearly",
            "Unknown",
        ),
        ("    sources: [LABEL]\n", "", 9, "statements.0.sources", "Missing"),
        ("sources: [LABEL]", "sources: [OTHER]", 16, "statements.0.sources", "no source OTHER"),
        (
            "any: [condition ckd]",
            "any: [condition ckdd]",
            24,
            "statements.0.rule.when_missing",
            "value set ckdd",
        ),
        (
            "any: [condition ckd]",
            "any: [conditon ckd]",
            24,
            "statements.0.rule.when_missing",
            "no predicate conditon",
        ),
        ("any: [condition ckd]", "any: [condition]", 24, "statements.0.rule.when_missing", "takes set"),
        (
            "any: [condition ckd]",
            "any: [age-at-least old]",
            24,
            "statements.0.rule.when_missing",
            "not a number",
        ),
        ("ingredient: mexiletine", "ingredient: mexilentine", 1, "drug.ingredient", "mexilentine"),
        ("crcl: crcl < 30", "crcl: crcl < 29", 26, "statements.0.rule.bands", "leave a gap or overlap"),
        ("crcl: crcl < 30", "crcl: crcl <= 30", 26, "statements.0.rule.bands", "leave a gap or overlap"),
        ("crcl: crcl < 30", "crcl: 5 < crcl < 30", 26, "statements.0.rule.bands", "cover every CrCl"),
        ("critical_ratio: 1.5", "critical_ratio: much", 19, "rule.critical_ratio", "needs a number"),
        (
            "evidence: recall\n    rule",
            "evidence: sure\n    rule",
            17,
            "statements.0.evidence",
            "Must be one of",
        ),
        (
            "    order: 10\n",
            "    order: 10\n    information: nothing\n",
            16,
            "statements.0.information",
            "seed.yaml",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_field(home, terminology, old, new, line, field, what):
    assert GOOD.count(old) == 1
    (home / "dosing/mexiletine.yaml").write_text(GOOD.replace(old, new))
    with pytest.raises(KnowledgeFileError) as error:
        load_knowledge(home, terms=terminology)
    said = str(error.value)
    assert said.startswith(f"mexiletine.yaml: line {line}: "), said
    assert field in said
    assert what in said


def test_a_statement_without_a_case_in_which_it_is_silent_is_refused(home, terminology):
    (home / "dosing/mexiletine.cases.yaml").write_text(CASES.splitlines()[0] + "\n")
    with pytest.raises(KnowledgeFileError, match=r"mexiletine\.yaml: line 9: .* in which it stays silent"):
        load_knowledge(home, terms=terminology)


def test_a_file_without_cases_is_refused(home, terminology):
    (home / "dosing/mexiletine.cases.yaml").unlink()
    with pytest.raises(KnowledgeFileError, match=r"mexiletine\.cases\.yaml is missing"):
        load_knowledge(home, terms=terminology)


def test_an_id_is_used_once(home, terminology):
    for name in ("mexiletine.yaml", "mexiletine.cases.yaml"):
        (home / "dosing" / f"a-{name}").write_text((home / "dosing" / name).read_text())
    with pytest.raises(KnowledgeFileError, match="statement id mexiletine-renal-dose is used twice"):
        load_knowledge(home, terms=terminology)
