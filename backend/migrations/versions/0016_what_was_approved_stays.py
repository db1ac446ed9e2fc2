"""What two people decided on stays as they saw it, whatever hand is at the database."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_REFUSE = "USING ERRCODE = 'check_violation', CONSTRAINT ="

# Words and hash belong together and to the version that somebody wrote: whoever changes both by
# hand would otherwise have an alert of their own approved by others. Its end may come sooner.
_WORDS = f"""
CREATE FUNCTION broadcast_stays_as_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approving boolean := OLD.status = 'submitted' AND NEW.status = 'approved';
    submitting boolean := OLD.status IN ('draft', 'returned') AND NEW.status = 'submitted';
    edited boolean := OLD.status IN ('draft', 'returned', 'submitted') AND NEW.status = 'draft'
        AND NEW.version = OLD.version + 1 AND NEW.submitted_by IS NULL;
BEGIN
    IF ((NEW.version, NEW.content_hash, NEW.environment, NEW.hazard, NEW.level, NEW.title,
         NEW.facts, NEW.texts, NEW.long_texts, NEW.correction, NEW.all_clear, NEW.districts,
         NEW.polygons, NEW.send_at)
        IS DISTINCT FROM
        (OLD.version, OLD.content_hash, OLD.environment, OLD.hazard, OLD.level, OLD.title,
         OLD.facts, OLD.texts, OLD.long_texts, OLD.correction, OLD.all_clear, OLD.districts,
         OLD.polygons, OLD.send_at)
        OR NEW.expires_at > OLD.expires_at) AND NOT edited
    THEN RAISE EXCEPTION 'what is said changes by an edit alone, before anybody has approved it'
        {_REFUSE} 'broadcast_words'; END IF;
    IF (NEW.id, NEW.created_by, NEW.drafted_by_key, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.created_by, OLD.drafted_by_key, OLD.created_at)
       OR NEW.submitted_by IS DISTINCT FROM OLD.submitted_by AND NOT submitting AND NOT edited
       OR NEW.mode <> OLD.mode AND NOT submitting
       OR (NEW.approved_by, NEW.approved_at, NEW.approved_hash, NEW.breakglass_id)
          IS DISTINCT FROM
          (OLD.approved_by, OLD.approved_at, OLD.approved_hash, OLD.breakglass_id) AND NOT approving
    THEN RAISE EXCEPTION 'who wrote, submitted and approved it stays as it was'
        {_REFUSE} 'broadcast_people'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_stays_as_approved AFTER UPDATE ON broadcasts
    FOR EACH ROW EXECUTE FUNCTION broadcast_stays_as_approved();
"""

# The steps that the service takes; what is over does not begin again.
_STEPS = f"""
CREATE FUNCTION broadcast_takes_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('draft', 'submitted') THEN
            RAISE EXCEPTION 'a broadcast begins as a draft' {_REFUSE} 'broadcast_begins'; END IF;
        RETURN NEW;
    END IF;
    IF NEW.status = OLD.status THEN RETURN NEW; END IF;
    IF NEW.status <> ALL (CASE OLD.status
        WHEN 'draft' THEN ARRAY['submitted', 'rejected']
        WHEN 'returned' THEN ARRAY['draft', 'submitted', 'rejected']
        WHEN 'submitted' THEN ARRAY['draft', 'returned', 'rejected', 'approved', 'expired']
        WHEN 'approved' THEN ARRAY['sending', 'halted', 'sent', 'expired', 'cancelling',
                                   'cancelled']
        WHEN 'sending' THEN ARRAY['halted', 'sent', 'expired', 'cancelling']
        WHEN 'halted' THEN ARRAY['approved', 'sending', 'sent', 'expired', 'cancelling',
                                 'cancelled']
        WHEN 'sent' THEN ARRAY['sending', 'finished', 'cancelling']
        WHEN 'finished' THEN ARRAY['sending', 'cancelling']
        WHEN 'cancelling' THEN ARRAY['cancelled']
        ELSE ARRAY[]::text[] END)
    THEN RAISE EXCEPTION 'no step leads from % to %', OLD.status, NEW.status
        {_REFUSE} 'broadcast_steps'; END IF;
    IF OLD.status = 'halted' AND NEW.status IN ('approved', 'sending')
       AND (NEW.resumed_by IS NULL OR NEW.resumed_at IS NOT DISTINCT FROM OLD.resumed_at
            OR NEW.breakglass_id IS NOT NULL AND NEW.resumed_by = NEW.created_by)
    THEN RAISE EXCEPTION 'what was halted takes another person to go on'
        {_REFUSE} 'broadcast_resumed_by_another'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_takes_steps AFTER INSERT OR UPDATE ON broadcasts
    FOR EACH ROW EXECUTE FUNCTION broadcast_takes_steps();
