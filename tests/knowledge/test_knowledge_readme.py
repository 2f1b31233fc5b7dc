"""The README of the knowledge names every predicate and every kind of statement."""

import re

from cards.knowledge.loader import HOME
from cards.knowledge.schema_rules import RULE_SCHEMAS
from cards.rules.names import PREDICATES
from cards.rules.placeholders import PLACEHOLDERS

README = (HOME / "README.md").read_text(encoding="utf-8")


def test_every_predicate_is_explained():
    explained = set(re.findall(r"`([a-z][a-z0-9-]+)", README))
    assert set(PREDICATES) <= explained


def test_every_kind_of_statement_is_explained():
    assert set(RULE_SCHEMAS) <= set(re.findall(r"`([a-z-]+)`", README))


def test_every_placeholder_is_listed():
    assert set(PLACEHOLDERS) <= set(re.findall(r"`\{([a-z]+)\}`", README))
