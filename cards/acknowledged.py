"""Answers that were given to earlier cards: what a prescriber has overridden for a lasting reason is not repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import Finding
from cards.rules.basis import order_name
from cards.rules.context import Context

LASTING_REASONS = frozenset(
    {"will-monitor", "tolerated-before", "benefit-outweighs", "no-alternative", "specialist-plan"}
)
_ALWAYS_SHOWN = frozenset({"contraindication", "pregnancy", "lactation", "data"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """One overridden card of this client and patient: its lead statement, drugs, daily dose and reason."""

    statement: str
    drugs: frozenset[str]
    daily_mg: Decimal | None
    reason: str
    at: datetime


def answered(
    group: Sequence[Finding], order: Order | None, earlier: Iterable[Acknowledged], ctx: Context
) -> bool:
    """Whether the same card was overridden within the policy's window, and the dose has not been raised.

    `group` are the findings of one card, the lead first. Contraindications and cards on pregnancy or
    lactation are always shown again, so a card that holds a grave finding of that kind is.
    """
    lead = group[0]
    grave = (one for one in group if one is lead or one.severity > Indicator.info)
    if order is None or any((one.topic or one.statement.topic) in _ALWAYS_SHOWN for one in grave):
        return False
    since = ctx.now - timedelta(days=ctx.policy.repeat_days)
    drugs, dose = frozenset(drugs_of(lead, order)), order.dose.peak_day_mg
    return any(
        one.statement == lead.statement.id
        and one.drugs == drugs
        and one.reason in LASTING_REASONS
        and one.at >= since
        and _not_raised(dose, one.daily_mg)
        for one in earlier
    )


def drugs_of(lead: Finding, order: Order | None) -> tuple[str, ...]:
    """The drugs a card is about: those its finding names, else the ordered one."""
    if lead.drugs or order is None:
        return lead.drugs
    return (order_name(order).lower(),)


def _not_raised(dose: Decimal | None, before: Decimal | None) -> bool:
    if dose is None or before is None:
        return dose is before
    return dose <= before
