"""The tokens of a sig.

Whatever is not in the table makes the whole sig "not computable": nothing is skipped by guess. Reading is
linear: one pass over the characters, then one over the words, with phrases of a few words.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cards.facts.sig_table import longest_phrases, phrases
from terminology.timing import timing_text
from terminology.units import read_unit

MAX_TEXT = 1_000

# One alternative per character class and no nested repetition, so that matching is linear.
_TOKEN = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])"
    r"|\d+,\d+"
    r"|\d+(?:\.\d+)?"
    r"|(?:(?<=\s)|(?<=^)|(?<=\())\.\d+"
    r"|[a-z](?:\.[a-z])+(?![a-z])"
    r"|[a-z]+(?:'[a-z]+)?"
    r"|\S"
)
_DECIMAL_COMMA = re.compile(r"\d+,(?!\d{3}$)\d+")  # one and a half, or a list of two numbers: not told
_FRACTIONS = {"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3", "×": " x "}
_SYMBOLS = {
    ",": "comma", ";": "comma", ".": "stop", "-": "dash", "–": "dash", "—": "dash", "/": "slash", "(": "open-bracket",
    ")": "close-bracket", "[": "open-bracket", "]": "close-bracket", "+": "and", "&": "and", ":": "colon",
    "%": "percent", "@": "at", "*": "fill", '"': "fill", "=": "fill",
}  # fmt: skip

_ORDINALS = frozenset({"st", "nd", "rd", "th"})  # "1st" is no one piece


@dataclass(frozen=True, slots=True)
class Token:
    """A word, phrase, number or symbol: its kind in the table, its value, and the number of its word."""

    kind: str
    value: Any = None
    word: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The first word that is not in the table."""

    word: int
    text: str


def tokens(sig: str, drug_words: frozenset[str] = frozenset()) -> tuple[Token, ...] | Unknown:
    """The tokens of a sig of at most 1,000 characters; `drug_words` name the ordered drug itself."""
    plain = sig
    for symbol, written in _FRACTIONS.items():
        plain = plain.replace(symbol, written)
    plain = unicodedata.normalize("NFC", plain).lower().replace("\\n", " . ").replace("\n", " . ")
    words = [word.replace(".", "") if word[0].isalpha() else word for word in _TOKEN.findall(plain)]
    table, found, at = phrases(), list[Token](), 0
    longest = longest_phrases()
    while at < len(words):
        for length in range(min(longest.get(words[at], 0), len(words) - at), 0, -1):
            entry = table.get(" ".join(words[at : at + length]))
            if entry is not None and not (entry[0] == "max" and _ends_frequency(words[at], found)):
                found.append(Token(entry[0], entry[1], at + 1, words[at]))
                at += length
                break
        else:
            token = _other(words[at], at + 1, drug_words)
            if token is None:
                return Unknown(at + 1, words[at])
            found.append(token)
            at += 1
    return tuple(found)


def _ends_frequency(word: str, found: list[Token]) -> bool:
    """Whether "daily" belongs to what stands before it: "3 times daily max 5 caps a day" is no "daily max"."""
    return word == "daily" and bool(found) and found[-1].kind in ("count", "times", "x", "unit")


_DOSE_KINDS = frozenset(
    {"number", "unit", "frequency", "count", "adverb", "a-time", "part", "event", "then", "max"}
)


def mentions_dose(sig: str) -> bool:
    """Whether a text that cannot be read as a whole has any word of a dose or a timing in it."""
    table = phrases()
    for word in _TOKEN.findall(sig.lower()):
        entry = table.get(word) or table.get(word.replace(".", ""))
        token = Token(*entry) if entry is not None else _other(word, 0, frozenset())
        if token is not None and token.kind in _DOSE_KINDS:
            return True
    return False


def _other(word: str, at: int, drug_words: frozenset[str]) -> Token | None:
    if word[0].isdigit() or (word[0] == "." and len(word) > 1):
        if not word.isascii() or len(word) > 20 or _DECIMAL_COMMA.fullmatch(word):
            return None
        return Token("number", Decimal(word.replace(",", "")), at, word)
    if word in _SYMBOLS:
        return Token(_SYMBOLS[word], None, at, word)
    unit = read_unit(word) if word not in _ORDINALS else None
    if unit is not None and unit.kind in ("mass", "volume", "use", "activity", "other"):
        return Token("unit", unit, at, word)
    if word in drug_words:
        return Token("drug", None, at, word)
    timing = timing_text(word)
    if timing is None:
        return None
    if timing.once:
        return Token("once-only", None, at, word)
    return Token("frequency", Fraction(timing.per_day).limit_denominator(400), at, word)
