"""The approval: a second person, one statement, and everything that follows from it in one commit.

Bound to what the approver saw (version and content hash). The same commit holds the audit, the
frozen event, the new state and the job that begins to send.
"""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from backend import audit, jobs
from backend.errors import Conflict, Forbidden
from backend.models import Broadcast, BroadcastEdit, BroadcastEvent
from backend.security import Actor
from broadcasts import audience
from broadcasts.schemas import Approval
from broadcasts.service import get, moved_on, note, person


async def approve(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, seen: Approval
) -> BroadcastEvent:
    """Approve what the approver saw, and start sending it: all in one commit, or not at all.

    A refusal is committed to the audit before it is raised: the caller's rollback would lose it.

    Raises: Forbidden when the approver wrote, edited or submitted it; Conflict when it has moved
    on, its time is over, nobody would get it, or the typed number is not the audience.
    """
    try:
        return await _approve(session, actor, broadcast_id, seen)
    except (Conflict, Forbidden) as refusal:
        audit.record(
            session, actor.label, "broadcast.approval_refused", f"broadcast:{broadcast_id}",
            version=seen.version, why=str(refusal),
        )  # fmt: skip
        await session.commit()
        raise


async def _approve(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, seen: Approval
) -> BroadcastEvent:
    approver = person(actor)
    broadcast = await get(session, broadcast_id)
    reached = await audience.count(session, broadcast.districts, list(broadcast.texts))
    approved: Broadcast | None = None
    counted = broadcast.version == seen.version and reached.people > 0
    if counted and _confirms(seen.audience, reached.people):
        approved = await session.scalar(_decision(approver, broadcast_id, seen))
    if approved is None:
        raise await _why_not_approved(session, approver, broadcast_id, seen, reached.people)
    event = BroadcastEvent(
        broadcast_id=approved.id,
        kind="alert",
        environment=approved.environment,
        mode=approved.mode,
        level=approved.level,
        texts=approved.texts,
        long_texts=approved.long_texts,
        content_hash=approved.approved_hash,
        area={
            "districts": approved.districts,
            "through": reached.through,
            "by_channel": reached.by_channel,
            "by_language": reached.by_language,
        },
        audience=reached.people,
        expires_at=approved.expires_at,
    )
    session.add(event)
    await session.flush()
    note(session, actor, approved, "broadcast.approved", event=str(event.id), people=reached.people)
    await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event.id))
    return event


def _decision(approver: int, broadcast_id: UUID, seen: Approval) -> ReturningUpdate[Broadcast]:
    """Return the statement that approves, or changes no row: nobody decides in between."""
    wrote = select(BroadcastEdit.id).where(
        BroadcastEdit.broadcast_id == Broadcast.id, BroadcastEdit.actor == approver
    )
    return (
        update(Broadcast)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.status == "submitted",
            Broadcast.version == seen.version,
            Broadcast.content_hash == seen.content_hash,
            Broadcast.submitted_by.is_not(None),
            Broadcast.submitted_by.is_distinct_from(approver),
            Broadcast.created_by.is_distinct_from(approver),
            Broadcast.expires_at > func.now(),
            ~wrote.exists(),
        )
        .values(
            status="approved",
            approved_by=approver,
            approved_at=func.now(),
            approved_hash=Broadcast.content_hash,
        )
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )


def _confirms(typed: int, people: int) -> bool:
    """Tell whether the typed number means this audience.

    Citizens come and go while the approver reads: one in a hundred may differ, never the size.
    """
    return abs(typed - people) <= people // 100


async def _why_not_approved(
    session: AsyncSession, approver: int, broadcast_id: UUID, seen: Approval, people: int
) -> Conflict | Forbidden:
    now_over = Broadcast.expires_at <= func.now()
    wrote = select(BroadcastEdit.id).where(
        BroadcastEdit.broadcast_id == broadcast_id, BroadcastEdit.actor == approver
    )
    row = await session.execute(
        select(Broadcast, now_over, wrote.exists())
        .where(Broadcast.id == broadcast_id)
        .execution_options(populate_existing=True)
    )
    broadcast, over, has_written = row.one()
    if has_written or approver in (broadcast.created_by, broadcast.submitted_by):
        return Forbidden(
            "내가 쓰거나 고치거나 올린 알림은 내가 승인할 수 없어요. "
            "다른 승인자에게 요청해 주세요.",
            "You wrote, edited or submitted this alert, so another person has to approve it.",
        )
    if broadcast.status == "submitted":
        if broadcast.version != seen.version or broadcast.content_hash != seen.content_hash:
            return moved_on()
        if over:
            return Conflict(
                "유효 시간이 지났어요. 작성자가 시간을 고쳐 다시 올려야 해요.",
                "Its time is over. The author has to choose a new expiry and submit it again.",
            )
        if people == 0:
            return Conflict(
                "이 지역에 알림을 받는 사람이 없어서 보낼 수 없어요. 지역을 확인해 주세요.",
                "Nobody in this area is registered, so nothing can be sent. Check the districts.",
                audience=0,
            )
        if not _confirms(seen.audience, people):
            return Conflict(
                f"받는 사람은 지금 {people:,}명이에요. 확인한 수를 다시 입력해 주세요.",
                f"The audience is {people:,} people now. Check it and type the number again.",
                audience=people,
            )
    return moved_on()
