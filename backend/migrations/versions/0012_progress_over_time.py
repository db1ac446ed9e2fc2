"""How alerts stood over time, for the chart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broadcast_samples",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("counts", JSONB, nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["broadcast_events.id"], name=op.f("fk_broadcast_samples_event_id")
        ),
        sa.PrimaryKeyConstraint("event_id", "at", name=op.f("pk_broadcast_samples")),
    )
