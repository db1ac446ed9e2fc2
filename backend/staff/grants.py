"""Roles that take two administrators: one proposes, another confirms, and neither is the receiver.

Whoever can approve alerts, send alone, or make administrators decides what reaches a city; the
table and its triggers refuse what one person would do alone, also by hand in SQL.
"""

from collections.abc import Sequence

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import audit
from backend.errors import Conflict, Forbidden, Invalid, NotFound
from backend.models import RoleGrant, Staff
from backend.models.staff import GUARDED
from backend.security import Actor
from backend.staff.schemas import GrantOut

SHOWN = 20


def administrator(actor: Actor) -> int:
    """Return the staff id of `actor`.

    Raises: Forbidden for a key: two people stand behind such a role, and a key is nobody.
    """
    if actor.kind != "staff":
        raise Forbidden(
            "이 권한은 API 키로 줄 수 없어요. 관리자가 로그인해서 해 주세요.",
            "A key can't give this role. An administrator has to log in.",
        )
    return actor.id


async def propose(
    session: AsyncSession, actor: Actor, staff_id: int, role: str, reason: str
) -> RoleGrant:
    """Propose that `staff_id` gets `role`; another administrator confirms it.

    Raises: Forbidden for oneself or a key; Invalid for a role that needs no proposal; NotFound;
    Conflict where they have the role, or it is proposed already.
    """
    proposer = administrator(actor)
    if proposer == staff_id:
        raise _not_oneself()
    if role not in GUARDED:
        raise Invalid(
            f"두 사람이 정하는 권한은 다음이에요: {', '.join(GUARDED)}",
            f"These are the roles that take two people: {', '.join(GUARDED)}",
        )
    person = await session.scalar(select(Staff).where(Staff.id == staff_id, Staff.active))
    if person is None:
        raise NotFound(
            "쓰고 있는 계정 가운데 그런 직원이 없어요.", "There is no such active account."
        )
    grant: RoleGrant | None = None
    if role not in person.roles:
        grant = await session.scalar(
            insert(RoleGrant)
            .values(staff_id=staff_id, role=role, reason=reason, proposed_by=proposer)
            .on_conflict_do_nothing(
                index_elements=["staff_id", "role"], index_where=RoleGrant.outcome.is_(None)
            )
            .returning(RoleGrant)
        )
    if grant is None:
        raise Conflict(
            "이미 가진 권한이거나, 이미 제안해서 확인을 기다리고 있어요.",
            "They have this role already, or it is proposed and waits for its confirmation.",
        )
    audit.record(
        session, actor.label, "staff.role_proposed", f"staff:{staff_id}",
        role=role, grant=grant.id, reason=reason,
    )  # fmt: skip
    return grant


async def confirm(session: AsyncSession, actor: Actor, grant_id: int) -> RoleGrant:
    """Give the role that another administrator proposed, in the commit of the confirmation.

    Raises: Forbidden for whoever proposed or would get it; NotFound; Conflict where it is decided.
    """
    second = administrator(actor)
    confirmed: RoleGrant | None = await session.scalar(
        update(RoleGrant)
        .where(
            RoleGrant.id == grant_id,
            RoleGrant.outcome.is_(None),
            RoleGrant.proposed_by != second,
            RoleGrant.staff_id != second,
        )
        .values(outcome="confirmed", decided_by=second, decided_at=func.now())
        .returning(RoleGrant)
    )
    if confirmed is None:
        raise await _why_not(session, second, grant_id)
    person = await session.get_one(
        Staff, confirmed.staff_id, with_for_update=True, populate_existing=True
    )
    person.roles = sorted({*person.roles, confirmed.role})
    audit.record(
        session, actor.label, "staff.role_confirmed", f"staff:{person.id}",
        role=confirmed.role, grant=grant_id, proposed_by=confirmed.proposed_by,
    )  # fmt: skip
    return confirmed


async def decline(session: AsyncSession, actor: Actor, grant_id: int) -> RoleGrant:
    """Close a proposal without giving the role: withdrawn by its proposer, refused by another.

    Raises: NotFound; Conflict where it is decided.
    """
    by = administrator(actor)
    grant = await session.get(RoleGrant, grant_id, with_for_update=True)
    if grant is None or grant.outcome is not None:
        raise await _why_not(session, by, grant_id)
    grant.outcome = "withdrawn" if grant.proposed_by == by else "refused"
    grant.decided_by, grant.decided_at = by, func.now()
    await session.flush()
    await session.refresh(grant)
    audit.record(
        session, actor.label, f"staff.role_{grant.outcome}", f"staff:{grant.staff_id}",
        role=grant.role, grant=grant_id,
    )  # fmt: skip
    return grant


async def listed(session: AsyncSession) -> Sequence[GrantOut]:
    """Return every open proposal and the last that were decided, the newest first, with names."""
    person, proposer, decider = aliased(Staff), aliased(Staff), aliased(Staff)
    lately = select(func.max(RoleGrant.id) - SHOWN).scalar_subquery()
    rows = await session.execute(
        select(RoleGrant, person.name, proposer.name, decider.name)
        .join(person, person.id == RoleGrant.staff_id)
        .join(proposer, proposer.id == RoleGrant.proposed_by)
        .outerjoin(decider, decider.id == RoleGrant.decided_by)
        .where(or_(RoleGrant.outcome.is_(None), RoleGrant.id > lately))
        .order_by(RoleGrant.id.desc())
    )
    return [shown(*row) for row in rows]


def shown(
    grant: RoleGrant, name: str = "", proposer: str = "", decider: str | None = None
) -> GrantOut:
    """Return `grant` as the API shows it, with the names of its people."""
    return GrantOut(
        id=grant.id, staff_id=grant.staff_id, name=name, role=grant.role, reason=grant.reason,
        proposed_by=grant.proposed_by, proposer=proposer, proposed_at=grant.proposed_at,
        outcome=grant.outcome, decided_by=grant.decided_by, decider=decider,
        decided_at=grant.decided_at,
    )  # fmt: skip


async def _why_not(session: AsyncSession, who: int, grant_id: int) -> Exception:
    grant = await session.get(RoleGrant, grant_id, populate_existing=True)
    if grant is None:
        return NotFound("그런 제안이 없어요.", "There is no such proposal.")
    if grant.outcome is not None:
        return Conflict(
            "이미 정해진 제안이에요. 새로 고쳐서 확인해 주세요.",
            "This proposal was decided already. Reload and look again.",
        )
    if grant.staff_id == who:
        return _not_oneself()
    return Forbidden(
        "제안한 사람은 확인할 수 없어요. 다른 관리자에게 부탁해 주세요.",
        "Whoever proposed it can't confirm it. Another administrator has to.",
    )


def _not_oneself() -> Forbidden:
    return Forbidden(
        "자기 자신에게는 권한을 줄 수 없어요. 다른 관리자에게 부탁해 주세요.",
        "Nobody gives a role to themselves. Other administrators have to.",
    )
