"""What a predicate answers: it holds, it does not, or that is not known; and the input that decided."""

from collections.abc import Callable
from dataclasses import dataclass

from cards.facts.medications import Order
from cards.rules.context import Context


@dataclass(slots=True, eq=False)
class Situation:
    """What a predicate looks at: the order being judged, and the other order of a pair or None.

    `beside` are the further orders of a stack.
    """

    ctx: Context
    order: Order
    partner: Order | None = None
    beside: tuple[Order, ...] = ()


@dataclass(slots=True, eq=False)
class Answer:
    """`holds` is None where it is not known. `basis` names the input (value, date), or what is missing.

    `value` is the input in a word or two, for a summary ("520 ms", "3 weeks ago"); `drugs` are the ingredients
    it is about, where that is more than the ordered one. Few answers are ever shown: those whose text takes work
    leave it to `said` and `in_short`, which make it once.
    """

    holds: bool | None
    basis: Callable[[], str] | str = ""
    value: Callable[[], str] | str = ""
    drugs: tuple[str, ...] = ()

    def said(self) -> str:
        """The basis as text."""
        if not isinstance(self.basis, str):
            self.basis = self.basis()
        return self.basis

    def in_short(self) -> str:
        """The value as text."""
        if not isinstance(self.value, str):
            self.value = self.value()
        return self.value


HOLDS_NOT = Answer(False)

Check = Callable[..., Answer]
"""A predicate: the situation, then the arguments that `rules/names.py` lists."""


def unknown(why: Callable[[], str] | str) -> Answer:
    """Not known, and why."""
    return Answer(None, why)


def whether(holds: bool, basis: Callable[[], str] | str = "", value: Callable[[], str] | str = "") -> Answer:
    """A known answer."""
    return Answer(holds, basis, value)
