"""Amounts in a sig: doses, totals to be divided, and maxima."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from cards.facts.sig_cursor import DAY_H, Clause, Cursor, UnreadableSigError
from cards.facts.sig_phrases import (
    SigQuantity,
    frequency_at,
    kind,
    number_at,
    period_at,
    quantity_at,
    range_at,
    scheme_at,
)
from cards.facts.sig_timing import at_clock, bare_time, on_frequency, skip_fill


def _on_up_to(cur: Cursor) -> None:
    cur.upto = True
    cur.take()


def _on_max(cur: Cursor) -> None:
    default = cur.token.value
    cur.take()
    skip_fill(cur)
    if cur.ahead() == "up-to":
        cur.take()
    _cap(cur, default)


def _cap(cur: Cursor, default: Fraction | None) -> None:
    """A maximum per day or per dose. One without a period limits nothing that can be computed."""
    often = frequency_at(cur.toks, cur.at)  # "no more than 3 times a day"
    if often is not None:
        cur.clause.ceiling, cur.at = often[1], often[2]
        return
    read = quantity_at(cur.toks, cur.at)
    if read is None:
        return
    quantity, cur.at = read
    hours = quantity.period_h if quantity.period_h is not None else default
    if cur.ahead() == "dose":  # "max 4 doses a day"
        cur.take()
        quantity = replace(quantity, of_unit=True)
    if hours is None and cur.ahead() in ("slash", "per", "a", "every"):
        if cur.ahead(1) == "dose":
            hours, cur.at = Fraction(0), cur.at + 2
        else:
            period = period_at(cur.toks, cur.at + 1)
            if period is not None:
                hours, cur.at = period[1], period[2]
    if hours is None and cur.ahead() in ("adverb", "a-time"):
        hours = cur.token.value
        cur.take()
    elif default is not None and cur.ahead() in ("adverb", "a-time"):
        cur.take()
    if hours is not None and quantity.high > 0:
        cur.caps.append((replace(quantity, period_h=None), hours))


def _on_divided(cur: Cursor) -> None:
    cur.take()
    _share(cur)
    if cur.ahead() == "per":
        cur.take()
    _shares(cur)


def _on_per(cur: Cursor) -> None:
    """ "in 3 divided doses", "in 24 hours"."""
    number = number_at(cur.toks, cur.at + 1)
    if number is not None and kind(cur.toks, number[1]) in ("divided", "dose"):
        cur.take()
        _share(cur)
        _shares(cur)
        return
    period = period_at(cur.toks, cur.at + 1)
    if period is not None and cur.clause.quantities and not cur.clause.rates and period[0] == period[1]:
        rate = DAY_H / period[0]
        cur.clause.rates.append((rate, rate))
        cur.at = period[2]
    elif cur.ahead(1) in ("fill", "divided"):
        cur.take()


def _share(cur: Cursor) -> None:
    """The amount is the day's total, so a "daily" before is no frequency of its own."""
    cur.clause.divided = True
    cur.clause.rates = [rate for rate in cur.clause.rates if rate[1] != 1]


def _shares(cur: Cursor) -> None:
    number = number_at(cur.toks, cur.at)
    if number is not None:
        cur.at = number[1]
        cur.clause.rates.append((Fraction(number[0]), Fraction(number[0])))
    while cur.ahead() in ("divided", "dose"):
        cur.take()


def _on_unit(cur: Cursor) -> None:
    if cur.clause.quantities:
        cur.take()


def _on_slash(cur: Cursor) -> None:
    period = period_at(cur.toks, cur.at + 1)
    if period is not None and cur.clause.quantities and not cur.clause.rates:
        rate = DAY_H / period[0]
        cur.clause.rates.append((rate, rate))
        cur.at = period[2]


def _on_number(cur: Cursor) -> None:
    scheme = scheme_at(cur.toks, cur.at)
    if cur.ahead(1) == "percent":
        cur.take(2)
    elif scheme is not None and not cur.clause.timed and not cur.bracket:
        _add_scheme(cur, *scheme)
    elif at_clock(cur):
        return
    elif frequency_at(cur.toks, cur.at) is not None:
        on_frequency(cur)
    else:
        _quantity_or_time(cur)


