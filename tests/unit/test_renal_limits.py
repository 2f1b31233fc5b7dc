from decimal import Decimal

import pytest

from cards.facts.renal_limits import PATH, load_renal_limits
from cards.knowledge.strict_yaml import KnowledgeFileError, read


@pytest.fixture
def changed(tmp_path):
    """Loads the shipped file with one piece of text replaced."""

    def load(old: str, new: str):
        shipped = PATH.read_text(encoding="utf-8")
        assert old in shipped
        path = tmp_path / "renal.yaml"
        path.write_text(shipped.replace(old, new, 1), encoding="utf-8")
        return load_renal_limits(path)

    return load


def test_each_limit_names_a_source_and_how_it_is_known():
    document = read(PATH)
    assert len(document["limits"]) > 40
    for name, entry in document["limits"].items():
        source = document["sources"][entry["source"]]
        assert source["title"], name
        assert entry["evidence"] == "design" or source["url"].startswith("https://"), name


def test_a_changed_value_is_taken_over(changed):
    assert changed(
        "creatinine_low_mg_dl: {value: 0.2", "creatinine_low_mg_dl: {value: 0.15"
    ).creatinine_low_mg_dl == Decimal("0.15")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  adult_years: {value: 18,", "  grown_up_years: {value: 18,", "grown_up_years: no such limit"),
        ("adult_years: {value: 18, unit: a", "adult_years: {value: 18, unit: mo", "the unit must be a"),
        ("adult_years: {value: 18", "adult_years: {value: 18.5", "wrong type"),
        ("adult_years: {value: 18", "adult_years: {value: 0", "not above 0"),
        (
            "adult_years: {value: 18, unit: a, source: CKD-EPI-2021",
            "adult_years: {value: 18, unit: a, source: X",
            "no source called X",
        ),
        (
            "source: CKD-EPI-2021, evidence: seen",
            "source: SERVICE, evidence: seen",
            "needs a source with a url",
        ),
        ("evidence: seen", "evidence: sure", "evidence must be one of"),
        ("[[15, 90], [30, 120]", "[[30, 120], [15, 90]", "wrong type"),
        ("[cachexia]", "cachexia", "wrong type"),
        (
            "  adult_years: {value: 18, unit: a, source: CKD-EPI-2021, evidence: seen}\n",
            "",
            "adult_years is missing",
        ),
        (", evidence: seen}", "}", "needs value, unit, source and evidence"),
    ],
)
def test_a_wrong_file_stops_the_start_and_names_what_is_wrong(changed, old, new, message):
    with pytest.raises(KnowledgeFileError, match=message) as caught:
        changed(old, new)
    assert "renal.yaml line " in str(caught.value)


def test_a_file_without_limits_is_refused(tmp_path):
    path = tmp_path / "renal.yaml"
    path.write_text("sources: {}\n", encoding="utf-8")
    with pytest.raises(KnowledgeFileError, match="limits is missing"):
        load_renal_limits(path)
