"""Conditions of statements: named predicates combined by all or any, one level."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from cards.card import Indicator

Evidence = Literal["seen", "recall", "recall+seen", "design"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A named condition of `rules/predicates.py` with its arguments (numbers and names), or its opposite."""

    name: str
    args: tuple[Decimal | str, ...] = ()
    negated: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Worked out once: answers are remembered by predicate, and the hash of a Decimal is slow.
        object.__setattr__(self, "_hash", hash((self.name, self.args, self.negated)))

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return " ".join((*(("not",) if self.negated else ()), self.name, *(str(arg) for arg in self.args)))


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
