"""The siren: levels, polygons, schedules, breaking the glass, the second factor."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATUSES = (
    "draft", "submitted", "returned", "rejected", "approved", "sending", "halted",
    "sent", "finished", "cancelling", "cancelled", "expired",
)
_LIVE = "('approved','sending','halted','sent','finished','cancelling','cancelled')"
_ROLES = (
    "agent", "officer", "author", "approver", "breakglass", "operator", "auditor", "admin",
)
_LEVELS = "level IN ('critical','emergency','advisory')"
_ENVIRONMENTS = "environment IN ('live','exercise','test')"
_MODES = "mode IN ('live','training')"

# What was approved stays as it was approved: its progress moves, and its end can come sooner.
_EVENTS_ARE_FROZEN = """
CREATE OR REPLACE FUNCTION broadcast_event_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.broadcast_id, NEW.kind, NEW.environment, NEW.mode, NEW.level, NEW.texts,
        NEW.long_texts, NEW.area, NEW.content_hash)
       IS DISTINCT FROM
       (OLD.id, OLD.broadcast_id, OLD.kind, OLD.environment, OLD.mode, OLD.level, OLD.texts,
        OLD.long_texts, OLD.area, OLD.content_hash)
       OR NEW.expires_at > OLD.expires_at
    THEN RAISE EXCEPTION 'an approved event can not be changed';
    END IF;
    RETURN NEW;
END $$;
"""

# A CHECK sees one row. That the approver wrote none of the words, and that whoever sends alone
# uses words that two people approved, needs a look at other tables.
_APPROVALS = """
CREATE FUNCTION broadcast_has_two_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live CONSTANT text[] := ARRAY[
        'approved','sending','halted','sent','finished','cancelling','cancelled'];
BEGIN
    IF NEW.status <> ALL (live) THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status = ANY (live) AND OLD.approved_by IS NOT DISTINCT FROM NEW.approved_by
           AND OLD.breakglass_id IS NOT DISTINCT FROM NEW.breakglass_id
        THEN RETURN NEW; END IF;
    END IF;
    IF NEW.breakglass_id IS NOT NULL THEN
        IF NOT EXISTS (
            SELECT 1 FROM break_glass g JOIN alert_templates t ON t.key = g.template
            WHERE g.id = NEW.breakglass_id AND g.actor = NEW.created_by
              AND t.approved_by IS NOT NULL AND t.level = NEW.level
              AND (NEW.environment <> 'live' OR (t.texts = NEW.texts
                   AND t.long_texts = NEW.long_texts AND t.correction = NEW.correction)))
        THEN RAISE EXCEPTION 'breaking the glass needs an approved template, word for word'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broadcast_template';
        END IF;
    ELSIF EXISTS (SELECT 1 FROM broadcast_edits e LEFT JOIN api_keys k ON k.id = e.api_key
                  WHERE e.broadcast_id = NEW.id
                    AND (e.actor = NEW.approved_by OR k.owner = NEW.approved_by)) THEN
        RAISE EXCEPTION 'nobody approves words of their own'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'broadcast_own_words';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_has_two_people BEFORE INSERT OR UPDATE ON broadcasts
    FOR EACH ROW EXECUTE FUNCTION broadcast_has_two_people();
