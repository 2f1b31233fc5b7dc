"""What the sig reader builds, and its place in the tokens."""

from dataclasses import dataclass, field
from fractions import Fraction

from cards.facts.sig_phrases import SigQuantity, kind
from cards.facts.sig_words import Token

DAY_H = Fraction(24)


class UnreadableSigError(Exception):
    """A construct that cannot be read; carries the reason."""


@dataclass(slots=True)
class Clause:
    """One dose with its timing. `rates` are (low, high) a day; `ceiling` is an "up to N times a day".

    `added`: parts of the day named on top of a frequency ("BID and HS"). `wear_h`, `off_h`: hours on and off the skin.
    `bounded`: it says for how long; `marked`: it says on which day or week; `extra`: repeats allowed.
    """

    quantities: list[SigQuantity] = field(default_factory=list)
    rates: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    ceiling: Fraction | None = None
    parts: list[str] = field(default_factory=list)
    days: set[str] = field(default_factory=set)
    wear_h: Fraction | None = None
    off_h: Fraction | None = None
    prn: bool = False
    once: bool = False
    event: bool = False
    divided: bool = False
    added: bool = False
    bounded: bool = False
    changed: bool = False
    marked: bool = False
    extra: int = 0

    @property
    def timed(self) -> bool:
        """Whether any timing was stated."""
        named = self.rates or self.parts or self.days or self.ceiling is not None
        return bool(named or self.once or self.event or self.marked)

    @property
    def patch(self) -> bool:
        """Whether patches are counted."""
        units = [quantity.unit for quantity in self.quantities]
        return any(unit is not None and unit.name in ("patch", "system") for unit in units)


@dataclass(slots=True)
class Cursor:
    """The tokens, the position, and what was read so far: steps of clauses, caps (0 hours: per dose).

    `broken`: a connector came since the last dose; `joined`: it was "and"; `upto`, `off`, `clock`, `bracket`:
    such a word waits for what it governs.
    """

    toks: tuple[Token, ...]
    at: int = 0
    steps: list[list[Clause]] = field(default_factory=lambda: [[Clause()]])
    caps: list[tuple[SigQuantity, Fraction]] = field(default_factory=list)
    open: bool = False
    hold: bool = False
    broken: bool = False
    joined: bool = False
    upto: bool = False
    bracket: bool = False
    off: bool = False
    clock: bool = False

    @property
    def clause(self) -> Clause:
        """The clause being read."""
        return self.steps[-1][-1]

    @property
    def token(self) -> Token:
        """The token at the position."""
        return self.toks[self.at]

    def ahead(self, offset: int = 0) -> str:
        """The kind of a token ahead, "end" past the last."""
        return kind(self.toks, self.at + offset)

    def take(self, count: int = 1) -> None:
        """Moves past tokens."""
        self.at += count
