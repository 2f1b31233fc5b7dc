"""Card text with named placeholders, and how numbers are written in it."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from pathlib import Path

from cards.card import MAX_SUMMARY
from cards.knowledge.strict_yaml import read

_SHORTEST_NAME = 20
_TEXTS: dict[str, str] = read(Path(__file__).with_name("en.yaml"))
_NAMES: dict[str, str] = read(Path(__file__).with_name("names.yaml"))


def service(classes: frozenset[str]) -> str:
    """A service that only a code names, by a set it belongs to."""
    return next((_NAMES[one] for one in sorted(classes) if one in _NAMES), "this order")


class Name(str):
    """The name of a drug as it begins a sentence; `inside` is the same name within one."""

    __slots__ = ("inside",)
    inside: str

    def __new__(cls, start: str, inside: str) -> "Name":
        """`start` is what it is as a text."""
        name = super().__new__(cls, start)
        name.inside = inside
        return name


def say(key: str, **values: object) -> str:
    """The text called `key` with its placeholders filled."""
    return fill(_TEXTS[key], values)


def fill(text: str, values: Mapping[str, object]) -> str:
    """`text` with its placeholders filled; a Name begins with a capital only where the text begins with it."""
    return text.format_map({key: placed(text, key, value) for key, value in values.items()})


def placed(text: str, key: str, value: object) -> object:
    """The value of a placeholder as it stands in that text."""
    return value.inside if isinstance(value, Name) and not text.startswith(f"{{{key}}}") else value


def drug(ingredient: str) -> str:
    """An ingredient as a sentence calls it."""
    return _NAMES.get(ingredient, ingredient)


def summary(text: str) -> str:
    """`text` as one line of at most 139 characters, cut at a word with an ellipsis where it must be."""
    line = " ".join(text.split())
    if len(line) <= MAX_SUMMARY:
        return line
    return line[: MAX_SUMMARY - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def with_name(text: str, name: str) -> str:
    """`text` as one line; where it is too long, the name in it is shortened first, so that the advice stays whole."""
    line = " ".join(text.split())
    room = len(name) - (len(line) - MAX_SUMMARY)
    if len(line) <= MAX_SUMMARY or name not in line or room < _SHORTEST_NAME:
        return summary(line)
    cut = name[: room - 1].rsplit(" ", 1)[0].rstrip(",;:(")
    return line.replace(name, f"{cut}…", 1)


_HUNDREDTH = Decimal("0.01")


@lru_cache(maxsize=8192)
def amount(value: Decimal) -> str:
    """A dose without needless zeros: 82.5, 700, 0.25; at most two decimals. Only text is rounded."""
    rounded = value.quantize(_HUNDREDTH, ROUND_HALF_EVEN).normalize()
    return f"{rounded:f}"


def whole(value: Decimal) -> str:
    """A clearance without decimals."""
    return f"{value.quantize(Decimal(1), ROUND_HALF_EVEN):f}"


_SPECIAL = re.compile(r"[<>&|`*_\[\]]")
_MARKDOWN = str.maketrans(
    {
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
        "|": "\\|",
        "`": "'",
        "*": "\\*",
        "_": "\\_",
        "[": "\\[",
        "]": "\\]",
    }
)


def gestation(least: int | None, most: int | None, trimester: int | None) -> str:
    """Gestational age in weeks and days: "22w0d", "19w0d-19w6d"; else the trimester; else "week not known".

    `least` and `most` are its bounds in days, `most` None without an upper one.
    """
    if least is None:
        return f"trimester {trimester}" if trimester else "week not known"
    first = f"{least // 7}w{least % 7}d"
    if most is None:
        return f"{first} or more"
    last = f"{most // 7}w{most % 7}d"
    if least == most:
        return first
    return f"{first}-{last}" if least > 0 else f"up to {last}"


def escape(text: str) -> str:
    """A name from the message, safe inside GitHub-flavoured Markdown and without raw HTML."""
    return " ".join((text.translate(_MARKDOWN) if _SPECIAL.search(text) else text).split())


_TIMES: dict[Decimal | int, str] = dict(
    enumerate(("once", "twice", "three times", "four times", "five times", "six times"), start=1)
)


def times(count: Decimal | int) -> str:
    """How often a day, in words for the usual counts."""
    return _TIMES.get(count) or f"{amount(Decimal(count))} times"
