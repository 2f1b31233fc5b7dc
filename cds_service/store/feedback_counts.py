"""How many cards were shown and what became of them, by leading statement, client and week.

Counts only: nothing that a clinician wrote is read here. The answer received last is the one that counts.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, String, and_, cast, func, select

from cards.card import OVERRIDE_REASON_SYSTEM
from cds_service.store.tables import cards, feedback

# Stands where a knowledge version would: no release is called so.
DEMO: Final = "demo-data"
NO_REASON: Final = ""
OTHER_REASON: Final = "other"


@dataclass(slots=True)
class Counts:
    """Cards shown, and of those accepted and overridden; the reasons of the overridden ones by code."""

    cards: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        """Cards that an answer is known of."""
        return self.accepted + self.overridden

    @property
    def unanswered(self) -> int:
        """The others; EHRs report nothing of a card that is merely closed."""
        return self.cards - self.answered

    def add(self, other: "Counts") -> None:
        """Counts the cards of another besides."""
        self.cards += other.cards
        self.accepted += other.accepted
        self.overridden += other.overridden
        self.reasons += other.reasons


Key = tuple[str, str, date]
"""Client, leading statement ("" where none leads), Monday of the week (UTC)."""


@dataclass(frozen=True, slots=True)
class FeedbackCounts:
    """The counts of a period; `demo`: some of the cards were generated for demonstration."""

    by_key: dict[Key, Counts]
    demo: bool

    def total(self) -> Counts:
        """All cards together."""
        return _summed(self.by_key.values())

    def by(self, place: int) -> dict[Any, Counts]:
        """By the client (0), statement (1) or week (2)."""
        found: dict[Any, Counts] = {}
        for key, counts in self.by_key.items():
            found.setdefault(key[place], Counts()).add(counts)
        return found


def feedback_counts(connection: Connection, since: datetime, until: datetime) -> FeedbackCounts:
    """The cards issued from `since` and before `until` (aware)."""
    found: dict[Key, Counts] = {}
    led: Any = cast(cards.c.statements, String)
    week = _week(connection)
    period = and_(cards.c.issued_at >= since, cards.c.issued_at < until)
    shown = select(cards.c.client, led, week, func.count()).where(period).group_by(cards.c.client, led, week)
    for client, statements, on, count in connection.execute(shown):
        _of(found, client, statements, on).cards += count
    for client, statements, on, outcome, system, code, count in connection.execute(
        _answers(period, led, week)
    ):
        row = _of(found, client, statements, on)
        if outcome == "accepted":
            row.accepted += count
        else:
            row.overridden += count
            row.reasons[_reason(system, code)] += count
    demo = select(cards.c.id).where(period, cards.c.knowledge_version == DEMO).limit(1)
    return FeedbackCounts(found, connection.execute(demo).first() is not None)


def _answers(period: Any, led: Any, week: Any) -> Any:
    """How many cards have which last answer."""
    last = (
        func.row_number()
        .over(
            partition_by=cards.c.id,
            order_by=(feedback.c.received_at.desc(), feedback.c.id.desc()),
        )
        .label("last")
    )
    joined = and_(feedback.c.client == cards.c.client, feedback.c.card == cards.c.card)
    answers = (
        select(
            cards.c.client.label("client"),
            led.label("led"),
            week.label("week"),
            feedback.c.outcome.label("outcome"),
            feedback.c.reason_system.label("system"),
            feedback.c.reason_code.label("code"),
            last,
        )
        .join(feedback, joined)
        .where(period)
        .subquery()
    )
    grouped = (
        answers.c.client,
        answers.c.led,
        answers.c.week,
        answers.c.outcome,
        answers.c.system,
        answers.c.code,
    )
    return select(*grouped, func.count()).where(answers.c.last == 1).group_by(*grouped)


def _week(connection: Connection) -> Any:
    """The Monday of the week of issue in UTC, in both databases' words."""
    if connection.dialect.name == "postgresql":
        return func.date(func.date_trunc("week", func.timezone("UTC", cards.c.issued_at)))
    return func.date(cards.c.issued_at, "weekday 0", "-6 days")


def _reason(system: str, code: str) -> str:
    """A code of ours as it is; what another system's codes say is not ours to show."""
    if not code:
        return NO_REASON
    return code if system in ("", OVERRIDE_REASON_SYSTEM) else OTHER_REASON


def _of(found: dict[Key, Counts], client: str, statements: str, week: Any) -> Counts:
    listed = orjson.loads(statements)
    monday = week if isinstance(week, date) else date.fromisoformat(week)
    return found.setdefault((client, listed[0] if listed else "", monday), Counts())


def _summed(all_counts: Iterable[Counts]) -> Counts:
    total = Counts()
    for one in all_counts:
        total.add(one)
    return total
