"""Types of petitions, who joined them, what they were told in; sealed reports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('petitions', sa.Column('kind', sa.String(), server_default='complaint', nullable=False))
    op.add_column('petitions', sa.Column('petitioner_name', sa.String(), nullable=True))
    op.add_column('petitions', sa.Column('location', postgresql.JSONB(astext_type=sa.Text(), none_as_null=True), nullable=True))
    op.create_index('ix_petitions_nearby', 'petitions', ['category', 'district', 'received_at'], unique=False)
    op.create_table('petition_messages',
    sa.Column('petition_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_petition_messages_message_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_petition_messages_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', 'message_id', name=op.f('pk_petition_messages'))
    )
    op.create_table('petition_supporters',
    sa.Column('petition_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_petition_supporters_contact_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_petition_supporters_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', 'contact_id', name=op.f('pk_petition_supporters'))
    )
    op.create_index(op.f('ix_petition_supporters_contact_id'), 'petition_supporters', ['contact_id'], unique=False)
    op.create_table('sealed_reports',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('district', sa.String(), nullable=True),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('details', sa.String(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("code ~ '^S-[A-Z2-9]{12}$'", name=op.f('ck_sealed_reports_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_reports')),
    sa.UniqueConstraint('code', name=op.f('uq_sealed_reports_code'))
    )
