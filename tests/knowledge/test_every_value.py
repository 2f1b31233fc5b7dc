"""Every number of every shipped statement can be set by a site, and the difference is said of that value alone."""

from decimal import Decimal

import pytest

from cards.knowledge.compare import differences
from cards.knowledge.loader import HOME, knowledge_files
from cards.knowledge.path_words import path_words
from cards.knowledge.snapshot import Snapshot
from cards.knowledge.strict_yaml import read
from cards.knowledge.values import entry_words, value_at, with_values

STATEMENTS = {one["id"]: one for path in knowledge_files() for one in read(path)["statements"]}


def numbers(node, path):
    """(path, value) of every number below a node."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from numbers(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        names = [entry_words(one) if isinstance(one, dict) else "" for one in node]
        for place, value in enumerate(node):
            named = names[place] if names[place] and names.count(names[place]) == 1 else str(place)
            yield from numbers(value, f"{path}[{named}]")
    elif isinstance(node, int | Decimal) and not isinstance(node, bool):
        yield path, node


def snapshot_of(statement):
    return Snapshot(name="", statements={statement["id"]: statement})


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_every_number_can_be_set_and_makes_one_difference(name):
    statement = STATEMENTS[name]
    for root in ("rule", "escalations", "caps"):
        for path, value in numbers(statement.get(root, {}), root):
            assert value_at(statement, path) == value
            changed = with_values(statement, {path: value + 1})
            assert value_at(statement, path) == value
            (found,) = differences(snapshot_of(statement), snapshot_of(changed))
            assert (found.path, found.kind) == (path, "value")
            assert found.words.startswith(path_words(path)[0])


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_every_severity_can_be_set(name):
    statement = STATEMENTS[name]
    other = "info" if statement["severity"] != "info" else "warning"
    (found,) = differences(snapshot_of(statement), snapshot_of(with_values(statement, {"severity": other})))
    assert (found.kind, found.old, found.new) == ("severity", statement["severity"], other)


def test_there_are_files_to_look_at():
    assert len(STATEMENTS) > 300
    assert HOME.name == "knowledge"
