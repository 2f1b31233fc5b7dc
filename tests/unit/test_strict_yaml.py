from decimal import Decimal

import pytest

from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read


def test_words_that_stock_yaml_turns_into_other_values_stay_words(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: no\nb: 12:30\nc: 012\nd: 1e3\ne: 2026-01-01\nf: on\n")
    assert read(path) == {"a": "no", "b": "12:30", "c": "012", "d": "1e3", "e": "2026-01-01", "f": "on"}


def test_numbers_are_exact(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 82.50\nb: 3\nc: true\nd: null\n")
    document = read(path)
    assert document == {"a": Decimal("82.50"), "b": 3, "c": True, "d": None}
    assert str(document["a"]) == "82.50"


def test_a_key_given_twice_is_refused_with_file_and_line(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("a:\n  x: 1\n  x: 2\n")
    with pytest.raises(KnowledgeFileError, match=r"twice\.yaml: line 3: key 'x' twice"):
        read(path)


def test_broken_yaml_names_file_and_line(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("a: 1\nb: [1, 2\n")
    with pytest.raises(KnowledgeFileError, match=r"broken\.yaml: line \d+"):
        read(path)


def test_line_of_finds_the_deepest_node_on_the_path(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("statements:\n  - id: a\n  - id: b\n    rule:\n      max: 3\n")
    assert line_of(path, ["statements", 1, "rule", "max"]) == 5
    assert line_of(path, ["statements", 1, "nothing"]) == 3
