"""Conditions: named context predicates combined by all or any, each true, false or not known.

Statements are silent on what is not known, except where they declare `when_missing`.
"""

from dataclasses import dataclass
from decimal import Decimal

from cards.facts.medications import Order
from cards.knowledge.conditions import Condition, Predicate
from cards.rules import (
    about_medication,
    about_pair,
    about_patient,
    about_pregnancy,
    about_procedures,
    about_results,
)
from cards.rules.answer import Answer, Check, Situation
from cards.rules.context import Context
from cards.rules.names import PREDICATES

_CHECKS: dict[str, Check] = {
    **about_patient.CHECKS,
    **about_results.CHECKS,
    **about_medication.CHECKS,
    **about_pair.CHECKS,
    **about_procedures.CHECKS,
    **about_pregnancy.CHECKS,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds (None: not known), and the predicates that decided, with their answers."""

    holds: bool | None
    decided: tuple[tuple[Predicate, Answer], ...] = ()

    @property
    def basis(self) -> tuple[str, ...]:
        """The inputs that decided, for the basis of a card; or what is missing."""
        return tuple(dict.fromkeys(said for _, answer in self.decided if (said := answer.said())))

    @property
    def value(self) -> str:
        """The first deciding input in a word or two."""
        return next((answer.value for _, answer in self.decided if answer.value), "")

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ingredients the deciding inputs are about, each once."""
        return tuple(dict.fromkeys(drug for _, answer in self.decided for drug in answer.drugs))

    def why(self) -> str:
        """The deciding predicates in words, for the trace."""
        return "; ".join(
            f"{predicate} ({answer.said()})" if answer.said() else str(predicate)
            for predicate, answer in self.decided
        )


def judge(
    condition: Condition,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> Verdict:
    """Whether the condition holds. An empty one does not. What is not known may leave it open.

    `partner` is the other order of a pair, `beside` the further ones of a stack.
    """
    situation = Situation(ctx, order, partner, beside)
    answers = [(one, _answer(one, situation)) for one in condition.predicates]
    true = tuple(pair for pair in answers if pair[1].holds is True)
    false = tuple(pair for pair in answers if pair[1].holds is False)
    open_ = tuple(pair for pair in answers if pair[1].holds is None)
    if condition.mode == "all":
        if false or not answers:
            return Verdict(False, false)
        return Verdict(None, open_) if open_ else Verdict(True, true)
    if true:
        return Verdict(True, true)
    return Verdict(None, open_) if open_ else Verdict(False, false)


def holds(
    condition: Condition,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> bool:
    """Whether the condition is known to hold."""
    return judge(condition, ctx, order, partner, beside).holds is True


def matching(
    condition: Condition, ctx: Context, order: Order, partner: Order | None = None
) -> Predicate | None:
    """A predicate that made the condition hold, None when it does not."""
    verdict = judge(condition, ctx, order, partner)
    return verdict.decided[0][0] if verdict.holds else None


def risk_factors(
    name: str,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> tuple[str, ...]:
    """The factors of a risk set that the patient is known to have, in words."""
    return about_patient.factors(name, Situation(ctx, order, partner, beside), judge)


def _answer(predicate: Predicate, situation: Situation) -> Answer:
    if predicate.name == "risk-factors-at-least":
        name, least = predicate.args
        answer = about_patient.count_factors(situation, judge, str(name), Decimal(least))
    else:
        answer = _CHECKS[predicate.name](situation, *predicate.args)
    if predicate.negated and answer.holds is not None:
        return Answer(not answer.holds, answer.basis, answer.value)
    return answer


assert {*_CHECKS, "risk-factors-at-least"} == PREDICATES.keys()  # noqa: S101  one table of names, one of meanings
