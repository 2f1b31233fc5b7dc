"""Everything a rule may look at, and the exposure questions all rules ask alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cards.facts.lab_values import Labs
from cards.facts.medications import Ended, Order
from cards.facts.patient import Patient
from cards.facts.pregnancy import Pregnancy
from cards.facts.problems import Problem
from cards.facts.procedures import Event
from cards.facts.record import Record
from cards.facts.renal import RenalFunction
from cards.facts.resources import Interval
from cards.knowledge.loader import Knowledge
from cards.knowledge.rule_types import Band, RenalDose
from cards.policy import Policy

if TYPE_CHECKING:
    from cards.rules.answer import Answer


T = TypeVar("T")


class _Listed(NamedTuple):
    """Entries of the medication list by product, and the names of all ingredients on it."""

    products: dict[tuple[str, str], tuple[Order, ...]]
    ingredients: frozenset[str]


@dataclass(slots=True, kw_only=True, eq=False)
class Context:
    """One evaluation's facts; `drafts` in the order they are judged: a pair belongs to the later one.

    `answers` are those that depend on the patient alone, by the text of the predicate. The answers to questions
    that all statements ask alike are kept by the identity of the order; a context `with_drafts` begins them anew.

    Nothing that is kept here holds the context itself, not even in a closure: without a circle all of an evaluation
    is freed as it ends, and the garbage collector has nothing to look for.
    """

    hook: str
    now: datetime
    policy: Policy
    knowledge: Knowledge
    record: Record
    patient: Patient
    problems: tuple[Problem, ...]
    renal: RenalFunction
    drafts: tuple[Order, ...]
    medications: tuple[Order, ...]
    standing: tuple[Order, ...]
    ended: Ended
    labs: Labs
    events: tuple[Event, ...]
    inpatient: bool
    pregnancy: Pregnancy
    answers: dict[str, Answer] = field(default_factory=dict, repr=False)
    # What several findings ask or print alike; with the orders, so that their identity is not given to others.
    factors: dict[tuple[object, ...], tuple[tuple[Order | None, ...], tuple[str, ...]]] = field(
        init=False, default_factory=dict, repr=False
    )
    order_lines: dict[tuple[int, str], tuple[Order, str]] = field(
        init=False, default_factory=dict, repr=False
    )
    renal_lines: tuple[str, ...] | None = field(init=False, default=None, repr=False)
    _active: dict[str, Problem] | None = field(init=False, default=None, repr=False)
    _planned: tuple[Event, ...] | None = field(init=False, default=None, repr=False)
    _in_force: dict[int, tuple[Order, ...]] = field(init=False, default_factory=dict, repr=False)
    _alongside: dict[int, tuple[Order, ...]] = field(init=False, default_factory=dict, repr=False)
    _around: dict[int, frozenset[str]] = field(init=False, default_factory=dict, repr=False)
    _exposures: dict[int, Decimal | None] = field(init=False, default_factory=dict, repr=False)
    _bands: dict[int, Band | None] = field(init=False, default_factory=dict, repr=False)
    _listed: _Listed | None = field(init=False, default=None, repr=False)
    _lasting: frozenset[str] | None = field(init=False, default=None, repr=False)

    def with_drafts(
        self, drafts: tuple[Order, ...], standing: tuple[Order, ...], knowledge: Knowledge
    ) -> Context:
        """The same patient with other drafts, as other knowledge sees them."""
        made = Context(
            hook=self.hook,
            now=self.now,
            policy=self.policy,
            knowledge=knowledge,
            record=self.record,
            patient=self.patient,
            problems=self.problems,
            renal=self.renal,
            drafts=drafts,
            medications=self.medications,
            standing=standing,
            ended=self.ended,
            labs=self.labs,
            events=self.events,
            inpatient=self.inpatient,
            pregnancy=self.pregnancy,
            answers=self.answers,
        )
        made._active, made.renal_lines, made._listed = self._active, self.renal_lines, self._listed
        if standing is self.standing:
            made._lasting = self._lasting
        return made

    @property
    def listed(self) -> _Listed:
        """The medication list by what is asked of it."""
        if self._listed is None:
            products: dict[tuple[str, str], tuple[Order, ...]] = {}
            for one in self.medications:
                products[one.drug_key] = (*products.get(one.drug_key, ()), one)
            names = frozenset([one.ingredient.name for one in self.medications if one.ingredient is not None])
            self._listed = _Listed(products, names)
        return self._listed

    @property
    def lasting_classes(self) -> frozenset[str]:
        """The classes of what stands of the medication list, and of what has ended."""
        if self._lasting is None:
            self._lasting = self.ended.classes.union(*[one.classes for one in self.standing])
        return self._lasting

    def active_problem(self, value_set: str) -> Problem | None:
        """The first active problem of the value set."""
        if self._active is None:
            self._active = {}
            for problem in self.problems:
                if problem.active:
                    for name in problem.value_sets:
                        self._active.setdefault(name, problem)
        return self._active.get(value_set)

    @property
    def planned(self) -> tuple[Event, ...]:
        """Services that are ordered and not yet done, on file or among the drafts."""
        if self._planned is None:
            self._planned = self._read_planned()
        return self._planned

    def _read_planned(self) -> tuple[Event, ...]:
        drafted = (
            Event(
                kind="planned",
                value_sets=draft.classes,
                when=draft.planned,
                source=draft.id,
                text=draft.named,
                sites=draft.sites,
            )
            for draft in self.drafts
            if draft.kind == "draft" and not draft.has_drug
        )
        return (*(event for event in self.events if event.kind == "planned"), *drafted)


def standing(medications: tuple[Order, ...], drafts: tuple[Order, ...]) -> tuple[Order, ...]:
    """The medication list less what the drafts replace or stop: same id, named as prior, or the same product."""
    ids = {draft.id for draft in drafts}.union(*(draft.prior for draft in drafts))
    products = {draft.drug_key for draft in drafts if draft.has_drug} - {("", "")}
    return tuple(one for one in medications if one.id not in ids and one.drug_key not in products)


def stopping(medications: tuple[Order, ...], drafts: tuple[Order, ...], now: datetime) -> tuple[Order, ...]:
    """Entries of the list that a draft stops today: no exposure any more, but their effect wears off."""
    stops = tuple(draft for draft in drafts if draft.kind == "stop")
    if not stops:
        return ()
    left = {id(one) for one in standing(medications, stops)}
    ends = Interval(now, now, "time")
    return tuple(replace(one, kind="ended", ends=ends) for one in medications if id(one) not in left)


def in_force(order: Order, ctx: Context) -> tuple[Order, ...]:
    """The other therapy this order would be given with: earlier drafts, and what stands of the list.

    For an entry of the list itself (patient-view): the entries before it, so that a pair is judged once.
    """
    found = ctx._in_force.get(id(order))
    if found is None:
        found = ctx._in_force[id(order)] = _in_force(order, ctx)
    return found


def _in_force(order: Order, ctx: Context) -> tuple[Order, ...]:
    if order.kind == "active":
        return _before(order, ctx.standing)
    drafted = [one for one in _before(order, ctx.drafts) if one.kind == "draft" and one.id not in order.prior]
    return (*drafted, *ctx.standing)


def _before(order: Order, listed: tuple[Order, ...]) -> tuple[Order, ...]:
    """What comes before an order in a list; all of it where the order does not stand in it."""
    for place, one in enumerate(listed):
        if one is order:
            return listed[:place]
    return listed


def classes_around(order: Order, ctx: Context) -> frozenset[str]:
    """The classes of all therapy in force with this order, and of what has ended."""
    found = ctx._around.get(id(order))
    if found is None:
        others = in_force(order, ctx)
        if order.kind == "active":
            found = ctx.ended.classes.union(*[one.classes for one in others])
        else:
            drafted = others[: len(others) - len(ctx.standing)]
            found = ctx.lasting_classes.union(*[one.classes for one in drafted])
        ctx._around[id(order)] = found
    return found


def alongside(order: Order, ctx: Context) -> tuple[Order, ...]:
    """All other therapy in force or being ordered in this session, later drafts included.

    What protects or aggravates counts wherever it stands; `in_force` decides who a pair belongs to.
    """
    found = ctx._alongside.get(id(order))
    if found is None:
        drafts = tuple(
            draft
            for draft in ctx.drafts
            if draft is not order and draft.kind == "draft" and draft.id not in order.prior
        )
        found = (*drafts, *(listed for listed in ctx.standing if listed is not order))
        ctx._alongside[id(order)] = found
    return found


def daily_exposure(order: Order, ctx: Context) -> Decimal | None:
    """Largest total of the ingredient on one day (mg) with all else in force; None if unreadable."""
    own = order.dose.peak_day_mg
    if own is None or order.ingredient is None:
        return own
    exposures = ctx._exposures
    if id(order) not in exposures:
        name = order.ingredient.name
        exposures[id(order)] = own + sum(
            [
                other.dose.peak_day_mg or Decimal(0)
                for other in in_force(order, ctx)
                if other.ingredient is not None and other.ingredient.name == name
            ]
        )
    return exposures[id(order)]


def certain_exposure(order: Order, ctx: Context) -> Decimal | None:
    """As `daily_exposure`; where the day's total is not readable, what is certain of it: a lower bound.

    That is the readable one of several instructions, or a single dose of which it is not said how often.
    """
    total, dose = daily_exposure(order, ctx), order.dose
    if total is not None or order.ingredient is None:
        return total
    known = [mg for mg in (dose.at_least_mg, dose.max_single_mg) if mg is not None]
    return max(known, default=None)


def least_exposure(order: Order, ctx: Context) -> Decimal | None:
    """As `daily_exposure`, under the reading of an ambiguous order that gives the least."""
    exposure, peak, least = daily_exposure(order, ctx), order.dose.peak_day_mg, order.dose.least_peak_mg
    if exposure is None or peak is None or least is None:
        return exposure
    return exposure - peak + least


def continued(order: Order, ctx: Context) -> tuple[Order, ...]:
    """Entries of the medication list that hold the same product as this order."""
    return ctx.listed.products.get(order.drug_key, ())


def new_start(order: Order, ctx: Context) -> bool | None:
    """Whether the ingredient is new to the patient; None when no medication list was supplied."""
    if order.kind != "draft" or order.ingredient is None:
        return False
    if order.ingredient.name in ctx.listed.ingredients:
        return False
    return True if ctx.record.state("medications") == "given" else None


def no_medication_list(ctx: Context) -> str:
    """Why the medication list is not known, where its key was not supplied or failed."""
    return ctx.record.no_list("medications", "medication list")


def of_product(reader: str, make: Callable[[Order, Context], T], order: Order, ctx: Context) -> T:
    """What a reader makes of the statements about an order's product: worked out once, for all such orders."""
    memory = ctx.knowledge.remembered(reader)
    key = (order.drug_key, order.classes, ctx.policy.jurisdiction)
    if key not in memory:
        return memory.keep(key, make(order, ctx))
    found: T = memory[key]
    return found


def renal_rule(order: Order, ctx: Context) -> RenalDose | None:
    """The renal table of the order's product for this jurisdiction."""
    return of_product("renal-rule", _renal_rule, order, ctx)


def _renal_rule(order: Order, ctx: Context) -> RenalDose | None:
    for statement in ctx.knowledge.about(order.drug_key, order.classes):
        if isinstance(statement.rule, RenalDose) and ctx.policy.jurisdiction in statement.jurisdictions:
            return statement.rule
    return None


def renal_band(order: Order, ctx: Context) -> Band | None:
    """The band of the renal table that applies; None without a table or a usable kidney function."""
    bands = ctx._bands
    if id(order) not in bands:
        bands[id(order)] = _renal_band(order, ctx)
    return bands[id(order)]


def _renal_band(order: Order, ctx: Context) -> Band | None:
    rule = renal_rule(order, ctx)
    if rule is None:
        return None
    if ctx.renal.basis == "haemodialysis":
        return rule.haemodialysis
    if ctx.renal.crcl_low is None:
        return None
    return rule.band_at(ctx.renal.crcl_low)
