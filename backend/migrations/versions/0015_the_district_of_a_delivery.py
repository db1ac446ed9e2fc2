"""In which district somebody counts who was sent an alert, beside their delivery.

What was sent before gets it by the rule that counted it so far: the first district they chose, one
of the alert's area before others.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("district", sa.String(), nullable=True))
    op.execute("""
        UPDATE deliveries d SET district = home.district
        FROM (SELECT DISTINCT ON (was.id) was.id, s.district
              FROM deliveries was JOIN broadcast_events e ON e.id = was.event_id
              JOIN subscriptions s ON s.contact_id = was.contact_id
              WHERE e.kind = 'alert'
              ORDER BY was.id, (coalesce(e.area -> 'districts', '[]') ? s.district
                                OR coalesce(e.area -> 'touched', '[]') ? s.district) DESC, s.id
             ) home
        WHERE home.id = d.id""")


def downgrade() -> None:
    op.drop_column("deliveries", "district")
