"""Conditions: named context predicates combined by all or any, each true, false or not known.

Statements are silent on what is not known, except where they declare `when_missing`.
"""

from collections.abc import Callable
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


# What depends on the patient alone, and so is asked once in an evaluation, whatever the order.
OF_PATIENT = frozenset(
    {
        *about_patient.CHECKS,
        *about_pregnancy.CHECKS,
        *(about_results.CHECKS.keys() - about_results.OF_ORDER),
        *(about_procedures.CHECKS.keys() - about_procedures.OF_ORDER),
    }
)

Decided = tuple[tuple[Predicate, Answer], ...]


class Verdict:
    """Whether a condition holds (None: not known), and the predicates that decided, with their answers.

    Most conditions do not hold, and nobody asks which predicates decided: that is worked out when asked.
    """

    __slots__ = ("_decided", "holds")

    def __init__(self, holds: bool | None, decided: Callable[[], Decided] | Decided = ()) -> None:
        self.holds = holds
        self._decided = decided

    @property
    def decided(self) -> Decided:
        """The deciding predicates with their answers."""
        if callable(self._decided):
            self._decided = self._decided()
        return self._decided

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


_EMPTY = Verdict(False)


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
    predicates = condition.predicates
    if not predicates:
        return _EMPTY
    situation = Situation(ctx, order, partner, beside)
    # One that is False settles "all", one that is True settles "any".
    settles = condition.mode != "all"
    open_ = False
    for one in predicates:
        holds = _answer(one, situation).holds
        if holds is settles:
            return Verdict(settles, lambda: _that(settles, predicates, situation))
        open_ = open_ or holds is None
    known = None if open_ else not settles
    return Verdict(known, lambda: _that(known, predicates, situation))


def _that(holds: bool | None, predicates: tuple[Predicate, ...], situation: Situation) -> Decided:
    """The predicates with this answer."""
    answers = ((one, _answer(one, situation)) for one in predicates)
    return tuple(pair for pair in answers if pair[1].holds is holds)


def holds(
    condition: Condition,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> bool:
    """Whether the condition is known to hold."""
    return bool(condition.predicates) and judge(condition, ctx, order, partner, beside).holds is True


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
    remembered = situation.ctx.answers
    answer = remembered.get(predicate)
    if answer is None:
        answer = _asked(predicate, situation)
        if predicate.name in OF_PATIENT:
            remembered[predicate] = answer
    return answer


def _asked(predicate: Predicate, situation: Situation) -> Answer:
    if predicate.name == "risk-factors-at-least":
        name, least = predicate.args
        answer = about_patient.count_factors(situation, judge, str(name), Decimal(least))
    else:
        answer = _CHECKS[predicate.name](situation, *predicate.args)
    if predicate.negated and answer.holds is not None:
        return Answer(not answer.holds, answer.basis, answer.value)
    return answer


assert {*_CHECKS, "risk-factors-at-least"} == PREDICATES.keys()  # noqa: S101  one table of names, one of meanings