def _quantity_or_time(cur: Cursor) -> None:
    read = quantity_at(cur.toks, cur.at)
    period = period_at(cur.toks, cur.at)
    number = range_at(cur.toks, cur.at)
    if period is not None:
        bare_time(cur, period)
    elif cur.bracket and number is not None and cur.ahead(1) == "close-bracket":
        return
    elif read is not None and kind(cur.toks, read[1]) == "slash" and read[0].unit is None:
        over = period_at(cur.toks, read[1] + 1)
        if over is not None and cur.clause.quantities and not cur.clause.rates:
            day = DAY_H / over[0]
            _rate(cur, Fraction(read[0].low) * day, Fraction(read[0].high) * day)
            cur.at = over[2]
    elif read is not None:
        quantity, cur.at = read
        if quantity.unit is None and cur.ahead() == "x" and cur.ahead(2) == "unit":
            cur.take()  # "2 x 300 mg"
        _add(cur, quantity)


def _rate(cur: Cursor, low: Fraction, high: Fraction) -> None:
    if cur.upto:
        cur.upto, cur.clause.ceiling = False, high
    else:
        cur.clause.rates.append((low, high))


def _on_a(cur: Cursor) -> None:
    read = quantity_at(cur.toks, cur.at)
    if read is None:
        cur.take()
    else:
        quantity, cur.at = read
        _add(cur, quantity)


def _add(cur: Cursor, quantity: SigQuantity) -> None:
    clause = cur.clause
    if quantity.period_h == 0:
        quantity = replace(quantity, period_h=None)
    over_day = quantity.period_h is not None
    if cur.upto and over_day and (clause.quantities or cur.open):
        cur.upto, cur.open = False, cur.open or not clause.prn
        cur.caps.append((replace(quantity, period_h=None), quantity.period_h or DAY_H))
        return
    if cur.upto:
        cur.upto, quantity = False, replace(quantity, low=Decimal(0))
    if cur.bracket:
        clause.quantities.append(replace(quantity, bracketed=True))
        return
    if clause.quantities and clause.timed:
        cur.steps[-1].append(Clause())
    elif any(_is_mass(one) == _is_mass(quantity) for one in clause.quantities):
        raise UnreadableSigError("the text states two doses before any frequency")
    cur.clause.quantities.append(quantity)
    cur.broken = cur.joined = cur.clock = False


def _is_mass(quantity: SigQuantity) -> bool:
    return quantity.unit is not None and quantity.unit.kind != "use"


def _add_scheme(cur: Cursor, doses: list[Decimal], after: int) -> None:
    """ "1-0-1": what stands before it ("300 mg") says what one unit is."""
    unit = cur.toks[after].value if kind(cur.toks, after) == "unit" else None
    described = cur.clause.quantities
    clauses = [
        Clause(quantities=[SigQuantity(dose, dose, unit), *described], parts=[part])
        for dose, part in zip(doses, ("morning", "noon", "evening", "bedtime"), strict=False)
        if dose > 0
    ]
    cur.steps[-1][-1:] = clauses
    cur.at = after + (unit is not None)
    cur.broken = cur.joined = False


def _on_supply(cur: Cursor) -> None:
    """ "Disp #90", "refills 2": the supply is no dose."""
    cur.take()
    while cur.ahead() in ("supply", "colon", "fill"):
        cur.take()
    number = number_at(cur.toks, cur.at)
    if number is not None:
        cur.at = number[1] + (kind(cur.toks, number[1]) == "unit")


HANDLERS: dict[str, Callable[[Cursor], None]] = {
    "up-to": _on_up_to,
    "max": _on_max,
    "divided": _on_divided,
    "per": _on_per,
    "unit": _on_unit,
    "slash": _on_slash,
    "number": _on_number,
    "a": _on_a,
    "supply": _on_supply,
}
