"""Cards about the data: what could not be read, fetched or recognised, and was therefore not checked."""

from cards.card import Card, Indicator, Source
from cards.card_id import card_id
from cards.compose import OVERRIDE_REASONS
from cards.facts.medications import Order
from cards.facts.record import Issue
from cards.wording import escape, say
from cards.wording import summary as one_line

DATA_SOURCE = Source(label="Completeness of the data in this request", topic="data")

# Failures always get a card; other issues stand in the trace and the metrics.
FAILURES = frozenset(
    {
        "fetch-failed",
        "page-not-followed",
        "unreadable-resource",
        "rule-failed",
        "other-patient",
        "no-patient",
    }
)


def deceased_card(card_scope: str) -> Card:
    """The one card of a deceased patient."""
    return Card(
        uuid=card_id(f"{card_scope}|deceased"),
        summary=say("deceased"),
        detail="If the patient is alive, correct the record; advice resumes with the next order.",
        indicator=Indicator.info,
        source=DATA_SOURCE,
        override_reasons=OVERRIDE_REASONS,
    )


def failure_card(issues: tuple[Issue, ...], relevant: bool, card_scope: str) -> Card | None:
    """One card naming everything that failed; a warning where an order in scope depended on it."""
    failed = [issue for issue in issues if issue.code in FAILURES]
    if not failed:
        return None
    texts = list(dict.fromkeys(issue.text.rstrip(".") for issue in failed))
    return Card(
        uuid=card_id(f"{card_scope}|not-checked"),
        summary=one_line(say("not-checked", what="; ".join(texts))),
        detail="\n".join(
            (
                "Part of the record could not be used, so advice that depends on it may be missing:",
                *(f"- {escape(text)}" for text in texts),
            )
        ),
        indicator=Indicator.warning if relevant else Indicator.info,
        source=DATA_SOURCE,
        statements=("not-checked",),
        override_reasons=OVERRIDE_REASONS,
    )


def order_cards(orders: tuple[Order, ...], card_scope: str) -> tuple[Card, ...]:
    """Cards for orders being signed whose drug cannot be told, or whose code and text disagree."""
    cards: dict[str, Card] = {}
    for order in orders:
        if order.kind != "draft" or order.id in cards:
            continue
        text, detail = _about(order, orders)
        if text:
            cards[order.id] = Card(
                uuid=card_id(f"{card_scope}|drug|{order.id}"),
                summary=one_line(text),
                detail=detail,
                indicator=Indicator.info,
                source=DATA_SOURCE,
                statements=("drug-not-recognised",),
                order=order.id,
                override_reasons=OVERRIDE_REASONS,
            )
    return tuple(cards.values())


def _about(order: Order, orders: tuple[Order, ...]) -> tuple[str, str]:
    found = order.lookup.medications
    if len(found) > 1:
        names = list(dict.fromkeys(_name(one) for one in orders if one.id == order.id))
        if len(names) > 1:
            return say("two-drugs", drugs=" and ".join(names)), escape(order.lookup.why)
        return say("two-strengths", drug=names[0]), escape(order.lookup.why)
    if order.has_drug and not found and not order.lookup.text:
        near = f" Names that look alike: {escape(', '.join(order.lookup.near))}." if order.lookup.near else ""
        return say("unknown-drug"), f"{escape(order.lookup.why)}{near}"
    return "", ""


def _name(order: Order) -> str:
    return order.ingredient.name if order.ingredient else order.named
