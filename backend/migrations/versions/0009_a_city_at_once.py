"""Alerts to a whole city: less to check and to index for each row, and a canary before the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let go of what a fan-out knows already; alerts that stand are past their canary."""
    op.drop_constraint("fk_deliveries_contact_id", "deliveries")
    op.drop_constraint("fk_deliveries_event_id", "deliveries")
    op.drop_constraint("uq_deliveries_message_id", "deliveries")
    op.create_index(
        "uq_deliveries_message_id", "deliveries", ["message_id"], unique=True,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "ix_delivery_attempts_at", "delivery_attempts", ["at"], postgresql_using="brin",
        postgresql_with={"pages_per_range": 16, "autosummarize": True},
    )
    op.add_column("broadcast_events", sa.Column("released_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE broadcast_events SET released_at = now()")
