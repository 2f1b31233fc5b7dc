"""Judges every statement that concerns an order; one failing rule does not take the others away."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cards.card import Indicator
from cards.facts.medications import Order
from cards.facts.record import Issue
from cards.finding import Outcome, cannot, suppressed
from cards.knowledge.rule_types import Duplicate, Pair, Taper
from cards.knowledge.statements import Statement
from cards.rules import duplicate_therapy, taper
from cards.rules.context import Context, classes_around, of_product
from cards.rules.dispatch import check
from cards.rules.interaction import apart, completed_by


class Judged(NamedTuple):
    """One statement's outcome for one order."""

    statement: Statement
    order: Order
    outcome: Outcome


class Asked(NamedTuple):
    """A statement about an order, and what it says `alone`: where no other order has a class of its `partners`.

    `alone` is None where it may speak of an order by itself. An order that stops a drug is always asked about.
    """

    statement: Statement
    partners: frozenset[str] = frozenset()
    alone: Outcome | None = None


def judge_orders(
    subjects: Iterable[Order], ctx: Context, of: Callable[[Order, Context], Iterable[Asked]] | None = None
) -> tuple[tuple[Judged, ...], tuple[Issue, ...]]:
    """Every statement that concerns each order, or those `of` it that are to be asked; the rules that crashed.

    Each is judged by itself: `settled` silences what others make needless, and puts the rest into words.
    """
    judged: list[Judged] = []
    crashed: list[Issue] = []
    for order in subjects:
        around = None
        for statement, partners, alone in (of or asked_of)(order, ctx):
            if alone is not None and order.kind != "stop":
                around = classes_around(order, ctx) if around is None else around
                if around.isdisjoint(partners):
                    judged.append(Judged(statement, order, alone))
                    continue
            try:
                judged.append(Judged(statement, order, check(statement, order, ctx)))
            except Exception as error:  # one failing rule must not take the others away
                judged.append(_failed(statement, order, error))
                crashed.append(_named(judged[-1]))
    return tuple(judged), tuple(crashed)


def _failed(statement: Statement, order: Order, error: Exception) -> Judged:
    return Judged(statement, order, cannot(f"rule {statement.id} failed ({type(error).__name__})"))


def _named(failed: Judged) -> Issue:
    said = f"the check “{failed.statement.title}” could not be completed"
    return Issue("rule-failed", said, failed.order.id)


def asked_of(order: Order, ctx: Context) -> tuple[Asked, ...]:
    """The statements about an order of this product, worked out once: most are pairs, and lack a partner."""
    return of_product("asked", _all_asked, order, ctx)


def _all_asked(order: Order, ctx: Context) -> tuple[Asked, ...]:
    return tuple(
        _asked(statement, order.classes)
        for statement in ctx.knowledge.about(order.drug_key, order.classes)
        if ctx.policy.jurisdiction in statement.jurisdictions
    )


def _asked(statement: Statement, classes: frozenset[str]) -> Asked:
    rule = statement.rule
    if isinstance(rule, Pair):
        return Asked(statement, completed_by(rule, classes), apart(rule))
    if isinstance(rule, Duplicate):
        return Asked(statement, frozenset((rule.drug_class,)), duplicate_therapy.single(rule))
    if isinstance(rule, Taper):
        return Asked(statement, frozenset(), taper.going_on())
    return Asked(statement)


class Settled(NamedTuple):
    """What is left to say, the outcomes each by itself, and the rules that crashed while finding words."""

    judged: tuple[Judged, ...]
    alone: tuple[Judged, ...]
    crashed: tuple[Issue, ...] = ()


def settled(alone: tuple[Judged, ...]) -> Settled:
    """Without what another statement that speaks makes needless, and in words.

    A rule that finds no words has not spoken: what it made needless is said after all.
    """
    speaking = [one for one in alone if one.outcome.finding is not None]
    left = _without_hints_on_what_to_avoid(without_superseded(speaking))
    failed = {
        id(one): _failed(one.statement, one.order, error)
        for one in left
        if (error := _wordless(one.outcome)) is not None
    }
    if not failed:
        return Settled(_with(zip(speaking, left, strict=True), alone), alone)
    again = settled(_with(((one, failed[id(one)]) for one in speaking if id(one) in failed), alone))
    return again._replace(crashed=(*map(_named, failed.values()), *again.crashed))


def _with(changed: Iterable[tuple[Judged, Judged]], judged: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """What was judged, with some outcomes in place of others."""
    instead = {id(old): new for old, new in changed if new is not old}
    return tuple(instead.get(id(one), one) for one in judged) if instead else judged


def _wordless(outcome: Outcome) -> Exception | None:
    try:
        if outcome.finding is not None:
            outcome.finding.put_into_words()
    except Exception as error:  # as in judging: the other advice stays
        return error
    return None


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
