"""Timing words of a sig: frequencies, day parts, weekdays, lengths of time, days of a course."""

from collections.abc import Callable
from fractions import Fraction

from cards.facts.sig_cursor import DAY_H, Clause, Cursor, UnreadableSigError
from cards.facts.sig_phrases import frequency_at, kind, number_at, period_at, range_at

_BREAKS = frozenset({"comma", "stop", "and", "dash"})


def skip_fill(cur: Cursor) -> None:
    while cur.ahead() in ("fill", "of", "colon", "per", "a", "at", "up-to") or (
        cur.ahead() == "dose" and cur.ahead(1) != "end"
    ):
        cur.take()


def _on_prn(cur: Cursor) -> None:
    cur.clause.prn = True
    cur.take()


def _on_event(cur: Cursor) -> None:
    cur.clause.event = True
    cur.take()


def _on_once_only(cur: Cursor) -> None:
    cur.clause.once = True
    cur.take()


def _on_change(cur: Cursor) -> None:
    cur.clause.changed = True
    cur.take()


def _on_off(cur: Cursor) -> None:
    cur.off = True
    cur.take()
    period = period_at(cur.toks, cur.at)
    if period is not None:
        cur.clause.off_h = period[1]
        cur.at, cur.off = period[2], False


def _on_weekday(cur: Cursor) -> None:
    cur.clause.days.update(cur.token.value.split())
    cur.take()


def _turn(cur: Cursor) -> None:
    """After "x 3 days," another timing begins the next step of the same dose."""
    if cur.broken and cur.clause.bounded:
        cur.steps[-1].append(Clause())
        cur.broken = cur.joined = False


def _on_part(cur: Cursor) -> None:
    _turn(cur)
    clause = cur.clause
    if clause.rates and cur.joined and not clause.parts:
        clause.added = True  # "BID and HS", but not "QID AC and HS"
    cur.joined = False
    clause.parts.append(cur.token.value)
    cur.take()


def _on_wear_for(cur: Cursor) -> None:
    cur.take()
    skip_fill(cur)
    period = period_at(cur.toks, cur.at)
    if period is not None:
        cur.clause.wear_h = period[1]
        cur.at = period[2]


def _on_for(cur: Cursor) -> None:
    after = cur.at + 1 + (cur.ahead(1) == "up-to")
    period = period_at(cur.toks, after) if kind(cur.toks, after) == "number" else None
    if period is not None:
        lasting(cur, period[1])
        cur.at, cur.upto = period[2], False
    elif kind(cur.toks, after) == "number":
        _on_x(cur)
    elif cur.ahead(1) in ("fill", "prn", "drug", "a", "wear-for"):
        cur.take()


def lasting(cur: Cursor, hours: Fraction) -> None:
    """Days bound a step; hours are how long a patch stays on, and nothing else we know."""
    clause = cur.clause
    if cur.off:
        cur.off, clause.off_h = False, hours
    elif hours >= DAY_H and hours % DAY_H == 0 and not (hours == DAY_H and cur.clause.patch):
        clause.bounded = True
    elif cur.clause.patch:
        clause.wear_h = hours
    else:
        raise UnreadableSigError("the text limits the dose to some hours")


def _on_x(cur: Cursor) -> None:
    """ "x 7 days", "x1", "x 3 doses"."""
    period = period_at(cur.toks, cur.at + 1)
    number = number_at(cur.toks, cur.at + 1)
    if period is not None:
        lasting(cur, period[1])
        cur.at = period[2]
    elif number is not None and kind(cur.toks, number[1]) == "dose":
        cur.clause.once, cur.at = cur.clause.once or number[0] == 1, number[1] + 1
    elif number is not None and number[0] == 1:
        cur.clause.once, cur.at = True, number[1]


def _on_time(cur: Cursor) -> None:
    """ "Day 1:", "week 2", "days 4 to 6", "300 mg on day 1": what follows or precedes is a step of its own."""
    read = range_at(cur.toks, cur.at + 1)
    if read is None or cur.token.value < DAY_H:
        return
    own = cur.clause
    if own.quantities and not own.marked and not cur.broken:
        if len(cur.steps[-1]) > 1:  # a suffix marker parts this clause from the ones before it
            cur.steps[-1].pop()
            cur.steps.append([own])
        own.marked = True
    else:
        if own.quantities or own.timed:
            cur.steps.append([Clause()])
        cur.clause.marked = True
    cur.broken = cur.joined = False
    cur.at = read[2]


