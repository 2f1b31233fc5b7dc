"""Strengths in a product name: "300 MG", "250 mg/5 mL", "5-325 mg", "0.05 MG/MG", "25 mcg/hr"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from terminology.medications import Strength

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"  # written without blanks, so each character is a token
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?|\.\d+|[{_HAN}]|[^\W\d_{_HAN}]+|\S"  # "1e300" is one token, no number
)
_ASCII_TOKEN = re.compile(r"[a-z]+|[0-9]+(?:[.,][0-9]+)*(?:e[+-]?[0-9]+)?|\.[0-9]+|\S")  # the same, faster
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20, 0x2018: 0x27, 0x2019: 0x27,
}  # fmt: skip
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")

_MASS = {
    "mg": Decimal(1), "mgs": Decimal(1), "milligram": Decimal(1), "milligrams": Decimal(1),
    "g": Decimal(1000), "gm": Decimal(1000), "gram": Decimal(1000), "grams": Decimal(1000),
    "mcg": Decimal("0.001"), "ug": Decimal("0.001"), "µg": Decimal("0.001"), "μg": Decimal("0.001"),
    "microgram": Decimal("0.001"), "micrograms": Decimal("0.001"),
}  # fmt: skip
_VOLUME = {
    "ml": Decimal(1),
    "milliliter": Decimal(1),
    "millilitre": Decimal(1),
    "cc": Decimal(1),
    "l": Decimal(1000),
}
_TIME = {"h": Decimal(1), "hr": Decimal(1), "hrs": Decimal(1), "hour": Decimal(1), "hours": Decimal(1)}
_PERCENT = Decimal(10)  # 1 % is 10 mg in a gram; in a liquid, in a millilitre
_UNITS_OF_USE = frozenset({
    "actuat", "actuation", "spray", "puff", "tablet", "tab", "tabs", "tablets", "capsule", "cap", "caps",
    "capsules", "patch", "film", "lozenge", "suppository", "packet", "sachet", "each", "ea",
})  # fmt: skip
# "900 mg/day" and "900 mg daily" are doses, "5 mg/kg" is a dose by weight: none says what a tablet holds.
_NOT_A_STRENGTH = frozenset({"day", "d", "kg", "m", "dose", "min", "week"})
_NUMBER_STARTS = frozenset("0123456789.")
_PADDING = ("",) * 4  # so that an expression can look ahead beyond the last word
_ONE = Decimal(1)
_LIMITS = (Decimal("0.000001"), Decimal(1_000_000))


def tokens(text: str) -> tuple[str, ...]:
    """Words, numbers and marks of a text in lower case; "300mg" is two tokens, "天麻" too."""
    if text.isascii():
        return tuple(_ASCII_TOKEN.findall(text.lower()))
    return tuple(_TOKEN.findall(text.translate(_FULL_WIDTH).lower()))


@dataclass(frozen=True, slots=True)
class FoundStrength:
    """One strength expression at tokens[start:end]; several `values` for "5-325 mg", in their order."""

    start: int
    end: int
    values: tuple[Strength, ...]


def strengths(words: Sequence[str]) -> tuple[FoundStrength, ...]:
    """All strength expressions, left to right."""
    found: list[FoundStrength] = []
    beyond = 0
    padded = (*words, *_PADDING)
    for place, word in enumerate(words):
        if place >= beyond and word[0] in _NUMBER_STARTS:
            one = _expression(padded, place)
            if one is not None:
                found.append(one)
                beyond = one.end
    return tuple(found)


@lru_cache(maxsize=1024)
def number(word: str) -> Decimal | None:
    """A plain number; "1,000" is a thousand, "82,5" is 82.5."""
    if len(word) > 15:
        return None
    if "," in word:
        word = word.replace(",", "") if _THOUSANDS.fullmatch(word) else word.replace(",", ".")
    return Decimal(word) if _NUMBER.fullmatch(word) else None


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def _expression(words: Sequence[str], start: int) -> FoundStrength | None:
    """NUMBER [MASS] {("-" | "/") NUMBER [MASS]} (MASS [("/" | "per") [NUMBER] DENOMINATOR] | "%").

    `words` end with padding.
    """
    numbers: list[Decimal] = []
    masses: list[Decimal | None] = []
    place = start
    while True:
        value = number(words[place])
        if value is None:
            return None
        place += 1
        if words[place] == "-" and words[place + 1] in _MASS:
            place += 1  # "300-mg"
        mass = _MASS.get(words[place])
        if mass is not None:
            place += 1
        numbers.append(value)
        masses.append(mass)
        follows = words[place] in ("-", "/") and number(words[place + 1]) is not None
        if not follows or (mass is not None and words[place + 2] not in _MASS):
            break
        place += 1
    unit = masses[-1]
    if unit is None:
        if words[place] != "%":
            return None
        return _found(start, place + 1, [_strength(value, _PERCENT, _ONE, "g") for value in numbers])
    per, amount, end = _denominator(words, place)
    if per is None or amount <= 0:
        return None
    values = [
        _strength(value, mass or unit, amount, per) for value, mass in zip(numbers, masses, strict=True)
    ]
    return _found(start, end, values)


_Per = Literal["unit", "mL", "g", "h"]


@lru_cache(maxsize=2048)  # a formulary has few distinct strengths
def _strength(value: Decimal, unit: Decimal, amount: Decimal, per: _Per) -> Strength:
    return Strength(plain(value * unit / amount), per)


def _found(start: int, end: int, values: Sequence[Strength]) -> FoundStrength | None:
    for value in values:
        if not _LIMITS[0] <= value.mg <= _LIMITS[1]:
            return None
    return FoundStrength(start, end, tuple(values))


def _denominator(words: Sequence[str], place: int) -> tuple[_Per | None, Decimal, int]:
    """What the mass is in, how much of it (one where no number stands), and where the expression ends."""
    mark = words[place]
    if mark == "daily":
        return None, _ONE, place
    if mark not in ("/", "per") and not (mark == "in" and words[place + 2] in _VOLUME):  # "250 mg in 5 mL"
        return "unit", _ONE, place
    amount = number(words[place + 1])
    at = place + 1 if amount is None else place + 2
    named, count = words[at], _ONE if amount is None else amount
    if named in _VOLUME:
        return "mL", count * _VOLUME[named], at + 1
    if named in _TIME:
        return "h", count * _TIME[named], at + 1
    if named in _MASS:
        return "g", count * _MASS[named] / 1000, at + 1
    if named in _UNITS_OF_USE:
        return "unit", count, at + 1
    if named in _NOT_A_STRENGTH:
        return None, count, at + 1
    return "unit", _ONE, place
