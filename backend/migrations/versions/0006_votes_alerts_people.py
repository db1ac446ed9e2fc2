"""Receipts of votes, answers to alerts, quiet hours, and how urgent a call for a person is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and the table of answers; nothing that stands is rewritten."""
    op.add_column(
        "polls",
        sa.Column("eligibility", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
    )
    op.add_column("participations", sa.Column("receipt", sa.String()))
    op.create_unique_constraint("uq_participations_receipt", "participations", ["receipt"])
    op.add_column("contacts", sa.Column("quiet_from", sa.Time()))
    op.add_column("contacts", sa.Column("quiet_until", sa.Time()))
    op.create_check_constraint(
        op.f("ck_contacts_quiet_span"),
        "contacts",
        "(quiet_from IS NULL) = (quiet_until IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_contacts_quiet_some_time"), "contacts", "quiet_from <> quiet_until"
    )
    op.add_column(
        "handoffs",
        sa.Column("urgency", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("handoffs", sa.Column("callback_phone", sa.String()))
    op.create_check_constraint(
        op.f("ck_handoffs_urgency"), "handoffs", "urgency BETWEEN 0 AND 2"
    )
    op.create_table(
        "alert_replies",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("answer IN ('safe','help')", name=op.f("ck_alert_replies_answer")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["broadcast_events.id"], name=op.f("fk_alert_replies_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_alert_replies_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_alert_replies_message_id")
        ),
        sa.PrimaryKeyConstraint("event_id", "contact_id", name=op.f("pk_alert_replies")),
    )
    op.create_index("ix_alert_replies_event", "alert_replies", ["event_id", "answer"])