def _on_count(cur: Cursor) -> None:
    if frequency_at(cur.toks, cur.at) is not None:
        on_frequency(cur)
    elif cur.token.value == 1:
        cur.clause.once = True
        cur.take()
    elif cur.ahead(1) in ("part", "weekday", "at", "on"):
        return


def _on_every(cur: Cursor) -> None:
    if cur.ahead(1) in ("weekday", "part"):
        cur.take()
    else:
        on_frequency(cur)


def _on_after(cur: Cursor) -> None:
    """ "... then 300 mg after 1 week": when a later step begins."""
    period = period_at(cur.toks, cur.at + 1)
    if period is not None and period[0] >= DAY_H and len(cur.steps) > 1:
        cur.at = period[2]


def on_frequency(cur: Cursor) -> None:
    read = frequency_at(cur.toks, cur.at)
    if read is None:
        return
    low, high, cur.at = read
    _turn(cur)
    clause = cur.clause
    if cur.upto:
        cur.upto, clause.ceiling = False, high
    elif cur.joined and (clause.parts or clause.rates):
        raise UnreadableSigError("the text joins two frequencies")
    else:
        clause.rates.append((low, high))
    cur.joined = False


def _on_repeat(cur: Cursor) -> None:
    """ "May repeat once": one more dose that day. Without "once" the day has no end."""
    cur.take()
    found = False
    while True:
        if cur.ahead() == "count" and cur.token.value == 1:
            found = True
            cur.take()
        elif cur.ahead() == "x" and cur.ahead(1) == "number" and cur.toks[cur.at + 1].value == 1:
            found = True
            cur.take(2)
        elif cur.ahead() in ("once-only", "fill", "dose", "prn") and cur.ahead() != "end":
            cur.take()
        elif cur.ahead() in ("per", "every") and (period := period_at(cur.toks, cur.at + 1)) is not None:
            cur.at = period[2]
        else:
            break
    if not found:
        raise UnreadableSigError("the text lets the dose be repeated without a limit")
    cur.clause.extra += 1


def at_clock(cur: Cursor) -> bool:
    """ "at 8 am and 8 pm", "at 08:00", "at 2000"."""
    if cur.ahead(-1) == "at":
        cur.clock = True
    elif not (cur.clock and cur.ahead(-1) in _BREAKS):
        return False
    at, written = cur.at + 1, cur.token.text
    if [kind(cur.toks, at), kind(cur.toks, at + 1)] == ["colon", "number"]:
        written, at = f"{written}:{cur.toks[at + 1].text}", at + 2
    if kind(cur.toks, at) == "part" and cur.toks[at].text in ("am", "pm"):
        written, at = written + cur.toks[at].text, at + 1
    elif not (":" in written or (len(written) == 4 and written.isdigit())):
        return False
    if cur.clause.rates and cur.joined:
        cur.clause.added = True
    cur.clause.parts.append(written)
    cur.at, cur.joined = at, False
    return True


def bare_time(cur: Cursor, period: tuple[Fraction, Fraction, int]) -> None:
    """ "12 hours on, 12 hours off", or a duration without "for"."""
    after = kind(cur.toks, period[2])
    if after == "off" or cur.off:
        cur.clause.off_h = period[1]
        cur.off, cur.at = False, period[2] + (after == "off")
    elif after == "on" and cur.clause.patch:
        cur.clause.wear_h, cur.at = period[1], period[2] + 1
    elif cur.clause.quantities and cur.clause.timed:
        lasting(cur, period[1])
        cur.at = period[2]


HANDLERS: dict[str, Callable[[Cursor], None]] = {
    "prn": _on_prn,
    "event": _on_event,
    "once-only": _on_once_only,
    "change": _on_change,
    "off": _on_off,
    "weekday": _on_weekday,
    "part": _on_part,
    "wear-for": _on_wear_for,
    "for": _on_for,
    "x": _on_x,
    "time": _on_time,
    "count": _on_count,
    "frequency": on_frequency,
    "adverb": on_frequency,
    "a-time": on_frequency,
    "every": _on_every,
    "after": _on_after,
    "repeat": _on_repeat,
}
