"""Conditions of statements: named predicates combined by all or any, one level."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from cards.card import Indicator

Evidence = Literal["seen", "recall", "recall+seen", "design"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A named condition of `rules/predicates.py` with its arguments (numbers and names), or its opposite.

    `text` is how a file writes it: its answers are remembered under it, as the hash of a Decimal is slow.
    """

    name: str
    args: tuple[Decimal | str, ...] = ()
    negated: bool = False
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = (*(("not",) if self.negated else ()), self.name, *(str(arg) for arg in self.args))
        object.__setattr__(self, "text", " ".join(words))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Condition:
    """Predicates combined by all or any, one level; the empty condition never holds."""

    mode: Literal["all", "any"] = "any"
    predicates: tuple[Predicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Severity to use when its condition holds."""

    to: Indicator
    when: Condition
    because: str
