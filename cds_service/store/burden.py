"""How often each statement's cards were shown, accepted and overridden, and why: the burden of the alerts."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, String, and_, cast, distinct, func, select

from cds_service.store.tables import cards, feedback

_MOST_REASONS = 5


@dataclass(slots=True)
class Burden:
    """Counts of cards that one statement led. `reasons` are codes of override reasons."""

    statement: str
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def override_percent(self) -> int | None:
        """Of the cards that were answered, those overridden; None where none was answered."""
        answered = self.accepted + self.overridden
        return round(100 * self.overridden / answered) if answered else None

    def common_reasons(self) -> list[tuple[str, int]]:
        """The commonest reasons, most frequent first."""
        return self.reasons.most_common(_MOST_REASONS)


def burden(connection: Connection, since: datetime) -> list[Burden]:
    """One row per leading statement, most shown first; cards issued since then."""
    led: Any = cast(cards.c.statements, String)
    found: dict[str, Burden] = {}
    shown = select(led, func.count()).where(cards.c.issued_at >= since).group_by(led)
    for statements, count in connection.execute(shown):
        _of(found, statements).shown += count
    joined = and_(feedback.c.client == cards.c.client, feedback.c.card == cards.c.card)
    answered = (
        select(led, feedback.c.outcome, feedback.c.reason_code, func.count(distinct(cards.c.id)))
        .join(feedback, joined)
        .where(cards.c.issued_at >= since)
        .group_by(led, feedback.c.outcome, feedback.c.reason_code)
    )
    for statements, outcome, reason, count in connection.execute(answered):
        row = _of(found, statements)
        if outcome == "accepted":
            row.accepted += count
        else:
            row.overridden += count
            row.reasons[reason or "no reason given"] += count
    return sorted(found.values(), key=lambda row: (-row.shown, row.statement))


def _of(found: dict[str, Burden], statements: str) -> Burden:
    listed = orjson.loads(statements)
    name = listed[0] if listed else ""
    return found.setdefault(name, Burden(name))
