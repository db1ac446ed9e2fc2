"""The mailbox of those who have to ask for their messages"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('held_deliveries',
    sa.Column('delivery_id', sa.BigInteger(), nullable=False),
    sa.Column('address_id', sa.BigInteger(), nullable=False),
    sa.Column('shown', sa.BigInteger(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('shown >= 0', name=op.f('ck_held_deliveries_shown')),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_held_deliveries_address_id')),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_held_deliveries_delivery_id')),
    sa.PrimaryKeyConstraint('delivery_id', name=op.f('pk_held_deliveries'))
    )
    op.create_index('ix_held_deliveries_waiting', 'held_deliveries', ['address_id'], unique=False, postgresql_where=sa.text('taken_at IS NULL'))


def downgrade() -> None:
    op.drop_table('held_deliveries')
