"""CAP documents, as they were published and as they came."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "cap_messages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid()),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("sent", sa.String(), nullable=False),
        sa.Column("msg_type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reference_list", sa.String(), nullable=False),
        sa.Column("refers_to", JSONB(), nullable=False),
        sa.Column("xml", sa.String(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "direction IN ('published','imported')", name=op.f("ck_cap_messages_direction")
        ),
        sa.CheckConstraint(
            "(direction = 'published') = (event_id IS NOT NULL)", name=op.f("ck_cap_messages_event")
        ),
        sa.CheckConstraint(
            "msg_type NOT IN ('Update','Cancel') OR length(reference_list) > 0",
            name=op.f("ck_cap_messages_references"),
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_cap_messages_broadcast_id")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["broadcast_events.id"], name=op.f("fk_cap_messages_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cap_messages")),
        sa.UniqueConstraint("event_id", name=op.f("uq_cap_messages_event_id")),
        sa.UniqueConstraint(
            "direction", "sender", "identifier", "sent",
            name=op.f("uq_cap_messages_direction_sender_identifier_sent"),
        ),
    )
    op.create_index("ix_cap_messages_identifier", "cap_messages", ["identifier"])
    op.create_index("ix_cap_messages_broadcast", "cap_messages", ["broadcast_id"])
