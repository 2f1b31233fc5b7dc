"""What a rule says about one order, before it becomes part of a card."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from cards.card import Indicator, Topic
from cards.knowledge.rule_types import Regimen
from cards.knowledge.statements import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAdvice:
    """Limits a replacement dose must keep, and regimens to choose from, best first.

    mg of the product's labelled ingredient; None where the statement sets no such limit. `ordered` is
    what the order gives per day: a suggestion never raises it.
    """

    max_mg_per_day: Decimal | None = None
    max_single_mg: Decimal | None = None
    regimens: tuple[Regimen, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`basis` lists the inputs used with values, units and dates; `advice` what to consider.

    `drugs` are the ingredients (or procedures) it is about, the ordered one first; `partners` the ids of the
    other orders of a pair.
    """

    statement: Statement
    order: str
    severity: Indicator
    summary: str
    reason: str
    advice: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    topic: Topic | None = None
    dose: DoseAdvice | None = None
    order_creatinine: bool = False
    unchecked: bool = False
    drugs: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """Result of one statement for one order. `why` is built only when the trace asks for it."""

    kind: Literal["fired", "not-fired", "cannot-evaluate", "suppressed"]
    finding: Finding | None = None
    why: Callable[[], str] | str = ""

    def reason(self) -> str:
        """The `why` as text."""
        return self.why if isinstance(self.why, str) else self.why()


def fired(finding: Finding) -> Outcome:
    """The statement speaks."""
    return Outcome("fired", finding, finding.reason)


def not_fired(why: Callable[[], str] | str) -> Outcome:
    """The statement was checked and has nothing to say."""
    return Outcome("not-fired", None, why)


def cannot(why: Callable[[], str] | str, finding: Finding | None = None) -> Outcome:
    """The statement could not be checked; with a finding where its `when_missing` says to speak."""
    return Outcome("cannot-evaluate", finding, why)


def suppressed(why: Callable[[], str] | str) -> Outcome:
    """The statement would speak, and a stated exception silences it."""
    return Outcome("suppressed", None, why)
