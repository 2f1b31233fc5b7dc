"""Card text with named placeholders, and how numbers are written in it."""

from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from cards.card import MAX_SUMMARY
from cards.knowledge.strict_yaml import read

_TEXTS: dict[str, str] = read(Path(__file__).with_name("en.yaml"))


def say(key: str, **values: object) -> str:
    """The text called `key` with its placeholders filled."""
    return _TEXTS[key].format(**values)


def summary(text: str) -> str:
    """`text` as one line of at most 139 characters, cut at a word with an ellipsis where it must be."""
    line = " ".join(text.split())
    if len(line) <= MAX_SUMMARY:
        return line
    return line[: MAX_SUMMARY - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def amount(value: Decimal) -> str:
    """A dose without needless zeros: 82.5, 700, 0.25; at most two decimals. Only text is rounded."""
    rounded = value.quantize(Decimal("0.01"), ROUND_HALF_EVEN).normalize()
    return f"{rounded:f}"


def whole(value: Decimal) -> str:
    """A clearance without decimals."""
    return f"{value.quantize(Decimal(1), ROUND_HALF_EVEN):f}"


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


def gestation(days: int | None) -> str:
    """Gestational age in weeks and days: "22w0d"."""
    return "not known" if days is None else f"{days // 7}w{days % 7}d"


def escape(text: str) -> str:
    """A name from the message, safe inside GitHub-flavoured Markdown and without raw HTML."""
    return " ".join(text.translate(_MARKDOWN).split())


def times(count: Decimal | int) -> str:
    """How often a day, in words for the usual counts."""
    words = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times"}
    return (
        words.get(int(count), f"{amount(Decimal(count))} times")
        if count == int(count)
        else amount(Decimal(count)) + " times"
    )
