"""What is kept, as values: one card issued, one answer to a card, one line of the audit trail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


class IssuedCard(NamedTuple):
    """A card that was sent. `suggestions` are the ids offered; `location` is "Location/id" or ""."""

    client: str
    card: str
    service: str
    hook: str
    issued_at: datetime
    patient_hash: str
    user_hash: str
    location: str
    statements: tuple[str, ...]
    topic: str
    indicator: str
    drugs: tuple[str, ...]
    daily_mg: str | None
    suggestions: tuple[str, ...]
    knowledge_version: str
    terminology_version: str

    def row(self) -> dict[str, Any]:
        """Column to value."""
        return self._asdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One entry of a feedback call. `outcome_at` is None where the client's time cannot be read."""

    client: str
    card: str
    service: str
    outcome: str
    outcome_at: datetime | None
    suggestions: tuple[str, ...] = ()
    reason_code: str = ""
    reason_system: str = ""
    reason_display: str = ""
    comment: str = field(default="", repr=False)


class AuditEvent(NamedTuple):
    """One call. `outcomes` maps "fired" and "suppressed" to statement ids; `not_checked` are those that
    could not be evaluated, and codes of what could not be read. `reason` says why a call was refused.
    """

    at: datetime
    request_id: str
    endpoint: str
    client: str
    service: str
    hook: str
    status: int
    reason: str
    patient_hash: str
    user_hash: str
    outcomes: dict[str, list[str]]
    not_checked: tuple[str, ...]
    cards: int
    knowledge_version: str
    terminology_version: str
    software_version: str
    latency_ms: float

    def row(self) -> dict[str, Any]:
        """Column to value."""
        return self._asdict()
