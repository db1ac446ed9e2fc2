"""The house"""

import procrastinate.schema
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

_AUDIT_IS_APPEND_ONLY = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""

# What an approval froze stays as it was approved: only its progress moves.
_EVENTS_ARE_FROZEN = """
CREATE FUNCTION broadcast_event_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.broadcast_id, NEW.kind, NEW.environment, NEW.texts, NEW.area)
       IS DISTINCT FROM
       (OLD.id, OLD.broadcast_id, OLD.kind, OLD.environment, OLD.texts, OLD.area)
    THEN RAISE EXCEPTION 'an approved event can not be changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_event_is_frozen BEFORE UPDATE ON broadcast_events
    FOR EACH ROW EXECUTE FUNCTION broadcast_event_is_frozen();
"""

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('api_keys',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('key_hash', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("role IN ('agent','officer','author','approver','admin')", name=op.f('ck_api_keys_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_api_keys_key_hash'))
    )
    op.create_table('audit',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    op.create_index(op.f('ix_audit_subject'), 'audit', ['subject'], unique=False)
    op.create_table('contacts',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contacts'))
    )
    op.create_table('faq_sources',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('license', sa.String(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faq_sources')),
    sa.UniqueConstraint('name', name=op.f('uq_faq_sources_name'))
    )
    op.create_table('number_series',
    sa.Column('series', sa.String(), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('series', name=op.f('pk_number_series'))
    )
    op.create_table('polls',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('title', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('description', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('opens_at < closes_at', name=op.f('ck_polls_period')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_polls'))
    )
    op.create_table('staff',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('roles', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff')),
    sa.UniqueConstraint('login', name=op.f('uq_staff_login'))
    )
    op.create_table('addresses',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("scheme IN ('phone','telegram','web','terminal','call')", name=op.f('ck_addresses_scheme')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_addresses_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_addresses')),
    sa.UniqueConstraint('scheme', 'address', name=op.f('uq_addresses_scheme_address'))
    )
    op.create_index(op.f('ix_addresses_contact_id'), 'addresses', ['contact_id'], unique=False)
    op.create_table('broadcasts',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('environment', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('texts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('correction', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('districts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('submitted_by', sa.BigInteger(), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved_by', sa.BigInteger(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved_hash', sa.String(), nullable=True),
    sa.Column('cancelled_by', sa.BigInteger(), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.CheckConstraint("environment IN ('live','exercise','test')", name=op.f('ck_broadcasts_environment')),
    sa.CheckConstraint("status IN ('draft','submitted','returned','rejected','approved','sending','finished','cancelling','cancelled','expired')", name=op.f('ck_broadcasts_status')),
    sa.CheckConstraint("status NOT IN ('approved','sending','finished','cancelling','cancelled') OR (submitted_by IS NOT NULL AND approved_by IS NOT NULL AND approved_by <> submitted_by AND approved_by <> created_by AND approved_hash IS NOT NULL AND approved_hash = content_hash)", name=op.f('ck_broadcasts_two_people')),
    sa.ForeignKeyConstraint(['approved_by'], ['staff.id'], name=op.f('fk_broadcasts_approved_by')),
    sa.ForeignKeyConstraint(['cancelled_by'], ['staff.id'], name=op.f('fk_broadcasts_cancelled_by')),
    sa.ForeignKeyConstraint(['created_by'], ['staff.id'], name=op.f('fk_broadcasts_created_by')),
    sa.ForeignKeyConstraint(['submitted_by'], ['staff.id'], name=op.f('fk_broadcasts_submitted_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcasts'))
    )
    op.create_table('faq_articles',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('source_id', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('category', sa.String(), nullable=False),
    sa.Column('department', sa.String(), nullable=True),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('questions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('sentences', sa.Boolean(), nullable=False),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('reviewed_on', sa.Date(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('length(title) > 0', name=op.f('ck_faq_articles_title')),
    sa.ForeignKeyConstraint(['source_id'], ['faq_sources.id'], name=op.f('fk_faq_articles_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faq_articles')),
    sa.UniqueConstraint('source_id', 'external_id', 'language', name=op.f('uq_faq_articles_source_id_external_id_language'))
    )
    op.create_table('participations',
    sa.Column('poll_id', sa.BigInteger(), nullable=False),
    sa.Column('voter_key', sa.LargeBinary(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['poll_id'], ['polls.id'], name=op.f('fk_participations_poll_id')),
    sa.PrimaryKeyConstraint('poll_id', 'voter_key', name=op.f('pk_participations'))
    )
    op.create_table('poll_options',
    sa.Column('poll_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('title', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.CheckConstraint('number BETWEEN 1 AND 99', name=op.f('ck_poll_options_number')),
    sa.ForeignKeyConstraint(['poll_id'], ['polls.id'], name=op.f('fk_poll_options_poll_id')),
    sa.PrimaryKeyConstraint('poll_id', 'number', name=op.f('pk_poll_options'))
    )
    op.create_table('staff_sessions',
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_sessions_staff_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_staff_sessions'))
    )
    op.create_index(op.f('ix_staff_sessions_staff_id'), 'staff_sessions', ['staff_id'], unique=False)
    op.create_table('ballots',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('poll_id', sa.BigInteger(), nullable=False),
    sa.Column('option_number', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['poll_id', 'option_number'], ['poll_options.poll_id', 'poll_options.number'], name=op.f('fk_ballots_poll_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballots'))
    )
    op.create_table('broadcast_edits',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('broadcast_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.BigInteger(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['actor'], ['staff.id'], name=op.f('fk_broadcast_edits_actor')),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_broadcast_edits_broadcast_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast_edits')),
    sa.UniqueConstraint('broadcast_id', 'version', name=op.f('uq_broadcast_edits_broadcast_id_version'))
    )
    op.create_table('broadcast_events',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('broadcast_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('environment', sa.String(), nullable=False),
    sa.Column('texts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('area', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('audience', sa.BigInteger(), nullable=False),
    sa.Column('cursor', sa.BigInteger(), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("kind IN ('alert','correction')", name=op.f('ck_broadcast_events_kind')),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_broadcast_events_broadcast_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast_events')),
    sa.UniqueConstraint('broadcast_id', 'kind', name=op.f('uq_broadcast_events_broadcast_id_kind'))
    )
    op.create_table('conversations',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('address_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('agent_id', sa.BigInteger(), nullable=True),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('dialogue', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('last_seq', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(state = 'active') = (agent_id IS NOT NULL)", name=op.f('ck_conversations_one_owner')),
    sa.CheckConstraint("state IN ('bot','offered','queued','active','callback','closed')", name=op.f('ck_conversations_state')),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_conversations_address_id')),
    sa.ForeignKeyConstraint(['agent_id'], ['staff.id'], name=op.f('fk_conversations_agent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversations'))
    )
    op.create_index('ix_conversations_state', 'conversations', ['state', 'updated_at'], unique=False)
    op.create_index('uq_conversations_open', 'conversations', ['address_id', 'channel'], unique=True, postgresql_where=sa.text("state <> 'closed'"))
    op.create_table('phone_codes',
    sa.Column('address_id', sa.BigInteger(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('nonce', sa.String(), nullable=False),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('tries BETWEEN 0 AND 5', name=op.f('ck_phone_codes_tries')),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_phone_codes_address_id')),
    sa.PrimaryKeyConstraint('address_id', name=op.f('pk_phone_codes'))
    )
    op.create_table('subscriptions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('address_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('district', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_subscriptions_address_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_subscriptions_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriptions')),
    sa.UniqueConstraint('contact_id', 'district', name=op.f('uq_subscriptions_contact_id_district'))
    )
    op.create_index('ix_subscriptions_district', 'subscriptions', ['district'], unique=False)
    op.create_table('handoffs',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('conversation_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('packet', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('agent_id', sa.BigInteger(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['staff.id'], name=op.f('fk_handoffs_agent_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_handoffs_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handoffs'))
    )
    op.create_index('uq_handoffs_open', 'handoffs', ['conversation_id'], unique=True, postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('messages',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('conversation_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('agent_id', sa.BigInteger(), nullable=True),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('external_id', sa.String(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('reply', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('parse', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('answers', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(direction = 'in') = (author = 'citizen')", name=op.f('ck_messages_citizens_write_in')),
    sa.CheckConstraint("author IN ('citizen','bot','agent','notice','alert','note')", name=op.f('ck_messages_author')),
    sa.CheckConstraint("direction = 'out' OR external_id IS NOT NULL", name=op.f('ck_messages_in_has_id')),
    sa.CheckConstraint("direction IN ('in','out')", name=op.f('ck_messages_direction')),
    sa.ForeignKeyConstraint(['agent_id'], ['staff.id'], name=op.f('fk_messages_agent_id')),
    sa.ForeignKeyConstraint(['answers'], ['messages.id'], name=op.f('fk_messages_answers')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_messages_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages')),
    sa.UniqueConstraint('channel', 'external_id', name=op.f('uq_messages_channel_external_id')),
    sa.UniqueConstraint('conversation_id', 'seq', name=op.f('uq_messages_conversation_id_seq'))
    )
    op.create_index(op.f('ix_messages_answers'), 'messages', ['answers'], unique=False)
    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('lane', sa.String(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('event_id', sa.Uuid(), nullable=True),
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('address_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('external_id', sa.String(), nullable=True),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'dispatching') = (claimed_until IS NOT NULL)", name=op.f('ck_deliveries_claimed_while_sent')),
    sa.CheckConstraint("lane IN ('siren','reply','bulk')", name=op.f('ck_deliveries_lane')),
    sa.CheckConstraint("status IN ('pending','dispatching','accepted','sent','delivered','unknown','failed','suppressed','expired','cancelled')", name=op.f('ck_deliveries_status')),
    sa.CheckConstraint("status NOT IN ('failed','suppressed') OR reason IS NOT NULL", name=op.f('ck_deliveries_reason_given')),
    sa.CheckConstraint('(message_id IS NULL) <> (event_id IS NULL)', name=op.f('ck_deliveries_one_cause')),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_deliveries_address_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_deliveries_contact_id')),
    sa.ForeignKeyConstraint(['event_id'], ['broadcast_events.id'], name=op.f('fk_deliveries_event_id')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_deliveries_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('event_id', 'contact_id', name=op.f('uq_deliveries_event_id_contact_id')),
    sa.UniqueConstraint('message_id', name=op.f('uq_deliveries_message_id'))
    )
    op.create_index('ix_deliveries_due', 'deliveries', ['lane', 'due_at'], unique=False, postgresql_where=sa.text("status = 'pending'"))
    op.create_index('ix_deliveries_event', 'deliveries', ['event_id', 'id'], unique=False, postgresql_where=sa.text('event_id IS NOT NULL'))
    op.create_index(op.f('ix_deliveries_external_id'), 'deliveries', ['external_id'], unique=False)
    op.create_index('ix_deliveries_lease', 'deliveries', ['claimed_until'], unique=False, postgresql_where=sa.text("status = 'dispatching'"))
    op.create_index('ix_deliveries_open', 'deliveries', ['address_id', 'id'], unique=False, postgresql_where=sa.text("status IN ('pending','dispatching')"))
    op.create_table('petitions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('category', sa.String(), nullable=False),
    sa.Column('department', sa.String(), nullable=False),
    sa.Column('district', sa.String(), nullable=True),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('details', sa.String(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("number ~ '^P-[0-9]{4}-[0-9]{7}$'", name=op.f('ck_petitions_number')),
    sa.CheckConstraint("stage IN ('received','assigned','in_process','answered','closed','withdrawn')", name=op.f('ck_petitions_stage')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_petitions_contact_id')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_petitions_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_petitions')),
    sa.UniqueConstraint('message_id', name=op.f('uq_petitions_message_id')),
    sa.UniqueConstraint('number', name=op.f('uq_petitions_number'))
    )
    op.create_index(op.f('ix_petitions_contact_id'), 'petitions', ['contact_id'], unique=False)
    op.create_index(op.f('ix_petitions_district'), 'petitions', ['district'], unique=False)
    op.create_table('petition_events',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('petition_id', sa.BigInteger(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_petition_events_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_petition_events'))
    )
    op.create_index(op.f('ix_petition_events_petition_id'), 'petition_events', ['petition_id'], unique=False)
    # The job queue's own schema, as its library brings it: jobs commit with their causes.
    driver = op.get_bind().connection.cursor()
    driver.execute(procrastinate.schema.SchemaManager.get_schema())
    driver.execute(_AUDIT_IS_APPEND_ONLY)
    driver.execute(_EVENTS_ARE_FROZEN)
