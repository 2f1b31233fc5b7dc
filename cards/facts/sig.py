"""The free-text sig reader: what a dosage text says, or why that cannot be told.

The whole text must be understood, word by word; what is not in the word table makes it unreadable, because
a reading that stops at the first match would turn "1 cap TID x7d then 2 caps TID" into half the dose.
Steps follow each other ("then"); the clauses of one step are given at the same time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from cards.facts import sig_amounts, sig_timing
from cards.facts.sig_cursor import Clause, Cursor, UnreadableSigError
from cards.facts.sig_phrases import SigQuantity
from cards.facts.sig_words import MAX_TEXT, Unknown, tokens

_SKIPPED = frozenset({"fill", "drug", "of", "percent", "colon", "at"})


@dataclass(frozen=True, slots=True)
class Sig:
    """A text as read. `problem` says why nothing can be computed; `advice`: no dose and no timing in it.

    `caps` are (quantity, hours; 0 for one dose). `open`: an open-ended alternative such as "as directed".
    """

    steps: tuple[tuple[Clause, ...], ...] = ()
    caps: tuple[tuple[SigQuantity, Fraction], ...] = ()
    open: bool = False
    hold: bool = False
    advice: bool = False
    problem: str = ""


@lru_cache(maxsize=512)
def read_sig(text: str, drug_words: frozenset[str] = frozenset()) -> Sig:
    """What a dosage text says; `drug_words` are names of the ordered drug that the text may repeat.

    The same few hundred texts make up most orders, hence the cache; what is returned is not to be changed.
    """
    if len(text) > MAX_TEXT:
        return Sig(problem=f"the text has more than {MAX_TEXT} characters")
    toks = tokens(text, drug_words)
    if isinstance(toks, Unknown):
        return Sig(problem=f"word {toks.word} of the text is not known ({toks.text[:20]!r})")
    try:
        return _read(Cursor(toks))
    except UnreadableSigError as unreadable:
        return Sig(problem=str(unreadable))


def _read(cur: Cursor) -> Sig:
    """Every token is taken by the handler of its kind; one that no handler takes ends the reading."""
    while cur.at < len(cur.toks):
        before, here = cur.at, cur.ahead()
        if here in _SKIPPED:
            cur.take()
        elif here in _HANDLERS:
            _HANDLERS[here](cur)
        if cur.at == before:
            raise UnreadableSigError(
                f"the text cannot be followed at word {cur.token.word} ({cur.token.text[:20]!r})"
            )
    steps = [[c for c in step if c.quantities or c.timed or c.prn or c.extra] for step in cur.steps]
    steps = [part for step in steps if step for part in _in_turn(step)]
    _repeat_doses(steps)
    if cur.hold and steps:
        raise UnreadableSigError("the text says hold beside a dose")
    advice = not (steps or cur.caps or cur.open or cur.hold)
    return Sig(tuple(map(tuple, steps)), tuple(cur.caps), cur.open, cur.hold, advice)


def _repeat_doses(steps: list[list[Clause]]) -> None:
    """A step that only names a new timing ("then TID") gives the dose of the step before."""
    for before, step in pairwise(steps):
        if len(before) == len(step) == 1 and step[0].timed and not step[0].quantities:
            step[0].quantities = before[0].quantities


def _in_turn(step: list[Clause]) -> list[list[Clause]]:
    """Clauses without "then": in turn where each but the last has a length, together where none has."""
    bounded = [clause.bounded for clause in step[:-1]]
    if not any(bounded):
        return [step]
    if all(bounded):
        return [[clause] for clause in step]
    raise UnreadableSigError("the text does not say which doses follow each other")


def _on_and(cur: Cursor) -> None:
    if cur.ahead(1) == "prn":
        cur.open = True  # a scheduled dose "and as needed": no end to the day's doses
    _connect(cur)
    cur.joined = True


def _on_dash(cur: Cursor) -> None:
    if cur.ahead(1) in ("fill", "unit", "number", "prn", "drug", "at", "part", "max"):
        _connect(cur)


def _connect(cur: Cursor) -> None:
    cur.broken, cur.joined = True, False
    cur.take()


def _on_open_bracket(cur: Cursor) -> None:
    cur.bracket = True
    cur.take()


def _on_close_bracket(cur: Cursor) -> None:
    cur.bracket = False
    cur.take()


def _on_or(cur: Cursor) -> None:
    if cur.ahead(1) == "open" or (cur.ahead(1) in ("fill", "prn") and cur.ahead(-1) in ("fill", "prn")):
        cur.take()


def _on_on(cur: Cursor) -> None:
    ends = cur.ahead(1) in ("end", "comma", "stop", "and", "then", "prn")
    if ends and cur.clause.quantities and not cur.clause.timed:
        cur.clause.parts.append("bedtime")  # UK "1 on": omni nocte
    cur.take()


def _on_then(cur: Cursor) -> None:
    if any(clause.quantities or clause.timed for clause in cur.steps[-1]):
        cur.steps.append([Clause()])
    elif cur.token.text.startswith("titrat"):  # nothing to start from: "titrate up to 3600 mg/day"
        cur.open = cur.upto = True
    cur.broken = cur.joined = False
    cur.take()


def _on_open(cur: Cursor) -> None:
    cur.open = True
    cur.take()


def _on_hold(cur: Cursor) -> None:
    cur.hold = True
    cur.take()


_HANDLERS: dict[str, Callable[[Cursor], None]] = {
    **sig_timing.HANDLERS,
    **sig_amounts.HANDLERS,
    "comma": _connect,
    "stop": _connect,
    "and": _on_and,
    "dash": _on_dash,
    "open-bracket": _on_open_bracket,
    "close-bracket": _on_close_bracket,
    "or": _on_or,
    "on": _on_on,
    "then": _on_then,
    "open": _on_open,
    "hold": _on_hold,
}
