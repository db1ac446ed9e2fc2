"""What came of a message: answered, rephrased, refused, handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; messages from before it have none."""
    op.add_column("messages", sa.Column("outcome", sa.String()))
    op.create_check_constraint(
        op.f("ck_messages_outcome"),
        "messages",
        "outcome IN ('answered','missed','rephrased','refused','unhelpful','person_asked',"
        "'handed_over')",
    )
    op.create_check_constraint(
        op.f("ck_messages_outcome_of_citizens"),
        "messages",
        "outcome IS NULL OR direction = 'in'",
    )


def downgrade() -> None:
    """Forget what came of messages."""
    op.drop_constraint(op.f("ck_messages_outcome_of_citizens"), "messages", type_="check")
    op.drop_constraint(op.f("ck_messages_outcome"), "messages", type_="check")
    op.drop_column("messages", "outcome")
