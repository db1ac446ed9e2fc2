"""The approval: a second person, one statement, and everything that follows from it in one commit.

Bound to what the approver saw (version and content hash). The same commit holds the audit, the
frozen event, the new state and the job that begins to send.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from backend import audit
from backend.errors import Conflict, Forbidden
from backend.models import ApiKey, Broadcast, BroadcastEdit, BroadcastEvent
from backend.security import Actor
from broadcasts import audience, drafts, sending
from broadcasts.schemas import Approval
from broadcasts.service import get, moved_on, note, person

# Within it the same words to the same people are more likely a slip than meant.
REPEATED_WITHIN = timedelta(minutes=30)


async def approve(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, seen: Approval
) -> BroadcastEvent | None:
    """Approve what the approver saw, and start sending it: all in one commit, or not at all.

    What is planned for later (`send_at`) is approved and returns None: its event comes with its
    time. A refusal is committed to the audit before it is raised: the caller's rollback would lose
    it.

    Raises: Forbidden when the approver wrote, edited or submitted it; Conflict when it has moved
    on, its time is over, nobody would get it, the typed number is not the audience, the same was
    sent a moment ago (unless `seen.again`), or the house does not send now.
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
) -> BroadcastEvent | None:
    approver = person(actor)
    await one_at_a_time(session)
    broadcast = await get(session, broadcast_id)
    reached = await audience.count_for(session, broadcast)
    before = None if seen.again else await repeated(session, broadcast)
    approved: Broadcast | None = None
    counted = broadcast.version == seen.version and reached.people > 0 and before is None
    # Whatever got into the row beside an edit (its environment, say) was submitted by nobody.
    intact = drafts.hash_of(broadcast) == broadcast.content_hash
    if counted and intact and confirms(seen.audience, reached.people):
        approved = await session.scalar(_decision(approver, broadcast_id, seen))
    if approved is None:
        raise await _why_not(session, approver, broadcast_id, seen, reached.people, before)
    event = await sending.begin(session, approved, reached) if approved.send_at is None else None
    note(
        session, actor, approved, "broadcast.approved", people=reached.people, again=seen.again,
        **({"event": str(event.id)} if event else {"send_at": str(approved.send_at)}),
    )  # fmt: skip
    return event


def _decision(approver: int, broadcast_id: UUID, seen: Approval) -> ReturningUpdate[Broadcast]:
    """Return the statement that approves, or changes no row: nobody decides in between."""
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
            or_(Broadcast.send_at.is_(None), Broadcast.send_at > func.now()),
            ~_wrote(approver).where(BroadcastEdit.broadcast_id == Broadcast.id).exists(),
            sending.house_allows(),
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


def _wrote(approver: int) -> Select[int]:
    """Return the edits that are the approver's own, by their hand or by a key of theirs."""
    return (
        select(BroadcastEdit.id)
        .outerjoin(ApiKey, ApiKey.id == BroadcastEdit.api_key)
        .where(or_(BroadcastEdit.actor == approver, ApiKey.owner == approver))
    )


async def one_at_a_time(session: AsyncSession) -> None:
    """Wait until nobody else in the house approves: two of the same words can't both be first."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('siren.approval'))"))


async def repeated(session: AsyncSession, broadcast: Broadcast) -> UUID | None:
    """Return the alert that said the same to the same people a moment ago, if there is one."""
    found: UUID | None = await session.scalar(
        select(BroadcastEvent.broadcast_id)
        .where(
            BroadcastEvent.kind == "alert",
            BroadcastEvent.created_at > func.now() - REPEATED_WITHIN,
            BroadcastEvent.environment == broadcast.environment,
            BroadcastEvent.texts == broadcast.texts,
            BroadcastEvent.area["districts"] == broadcast.districts,
            func.coalesce(BroadcastEvent.area["polygons"], text("'[]'::jsonb"))
            == broadcast.polygons,
            BroadcastEvent.broadcast_id != broadcast.id,
        )
        .limit(1)
    )
    return found


def confirms(typed: int, people: int) -> bool:
    """Tell whether the typed number means this audience.

    Citizens come and go while the approver reads: one in a hundred may differ, never the size.
    """
    return abs(typed - people) <= people // 100


async def _why_not(
    session: AsyncSession,
    approver: int,
    broadcast_id: UUID,
    seen: Approval,
    people: int,
    before: UUID | None,
) -> Conflict | Forbidden:
    now_over = or_(
        Broadcast.expires_at <= func.now(), func.coalesce(Broadcast.send_at <= func.now(), False)
    )
    wrote = _wrote(approver).where(BroadcastEdit.broadcast_id == broadcast_id)
    row = await session.execute(
        select(Broadcast, now_over, wrote.exists(), sending.house_allows())
        .where(Broadcast.id == broadcast_id)
        .execution_options(populate_existing=True)
    )
    broadcast, over, has_written, open_house = row.one()
    if has_written or approver in (broadcast.created_by, broadcast.submitted_by):
        return Forbidden(
            "내가 쓰거나 고치거나 올린 알림은 내가 승인할 수 없어요. "
            "다른 승인자에게 요청해 주세요.",
            "You wrote, edited or submitted this alert, so another person has to approve it.",
        )
    if broadcast.status != "submitted":
        return moved_on()
    if broadcast.version != seen.version or broadcast.content_hash != seen.content_hash:
        return moved_on()
    if drafts.hash_of(broadcast) != broadcast.content_hash:
        return Conflict(
            "올린 뒤에 내용이 다른 길로 바뀌었어요. 승인할 수 없으니 작성자가 다시 확인해야 해요.",
            "Something changed it after the submission, and not by an edit. It can't be approved: "
            "its author has to look at it and submit it again.",
        )
    if over:
        return Conflict(
            "유효 시간이나 보낼 시각이 지났어요. 작성자가 시간을 고쳐 다시 올려야 해요.",
            "Its time is over. The author has to choose a new time and submit it again.",
        )
    if not open_house:
        return sending.closed_house()
    if people == 0:
        return Conflict(
            "이 지역에 알림을 받는 사람이 없어서 보낼 수 없어요. 지역을 확인해 주세요.",
            "Nobody in this area is registered, so nothing can be sent. Check the districts.",
            audience=0,
        )
    if not confirms(seen.audience, people):
        return Conflict(
            f"받는 사람은 지금 {people:,}명이에요. 확인한 수를 다시 입력해 주세요.",
            f"The audience is {people:,} people now. Check it and type the number again.",
            audience=people,
        )
    return moved_on() if before is None else said_before(before)


def said_before(before: UUID) -> Conflict:
    """Return the error for who sends what went to the same people a moment ago, as `before`."""
    return Conflict(
        "같은 문구를 같은 지역에 30분 안에 이미 보냈어요. 정말 다시 보내려면 '다시 보내기'를 "
        "고르고 보내 주세요.",
        "The same words went to the same area within the last 30 minutes. If you mean to send them "
        "again, say so (again).",
        repeats=str(before),
    )
