"""Judges every statement that concerns an order; one failing rule does not take the others away."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cards.card import Indicator
from cards.facts.medications import Order
from cards.facts.record import Issue
from cards.finding import Outcome, suppressed
from cards.knowledge.index import REMEMBERED
from cards.knowledge.rule_types import Pair
from cards.knowledge.statements import Statement
from cards.rules.context import Context, classes_around
from cards.rules.dispatch import check
from cards.rules.interaction import apart, completed_by


class Judged(NamedTuple):
    """One statement's outcome for one order."""

    statement: Statement
    order: Order
    outcome: Outcome


def judge_orders(
    subjects: Iterable[Order], ctx: Context, spare: Callable[[Statement, Order], bool] | None = None
) -> tuple[tuple[Judged, ...], tuple[Issue, ...]]:
    """Every statement that concerns each order, less those to `spare`, and the rules that crashed.

    Each is judged by itself: `settled` silences what others make needless.
    """
    judged: list[Judged] = []
    crashed: list[Issue] = []
    for order in subjects:
        around = classes_around(order, ctx)
        for statement, partners, alone in _asked_of(order, ctx):
            if spare and spare(statement, order):
                continue
            if alone is not None and around.isdisjoint(partners) and order.kind != "stop":
                judged.append(Judged(statement, order, alone))
                continue
            try:
                judged.append(Judged(statement, order, check(statement, order, ctx)))
            except Exception as error:  # one failing rule must not take the others away
                what = f"rule {statement.id} failed ({type(error).__name__})"
                said = f"the check “{statement.title}” could not be completed"
                crashed.append(Issue("rule-failed", said, order.id))
                judged.append(Judged(statement, order, Outcome("cannot-evaluate", None, what)))
    return tuple(judged), tuple(crashed)


class _Asked(NamedTuple):
    """A statement about an order; of a pair the classes of its partners, and what it says without one."""

    statement: Statement
    partners: frozenset[str] = frozenset()
    alone: Outcome | None = None


def _asked_of(order: Order, ctx: Context) -> tuple[_Asked, ...]:
    """The statements about an order of this product, worked out once: most are pairs, and lack a partner."""
    memory: dict[object, tuple[_Asked, ...]] = ctx.knowledge.derived.setdefault("asked", {})
    key = (order.drug_key, order.classes, ctx.policy.jurisdiction)
    found = memory.get(key)
    if found is None:
        found = tuple(
            _asked(statement, order.classes)
            for statement in ctx.knowledge.about(order.drug_key, order.classes)
            if ctx.policy.jurisdiction in statement.jurisdictions
        )
        if len(memory) < REMEMBERED:
            memory[key] = found
    return found


def _asked(statement: Statement, classes: frozenset[str]) -> _Asked:
    rule = statement.rule
    if not isinstance(rule, Pair):
        return _Asked(statement)
    return _Asked(statement, completed_by(rule, classes), apart(rule))


def settled(judged: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """Without what another statement that speaks makes needless."""
    return _without_hints_on_what_to_avoid(without_superseded(judged))


def without_superseded(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """A statement is silent where one that says more speaks on the same order, or on all of its drugs."""
    greater: dict[str, list[Judged]] = {}
    for one in judged:
        if one.outcome.kind == "fired":
            for other in one.statement.supersedes:
                greater.setdefault(other, []).append(one)
    if not greater:
        return tuple(judged)
    return tuple(_unless_superseded(one, greater.get(one.statement.id, ())) for one in judged)


def _unless_superseded(one: Judged, greater: Iterable[Judged]) -> Judged:
    if one.outcome.finding is None:
        return one
    drugs = frozenset(one.outcome.finding.drugs)
    for other in greater:
        finding = other.outcome.finding
        if other.order.id == one.order.id or (finding and drugs and drugs <= frozenset(finding.drugs)):
            return one._replace(outcome=suppressed(f"{other.statement.id} says more"))
    return one


def _without_hints_on_what_to_avoid(judged: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """How to start or monitor a drug is not worth saying beside the advice not to give it."""
    against = {
        one.order.id: one.statement.id
        for one in judged
        if one.outcome.finding is not None
        and one.outcome.finding.severity == Indicator.critical
        and one.statement.problem not in ("dose-and-sedation", "procedure")
    }
    if not against:
        return judged
    return tuple(
        one._replace(outcome=suppressed(f"{against[one.order.id]} advises against the drug"))
        if one.order.id in against and _is_hint(one)
        else one
        for one in judged
    )


def _is_hint(one: Judged) -> bool:
    finding = one.outcome.finding
    if finding is None or finding.severity > Indicator.info or finding.topic is not None:
        return False
    return one.statement.topic in ("dosing", "monitoring")
