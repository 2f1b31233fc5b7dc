"""Findings to cards: one card per order and problem, the worst leads, at most five."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from cards import offers
from cards.acknowledged import Acknowledged, answered, drugs_of
from cards.card import Action, Card, Indicator, Link, OverrideReason, Source, Suggestion
from cards.facts.medications import Order
from cards.facts.resources import Resource
from cards.finding import Finding
from cards.knowledge.governance import Change
from cards.knowledge.path_words import is_text, path_words
from cards.knowledge.policy_file import SHIPPED
from cards.knowledge.statements import Statement
from cards.rules.context import Context
from cards.rules.list_summary import list_summary
from cards.suggestions import DoseChange, creatinine_order, dose_change
from cards.suggestions import Marketed as Marketed
from cards.wording import say
from cards.wording import summary as one_line

MOST_CARDS = SHIPPED.max_cards

# Namespace of card and suggestion ids (UUIDv5), so that the same answer to the same call has the same ids.
CARD_NAMESPACE = UUID("6f0d9f0c-5d0e-5a3b-9a57-3d3f1c6b7b11")

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
NewFindings = Callable[[Order, Resource | None, tuple[Resource, ...], Pairs], Pairs]
"""(statement, order) pairs of warning and above once an order is changed (None: removed) and others added, less
those that are accepted."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The cards of one response, and the (statement, order) pairs that an earlier answer keeps silent."""

    cards: tuple[Card, ...]
    answered: frozenset[tuple[str, str]] = frozenset()


