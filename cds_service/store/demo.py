"""Cards and answers made up for a demonstration: marked as such in every row, and only in a database of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, func, insert, select

from cards.card import OVERRIDE_REASON_SYSTEM
from cards.compose import OVERRIDE_REASONS
from cards.knowledge.index import Knowledge, triggers
from cards.knowledge.statements import Statement
from cds_service.store.feedback_counts import DEMO
from cds_service.store.tables import audit, cards, feedback

_CLIENTS: Final = (("demo hospital", 6), ("demo clinic", 3), ("demo practice", 1))
_REASONS: Final = (5, 2, 6, 1, 1, 1, 2)  # weights, in the order of the reasons
_SERVICE, _HOOK = "neuropathic-order-sign", "order-sign"
_ANSWERED: Final = 0.8
_BATCH: Final = 1_000


class NotEmptyError(ValueError):
    """A database that already holds something; the message says so."""


@dataclass(frozen=True, slots=True)
class _Habit:
    """How often a made-up statement speaks, and how often it is overridden."""

    statement: Statement
    weight: float
    overridden: float


def fill(engine: Engine, knowledge: Knowledge, *, now: datetime, days: int, count: int, seed: int) -> int:
    """Writes so many cards of the last days, with answers; returns how many answers. Raises NotEmptyError.

    The same seed, knowledge and time give the same rows.
    """
    with engine.begin() as connection:
        for table in (cards, feedback, audit):
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise NotEmptyError("the database is not empty; made-up data is written to a new one only")
        random = Random(seed)  # noqa: S311  nothing secret
        habits = _habits(knowledge, random)
        answered = 0
        batch: list[tuple[dict[str, Any], dict[str, Any] | None]] = []
        for pair in _made(habits, random, now, days, count):
            batch.append(pair)
            if len(batch) == _BATCH:
                answered += _write(connection, batch)
                batch = []
        return answered + _write(connection, batch)


def _habits(knowledge: Knowledge, random: Random) -> list[_Habit]:
    """A few statements speak often, most seldom; the commonest hint is overridden nearly always."""
    listed = sorted(knowledge.in_force, key=lambda one: one.id)
    random.shuffle(listed)
    habits = [
        _Habit(one, 1 / (place + 2), random.uniform(0.35, 0.9)) for place, one in enumerate(listed[:40])
    ]
    if habits:
        habits[0] = _Habit(habits[0].statement, habits[0].weight, 0.97)
    return habits


def _made(
    habits: Sequence[_Habit], random: Random, now: datetime, days: int, count: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    weights = [one.weight for one in habits]
    names = [name for name, _ in _CLIENTS]
    for habit in random.choices(habits, weights, k=count) if habits else ():
        at = now - timedelta(seconds=random.randrange(1, days * 86_400))
        client = random.choices(names, [weight for _, weight in _CLIENTS])[0]
        card = str(UUID(int=random.getrandbits(128), version=4))
        one = habit.statement
        row = {
            "client": client,
            "card": card,
            "service": _SERVICE,
            "hook": _HOOK,
            "issued_at": at,
            "patient_hash": f"{random.getrandbits(128):032x}",
            "user_hash": f"{random.randrange(60):032x}",
            "location": "",
            "statements": [one.id],
            "topic": one.topic,
            "indicator": one.severity.name,
            "drugs": [one.drug.ingredient] if one.drug is not None else sorted(triggers(one))[:1],
            "daily_mg": None,
            "suggestions": [],
            "knowledge_version": DEMO,
            "terminology_version": DEMO,
        }
        yield row, _answer(habit, row, random, now) if random.random() < _ANSWERED else None


def _answer(habit: _Habit, card: dict[str, Any], random: Random, now: datetime) -> dict[str, Any]:
    overridden = random.random() < habit.overridden
    reason = random.choices(OVERRIDE_REASONS, _REASONS)[0] if overridden and random.random() < 0.85 else None
    at = min(card["issued_at"] + timedelta(seconds=random.randrange(5, 900)), now)
    return {
        "event_hash": f"{random.getrandbits(256):064x}",
        "client": card["client"],
        "card": card["card"],
        "service": _SERVICE,
        "received_at": at,
        "outcome": "overridden" if overridden else "accepted",
        "outcome_at": at,
        "suggestions": [],
        "reason_code": reason.code if reason else "",
        "reason_system": OVERRIDE_REASON_SYSTEM if reason else "",
        "reason_display": reason.display if reason else "",
        "comment": "",
    }


def _write(connection: Any, batch: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]) -> int:
    if not batch:
        return 0
    connection.execute(insert(cards), [card for card, _ in batch])
    answers = [answer for _, answer in batch if answer is not None]
    if answers:
        connection.execute(insert(feedback), answers)
    return len(answers)
