"""Texts of a statement that still name a number which the site has changed: a card would contradict itself."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from cards.knowledge.conditions import Condition
from cards.knowledge.path_words import is_text
from cards.knowledge.rule_types import Regimen
from cards.knowledge.statements import Statement

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def stale_texts(statement: Statement) -> tuple[str, ...]:
    """The shipped numbers that the site replaced and that a title, reason, note or line of advice still names."""
    replaced = {
        one.shipped for one in statement.changed if not is_text(one.path) and _NUMBER.fullmatch(one.shipped)
    }
    named = {
        number for text in (statement.title, *_texts(statement.rule)) for number in _NUMBER.findall(text)
    }
    return tuple(sorted(replaced & named))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value) and not isinstance(value, Condition | Regimen):
        for one in fields(value):
            if one.name != "label":  # the range of a band, which is what was shipped
                yield from _texts(getattr(value, one.name))