"""

# Who approves holds the role, which takes two administrators to give; and the words are those that
# somebody is on record to have written.
_APPROVERS = f"""
CREATE FUNCTION broadcast_is_approved_by_a_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM broadcast_edits e WHERE e.broadcast_id = NEW.id
                   AND e.version = NEW.version AND e.content_hash = NEW.content_hash)
    THEN RAISE EXCEPTION 'nobody is on record to have written these words'
        {_REFUSE} 'broadcast_written'; END IF;
    IF NOT EXISTS (
        SELECT 1 FROM staff s WHERE s.active AND CASE WHEN NEW.breakglass_id IS NULL
            THEN s.id = NEW.approved_by AND s.roles ? 'approver'
            ELSE s.id = NEW.created_by AND s.roles ? 'breakglass' END)
    THEN RAISE EXCEPTION 'whoever approves an alert, or sends alone, holds the role for it'
        {_REFUSE} 'broadcast_role'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_is_approved_by_a_role AFTER UPDATE ON broadcasts
    FOR EACH ROW WHEN (OLD.status = 'submitted' AND NEW.status = 'approved')
    EXECUTE FUNCTION broadcast_is_approved_by_a_role();
"""

# What is sent is a copy of what was approved. An update's event and its approval are one commit.
_EVENTS = f"""
CREATE FUNCTION broadcast_event_says_what_was_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    b broadcasts;
BEGIN
    SELECT * INTO STRICT b FROM broadcasts WHERE id = NEW.broadcast_id;
    IF NOT (CASE NEW.kind
        WHEN 'alert' THEN b.status = 'approved' AND NEW.mode = b.mode AND NEW.level = b.level
            AND NEW.texts = b.texts AND NEW.long_texts = b.long_texts
            AND NEW.content_hash IS NOT DISTINCT FROM b.approved_hash
            AND NEW.area -> 'districts' = to_jsonb(b.districts)
            AND coalesce(NEW.area -> 'polygons', '[]') = b.polygons
            AND NEW.expires_at <= b.expires_at AND coalesce(b.send_at <= now(), true)
        WHEN 'correction' THEN NEW.texts = b.correction AND NEW.long_texts = '{{}}'
        WHEN 'all_clear' THEN NEW.texts = b.all_clear AND NEW.long_texts = '{{}}'
            AND b.status NOT IN ('cancelling', 'cancelled')
        WHEN 'update' THEN b.status NOT IN ('cancelling', 'cancelled')
            AND EXISTS (SELECT 1 FROM broadcast_updates u WHERE u.event_id = NEW.id
                        AND u.broadcast_id = b.id AND u.texts = NEW.texts
                        AND u.long_texts = NEW.long_texts)
        ELSE b.status NOT IN ('cancelling', 'cancelled') END)
       OR NEW.environment <> b.environment
       OR NEW.kind <> 'alert' AND NOT EXISTS (SELECT 1 FROM broadcast_events a
            WHERE a.broadcast_id = b.id AND a.kind = 'alert')
    THEN RAISE EXCEPTION 'what is sent is what was approved' {_REFUSE} 'broadcast_event_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_event_says_what_was_approved AFTER INSERT ON broadcast_events
    FOR EACH ROW WHEN (NEW.kind <> 'update')
    EXECUTE FUNCTION broadcast_event_says_what_was_approved();
