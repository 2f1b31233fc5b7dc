"""What one site has decided: jurisdiction, local time, where statements are explained."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

Jurisdiction = Literal["us", "eu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`statement_url` is the page of a statement with "{statement}" for its id, None when not served.

    `one_action` and `only_any` are for EHRs that apply one action per suggestion, or know no other
    selectionBehavior than "any". An overridden card is not repeated for `repeat_days`.
    """

    jurisdiction: Jurisdiction = "us"
    zone: tzinfo = UTC
    statement_url: str | None = None
    one_action: bool = False
    only_any: bool = False
    repeat_days: int = 30
