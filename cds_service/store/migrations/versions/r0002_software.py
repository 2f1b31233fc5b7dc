"""The version of the software beside those of knowledge and terminology in the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the column; what was written before has no version."""
    op.add_column("audit", sa.Column("software_version", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """Removes the column."""
    with op.batch_alter_table("audit") as table:
        table.drop_column("software_version")
