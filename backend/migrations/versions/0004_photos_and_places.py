"""Photos and places that come with messages"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('attachments',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.Column('uploader', sa.String(), nullable=True),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('small', sa.LargeBinary(), nullable=False),
    sa.Column('width', sa.BigInteger(), nullable=False),
    sa.Column('height', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('(message_id IS NULL) <> (uploader IS NULL)', name=op.f('ck_attachments_one_owner')),
    sa.CheckConstraint('width > 0 AND height > 0', name=op.f('ck_attachments_size')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_attachments_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments')),
    sa.UniqueConstraint('uploader', 'digest', name=op.f('uq_attachments_uploader_digest'))
    )
    op.create_index('ix_attachments_message', 'attachments', ['message_id', 'place'], unique=False)
    op.add_column('messages', sa.Column('location', postgresql.JSONB(astext_type=sa.Text(), none_as_null=True), nullable=True))

