"""Strengths in a product name: "300 MG", "250 mg/5 mL", "5-325 mg", "0.05 MG/MG", "25 mcg/hr"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from terminology.medications import Strength

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"  # written without blanks, so each character is a token
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?|\.\d+|[{_HAN}]|[^\W\d_{_HAN}]+|\S"  # "1e300" is one token, no number
)
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
_LIMITS = (Decimal("0.000001"), Decimal(1_000_000))


def tokens(text: str) -> tuple[str, ...]:
    """Words, numbers and marks of a text in lower case; "300mg" is two tokens, "天麻" too."""
    if not text.isascii():
        text = text.translate(_FULL_WIDTH)
    return tuple(_TOKEN.findall(text.lower()))


@dataclass(frozen=True, slots=True)
class FoundStrength:
    """One strength expression at tokens[start:end]; several `values` for "5-325 mg", in their order."""

    start: int
    end: int
    values: tuple[Strength, ...]


def strengths(words: Sequence[str]) -> tuple[FoundStrength, ...]:
    """All strength expressions, left to right."""
    found: list[FoundStrength] = []
    place = 0
    while place < len(words):
        if words[place][0] not in _NUMBER_STARTS:
            place += 1
            continue
        one = _expression(words, place)
        if one is not None:
            found.append(one)
        place = one.end if one is not None else place + 1
    return tuple(found)


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


def _at(words: Sequence[str], place: int) -> str:
    return words[place] if place < len(words) else ""


def _expression(words: Sequence[str], start: int) -> FoundStrength | None:
    """NUMBER [MASS] {("-" | "/") NUMBER [MASS]} (MASS [("/" | "per") [NUMBER] DENOMINATOR] | "%")."""
    numbers: list[Decimal] = []
    masses: list[Decimal | None] = []
    place = start
    while True:
        value = number(_at(words, place))
        if value is None:
            return None
        place += 1
        if _at(words, place) == "-" and _at(words, place + 1) in _MASS:
            place += 1  # "300-mg"
        mass = _MASS.get(_at(words, place))
        if mass is not None:
            place += 1
        numbers.append(value)
        masses.append(mass)
        follows = _at(words, place) in ("-", "/") and number(_at(words, place + 1)) is not None
        after = _at(words, place + 2)
        if not follows or (mass is not None and after not in _MASS):
            break
        place += 1
    if masses[-1] is None:
        if _at(words, place) != "%":
            return None
        return _found(start, place + 1, tuple(Strength(plain(value * _PERCENT), "g") for value in numbers))
    per, amount, end = _denominator(words, place)
    if per is None or amount <= 0:
        return None
    unit = masses[-1]
    values = tuple(
        Strength(plain(value * (mass or unit) / amount), per)
        for value, mass in zip(numbers, masses, strict=True)
    )
    return _found(start, end, values)


def _found(start: int, end: int, values: tuple[Strength, ...]) -> FoundStrength | None:
    plausible = all(_LIMITS[0] <= value.mg <= _LIMITS[1] for value in values)
    return FoundStrength(start, end, values) if plausible else None


_Per = Literal["unit", "mL", "g", "h"]


def _denominator(words: Sequence[str], place: int) -> tuple[_Per | None, Decimal, int]:
    """What the mass is in, how much of it (one where no number stands), and where the expression ends."""
    if _at(words, place) == "daily":
        return None, Decimal(1), place
    if _at(words, place) not in ("/", "per"):
        return "unit", Decimal(1), place
    amount = number(_at(words, place + 1))
    at = place + 1 if amount is None else place + 2
    named, count = _at(words, at), Decimal(1) if amount is None else amount
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
    return "unit", Decimal(1), place
