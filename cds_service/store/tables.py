"""The tables. Migrations make them; `tests/contract/test_migrations.py` holds the two together."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware time. SQLite has no zones, so there it is kept as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

# SQLite counts up by itself only for a column of type INTEGER.
_ID: Any = BigInteger().with_variant(Integer, "sqlite")

cards = Table(
    "card",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("client", String(100), nullable=False),
    Column("card", String(200), nullable=False),
    Column("service", String(64), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("patient_hash", String(64), nullable=False),
    Column("user_hash", String(64), nullable=False, server_default=""),
    Column("location", String(100), nullable=False, server_default=""),
    Column("statements", JSON, nullable=False),
    Column("topic", String(32), nullable=False),
    Column("indicator", String(16), nullable=False),
    Column("drugs", JSON, nullable=False),
    Column("daily_mg", String(40)),
    Column("suggestions", JSON, nullable=False),
    Column("knowledge_version", String(64), nullable=False),
    Column("terminology_version", String(64), nullable=False),
    UniqueConstraint("client", "card", name="card_client_card"),
    Index("card_patient", "client", "patient_hash", "issued_at"),
    Index("card_issued_at", "issued_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("event_hash", String(64), nullable=False, unique=True),
    Column("client", String(100), nullable=False),
    Column("card", String(200), nullable=False),
    Column("service", String(64), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", UtcTime),
    Column("suggestions", JSON, nullable=False),
    Column("reason_code", String(200), nullable=False, server_default=""),
    Column("reason_system", String(500), nullable=False, server_default=""),
    Column("reason_display", String(500), nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Index("feedback_card", "client", "card"),
    Index("feedback_received_at", "received_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("endpoint", String(32), nullable=False),
    Column("client", String(100), nullable=False),
    Column("service", String(64), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("patient_hash", String(64), nullable=False),
    Column("user_hash", String(64), nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("not_checked", JSON, nullable=False),
    Column("cards", Integer, nullable=False),
    Column("knowledge_version", String(64), nullable=False),
    Column("terminology_version", String(64), nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("software_version", String(64), nullable=False, server_default=""),
    Index("audit_at", "at"),
    Index("audit_patient", "patient_hash", "at"),
)

seen_tokens = Table(
    "seen_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("seen_token_expires_at", "expires_at"),
)
