"""What would speak after a change of the drafts. Only what the change can touch is judged again."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import NamedTuple

from cards import offers
from cards.card import Indicator
from cards.facts.medications import Order, read_drafts
from cards.facts.resources import Resource
from cards.facts.value_sets import is_lasting
from cards.judging import Asked, Judged, asked_of, judge_orders, without_superseded
from cards.knowledge.index import Knowledge
from cards.knowledge.offers import Offer
from cards.knowledge.rule_types import ProcedureHold, RenalDose
from cards.knowledge.statements import Statement
from cards.rules import looked_at
from cards.rules.context import Context, of_product, standing
from terminology.load import Terminology

Pairs = AbstractSet[tuple[str, str]]
"""(statement, order)."""

# Kinds that set a severity of their own; that of the others is the statement's, or of one of its escalations.
_OWN_SEVERITY = (RenalDose, ProcedureHold)


@dataclass(slots=True)
class Drafts:
    """The drafts of one evaluation as they stand, and the outcomes for its subjects before any silences another.

    `known` are the Medications that drafts refer to, by reference.
    """

    ctx: Context
    subjects: tuple[Order, ...]
    judged: tuple[Judged, ...]
    terms: Terminology
    known: Mapping[str, Resource]
    _loud: list[Judged] | None = field(init=False, default=None)

    def would_warn(
        self, order: Order, changed: Resource | None, offered: Offer | None, accepted: Pairs
    ) -> bool:
        """Whether anything would speak at warning or above after a change, besides the pairs that are `accepted`.

        `changed` stands for the order, None when it is taken away; `offered` is a further drug. What the change
        cannot touch stays as it was judged. What can only silence others is asked where something speaks.
        """
        fresh = (*self._read(order, changed), *self._drafted(offered))
        replacement, further = (fresh[:1], fresh[1:]) if changed else ((), fresh)
        drafts = (
            *[one for draft in self.ctx.drafts for one in (replacement if draft is order else (draft,))],
            *further,
        )
        # What is not in force says nothing, but a change that it would speak against is not offered for one click.
        bounding = self.ctx.knowledge.bounding
        if changed and len(fresh) == 1 and _is_redosed(order, fresh[0]):
            listed, touched = self.ctx.standing, _touched_by_dosing(order, fresh[0], bounding)
        else:
            listed = standing(self.ctx.medications, drafts)
            touched = _touched(order, fresh, _unlike(self.ctx.standing, listed), bounding)
        applied = self.ctx.with_drafts(drafts, listed, bounding)
        again = [one for one in drafts if one.kind == "draft"]

        def asked_first(of: Order, ctx: Context) -> list[Asked]:
            asked = touched.asks(of, ctx)
            return [one for one in asked if (one.statement.id, of.id) not in accepted]

        def asked_then(of: Order, ctx: Context) -> list[Asked]:
            asked = _heeded(of, ctx).silencing
            return [one for one in asked if touched.concerns(one.statement, of)]

        speaking = [one for one in self._heard() if not touched.concerns(one.statement, one.order)]
        speaking += judge_orders(again, applied, asked_first)[0]
        if not _warning(speaking, accepted):
            return False
        speaking += judge_orders(again, applied, asked_then)[0]
        return _warning(without_superseded(speaking), accepted)

    def _read(self, order: Order, changed: Resource | None) -> tuple[Order, ...]:
        """What stands for the order. One that is left as it is, and names a single drug, need not be read again."""
        if changed is None:
            return ()
        if changed is order.resource and len(order.lookup.medications) == 1:
            return (order,)
        ctx = self.ctx
        return read_drafts(
            (changed,),
            self.known,
            ctx.record.patient_id,
            self.terms,
            ctx.renal.body_weight_kg,
            ctx.policy.zone,
        )[0]

    def _drafted(self, offered: Offer | None) -> tuple[Order, ...]:
        if offered is None:
            return ()
        read = _remembered_draft if is_lasting(self.terms) else _draft
        return read(offered.rxcui, offered.drug, self.terms, self.ctx.policy.zone)

    def _heard(self) -> list[Judged]:
        """What speaks of the drafts as they are at warning or above, or silences others."""
        if self._loud is None:
            ctx, judged, known = self.ctx, self.judged, set(map(id, self.subjects))
            if ctx.knowledge.bounding is not ctx.knowledge:
                ctx = ctx.with_drafts(ctx.drafts, ctx.standing, ctx.knowledge.bounding)
                judged, known = (), set()
            rest = [one for one in ctx.drafts if one.kind == "draft" and id(one) not in known]
            if rest:
                judged += judge_orders(rest, ctx, lambda of, ctx: _heeded(of, ctx).all)[0]
            self._loud = [
                one
                for one in judged
                if (finding := one.outcome.finding) is not None
                and one.order.kind == "draft"
                and (finding.severity >= Indicator.warning or one.statement.supersedes)
            ]
        return self._loud


def _draft(rxcui: str, drug: str, terms: Terminology, zone: tzinfo) -> tuple[Order, ...]:
    """A draft order of a drug without a dose, for no patient: what rules read of it is the same for each."""
    return read_drafts((offers.draft_of(rxcui, drug),), {}, "", terms, None, zone)[0]


_remembered_draft = lru_cache(maxsize=256)(_draft)


def _warning(judged: Iterable[Judged], accepted: Pairs) -> bool:
    """Whether one that is not accepted speaks at warning or above."""
    for one in judged:
        finding = one.outcome.finding
        loud = finding is not None and finding.severity >= Indicator.warning
        if loud and (one.statement.id, one.order.id) not in accepted:
            return True
    return False


def _unlike(one: Sequence[Order], other: Sequence[Order]) -> tuple[Order, ...]:
    """What stands on one of two lists only."""
    only = set(map(id, one)) ^ set(map(id, other))
    return tuple([order for order in (*one, *other) if id(order) in only]) if only else ()


class _Heeded(NamedTuple):
    """The statements about an order of a product that a change must heed: those that may warn, or silence others.

    `dosing` are those that may warn of how it is to be taken.
    """

    all: tuple[Asked, ...]
    warning: tuple[Asked, ...]
    dosing: tuple[Asked, ...]
    silencing: tuple[Asked, ...]


def _heeded(order: Order, ctx: Context) -> _Heeded:
    return of_product("heeded", _all_heeded, order, ctx)


def _all_heeded(order: Order, ctx: Context) -> _Heeded:
    asked = asked_of(order, ctx)
    warning = tuple(one for one in asked if _may_warn(one.statement))
    return _Heeded(
        all=tuple(one for one in asked if one in warning or one.statement.supersedes),
        warning=warning,
        dosing=tuple(one for one in warning if looked_at.by_statement(one.statement, ctx.knowledge).dosing),
        silencing=tuple(one for one in asked if one.statement.supersedes),
    )


def _may_warn(statement: Statement) -> bool:
    most = max(statement.severity, *(step.to for step in statement.escalations), Indicator.info)
    return most >= Indicator.warning or isinstance(statement.rule, _OWN_SEVERITY)


@dataclass(slots=True)
class _Touched:
    """What a change touches: its `own` orders, and others by what of their classes and content counts there.

    `own` are, by identity, the order that is changed and those that come of it; where `redosed`, only how one is to be
    taken differs. `classes` are those that come or go, `content` those of which an order differs; or everything counts.
    """

    own: frozenset[int]
    classes: frozenset[str]
    content: frozenset[str]
    everything: bool
    redosed: bool
    knowledge: Knowledge

    def concerns(self, statement: Statement, order: Order) -> bool:
        """Whether the change can alter what this statement says of an order."""
        look = looked_at.by_statement(statement, self.knowledge)
        if id(order) in self.own:
            return look.dosing or not self.redosed
        if self._counts_wholly(order):
            return True
        return not (self.content.isdisjoint(look.closer) and self.classes.isdisjoint(look.classes))

    def asks(self, order: Order, ctx: Context) -> tuple[Asked, ...]:
        """The statements that may warn, and may say of the order what they did not say before."""
        if id(order) in self.own:
            heeded = _heeded(order, ctx)
            return heeded.dosing if self.redosed else heeded.warning
        if self._counts_wholly(order):
            return _heeded(order, ctx).warning
        memory = self.knowledge.remembered("touched")
        key = (order.drug_key, order.classes, ctx.policy.jurisdiction, self.classes, self.content)
        found: tuple[Asked, ...] | None = memory.get(key)
        if found is None:
            asked = _heeded(order, ctx).warning
            found = memory.keep(key, tuple(one for one in asked if self.concerns(one.statement, order)))
        return found

    def _counts_wholly(self, order: Order) -> bool:
        """Whether all statements about another order may count what the change touches."""
        return self.everything or (order.ingredient is not None and order.ingredient.name in self.content)


def _touched(
    order: Order, fresh: tuple[Order, ...], relisted: tuple[Order, ...], knowledge: Knowledge
) -> _Touched:
    """`relisted` are entries of the medication list that the change brings back or takes away."""
    orders = (order, *fresh, *relisted)
    content = frozenset().union(*[one.classes for one in orders])
    in_place = len(fresh) == 1 and not relisted and _same_drug(order, fresh[0])
    return _Touched(
        own=frozenset(map(id, (order, *fresh))),
        classes=order.classes ^ fresh[0].classes if in_place else content,
        content=content,
        # A procedure counts as planned too, which statements ask for by other names than its classes.
        everything=any(not one.has_drug for one in orders),
        redosed=False,
        knowledge=knowledge,
    )


def _touched_by_dosing(order: Order, fresh: Order, knowledge: Knowledge) -> _Touched:
    return _Touched(
        own=frozenset((id(order), id(fresh))),
        classes=frozenset(),
        content=order.classes,
        everything=False,
        redosed=True,
        knowledge=knowledge,
    )


def _is_redosed(order: Order, fresh: Order) -> bool:
    """Whether one order replaces the other, and only how the same product is to be taken differs.

    What stands of the medication list is then the same.
    """
    return (
        _same_drug(order, fresh)
        and order.drug_key == fresh.drug_key
        and order.classes == fresh.classes
        and order.kind == fresh.kind
    )


def _same_drug(one: Order, other: Order) -> bool:
    """Whether one order replaces the other, and only what it says of the same drug differs."""
    if one.ingredient is None or other.ingredient is None or one.ingredient.name != other.ingredient.name:
        return False
    return one.id == other.id and one.prior == other.prior
