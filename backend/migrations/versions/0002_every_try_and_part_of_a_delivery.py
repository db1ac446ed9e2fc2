"""Every try and every part of a delivery"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_SCHEMES = "scheme IN ('phone','telegram','kakao','email','web','terminal','call')"
_OUTCOMES = "outcome IN ('accepted','retryable','throttled','rejected','content','stopped','unknown','skipped')"
_PENDING = sa.text("status = 'pending'")

# A provider was called like its channel then, and a message had one id.
_KEEP_IDS = """
INSERT INTO delivery_parts (provider, external_id, delivery_id, route, total, status, updated_at)
SELECT channel, external_id, id, 0, 1,
    CASE WHEN status IN ('sent','delivered','failed') THEN status ELSE 'accepted' END, updated_at
FROM deliveries WHERE external_id IS NOT NULL ORDER BY id
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table('delivery_attempts',
    sa.Column('delivery_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('route', sa.SmallInteger(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=True),
    sa.Column('address_id', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint(_OUTCOMES, name=op.f('ck_delivery_attempts_outcome')),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_delivery_attempts_address_id')),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_delivery_attempts_delivery_id')),
    sa.PrimaryKeyConstraint('delivery_id', 'number', name=op.f('pk_delivery_attempts'))
    )
    op.create_table('delivery_parts',
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('external_id', sa.String(), nullable=False),
    sa.Column('delivery_id', sa.BigInteger(), nullable=False),
    sa.Column('route', sa.SmallInteger(), nullable=False),
    sa.Column('total', sa.SmallInteger(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("status IN ('accepted','sent','failed','delivered')", name=op.f('ck_delivery_parts_status')),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_delivery_parts_delivery_id')),
    sa.PrimaryKeyConstraint('provider', 'external_id', name=op.f('pk_delivery_parts'))
    )
    op.create_index(op.f('ix_delivery_parts_delivery_id'), 'delivery_parts', ['delivery_id'], unique=False)
    op.add_column('deliveries', sa.Column('provider', sa.String(), nullable=True))
    op.add_column('deliveries', sa.Column('route', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('deliveries', sa.Column('failures', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('deliveries', sa.Column('parts', sa.SmallInteger(), nullable=True))
    op.add_column('deliveries', sa.Column('check_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(_KEEP_IDS)
    op.drop_index(op.f('ix_deliveries_external_id'), 'deliveries')
    op.drop_column('deliveries', 'external_id')
    op.drop_index('ix_deliveries_due', 'deliveries')
    op.create_index('ix_deliveries_due', 'deliveries', ['lane', 'channel', 'due_at', 'id'], unique=False, postgresql_where=_PENDING)
    op.drop_index('ix_deliveries_open', 'deliveries')
    op.create_index('ix_deliveries_open', 'deliveries', ['contact_id', 'id'], unique=False, postgresql_where=sa.text("status IN ('pending','dispatching')"))
    op.create_index('ix_deliveries_end', 'deliveries', ['expires_at'], unique=False, postgresql_where=_PENDING)
    op.create_index('ix_deliveries_check', 'deliveries', ['check_at'], unique=False, postgresql_where=sa.text('check_at IS NOT NULL'))
    op.drop_constraint(op.f('ck_addresses_scheme'), 'addresses')
    op.create_check_constraint(op.f('ck_addresses_scheme'), 'addresses', _SCHEMES)
