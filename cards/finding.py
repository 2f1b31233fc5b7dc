"""What a rule says about one order, before it becomes part of a card."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from cards.card import Indicator, Topic
from cards.knowledge.rule_types import Regimen
from cards.knowledge.statements import Statement


class DoseAdvice(NamedTuple):
    """Limits a replacement dose must keep, and regimens to choose from, best first.

    mg of the product's labelled ingredient; None where the statement sets no such limit.
    """

    max_mg_per_day: Decimal | None = None
    max_single_mg: Decimal | None = None
    regimens: tuple[Regimen, ...] = ()
    note: str = ""


class Words(NamedTuple):
    """What a finding says: `advice` is what to consider, `basis` the inputs used with values, units and dates."""

    summary: str
    reason: str
    advice: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Finding:
    """What a rule found. Its words are made when they are first asked for: not where another finding silences it,
    nor where a change that is to be offered is only tried.

    `drugs` are the ingredients (or procedures) it is about, the ordered one first; `partners` the ids of the
    other orders of a pair.
    """

    statement: Statement
    order: str
    severity: Indicator
    words: Callable[[], Words]
    topic: Topic | None = None
    dose: DoseAdvice | None = None
    order_creatinine: bool = False
    unchecked: bool = False
    drugs: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    _said: Words | None = field(init=False, default=None, repr=False)

    def put_into_words(self) -> Words:
        """Its words, made once."""
        if self._said is None:
            self._said = self.words()
        return self._said

    @property
    def summary(self) -> str:
        """One line."""
        return self.put_into_words().summary

    @property
    def reason(self) -> str:
        """Why it matters."""
        return self.put_into_words().reason

    @property
    def advice(self) -> tuple[str, ...]:
        """What to consider."""
        return self.put_into_words().advice

    @property
    def basis(self) -> tuple[str, ...]:
        """The inputs used."""
        return self.put_into_words().basis


@dataclass(slots=True, eq=False)
class Outcome:
    """Result of one statement for one order. `why` is built only when the trace asks for it."""

    kind: Literal["fired", "not-fired", "cannot-evaluate", "suppressed"]
    finding: Finding | None = None
    why: Callable[[], str] | str = ""

    def reason(self) -> str:
        """The `why` as text; of a statement that speaks the reason it gives."""
        if self.kind == "fired" and self.finding is not None:
            return self.finding.reason
        return self.why if isinstance(self.why, str) else self.why()


def fired(finding: Finding) -> Outcome:
    """The statement speaks."""
    return Outcome("fired", finding)


def not_fired(why: Callable[[], str] | str) -> Outcome:
    """The statement was checked and has nothing to say."""
    return Outcome("not-fired", None, why)


def cannot(why: Callable[[], str] | str, finding: Finding | None = None) -> Outcome:
    """The statement could not be checked; with a finding where its `when_missing` says to speak."""
    return Outcome("cannot-evaluate", finding, why)


def suppressed(why: Callable[[], str] | str) -> Outcome:
    """The statement would speak, and a stated exception silences it."""
    return Outcome("suppressed", None, why)