def compose(
    findings: Iterable[Finding],
    orders: Mapping[str, Order],
    ctx: Context,
    terms: Marketed,
    card_scope: str,
    after: NewFindings,
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
        while group and answered(group, orders.get(group[0].order), earlier, ctx):
            known = [finding for finding in group if finding.order == group[0].order]
            silent.update((finding.statement.id, finding.order) for finding in known)
            group = [finding for finding in group if finding not in known]
        if group and group[0].severity >= least:
            ranked.append(group)
    ranked.sort(key=lambda group: (-group[0].severity, group[0].statement.order, group[0].order))
    # What is only counted in the last card needs no detail and no suggestions.
    severities = (*(group[0].severity for group in ranked), *(card.indicator for card in data_cards))
    shown = _shown(severities, ctx.policy.max_cards)
    cards = [
        _card(group, orders, ctx, terms, card_scope, after, spoken)
        if place < shown
        else _only_listed(group, orders, ctx)
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
        uuid=str(uuid5(CARD_NAMESPACE, f"{card_scope}|more")),
        summary=one_line(say("more", count=len(rest), summaries=listed)),
        detail="\n".join(f"- {card.indicator.name}: {card.summary}" for card in rest),
        indicator=max(card.indicator for card in rest),
        source=rest[0].source,
        statements=tuple(dict.fromkeys(name for card in rest for name in card.statements)),
        override_reasons=max((card.override_reasons for card in rest), key=len) or OVERRIDE_REASONS,
    )
    return (*cards[:shown], more)


def _only_listed(group: list[Finding], orders: Mapping[str, Order], ctx: Context) -> Card:
    """A card of which only the summary is shown, in the list that the last place holds."""
    of_list = list_summary(group, orders, ctx) if ctx.hook == "patient-view" else None
    return Card(
        uuid="",
        summary=one_line(of_list or group[0].summary),
        detail="",
        indicator=group[0].severity,
        source=_source(group[0]),
        statements=tuple(finding.statement.id for finding in group),
        override_reasons=override_reasons(group[0]),
    )


def _card(
    group: list[Finding],
    orders: Mapping[str, Order],
    ctx: Context,
    terms: Marketed,
    card_scope: str,
    after: NewFindings,
    spoken: set[tuple[str, str]],
) -> Card:
    lead, order = group[0], orders.get(group[0].order)
    scope = f"{card_scope}|{lead.statement.id}|{lead.order}"
    of_list = list_summary(group, orders, ctx) if ctx.hook == "patient-view" else None
    suggestions: tuple[Suggestion, ...] = ()
    if order is not None and ctx.hook != "patient-view":
        suggestions = _suggestions(group, order, ctx, terms, scope, after, spoken)
    several = len(suggestions) > 1 and not any(
        action.type == "delete" for one in suggestions for action in one.actions
    )
    return Card(
        uuid=str(uuid5(CARD_NAMESPACE, scope)),
        summary=one_line(of_list or lead.summary),
        detail=_detail(group, ctx, headed=of_list is not None),
        indicator=lead.severity,
        source=_source(lead),
        statements=tuple(finding.statement.id for finding in group),
        order=lead.order,
        drugs=drugs_of(lead, order),
        daily_mg=order.dose.peak_day_mg if order is not None else None,
        suggestions=suggestions,
        selection_behavior="any" if several or ctx.policy.only_any else "at-most-one",
        override_reasons=override_reasons(lead),
        links=_links(group, ctx),
    )


def _suggestions(
    group: list[Finding],
    order: Order,
    ctx: Context,
    terms: Marketed,
    scope: str,
    after: NewFindings,
    spoken: set[tuple[str, str]],
) -> tuple[Suggestion, ...]:
    """The dose change first, then what the statements offer; each leaves no new warning behind.

    One at most is recommended: the dose change, else what the leading statement recommends.
    """
    found: list[Suggestion] = []
    lead = group[0]
    partners = frozenset(one for finding in group for one in finding.partners)

    def add(label: str, name: str, actions: tuple[Action, ...], recommended: bool = False) -> None:
        uuid = str(uuid5(CARD_NAMESPACE, f"{scope}|{name}"))
        found.append(Suggestion(label=label, uuid=uuid, actions=actions, recommended=recommended))

    change = _sound_change(group, order, ctx, terms, after, spoken)
    if change is not None:
        add(change.label, "dose", (change.action,), recommended=True)
    if any(finding.order_creatinine for finding in group):
        add(say("order-creatinine"), "creatinine", (creatinine_order(ctx.record.patient_id),))
    for name in dict.fromkeys(name for finding in group for name in finding.statement.offers):
        offer = ctx.knowledge.offers[name]
        about = offers.concerned(offer, order, partners, ctx)
        made = offers.actions(offer, about, ctx) if about is not None else ()
        if about is None or not made or (ctx.policy.one_action and len(made) > 1):
            continue
        drugs = tuple(
            a.resource for a in made if a.resource and a.resource["resourceType"] == "MedicationRequest"
        )
        if drugs:
            removed = any(action.type == "delete" for action in made)
            if after(about, None if removed else about.resource, drugs, spoken):
                continue
        label = offers.label(offer, about)
        if any(label == one.label for one in found):  # two statements offer the same under two names
            continue
        advised = change is None and name == lead.statement.recommends and not lead.unchecked
        add(label, name, made, recommended=advised)
    return tuple(found)


def _sound_change(
    group: list[Finding],
    order: Order,
    ctx: Context,
    terms: Marketed,
    after: NewFindings,
    spoken: set[tuple[str, str]],
) -> DoseChange | None:
    """A dose change that resolves what proposed it and brings nothing new of warning or above."""
    change = dose_change(group, order, ctx, terms)
    if change is None:
        return None
    proposing = {
        (f.statement.id, f.order) for f in group if f.dose is not None and f.dose.max_mg_per_day is not None
    }
    return None if after(order, change.resource, (), spoken - proposing) else change


def _source(lead: Finding) -> Source:
    reference = lead.statement.sources[0]
    label = f"{reference.title}, {reference.section}"
    return Source(label=label, topic=lead.topic or lead.statement.topic, url=reference.url)


def _links(group: list[Finding], ctx: Context) -> tuple[Link, ...]:
    """The statement's page, and the lead's further sources: the first is the card's own source."""
    lead = group[0].statement
    why = ctx.policy.statement_url
    own = () if why is None else (Link("Why this advice", why.format(statement=lead.id)),)
    first, *others = lead.sources
    further = {ref.url: ref.title for ref in others if ref.url != first.url and ref.status != "design"}
    return (*own, *(Link(title, url) for url, title in further.items()))


def override_reasons(lead: Finding) -> tuple[OverrideReason, ...]:
    """The reasons for not following a card."""
    if lead.statement.topic in ("pregnancy", "lactation"):
        return (_NOT_PREGNANT, *OVERRIDE_REASONS)
    return OVERRIDE_REASONS


def _detail(group: list[Finding], ctx: Context, *, headed: bool) -> str:
    """Reason and advice of the lead, what else is grave, in a line what is merely worth knowing; the basis.

    `headed`: the card's summary is not the lead's, so the lead's stands above its reason.
    """
    lead, *others = group
    lines = [f"**{lead.summary}**\n\n{lead.reason}" if headed else lead.reason]
    lines += [f"- {line}" for line in lead.advice]
    named = (finding.statement.information for finding in group if finding.topic is None)
    lines += [f"- {ctx.knowledge.information[name]}" for name in dict.fromkeys(named) if name][:1]
    for other in others:
        if other.severity < Indicator.warning <= lead.severity:
            lines.append(f"- Also: {other.summary}")
    for other in others:
        if not other.severity < Indicator.warning <= lead.severity:
            lines.append(f"\n**{other.summary}**\n\n{other.reason}")
            lines += [f"- {line}" for line in other.advice]
    lines.append("\n**Basis**\n")
    read = (line[:1].upper() + line[1:] for finding in group for line in finding.basis)
    lines += [f"- {line}" for line in dict.fromkeys(read)]
    lines += [f"- {line}" for line in _sources(group, ctx)]
    return "\n".join(lines)


def _sources(group: list[Finding], ctx: Context) -> list[str]:
    """Each source once, what the site changed, and the state of review of the statements that speak."""
    said = list({finding.statement.id: finding.statement for finding in group}.values())
    cited = dict.fromkeys(f"{ref.title}, {ref.section}" for one in said for ref in one.sources)
    unchecked = [f.statement.title for f in group if f.unchecked or not f.statement.checked]
    review = _reviewed(said, ctx)
    if unchecked:
        review += f"; not yet checked against its source: {'; '.join(dict.fromkeys(unchecked))}"
    changed = [_of_site(change) for one in said for change in one.changed if not is_text(change.path)]
    return [f"Source: {'; '.join(cited)}", *dict.fromkeys(changed), f"Review: {review}"]


def _of_site(change: Change) -> str:
    """A value that is not the source's."""
    what, unit = path_words(change.path)
    values = f"{change.site} {unit}".rstrip(), f"{change.shipped} {unit}".rstrip()
    why = " ".join(change.why.split()).rstrip(".")
    return f"Set by this site: {what} {values[0]}, not {values[1]} ({why})"


def _reviewed(said: Sequence[Statement], ctx: Context) -> str:
    """Who approved the advice; approved is only what all of its statements are."""
    day = ctx.now.astimezone(ctx.policy.zone).date()
    states = {one.review.state_on(day) for one in said}
    if "none" in states:
        part = "all of " if any(one.approved_by for one in said) else ""
        return f"no clinician has approved {part}this advice yet"
    if "lapsed" in states:
        return "this advice has changed since a clinician approved it"
    by = ", ".join(sorted({one.approved_by for one in said if one.approved_by}))
    return f"approved by {by}; the review is overdue" if "overdue" in states else f"approved by {by}"
