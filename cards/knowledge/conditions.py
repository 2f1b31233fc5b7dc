"""Conditions of statements: named predicates combined by all or any, one level."""

from dataclasses import dataclass
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
