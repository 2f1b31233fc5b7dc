"""What would speak after a change of the drafts. Only what the change can touch is judged again."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from cards.card import Indicator
from cards.facts.medications import Order, read_drafts
from cards.facts.resources import Resource
from cards.judging import Judged, judge_orders, without_superseded
from cards.knowledge.index import Knowledge
from cards.knowledge.rule_types import ProcedureHold, RenalDose
from cards.knowledge.statements import Statement
from cards.rules import looked_at
from cards.rules.context import Context, standing
from terminology.load import Terminology

Pairs = AbstractSet[tuple[str, str]]
"""(statement, order)."""

# Kinds that set a severity of their own; that of the others is the statement's, or of one of its escalations.
_OWN_SEVERITY = (RenalDose, ProcedureHold)


@dataclass(slots=True)
class Drafts:
    """The drafts of one evaluation as they stand; `judged` are the outcomes before any silences another."""

    ctx: Context
    judged: tuple[Judged, ...]
    terms: Terminology
    _loud: list[Judged] | None = field(init=False, default=None)

    def speaking_with(
        self, order: Order, changed: Resource | None, added: tuple[Resource, ...], accepted: Pairs
    ) -> set[tuple[str, str]]:
        """(statement, order) pairs that would speak at warning or above after a change, less `accepted`.

        `changed` stands for the order, None when it is taken away; `added` are further drafts. Statements that
        can make no difference are not asked: those accepted, and those that never warn. One that silences others
        is. What the change cannot touch stays as it was judged.
        """
        ctx = self.ctx
        fresh = self._read(changed, added)
        replacement, further = (fresh[:1], fresh[1:]) if changed else ((), fresh)
        drafts = (
            *(one for draft in ctx.drafts for one in (replacement if draft is order else (draft,))),
            *further,
        )
        # What is not in force says nothing, but a change that it would speak against is not offered for one click.
        bounding = ctx.knowledge.bounding
        applied = replace(ctx, drafts=drafts, standing=standing(ctx.medications, drafts), knowledge=bounding)
        touched = _touched(order, fresh, _unlike(ctx.standing, applied.standing), bounding)
        new = {id(one) for one in fresh}

        def spare(statement: Statement, of: Order) -> bool:
            if id(of) not in new and not touched.concerns(statement, of):
                return True
            return not statement.supersedes and (
                (statement.id, of.id) in accepted or _at_most_info(statement, bounding)
            )

        again = [one for one in drafts if one.kind == "draft" and (id(one) in new or touched.reaches(one))]
        judged, _ = judge_orders(again, applied, spare)
        kept = [
            one
            for one in self._heard()
            if one.order is not order
            and (one.statement.supersedes or (one.statement.id, one.order.id) not in accepted)
            and not touched.concerns(one.statement, one.order)
        ]
        return {
            (one.statement.id, one.order.id)
            for one in without_superseded([*kept, *judged])
            if one.outcome.finding is not None and one.outcome.finding.severity >= Indicator.warning
        } - accepted

    def _read(self, changed: Resource | None, added: tuple[Resource, ...]) -> tuple[Order, ...]:
        fresh = (*((changed,) if changed else ()), *added)
        ctx = self.ctx
        return read_drafts(
            fresh, {}, ctx.record.patient_id, self.terms, ctx.renal.body_weight_kg, ctx.policy.zone
        )[0]

    def _heard(self) -> list[Judged]:
        """What speaks of the drafts as they are at warning or above, or silences others."""
        if self._loud is None:
            ctx, judged = self.ctx, self.judged
            known = {id(one.order) for one in judged}
            if ctx.knowledge.bounding is not ctx.knowledge:
                ctx, judged, known = replace(ctx, knowledge=ctx.knowledge.bounding), (), set()
            rest = [one for one in ctx.drafts if one.kind == "draft" and id(one) not in known]
            if rest:
                judged += judge_orders(
                    rest, ctx, lambda one, _: not one.supersedes and _at_most_info(one, ctx.knowledge)
                )[0]
            self._loud = [one for one in judged if one.order.kind == "draft" and _heard(one)]
        return self._loud


def _heard(one: Judged) -> bool:
    finding = one.outcome.finding
    return finding is not None and (finding.severity >= Indicator.warning or bool(one.statement.supersedes))


def _unlike(one: Iterable[Order], other: Iterable[Order]) -> tuple[Order, ...]:
    """What stands on one of two lists only."""
    first, second = {id(order): order for order in one}, {id(order): order for order in other}
    return tuple((first | second)[key] for key in first.keys() ^ second.keys())


def _at_most_info(statement: Statement, knowledge: Knowledge) -> bool:
    memory: dict[str, bool] = knowledge.derived.setdefault("at-most-info", {})
    found = memory.get(statement.id)
    if found is None:
        most = max(statement.severity, *(step.to for step in statement.escalations), Indicator.info)
        found = most < Indicator.warning and not isinstance(statement.rule, _OWN_SEVERITY)
        memory[statement.id] = found
    return found


@dataclass(frozen=True, slots=True)
class _Touched:
    """What a change touches: `classes` that come or go, and `content` of which an order differs; or everything."""

    classes: frozenset[str]
    content: frozenset[str]
    everything: bool
    knowledge: Knowledge

    def reaches(self, order: Order) -> bool:
        """Whether the change can alter what some statement says of another order."""
        return self._met(order, looked_at.for_order(order, self.knowledge))

    def concerns(self, statement: Statement, order: Order) -> bool:
        """Whether the change can alter what this statement says of another order."""
        return self._met(order, looked_at.by_statement(statement, self.knowledge))

    def _met(self, order: Order, look: looked_at.Look) -> bool:
        if self.everything or (order.ingredient is not None and order.ingredient.name in self.content):
            return True
        return not self.classes.isdisjoint(look.classes) or not self.content.isdisjoint(look.closer)


def _touched(
    order: Order, fresh: tuple[Order, ...], relisted: tuple[Order, ...], knowledge: Knowledge
) -> _Touched:
    """`relisted` are entries of the medication list that the change brings back or takes away."""
    orders = (order, *fresh, *relisted)
    # A procedure counts as planned too, which statements ask for by other names than its classes.
    everything = any(not one.has_drug for one in orders)
    content = frozenset().union(*(one.classes for one in orders))
    if len(fresh) == 1 and not relisted and _same_drug(order, fresh[0]):
        return _Touched(order.classes ^ fresh[0].classes, content, everything, knowledge)
    return _Touched(content, content, everything, knowledge)


def _same_drug(one: Order, other: Order) -> bool:
    """Whether one order replaces the other, and only what it says of the same drug differs."""
    if one.ingredient is None or other.ingredient is None or one.ingredient.name != other.ingredient.name:
        return False
    return one.id == other.id and one.prior == other.prior
