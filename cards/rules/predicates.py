"""Conditions: named context predicates combined by all or any, each true, false or not known.

Statements are silent on what is not known, except where they declare `when_missing`.
"""

from decimal import Decimal

from cards.facts.medications import Order
from cards.knowledge.conditions import Condition, Predicate
from cards.knowledge.rule_types import Risk
from cards.rules import (
    about_medication,
    about_pair,
    about_patient,
    about_pregnancy,
    about_procedures,
    about_results,
)
from cards.rules.answer import Answer, Check, Situation, whether
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

    __slots__ = ("_condition", "_decided", "_situation", "holds")

    def __init__(self, holds: bool | None, condition: Condition, situation: Situation | None) -> None:
        self.holds = holds
        self._condition = condition
        self._situation = situation
        self._decided: Decided | None = None

    @property
    def decided(self) -> Decided:
        """The deciding predicates with their answers."""
        if self._decided is None:
            situation, asked = self._situation, self._condition.predicates
            answers = [(one, _answer(one, situation)) for one in asked] if situation is not None else []
            self._decided = tuple([pair for pair in answers if pair[1].holds is self.holds])
        return self._decided

    def answers_to(self, name: str) -> list[Answer]:
        """Those of the deciding answers that are to predicates of this name."""
        situation = self._situation
        if situation is None:
            return []
        asked = [_answer(one, situation) for one in self._condition.predicates if one.name == name]
        return [answer for answer in asked if answer.holds is self.holds]

    @property
    def basis(self) -> tuple[str, ...]:
        """The inputs that decided, for the basis of a card; or what is missing."""
        return tuple(dict.fromkeys([said for _, answer in self.decided if (said := answer.said())]))

    @property
    def value(self) -> str:
        """The first deciding input in a word or two."""
        return next((value for _, answer in self.decided if (value := answer.in_short())), "")

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ingredients the deciding inputs are about, each once."""
        return tuple(dict.fromkeys([drug for _, answer in self.decided for drug in answer.drugs]))

    def why(self) -> str:
        """The deciding predicates in words, for the trace."""
        return "; ".join(
            f"{predicate} ({answer.said()})" if answer.said() else str(predicate)
            for predicate, answer in self.decided
        )


_EMPTY = Verdict(False, Condition(), None)


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
    if not condition.predicates:
        return _EMPTY
    situation = Situation(ctx, order, partner, beside)
    return Verdict(_known(condition, situation), condition, situation)


def holds(
    condition: Condition,
    ctx: Context,
    order: Order,
    partner: Order | None = None,
    beside: tuple[Order, ...] = (),
) -> bool:
    """Whether the condition is known to hold."""
    if not condition.predicates:
        return False
    return _known(condition, Situation(ctx, order, partner, beside)) is True


def _known(condition: Condition, situation: Situation) -> bool | None:
    """Whether a condition that is not empty holds, None where what is not known leaves it open."""
    # One that is False settles "all", one that is True settles "any".
    settles = condition.mode != "all"
    known: bool | None = not settles
    remembered = situation.ctx.answers
    for one in condition.predicates:
        answer = remembered.get(one.text) or _answer(one, situation)
        if answer.holds is settles:
            return settles
        if answer.holds is None:
            known = None
    return known


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
    return _factors(name, Situation(ctx, order, partner, beside))


def _factors(name: str, situation: Situation) -> tuple[str, ...]:
    """The same; several steps of a grading ask for them, and then the words of the card."""
    remembered, orders = situation.ctx.factors, (situation.order, situation.partner, *situation.beside)
    key = (name, *map(id, orders))
    known = remembered.get(key)
    if known is None:
        found = [
            _named(risk, situation)
            for risk in situation.ctx.knowledge.risks[name]
            if risk.when.predicates and _known(risk.when, situation)
        ]
        known = remembered[key] = (orders, tuple(found))
    return known[1]


def _named(risk: Risk, situation: Situation) -> str:
    """A risk that holds in words; few of them say the input that decided."""
    value = Verdict(True, risk.when, situation).value if "{" in risk.says else ""
    return risk.says.format(value=value).strip()


def _count_factors(situation: Situation, name: str, least: Decimal) -> Answer:
    """At least so many factors of the risk set are there; what is not known does not count."""
    found = _factors(name, situation)
    return whether(
        len(found) >= least,
        lambda: f"Risk factors: {', '.join(found) or 'none known'}",
        lambda: ", ".join(found),
    )


def _answer(predicate: Predicate, situation: Situation) -> Answer:
    answers = situation.ctx.answers
    known = answers.get(predicate.text)
    if known is not None:
        return known
    name = predicate.name
    answer = _CHECKS[name](situation, *predicate.args)
    if predicate.negated and answer.holds is not None:
        answer = Answer(not answer.holds, answer.basis, answer.value)
    if name in OF_PATIENT:
        answers[predicate.text] = answer
    return answer


_CHECKS["risk-factors-at-least"] = _count_factors

assert _CHECKS.keys() == PREDICATES.keys()  # noqa: S101  one table of names, one of meanings
