"""Calling the staff when it is urgent: a note in the console for everyone, and a text message.

The text goes in the siren's own lane, to the phones that are known; without one the note remains.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts.service import lock_address
from backend.delivery.service import notify, wake
from backend.models import Broadcast, Staff, StaffPage

BROKE_GLASS = "broke-glass"
NOT_APPROVED = "not-approved"
NOT_SENT = "not-sent"
HALTED = "halted"
STUCK = "stuck"
WORDS = {
    BROKE_GLASS: "[응답] 한 사람이 결재 없이 재난 알림을 보냈어요. "
    "지금 콘솔에서 내용을 확인하고 점검해 주세요.",
    NOT_APPROVED: "[응답] 승인되지 않은 재난 알림의 시간이 지나 보내지 않았어요. 확인해 주세요.",
    NOT_SENT: "[응답] 예약한 재난 알림을 보내지 못했어요. 콘솔에서 이유를 확인해 주세요.",
    STUCK: "[응답] 재난 알림이 30초 넘게 나가지 못하고 있어요. 콘솔에서 확인해 주세요.",
    HALTED: "[응답] 재난 알림 발송이 멈췄어요. 콘솔에서 확인해 주세요.",
}


async def approvers(session: AsyncSession) -> list[Staff]:
    """Return everyone who may approve alerts and still works here."""
    holds = Staff.roles.cast(JSONB).contains(["approver"])
    return list(await session.scalars(select(Staff).where(Staff.active, holds).order_by(Staff.id)))


async def concerned(session: AsyncSession, broadcast: Broadcast) -> list[Staff]:
    """Return who wrote, submitted or approved `broadcast`."""
    people = {broadcast.created_by, broadcast.submitted_by, broadcast.approved_by} - {None}
    rows = await session.scalars(
        select(Staff).where(Staff.id.in_(people), Staff.active).order_by(Staff.id)
    )
    return list(rows)


async def call(
    session: AsyncSession,
    staff: Iterable[Staff],
    why: str,
    *,
    broadcast_id: UUID | None = None,
    breakglass_id: UUID | None = None,
) -> int:
    """Call `staff` about `why` (one of WORDS); return how many text messages were promised."""
    texted = 0
    for person in staff:
        session.add(
            StaffPage(
                staff_id=person.id, why=why, broadcast_id=broadcast_id, breakglass_id=breakglass_id
            )
        )
        if person.phone:
            address = await lock_address(session, "phone", person.phone, verified=False)
            promised = await notify(session, address, "sms", "ko", WORDS[why])
            promised.lane = "siren"
            texted += promised.status == "pending"
    await session.flush()
    if texted:
        await wake(session, "siren")
    return texted


async def unseen(session: AsyncSession, staff_id: int) -> Sequence[StaffPage]:
    """Return the calls that a member of staff has not seen, the latest first."""
    rows = await session.scalars(
        select(StaffPage)
        .where(StaffPage.staff_id == staff_id, StaffPage.seen_at.is_(None))
        .order_by(StaffPage.id.desc())
    )
    return rows.all()


async def seen(session: AsyncSession, staff_id: int) -> None:
    """Note that a member of staff has seen every call so far."""
    await session.execute(
        update(StaffPage)
        .where(StaffPage.staff_id == staff_id, StaffPage.seen_at.is_(None))
        .values(seen_at=func.now())
    )