CREATE CONSTRAINT TRIGGER broadcast_update_says_what_was_approved AFTER INSERT ON broadcast_events
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'update')
    EXECUTE FUNCTION broadcast_event_says_what_was_approved();
"""

# The number grows to the people who were sent it, where somebody joined during the count.
_AUDIENCE = f"""
CREATE FUNCTION broadcast_audience_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.audience < OLD.audience
       OR NEW.audience <> (SELECT count(*) FROM deliveries d WHERE d.event_id = NEW.id)
    THEN RAISE EXCEPTION 'the audience was frozen by the approval' {_REFUSE} 'broadcast_audience';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_audience_is_frozen AFTER UPDATE ON broadcast_events
    FOR EACH ROW WHEN (NEW.audience <> OLD.audience)
    EXECUTE FUNCTION broadcast_audience_is_frozen();
"""

_BESIDE = f"""
CREATE FUNCTION siren_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is on record about an alert stays' {_REFUSE} 'siren_record_stays';
END $$;
CREATE TRIGGER broadcast_edits_stay BEFORE UPDATE OR DELETE ON broadcast_edits
    FOR EACH ROW EXECUTE FUNCTION siren_record_stays();
CREATE TRIGGER broadcasts_stay BEFORE DELETE ON broadcasts
    FOR EACH ROW EXECUTE FUNCTION siren_record_stays();
CREATE TRIGGER broadcast_events_stay BEFORE DELETE ON broadcast_events
    FOR EACH ROW EXECUTE FUNCTION siren_record_stays();
CREATE TRIGGER break_glass_stays BEFORE DELETE ON break_glass
    FOR EACH ROW EXECUTE FUNCTION siren_record_stays();
CREATE TRIGGER break_glass_is_reviewed_once AFTER UPDATE ON break_glass
    FOR EACH ROW WHEN (OLD.reviewed_by IS NOT NULL
        OR (NEW.id, NEW.actor, NEW.template, NEW.reason, NEW.at)
           IS DISTINCT FROM (OLD.id, OLD.actor, OLD.template, OLD.reason, OLD.at))
    EXECUTE FUNCTION siren_record_stays();
CREATE TRIGGER broadcast_updates_stay AFTER UPDATE ON broadcast_updates
    FOR EACH ROW WHEN (OLD.event_id IS NOT NULL
        OR (NEW.id, NEW.broadcast_id, NEW.texts, NEW.long_texts, NEW.content_hash, NEW.written_by)
           IS DISTINCT FROM
           (OLD.id, OLD.broadcast_id, OLD.texts, OLD.long_texts, OLD.content_hash, OLD.written_by))
    EXECUTE FUNCTION siren_record_stays();
CREATE TRIGGER alert_templates_lose_their_approval AFTER UPDATE ON alert_templates
    FOR EACH ROW WHEN (NEW.approved_by IS NOT NULL
        AND (NEW.key, NEW.hazard, NEW.level, NEW.title, NEW.texts, NEW.long_texts, NEW.correction,
             NEW.all_clear, NEW.content_hash, NEW.created_by)
            IS DISTINCT FROM
            (OLD.key, OLD.hazard, OLD.level, OLD.title, OLD.texts, OLD.long_texts, OLD.correction,
             OLD.all_clear, OLD.content_hash, OLD.created_by))
    EXECUTE FUNCTION siren_record_stays();
"""


def upgrade() -> None:
    for guard in (_WORDS, _STEPS, _APPROVERS, _EVENTS, _AUDIENCE, _BESIDE):
        op.execute(guard)
