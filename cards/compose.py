"""Findings to cards: one card per order and problem, the worst leads, at most five."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from cards import offers
from cards.acknowledged import Acknowledged, answered, drugs_of
from cards.card import Action, Card, Indicator, OverrideReason, Suggestion
from cards.card_id import card_id
from cards.facts.medications import Order
from cards.facts.resources import Resource
from cards.finding import Finding, Words
from cards.knowledge.offers import Offer
from cards.knowledge.policy_file import SHIPPED
from cards.origin import Origin, origin_of, origins_of_today
from cards.rules.context import Context
from cards.rules.list_summary import list_summary
from cards.suggestions import DoseChange, creatinine_order, dose_change
from cards.suggestions import Marketed as Marketed
from cards.wording import say
from cards.wording import summary as one_line

MOST_CARDS = SHIPPED.max_cards

OVERRIDE_REASONS = (
    OverrideReason("will-monitor", "Will monitor"),
    OverrideReason("tolerated-before", "Patient has tolerated this before"),
    OverrideReason("benefit-outweighs", "Benefit outweighs the risk"),
    OverrideReason("dose-adjusted", "Dose already adjusted"),
    OverrideReason("no-alternative", "No suitable alternative"),
    OverrideReason("data-wrong", "Data are wrong (not taking, wrong weight or result)"),
    OverrideReason("specialist-plan", "Specialist plan"),
)
# A wrong detection must be one click away.
_NOT_PREGNANT = OverrideReason("not-pregnant", "Not pregnant or breastfeeding, or it has ended")
ALL_OVERRIDE_REASONS = (*OVERRIDE_REASONS, _NOT_PREGNANT)

Pairs = set[tuple[str, str]]
WouldWarn = Callable[[Order, Resource | None, Offer | None, Pairs], bool]
"""Whether anything is said at warning or above once an order is changed (None: removed) and an offered drug is added,
besides the (statement, order) pairs that are accepted."""


class Composed(NamedTuple):
    """The cards of one response, and the (statement, order) pairs that an earlier answer keeps silent."""

    cards: tuple[Card, ...]
    answered: frozenset[tuple[str, str]] = frozenset()


def compose(
    findings: Iterable[Finding],
    orders: Mapping[str, Order],
    ctx: Context,
    terms: Marketed,
    card_scope: str,
    would_warn: WouldWarn,
    data_cards: tuple[Card, ...] = (),
    acknowledged: Iterable[Acknowledged] = (),
) -> Composed:
    """One card per order and problem, ranked and capped; data cards stand last and are never lost."""
    least = Indicator.info if ctx.hook in ("order-sign", "order-dispatch") else Indicator.warning
    everything = list(findings)
    spoken = {(f.statement.id, f.order) for f in everything if f.severity >= Indicator.warning}
    earlier = tuple(acknowledged)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in everything:
        order = "" if ctx.hook == "patient-view" else finding.order
        groups.setdefault((order, finding.statement.problem), []).append(finding)
    ranked: list[list[Finding]] = []
    silent: set[tuple[str, str]] = set()
    for group in groups.values():
        group.sort(key=lambda finding: (-finding.severity, finding.statement.order))
        while earlier and group and answered(group, orders.get(group[0].order), earlier, ctx):
            known = [finding for finding in group if finding.order == group[0].order]
            silent.update((finding.statement.id, finding.order) for finding in known)
            group = [finding for finding in group if finding.order != group[0].order]
        if group and group[0].severity >= least:
            ranked.append(group)
    ranked.sort(key=lambda group: (-group[0].severity, group[0].statement.order, group[0].order))
    # What is only counted in the last card needs no detail and no suggestions.
    severities = (*(group[0].severity for group in ranked), *(card.indicator for card in data_cards))
    shown = _shown(severities, ctx.policy.max_cards)
    memory = origins_of_today(ctx)
    cards = [
        _card(group, origin_of(group, ctx, memory), orders, ctx, terms, card_scope, would_warn, spoken)
        if place < shown
        else _only_listed(group, origin_of(group, ctx, memory), orders, ctx)
        for place, group in enumerate(ranked)
    ]
    return Composed(capped((*cards, *data_cards), card_scope, ctx.policy.max_cards), frozenset(silent))


def _shown(severities: Sequence[Indicator], most: int) -> int:
    """How many cards stand by themselves: all, or all but those that the last place lists."""
    critical = severities.count(Indicator.critical)
    return len(severities) if len(severities) <= max(most, critical) else max(most - 1, critical)


def capped(cards: tuple[Card, ...], card_scope: str, most: int = MOST_CARDS) -> tuple[Card, ...]:
    """At most so many cards; critical ones are all kept, and the last place lists what else there was."""
    shown = _shown([card.indicator for card in cards], most)
    rest = cards[shown:]
    if not rest:
        return cards
    listed = "; ".join(card.summary for card in rest)
    more = Card(
        uuid=card_id(f"{card_scope}|more"),
        summary=one_line(say("more", count=len(rest), summaries=listed)),
        detail="\n".join(f"- {card.indicator.name}: {card.summary}" for card in rest),
        indicator=max(card.indicator for card in rest),
        source=rest[0].source,
        statements=tuple(dict.fromkeys(name for card in rest for name in card.statements)),
        override_reasons=max((card.override_reasons for card in rest), key=len) or OVERRIDE_REASONS,
    )
    return (*cards[:shown], more)


def _only_listed(group: list[Finding], origin: Origin, orders: Mapping[str, Order], ctx: Context) -> Card:
    """A card of which only the summary is shown, in the list that the last place holds."""
    of_list = list_summary(group, orders, ctx) if ctx.hook == "patient-view" else None
    return Card(
        uuid="",
        summary=one_line(of_list or group[0].summary),
        detail="",
        indicator=group[0].severity,
        source=origin.source,
        statements=tuple(finding.statement.id for finding in group),
        override_reasons=override_reasons(group[0]),
    )


def _card(
    group: list[Finding],
    origin: Origin,
    orders: Mapping[str, Order],
    ctx: Context,
    terms: Marketed,
    card_scope: str,
    would_warn: WouldWarn,
    spoken: set[tuple[str, str]],
) -> Card:
    lead, order = group[0], orders.get(group[0].order)
    scope = f"{card_scope}|{lead.statement.id}|{lead.order}"
    of_list = list_summary(group, orders, ctx) if ctx.hook == "patient-view" else None
    suggestions: tuple[Suggestion, ...] = ()
    if order is not None and ctx.hook != "patient-view":
        suggestions = _suggestions(group, order, ctx, terms, scope, would_warn, spoken)
    several = len(suggestions) > 1 and not any(
        action.type == "delete" for one in suggestions for action in one.actions
    )
    return Card(
        uuid=card_id(scope),
        summary=one_line(of_list or lead.summary),
        detail=_detail(group, origin, ctx, headed=of_list is not None),
        indicator=lead.severity,
        source=origin.source,
        statements=tuple(finding.statement.id for finding in group),
        order=lead.order,
        drugs=drugs_of(lead, order),
        daily_mg=order.dose.peak_day_mg if order is not None else None,
        suggestions=suggestions,
        selection_behavior="any" if several or ctx.policy.only_any else "at-most-one",
        override_reasons=override_reasons(lead),
        links=origin.links,
    )


def _suggestions(
    group: list[Finding],
    order: Order,
    ctx: Context,
    terms: Marketed,
    scope: str,
    would_warn: WouldWarn,
    spoken: set[tuple[str, str]],
) -> tuple[Suggestion, ...]:
    """The dose change first, then what the statements offer; each leaves no new warning behind.

    One at most is recommended: the dose change, else what the leading statement recommends.
    """
    found: list[Suggestion] = []
    lead = group[0]

    def add(label: str, name: str, actions: tuple[Action, ...], recommended: bool = False) -> None:
        uuid = card_id(f"{scope}|{name}")
        found.append(Suggestion(label=label, uuid=uuid, actions=actions, recommended=recommended))

    change = _sound_change(group, order, ctx, terms, would_warn, spoken)
    if change is not None:
        add(change.label, "dose", (change.action,), recommended=True)
    if any(finding.order_creatinine for finding in group):
        add(say("order-creatinine"), "creatinine", (creatinine_order(ctx.record.patient_id),))
    offered = dict.fromkeys([name for finding in group for name in finding.statement.offers])
    partners = {one for finding in group for one in finding.partners} if offered else set()
    for name in offered:
        offer = ctx.knowledge.offers[name]
        about = offers.concerned(offer, order, partners, ctx)
        made = offers.actions(offer, about, ctx) if about is not None else ()
        if about is None or not made or (ctx.policy.one_action and len(made) > 1):
            continue
        label = offers.label(offer, about)
        if any(label == one.label for one in found):  # two statements offer the same under two names
            continue
        if offer.kind == "drug":
            left = None if offer.replaces else about.resource
            if would_warn(about, left, offer, spoken):
                continue
        advised = change is None and name == lead.statement.recommends and not lead.unchecked
        add(label, name, made, recommended=advised)
    return tuple(found)


def _sound_change(
    group: list[Finding],
    order: Order,
    ctx: Context,
    terms: Marketed,
    would_warn: WouldWarn,
    spoken: set[tuple[str, str]],
) -> DoseChange | None:
    """A dose change that resolves what proposed it and brings nothing new of warning or above."""
    change = dose_change(group, order, ctx, terms)
    if change is None:
        return None
    proposing = {
        (f.statement.id, f.order) for f in group if f.dose is not None and f.dose.max_mg_per_day is not None
    }
    return None if would_warn(order, change.resource, None, spoken - proposing) else change


def override_reasons(lead: Finding) -> tuple[OverrideReason, ...]:
    """The reasons for not following a card."""
    if lead.statement.topic in ("pregnancy", "lactation"):
        return (_NOT_PREGNANT, *OVERRIDE_REASONS)
    return OVERRIDE_REASONS


def _detail(group: list[Finding], origin: Origin, ctx: Context, *, headed: bool) -> str:
    """Reason and advice of the lead, what else is grave, in a line what is merely worth knowing; the basis.

    `headed`: the card's summary is not the lead's, so the lead's stands above its reason.
    """
    lead, *others = group
    said = lead.put_into_words()
    lines = [_under_summary(said) if headed else said.reason, *_listed(said.advice)]
    named = [finding.statement.information for finding in group if finding.topic is None]
    lines += [f"- {ctx.knowledge.information[name]}" for name in named if name][:1]
    if lead.severity >= Indicator.warning:
        lines += [f"- Also: {other.summary}" for other in others if other.severity < Indicator.warning]
        others = [other for other in others if other.severity >= Indicator.warning]
    for other in others:
        lines += [f"\n{_under_summary(other.put_into_words())}", *_listed(other.advice)]
    read = [f"- {line[:1].upper()}{line[1:]}" for finding in group for line in finding.basis]
    lines += ["\n**Basis**\n", *dict.fromkeys(read), *_listed(origin.lines)]
    return "\n".join(lines)


def _listed(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _under_summary(said: Words) -> str:
    return f"**{said.summary}**\n\n{said.reason}"
