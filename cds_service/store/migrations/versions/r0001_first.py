"""Cards issued, feedback, the audit trail, and tokens seen."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID: Any = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def _text(name: str, length: int, **more: Any) -> Any:
    return sa.Column(name, sa.String(length), nullable=False, **more)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "card",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        _text("client", 100),
        _text("card", 200),
        _text("service", 64),
        _text("hook", 64),
        sa.Column("issued_at", _TIME, nullable=False),
        _text("patient_hash", 64),
        _text("user_hash", 64, server_default=""),
        _text("location", 100, server_default=""),
        sa.Column("statements", sa.JSON, nullable=False),
        _text("topic", 32),
        _text("indicator", 16),
        sa.Column("drugs", sa.JSON, nullable=False),
        sa.Column("daily_mg", sa.String(40)),
        sa.Column("suggestions", sa.JSON, nullable=False),
        _text("knowledge_version", 64),
        _text("terminology_version", 64),
        sa.UniqueConstraint("client", "card", name="card_client_card"),
    )
    op.create_index("card_patient", "card", ["client", "patient_hash", "issued_at"])
    op.create_index("card_issued_at", "card", ["issued_at"])
    op.create_table(
        "feedback",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        _text("event_hash", 64, unique=True),
        _text("client", 100),
        _text("card", 200),
        _text("service", 64),
        sa.Column("received_at", _TIME, nullable=False),
        _text("outcome", 16),
        sa.Column("outcome_at", _TIME),
        sa.Column("suggestions", sa.JSON, nullable=False),
        _text("reason_code", 200, server_default=""),
        _text("reason_system", 500, server_default=""),
        _text("reason_display", 500, server_default=""),
        sa.Column("comment", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("feedback_card", "feedback", ["client", "card"])
    op.create_index("feedback_received_at", "feedback", ["received_at"])
    op.create_table(
        "audit",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("at", _TIME, nullable=False),
        _text("request_id", 64),
        _text("endpoint", 32),
        _text("client", 100),
        _text("service", 64),
        _text("hook", 64),
        sa.Column("status", sa.Integer, nullable=False),
        _text("reason", 64),
        _text("patient_hash", 64),
        _text("user_hash", 64),
        sa.Column("outcomes", sa.JSON, nullable=False),
        sa.Column("not_checked", sa.JSON, nullable=False),
        sa.Column("cards", sa.Integer, nullable=False),
        _text("knowledge_version", 64),
        _text("terminology_version", 64),
        sa.Column("latency_ms", sa.Float, nullable=False),
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_patient", "audit", ["patient_hash", "at"])
    op.create_table(
        "seen_token",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("seen_token_expires_at", "seen_token", ["expires_at"])


def downgrade() -> None:
    """Removes them, with what they hold."""
    for name in ("seen_token", "audit", "feedback", "card"):
        op.drop_table(name)
