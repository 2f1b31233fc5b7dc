"""How often a clause of a sig is given."""

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from cards.facts.daily_dose import as_decimal
from cards.facts.dose_amount import PATCHES
from cards.facts.dose_rate import NoRate, Rate, make_rate
from cards.facts.sig_cursor import DAY_H, Clause
from cards.facts.sig_phrases import SigQuantity
from terminology.units import Unit

EACH = Unit("each", "use")
_MEALS = {"meals": 3, "food": 3}


def clause_rate(clause: Clause) -> Rate | NoRate:
    """The rate of one clause. A day part explains a frequency and is not multiplied by it."""
    events = sum(_MEALS.get(part, 1) for part in clause.parts)
    rates = set(clause.rates)
    flags: tuple[str, ...] = ()
    least: int | None = None
    if len(rates) > 1:
        return NoRate("the text states two different frequencies", True)
    if rates:
        low, high = min(rates)
        if clause.added:
            low, high = low + events, high + events
        elif events > high and events > 1 and not set(clause.parts) <= _MEALS.keys():
            flags, least = ("when-frequency-conflict",), math.ceil(high)
            high = Fraction(events)
        if clause.ceiling is not None:
            low, high = min(low, clause.ceiling), min(high, clause.ceiling)
    elif events:
        low = high = Fraction(events)
    elif clause.ceiling is not None:
        low, high = Fraction(0), clause.ceiling
    elif clause.days or clause.marked:
        low = high = Fraction(1)
    elif clause.once:
        once = make_rate(Fraction(1), Fraction(1))
        return replace(once, once=True, prn=clause.prn, wear_h=_wear(clause, once))
    elif clause.wear_h is not None and clause.off_h is not None and clause.wear_h + clause.off_h == DAY_H:
        low = high = Fraction(1)
    elif (period := _own_period(clause)) is not None:
        low = high = DAY_H / period
    else:
        why = "the days of dialysis are not stated" if clause.event else "the text gives no frequency"
        return NoRate(why, prn=clause.prn, event=clause.event)
    rate = make_rate(low, high + clause.extra)
    if clause.days and high >= 1:
        rate = replace(rate, low=low * len(clause.days) / 7, high=rate.high * len(clause.days) / 7)
    if rate.low == rate.high == Fraction(3, 7) and not clause.days:
        flags = (*flags, "tiw-not-tid")
    return replace(
        rate,
        least=rate.least if least is None else least,
        prn=clause.prn,
        parts=frozenset(clause.parts),
        days=frozenset(clause.days),
        wear_h=_wear(clause, rate),
        flags=flags,
        confidence="low" if least is not None else "high",
    )


def _own_period(clause: Clause) -> Fraction | None:
    """ "1 tablet a day", "10 mg per week": given at once."""
    first = clause.quantities[0] if clause.quantities else None
    if first is None or first.period_h is None or clause.divided:
        return None
    return None if daily_total(first) else first.period_h


def daily_total(quantity: SigQuantity) -> bool:
    """ "900 mg/day" and "3 tablets a day" may be taken in any number of doses; one tablet or patches are not."""
    if quantity.period_h != DAY_H:
        return False
    unit = quantity.unit or EACH
    return unit.kind != "use" or (quantity.high > 1 and unit.name not in PATCHES)


def _wear(clause: Clause, rate: Rate) -> Decimal | None:
    if clause.changed:
        return as_decimal(DAY_H / rate.high)
    return None if clause.wear_h is None else as_decimal(clause.wear_h)
