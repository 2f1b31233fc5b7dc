"""Everything a rule may look at, and the exposure questions all rules ask alike."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import takewhile

from cards.facts.lab_values import Labs
from cards.facts.medications import Order
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One evaluation's facts; `drafts` in the order they are judged: a pair belongs to the later one."""

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
    ended: tuple[Order, ...]
    labs: Labs
    events: tuple[Event, ...]
    inpatient: bool
    pregnancy: Pregnancy

    @property
    def planned(self) -> tuple[Event, ...]:
        """Services that are ordered and not yet done, on file or among the drafts."""
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


def supersedes(draft: Order, listed: Order) -> bool:
    """Whether `draft` takes the place of `listed`: same id, named as prior, or the same product."""
    if listed.id == draft.id or listed.id in draft.prior:
        return True
    if not draft.has_drug or draft.drug_key == ("", ""):
        return False
    return draft.drug_key == listed.drug_key


def standing(medications: tuple[Order, ...], drafts: tuple[Order, ...]) -> tuple[Order, ...]:
    """The medication list less what the drafts replace or stop."""
    return tuple(listed for listed in medications if not any(supersedes(draft, listed) for draft in drafts))


def stopping(medications: tuple[Order, ...], drafts: tuple[Order, ...], now: datetime) -> tuple[Order, ...]:
    """Entries of the list that a draft stops today: no exposure any more, but their effect wears off."""
    ends = Interval(now, now, "time")
    return tuple(
        replace(listed, kind="ended", ends=ends)
        for listed in medications
        if any(draft.kind == "stop" and supersedes(draft, listed) for draft in drafts)
    )


def in_force(order: Order, ctx: Context) -> tuple[Order, ...]:
    """The other therapy this order would be given with: earlier drafts, and what stands of the list.

    For an entry of the list itself (patient-view): the entries before it, so that a pair is judged once.
    """
    if order.kind == "active":
        return tuple(takewhile(lambda listed: listed is not order, ctx.standing))
    earlier = tuple(
        draft
        for draft in takewhile(lambda draft: draft is not order, ctx.drafts)
        if draft.kind == "draft" and draft.id not in order.prior
    )
    return earlier + ctx.standing


def alongside(order: Order, ctx: Context) -> tuple[Order, ...]:
    """All other therapy in force or being ordered in this session, later drafts included.

    What protects or aggravates counts wherever it stands; `in_force` decides who a pair belongs to.
    """
    drafts = tuple(
        draft
        for draft in ctx.drafts
        if draft is not order and draft.kind == "draft" and draft.id not in order.prior
    )
    return (*drafts, *(listed for listed in ctx.standing if listed is not order))


def daily_exposure(order: Order, ctx: Context) -> Decimal | None:
    """Largest total of the ingredient on one day (mg) with all else in force; None if unreadable."""
    own = order.dose.peak_day_mg
    if own is None or order.ingredient is None:
        return own
    name = order.ingredient.name
    return own + sum(
        (other.dose.peak_day_mg or Decimal(0))
        for other in in_force(order, ctx)
        if other.ingredient is not None and other.ingredient.name == name
    )


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
    return tuple(listed for listed in ctx.medications if listed.drug_key == order.drug_key)


def new_start(order: Order, ctx: Context) -> bool | None:
    """Whether the ingredient is new to the patient; None when no medication list was supplied."""
    if order.kind != "draft" or order.ingredient is None:
        return False
    name = order.ingredient.name
    if any(listed.ingredient is not None and listed.ingredient.name == name for listed in ctx.medications):
        return False
    return True if ctx.record.state("medications") == "given" else None


def renal_rule(order: Order, ctx: Context) -> RenalDose | None:
    """The renal table of the order's product for this jurisdiction."""
    for statement in ctx.knowledge.about(order.drug_key, order.classes):
        if isinstance(statement.rule, RenalDose) and ctx.policy.jurisdiction in statement.jurisdictions:
            return statement.rule
    return None


def renal_band(order: Order, ctx: Context) -> Band | None:
    """The band of the renal table that applies; None without a table or a usable kidney function."""
    rule = renal_rule(order, ctx)
    if rule is None:
        return None
    if ctx.renal.basis == "haemodialysis":
        return rule.haemodialysis
    if ctx.renal.crcl_low is None:
        return None
    return rule.band_at(ctx.renal.crcl_low)
