"""What a predicate answers: it holds, it does not, or that is not known; and the input that decided."""

from collections.abc import Callable
from typing import NamedTuple

from cards.facts.medications import Order
from cards.rules.context import Context


class Situation(NamedTuple):
    """What a predicate looks at: the order being judged, and the other order of a pair or None.

    `beside` are the further orders of a stack.
    """

    ctx: Context
    order: Order
    partner: Order | None = None
    beside: tuple[Order, ...] = ()


class Answer(NamedTuple):
    """`holds` is None where it is not known. `basis` names the input (value, date), or what is missing.

    `value` is the input in a word or two, for a summary ("520 ms", "3 weeks ago"); `drugs` are the ingredients
    it is about, where that is more than the ordered one.
    """

    holds: bool | None
    basis: Callable[[], str] | str = ""
    value: str = ""
    drugs: tuple[str, ...] = ()

    def said(self) -> str:
        """The basis as text."""
        return self.basis if isinstance(self.basis, str) else self.basis()


HOLDS_NOT = Answer(False)

Check = Callable[..., Answer]
"""A predicate: the situation, then the arguments that `rules/names.py` lists."""


def unknown(why: str) -> Answer:
    """Not known, and why."""
    return Answer(None, why)


def whether(holds: bool, basis: Callable[[], str] | str = "", value: str = "") -> Answer:
    """A known answer."""
    return Answer(holds, basis, value)
