"""The day a source's content is from may be unknown, and is then not made up."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("faq_sources", "as_of", existing_type=sa.Date(), nullable=True)
