"""Some roles take two administrators: one proposes, another confirms."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_GUARDED = "ARRAY['approver','breakglass','admin']"

# A CHECK sees one row: that proposer and confirmer are administrators is told by another table.
# What was decided stays so, and its moment is the database's own.
_GRANTS = """
CREATE FUNCTION role_grant_is_by_administrators() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.outcome IS NOT NULL THEN
            RAISE EXCEPTION 'a grant begins as a proposal'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_begins_open';
        END IF;
    ELSIF OLD.outcome IS NOT NULL
       OR (NEW.id, NEW.staff_id, NEW.role, NEW.reason, NEW.proposed_by, NEW.proposed_at)
          IS DISTINCT FROM
          (OLD.id, OLD.staff_id, OLD.role, OLD.reason, OLD.proposed_by, OLD.proposed_at)
    THEN RAISE EXCEPTION 'a grant is decided once'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_decided_once';
    ELSIF NEW.outcome IS NOT NULL THEN
        NEW.decided_at := now();
    END IF;
    IF NOT EXISTS (SELECT 1 FROM staff s WHERE s.active AND s.roles ? 'admin'
                   AND s.id = CASE TG_OP WHEN 'INSERT' THEN NEW.proposed_by
                                         ELSE NEW.decided_by END)
    THEN RAISE EXCEPTION 'only an administrator proposes or decides on a role'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_by_administrators';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER role_grant_is_by_administrators BEFORE INSERT OR UPDATE ON role_grants
    FOR EACH ROW EXECUTE FUNCTION role_grant_is_by_administrators();
"""

# Before a house has two administrators nobody could confirm: its first people come from whoever
# sets it up. Accounts are never deleted, so that this does not come back.
_STAFF = f"""
CREATE FUNCTION staff_roles_are_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY {_GUARDED} LOOP
        CONTINUE WHEN NOT NEW.roles ? wanted;
        IF TG_OP = 'INSERT' THEN
            CONTINUE WHEN (SELECT count(*) FROM staff s WHERE s.roles ? 'admin') < 2;
        ELSE
            CONTINUE WHEN OLD.roles ? wanted;
            CONTINUE WHEN EXISTS (
                SELECT 1 FROM role_grants g WHERE g.staff_id = NEW.id AND g.role = wanted
                AND g.outcome = 'confirmed' AND g.decided_at = now());
        END IF;
        RAISE EXCEPTION 'the role % takes two administrators', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'staff_roles_by_two';
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_roles_are_by_two BEFORE INSERT OR UPDATE OF roles ON staff
    FOR EACH ROW EXECUTE FUNCTION staff_roles_are_by_two();
"""


def upgrade() -> None:
    op.create_table(
        "role_grants",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "proposed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("outcome", sa.String()),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("role IN ('approver','breakglass','admin')", name=op.f("ck_role_grants_role")),
        sa.CheckConstraint(
            "outcome IN ('confirmed','refused','withdrawn')", name=op.f("ck_role_grants_outcome")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_role_grants_reason_given")),
        sa.CheckConstraint("proposed_by <> staff_id", name=op.f("ck_role_grants_not_to_oneself")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_role_grants_decided"),
        ),
        sa.CheckConstraint(
            "outcome IS DISTINCT FROM 'confirmed' "
            "OR (decided_by <> proposed_by AND decided_by <> staff_id)",
            name=op.f("ck_role_grants_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_role_grants_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.id"], name=op.f("fk_role_grants_proposed_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_role_grants_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    op.create_index(
        "ix_role_grants_open", "role_grants", ["staff_id", "role"], unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.execute(_GRANTS)
    op.execute(_STAFF)
