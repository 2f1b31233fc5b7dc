"""Numbers, lengths of time, frequencies and quantities in the tokens of a sig.

Each function takes the tokens and a position, and returns what it found with the position after it, or
None. None of them looks further than a few tokens ahead.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cards.facts.sig_words import Token
from terminology.units import Unit, read_unit

_DAY_H = Fraction(24)
_DENOMINATORS = frozenset({2, 3, 4, 8})
_SCHEME_LONGEST = 4
_SCHEME_MOST = 2_000  # "300-0-300 mg"; a year is no dose
_JOINS = frozenset({"dash", "or"})
END = Token("end")


@dataclass(frozen=True, slots=True)
class SigQuantity:
    """An amount as written; `unit` None is a bare count ("take 2").

    `period_h`: a total for so many hours ("900 mg/day"), 0 where it says "per dose"; `of_unit`: what one
    tablet contains ("300 mg capsule"); `bracketed`: said again in brackets.
    """

    low: Decimal
    high: Decimal
    unit: Unit | None
    period_h: Fraction | None = None
    of_unit: bool = False
    bracketed: bool = False


def kind(toks: tuple[Token, ...], at: int) -> str:
    """The kind of the token at a position, "end" past the last."""
    return toks[at].kind if 0 <= at < len(toks) else "end"


def number_at(toks: tuple[Token, ...], at: int) -> tuple[Decimal, int] | None:
    """A number, a fraction, a mixed number ("1 1/2", "1-1/2", "1 and a half"), or one said twice: "one (1)"."""
    if kind(toks, at) != "number":
        return None
    value, after = Decimal(toks[at].value), at + 1
    part = _fraction_at(toks, at)
    if part is not None:
        value, after = part
    else:
        mixed = _fraction_at(toks, after + (kind(toks, after) in ("dash", "and")))
        if mixed is not None and mixed[0] < 1 and value == value.to_integral_value():
            value, after = value + mixed[0], mixed[1]
        elif kind(toks, after) == "and" and _is_half(toks, after + 1):
            value, after = value + Decimal("0.5"), after + 2 + (kind(toks, after + 1) == "a")
        elif toks[at].text == "half" and kind(toks, after) == "a":
            after += 1
    if [kind(toks, after), kind(toks, after + 2)] == ["open-bracket", "close-bracket"]:
        again = toks[after + 1]
        if again.kind == "number" and again.value == value:
            after += 3
    return value, after


def _is_half(toks: tuple[Token, ...], at: int) -> bool:
    at += kind(toks, at) == "a"
    return kind(toks, at) == "number" and toks[at].text == "half"


def _fraction_at(toks: tuple[Token, ...], at: int) -> tuple[Decimal, int] | None:
    if [kind(toks, at), kind(toks, at + 1), kind(toks, at + 2)] != ["number", "slash", "number"]:
        return None
    top, bottom = toks[at].value, toks[at + 2].value
    if bottom not in _DENOMINATORS or top != top.to_integral_value() or not 0 < top <= 8:
        return None
    return Decimal(top) / Decimal(bottom), at + 3


def range_at(toks: tuple[Token, ...], at: int) -> tuple[Decimal, Decimal, int] | None:
    """A number or a range of two ("1-2", "1 to 2", "1 or 2"), low and high."""
    first = number_at(toks, at)
    if first is None:
        return None
    low, after = first
    if kind(toks, after) in _JOINS:
        second = number_at(toks, after + 1)
        if second is not None and second[0] > low:
            return low, second[0], second[1]
    return low, low, after


def scheme_at(toks: tuple[Token, ...], at: int) -> tuple[list[Decimal], int] | None:
    """A German dosing scheme, "1-0-1" or "1-0-1-0": morning, noon, evening, bedtime."""
    doses: list[Decimal] = []
    while kind(toks, at) == "number" and toks[at].value <= _SCHEME_MOST and len(doses) < _SCHEME_LONGEST:
        doses.append(toks[at].value)
        at += 1
        if kind(toks, at) != "dash" or kind(toks, at + 1) != "number":
            break
        at += 1
    if len(doses) < _SCHEME_LONGEST - 1 or not any(doses) or kind(toks, at) == "number":
        return None
    return doses, at


def period_at(toks: tuple[Token, ...], at: int) -> tuple[Fraction, Fraction, int] | None:
    """A length of time in hours, shortest and longest: "day", "8 hours", "6 to 8 hours"."""
    read = range_at(toks, at)
    low, high, after = read if read is not None else (Decimal(1), Decimal(1), at)
    while read is not None and kind(toks, after) in ("stop", "dash"):
        after += 1
    if kind(toks, after) != "time" or low <= 0:
        return None
    return Fraction(low) * toks[after].value, Fraction(high) * toks[after].value, after + 1


def frequency_at(toks: tuple[Token, ...], at: int) -> tuple[Fraction, Fraction, int] | None:
    """Administrations a day, lowest and highest: "tid", "bid-tid", "3 times a day", "every 4 to 6 hours"."""
    first = _one_frequency(toks, at)
    if first is None:
        return None
    low, high, after = first
    if kind(toks, after) in _JOINS:
        second = _one_frequency(toks, after + 1)
        if second is not None:
            return min(low, second[0]), max(high, second[1]), second[2]
    return low, high, after


def _one_frequency(toks: tuple[Token, ...], at: int) -> tuple[Fraction, Fraction, int] | None:
    here = kind(toks, at)
    if here == "frequency":
        return toks[at].value, toks[at].value, at + 1
    if here in ("adverb", "a-time"):
        rate = _DAY_H / toks[at].value
        return rate, rate, at + 1
    if here == "every":
        start = at + 1 + (kind(toks, at + 1) == "stop")
        period = period_at(toks, start)
        return None if period is None else (_DAY_H / period[1], _DAY_H / period[0], period[2])
    if here == "count":
        low = high = toks[at].value
        after = at + 1
        if kind(toks, after) in _JOINS and kind(toks, after + 1) == "count":
            high, after = toks[after + 1].value, after + 2
        return _times_per(toks, after, low, high)
    read = range_at(toks, at)
    if read is None:
        return None
    low, high, after = Fraction(read[0]), Fraction(read[1]), read[2]
    if kind(toks, after) in ("times", "x") and low > 0:
        return _times_per(toks, after + 1, low, high)
    after += kind(toks, after) == "dash"
    if kind(toks, after) == "adverb" and toks[after].value == 1 and low > 0:  # "6 hourly", "6-hourly"
        return _DAY_H / high, _DAY_H / low, after + 1
    return None


def _times_per(
    toks: tuple[Token, ...], at: int, low: Fraction, high: Fraction
) -> tuple[Fraction, Fraction, int] | None:
    """What follows "3 times": a day, per week, every 4 weeks, /day, in 24 hours."""
    if kind(toks, at) in ("adverb", "a-time"):
        hours, after = toks[at].value, at + 1
    else:
        joined = kind(toks, at) in ("every", "per", "slash", "a")
        period = period_at(toks, at + 1) if joined else None
        if period is None and kind(toks, at) == "time":  # "3 x day"
            period = period_at(toks, at)
        if period is None or period[0] != period[1]:
            return None
        hours, after = period[0], period[2]
    if high < low:
        low, high = high, low
    return low * _DAY_H / hours, high * _DAY_H / hours, after


def quantity_at(toks: tuple[Token, ...], at: int) -> tuple[SigQuantity, int] | None:
    """An amount: "2 tablets", "1-2", "300 mg", "300 to 600 mg", "5 mg/kg/day", "900 mg/day", "a capsule"."""
    if kind(toks, at) == "a" and kind(toks, at + 1) == "unit" and toks[at + 1].value.kind == "use":
        return SigQuantity(Decimal(1), Decimal(1), toks[at + 1].value), at + 2
    read = range_at(toks, at)
    if read is None:
        return None
    low, high, after = read
    ahead = after
    while ahead < after + 2 and kind(toks, ahead) in ("fill", "drug", "of", "a"):
        ahead += 1
    if kind(toks, ahead) != "unit" or (ahead > after and toks[ahead].value.kind != "use"):
        return SigQuantity(low, high, None), after
    unit, after = toks[ahead].value, ahead + 1
    if low == high and kind(toks, after) in _JOINS:
        upper = range_at(toks, after + 1)  # "300 mg to 600 mg"
        if (
            upper is not None
            and kind(toks, upper[2]) == "unit"
            and toks[upper[2]].value == unit
            and upper[0] > low
        ):
            high, after = upper[1], upper[2] + 1
    unit, after = _per_kg(toks, unit, after)
    if kind(toks, after) == "unit" and unit.kind == "mass" and toks[after].value.kind == "use":
        return SigQuantity(low, high, unit, of_unit=True), after + 1
    period = None
    if kind(toks, after) in ("slash", "per") and kind(toks, after + 1) == "dose":
        period, after = Fraction(0), after + 2  # "400 mg/dose"
    elif kind(toks, after) == "a-time":
        period, after = toks[after].value, after + 1
    elif kind(toks, after) in ("slash", "per"):
        over = period_at(toks, after + 1)
        if over is not None and over[0] == over[1]:
            period, after = over[0], over[2]
    return SigQuantity(low, high, unit, period), after


def _per_kg(toks: tuple[Token, ...], unit: Unit, after: int) -> tuple[Unit, int]:
    """ "mg / kg" and "mg / kg / day" as one unit."""
    slashed = kind(toks, after) in ("slash", "per") and kind(toks, after + 1) == "unit"
    if unit.kind != "mass" or not slashed or toks[after + 1].value.name != "kg":
        return unit, after
    after += 2
    daily = (
        kind(toks, after) == "slash" and kind(toks, after + 1) == "time" and toks[after + 1].value == _DAY_H
    )
    if daily or (kind(toks, after) == "a-time" and toks[after].value == _DAY_H):
        return read_unit(f"{unit.name}/kg/d") or unit, after + (2 if daily else 1)
    if kind(toks, after) == "slash" and kind(toks, after + 1) == "dose":
        after += 2
    return read_unit(f"{unit.name}/kg") or unit, after
