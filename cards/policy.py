"""What one site has decided: jurisdiction, local time, where statements are explained."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

from cards.knowledge.index import Knowledge
from cards.knowledge.policy_file import SHIPPED

Jurisdiction = Literal["us", "eu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`statement_url` is the page of a statement with "{statement}" for its id, None when not served.

    `one_action` and `only_any` are for EHRs that apply one action per suggestion, or know no other
    selectionBehavior than "any". An overridden card is not repeated for `repeat_days`; one answer has at most
    `max_cards`, critical ones apart. Both are as shipped in knowledge/policy.yaml unless the site says otherwise.
    """

    jurisdiction: Jurisdiction = "us"
    zone: tzinfo = UTC
    statement_url: str | None = None
    one_action: bool = False
    only_any: bool = False
    repeat_days: int = SHIPPED.repeat_days
    max_cards: int = SHIPPED.max_cards


def site_policy(
    knowledge: Knowledge,
    *,
    jurisdiction: Jurisdiction = "us",
    zone: tzinfo = UTC,
    statement_url: str | None = None,
) -> Policy:
    """The policy of the site whose knowledge this is."""
    return Policy(
        jurisdiction=jurisdiction,
        zone=zone,
        statement_url=statement_url,
        repeat_days=knowledge.policy.repeat_days,
        max_cards=knowledge.policy.max_cards,
    )
