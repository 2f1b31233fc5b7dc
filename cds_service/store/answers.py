"""Feedback: kept as events before the client hears of it, read together with the cards it is about."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, and_, select

from cards.acknowledged import Acknowledged
from cards.card import OVERRIDE_REASON_SYSTEM
from cds_service.store.records import Answer
from cds_service.store.tables import cards, feedback
from cds_service.store.writing import insert_one

_MOST_CARDS = 500
_ROWS_AT_ONCE = 1_000
_JOINED = and_(feedback.c.client == cards.c.client, feedback.c.card == cards.c.card)


def keep(engine: Engine, answers: Iterable[Answer], received_at: datetime) -> int:
    """Writes all or none; returns how many were new. The same entry sent again is kept once.

    Raises SQLAlchemyError.
    """
    with engine.begin() as connection:
        return sum(insert_one(connection, feedback, _row(one, received_at)) for one in answers)


def _row(answer: Answer, received_at: datetime) -> dict[str, Any]:
    told = {
        "client": answer.client,
        "card": answer.card,
        "outcome": answer.outcome,
        "suggestions": list(answer.suggestions),
        "reason_code": answer.reason_code,
        "reason_system": answer.reason_system,
        "reason_display": answer.reason_display,
        "comment": answer.comment,
    }
    at = answer.outcome_at
    event = orjson.dumps([*told.values(), at.isoformat() if at else None])
    return {
        **told,
        "event_hash": sha256(event).hexdigest(),
        "service": answer.service,
        "received_at": received_at,
        "outcome_at": at,
    }


def acknowledged(
    connection: Connection, client: str, patient_hash: str, since: datetime
) -> tuple[Acknowledged, ...]:
    """The last answer to each card about this patient since then, where it was an override with a reason."""
    if not patient_hash:
        return ()
    query = (
        select(
            cards.c.card,
            cards.c.statements,
            cards.c.drugs,
            cards.c.daily_mg,
            feedback.c.outcome,
            feedback.c.outcome_at,
            feedback.c.received_at,
            feedback.c.reason_code,
            feedback.c.reason_system,
        )
        .join(feedback, _JOINED)
        .where(cards.c.client == client, cards.c.patient_hash == patient_hash)
        .where(feedback.c.received_at >= since)
        .order_by(feedback.c.received_at.desc(), feedback.c.id.desc())
        .limit(_MOST_CARDS)
    )
    last: dict[str, tuple[datetime, Any]] = {}
    for row in connection.execute(query):
        at = answered_at(row.outcome_at, row.received_at)
        if row.card not in last or at > last[row.card][0]:
            last[row.card] = (at, row)
    return tuple(
        Acknowledged(
            statement=row.statements[0],
            drugs=frozenset(row.drugs),
            daily_mg=_decimal(row.daily_mg),
            reason=row.reason_code,
            at=at,
        )
        for at, row in last.values()
        if row.outcome == "overridden"
        and row.statements
        and row.reason_code
        and row.reason_system in ("", OVERRIDE_REASON_SYSTEM)
    )


def answered_at(stated: datetime | None, received: datetime) -> datetime:
    """When a card was answered: as the client says, but never after it was heard of."""
    return min(stated, received) if stated is not None else received


def exported(
    connection: Connection, since: datetime | None, until: datetime | None
) -> Iterator[dict[str, Any]]:
    """Every answer, oldest first, with the card it is about; `known` is False for a card not on record."""
    query = (
        select(
            feedback,
            *(
                cards.c[name]
                for name in (
                    "issued_at", "hook", "statements", "topic", "indicator", "drugs", "user_hash", "location",
                    "knowledge_version", "terminology_version",
                )
            ),
            cards.c.service.label("card_service"),
            cards.c.id.label("card_row"),
        )
        .outerjoin(cards, _JOINED)
        .order_by(feedback.c.received_at, feedback.c.id)
    )  # fmt: skip
    if since is not None:
        query = query.where(feedback.c.received_at >= since)
    if until is not None:
        query = query.where(feedback.c.received_at < until)
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
    for row in rows:
        yield {
            "date": _iso(answered_at(row.outcome_at, row.received_at)),
            "stated": _iso(row.outcome_at),
            "received": _iso(row.received_at),
            "client": row.client,
            "service": row.card_service or row.service,
            "hook": row.hook or "",
            "card": row.card,
            "known": row.card_row is not None,
            "intervention": row.statements or [],
            "topic": row.topic or "",
            "indicator": row.indicator or "",
            "drugs": row.drugs or [],
            "issued": _iso(row.issued_at),
            "action": row.outcome,
            "suggestions": row.suggestions or [],
            "reason_code": row.reason_code,
            "reason_system": row.reason_system,
            "reason_display": row.reason_display,
            "feedback": row.comment,
            "user": row.user_hash or "",
            "location": row.location or "",
            "knowledge_version": row.knowledge_version or "",
            "terminology_version": row.terminology_version or "",
        }


def _iso(value: datetime | None) -> str:
    return value.isoformat().replace("+00:00", "Z") if value is not None else ""


def _decimal(written: str | None) -> Decimal | None:
    try:
        return Decimal(written) if written is not None else None
    except InvalidOperation:
        return None