"""


def upgrade() -> None:
    """Add columns and tables; drafts and alerts that stand keep what they have."""
    _staff()
    _citizens()
    _around()
    _broadcasts()
    _events()
    op.execute(_EVENTS_ARE_FROZEN)
    op.execute(_APPROVALS)


def _check(table: str, name: str, condition: str) -> None:
    full = op.f(f"ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {full}")
    op.create_check_constraint(full, table, condition)


def _words(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN (" + ",".join(f"'{word}'" for word in words) + ")"


def _time(name: str, *, now: bool = False) -> sa.Column[Any]:
    if now:
        return sa.Column(
            name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        )
    return sa.Column(name, sa.DateTime(timezone=True))


def _json(name: str, empty: str = "{}", *, default: bool = True) -> sa.Column[Any]:
    start = sa.text(f"'{empty}'::jsonb") if default else None
    return sa.Column(name, JSONB, server_default=start, nullable=False)


def _text(name: str, default: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), server_default=sa.text(f"'{default}'"), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _refer(table: str, column: str, target: str) -> None:
    there, key = target.split(".")
    op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, there, [column], [key])


def _staff() -> None:
    op.add_column("staff", sa.Column("phone", sa.String()))
    op.add_column("staff", sa.Column("email", sa.String()))
    op.add_column("staff_sessions", _time("verified_at"))
    op.add_column("api_keys", _text("environment", "live"))
    op.add_column("api_keys", sa.Column("owner", sa.BigInteger()))
    _refer("api_keys", "owner", "staff.id")
    _check("api_keys", "environment", _ENVIRONMENTS)
    _check("api_keys", "role", _words("role", _ROLES))
    op.create_table(
        "staff_totp",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        _time("confirmed_at"),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _time("locked_until"),
        _time("created_at", now=True),
        _to("staff_totp", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_totp")),
    )
    op.create_table(
        "staff_recovery_codes",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        _time("used_at"),
        _to("staff_recovery_codes", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("staff_id", "code_hash", name=op.f("pk_staff_recovery_codes")),
    )


def _citizens() -> None:
    op.add_column("contacts", sa.Column("latitude", sa.Float()))
    op.add_column("contacts", sa.Column("longitude", sa.Float()))
    _check("contacts", "whole_point", "(latitude IS NULL) = (longitude IS NULL)")
    _check(
        "contacts", "on_earth", "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"
    )
    op.create_index(
        "ix_contacts_point", "contacts", ["latitude", "longitude"],
        postgresql_where=sa.text("latitude IS NOT NULL"),
    )
    op.add_column(
        "subscriptions",
        sa.Column("silenced", ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
    )
    _check("subscriptions", "silenced", "silenced <@ ARRAY['emergency','advisory']::varchar[]")


def _around() -> None:
    op.create_table(
        "alert_templates",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("hazard", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        _json("texts", default=False),
        _json("long_texts", default=False),
        _json("correction", default=False),
        _json("all_clear", default=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        _time("created_at", now=True),
        sa.Column("approved_by", sa.BigInteger()),
        _time("approved_at"),
        sa.CheckConstraint(_LEVELS, name=op.f("ck_alert_templates_level")),
        sa.CheckConstraint(
            "approved_by IS NULL OR (approved_by <> created_by AND approved_at IS NOT NULL)",
            name=op.f("ck_alert_templates_two_people"),
        ),
        _to("alert_templates", "created_by", "staff.id"),
        _to("alert_templates", "approved_by", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_templates")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_templates_key")),
    )
    op.create_table(
        "break_glass",
        sa.Column(
            "id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _time("at", now=True),
        _time("paged_at"),
        sa.Column("reviewed_by", sa.BigInteger()),
        _time("reviewed_at"),
        sa.Column("findings", sa.String()),
        sa.CheckConstraint("reviewed_by <> actor", name=op.f("ck_break_glass_reviewed_by_another")),
        sa.CheckConstraint(
            "(reviewed_by IS NULL) = (reviewed_at IS NULL)", name=op.f("ck_break_glass_reviewed")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_break_glass_reason_given")),
        _to("break_glass", "actor", "staff.id"),
        _to("break_glass", "reviewed_by", "staff.id"),
        _to("break_glass", "template", "alert_templates.key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_table(
        "siren_switch",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        _time("stopped_at"),
        sa.Column("changed_by", sa.BigInteger()),
        _time("changed_at", now=True),
        sa.Column("reason", sa.String()),
        sa.CheckConstraint("id = 1", name=op.f("ck_siren_switch_one_row")),
        sa.CheckConstraint(_MODES, name=op.f("ck_siren_switch_mode")),
        _to("siren_switch", "changed_by", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_siren_switch")),
    )
    op.execute("INSERT INTO siren_switch (id, mode) VALUES (1, 'live')")


def _broadcasts() -> None:
    for column in (
        _text("hazard", "other"), _text("level", "emergency"), _json("facts"), _json("long_texts"),
        _json("all_clear"), _json("polygons", "[]"), _text("mode", "live"), _time("send_at"),
        sa.Column("drafted_by_key", sa.BigInteger()), sa.Column("breakglass_id", sa.Uuid()),
        _time("halted_at"), sa.Column("halted_reason", sa.String()),
        sa.Column("resumed_by", sa.BigInteger()), _time("resumed_at"),
    ):
        op.add_column("broadcasts", column)
    op.alter_column("broadcasts", "created_by", nullable=True)
    _refer("broadcasts", "drafted_by_key", "api_keys.id")
    _refer("broadcasts", "breakglass_id", "break_glass.id")
    _refer("broadcasts", "resumed_by", "staff.id")
    op.create_unique_constraint("uq_broadcasts_breakglass_id", "broadcasts", ["breakglass_id"])
    op.create_index("ix_broadcasts_status", "broadcasts", ["status"])
    _check("broadcasts", "status", _words("status", _STATUSES))
    _check("broadcasts", "level", _LEVELS)
    _check("broadcasts", "mode", _MODES)
    _check("broadcasts", "one_author", "(created_by IS NULL) <> (drafted_by_key IS NULL)")
    _check(
        "broadcasts", "resumed", "resumed_by IS DISTINCT FROM approved_by OR resumed_by IS NULL"
    )
    _check(
        "broadcasts", "two_people",
        f"status NOT IN {_LIVE} OR (approved_hash IS NOT NULL AND approved_hash = content_hash "
        "AND (breakglass_id IS NOT NULL OR (submitted_by IS NOT NULL "
        "AND approved_by IS NOT NULL AND approved_by <> submitted_by "
        "AND approved_by IS DISTINCT FROM created_by)))",
    )
    op.alter_column("broadcast_edits", "actor", nullable=True)
    op.add_column("broadcast_edits", sa.Column("api_key", sa.BigInteger()))
    _refer("broadcast_edits", "api_key", "api_keys.id")
    _check("broadcast_edits", "one_hand", "(actor IS NULL) <> (api_key IS NULL)")


def _events() -> None:
    for column in (
        _text("mode", "live"), _text("level", "emergency"), _json("long_texts"),
        sa.Column("content_hash", sa.String()),
    ):
        op.add_column("broadcast_events", column)
    op.drop_constraint("uq_broadcast_events_broadcast_id_kind", "broadcast_events")
    op.create_index(
        "ix_broadcast_events_once", "broadcast_events", ["broadcast_id", "kind"], unique=True,
        postgresql_where=sa.text("kind NOT IN ('update','reminder')"),
    )
    op.create_index("ix_broadcast_events_broadcast", "broadcast_events", ["broadcast_id"])
    kinds = ("alert", "correction", "update", "all_clear", "reminder")
    _check("broadcast_events", "kind", _words("kind", kinds))
    _check("broadcast_events", "level", _LEVELS)
    _check("broadcast_events", "mode", _MODES)
    _check(
        "broadcast_events", "test_list_apart",
        "environment = 'test' OR NOT COALESCE(area -> 'districts', '[]'::jsonb) ? '시험'",
    )
    _check(
        "broadcast_events", "tests_stay_inside",
        "environment <> 'test' OR area -> 'districts' = '[\"시험\"]'::jsonb",
    )
    op.create_table(
        "broadcast_updates",
        sa.Column(
            "id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        _json("texts", default=False),
        _json("long_texts", default=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        _time("written_at", now=True),
        sa.Column("approved_by", sa.BigInteger()),
        _time("approved_at"),
        sa.Column("event_id", sa.Uuid()),
        sa.CheckConstraint(
            "event_id IS NULL OR (approved_by IS NOT NULL AND approved_by <> written_by)",
            name=op.f("ck_broadcast_updates_two_people"),
        ),
        _to("broadcast_updates", "broadcast_id", "broadcasts.id"),
        _to("broadcast_updates", "written_by", "staff.id"),
        _to("broadcast_updates", "approved_by", "staff.id"),
        _to("broadcast_updates", "event_id", "broadcast_events.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_updates")),
        sa.UniqueConstraint("event_id", name=op.f("uq_broadcast_updates_event_id")),
    )
    op.create_index("ix_broadcast_updates_broadcast", "broadcast_updates", ["broadcast_id"])
    op.create_table(
        "staff_pages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("breakglass_id", sa.Uuid()),
        sa.Column("broadcast_id", sa.Uuid()),
        sa.Column("why", sa.String(), nullable=False),
        _time("at", now=True),
        _time("seen_at"),
        _to("staff_pages", "staff_id", "staff.id"),
        _to("staff_pages", "breakglass_id", "break_glass.id"),
        _to("staff_pages", "broadcast_id", "broadcasts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_pages")),
    )
    op.create_index("ix_staff_pages_staff_id", "staff_pages", ["staff_id"])
