"""Breaking the glass: one person sends alone, in words approved beforehand, and everyone is told.

It is for the night when nobody else can be reached. Every approver is called in the same commit,
and the review that follows can't be closed by whoever sent.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import Conflict, Forbidden, NotFound
from backend.models import BreakGlass, Broadcast, BroadcastEdit, BroadcastEvent, SirenSwitch
from backend.security import Actor
from broadcasts import alone_templates, approval, audience, drafts, paging, sending
from broadcasts.schemas import BreakGlassIn, Draft
from broadcasts.service import get, note, person

LIFE = timedelta(hours=4)
# Who may close the review of a sending alone, other than whoever sent.
REVIEWERS = ("approver", "auditor", "admin")


async def send(
    session: AsyncSession, actor: Actor, wish: BreakGlassIn
) -> tuple[BreakGlass, BroadcastEvent]:
    """Send the approved template `wish.template` at once; the route has checked role and code.

    A refusal is committed to the audit before it is raised.

    Raises: Conflict where the template is not approved, the house is closed, nobody would get it,
    the typed number is not the audience, or the same was sent a moment ago (unless `wish.again`);
    NotFound, Invalid.
    """
    try:
        async with session.begin_nested():  # what was written so far is undone by a refusal
            return await _send(session, actor, wish)
    except (Conflict, Forbidden) as refusal:
        audit.record(
            session, actor.label, "siren.break_glass_refused", f"template:{wish.template}",
            why=str(refusal),
        )  # fmt: skip
        await session.commit()
        raise


async def _send(
    session: AsyncSession, actor: Actor, wish: BreakGlassIn
) -> tuple[BreakGlass, BroadcastEvent]:
    alone = person(actor)
    await approval.one_at_a_time(session)
    template = await alone_templates.ready(session, wish.template)
    now = (await session.scalars(select(func.now()))).one()
    values = drafts.columns(
        Draft.model_validate(
            {
                "environment": wish.environment, "hazard": template.hazard,
                "level": template.level, "title": template.title, "texts": template.texts,
                "long_texts": template.long_texts, "correction": template.correction,
                "all_clear": template.all_clear, "districts": wish.districts,
                "polygons": wish.polygons, "expires_at": now + LIFE,
            }
        )
    )  # fmt: skip
    glass = BreakGlass(actor=alone, template=template.key, reason=wish.reason, paged_at=func.now())
    session.add(glass)
    await session.flush()
    broadcast = Broadcast(
        status="submitted", created_by=alone, submitted_by=alone, submitted_at=func.now(),
        mode=select(SirenSwitch.mode).scalar_subquery(), **values,
    )  # fmt: skip
    session.add(broadcast)
    await session.flush()
    session.add(
        BroadcastEdit(
            broadcast_id=broadcast.id, version=1, actor=alone, content_hash=values["content_hash"]
        )
    )
    broadcast = await get(session, broadcast.id)
    reached = await audience.count_for(session, broadcast)
    if not reached.people or not approval.confirms(wish.audience, reached.people):
        raise Conflict(
            f"받는 사람은 지금 {reached.people:,}명이에요. 확인한 수를 다시 입력해 주세요.",
            f"The audience is {reached.people:,} people now. Check it and type the number again.",
            audience=reached.people,
        )
    if not wish.again and (before := await approval.repeated(session, broadcast)) is not None:
        raise approval.said_before(before)
    sent = await session.scalar(
        update(Broadcast)
        .where(
            Broadcast.id == broadcast.id, Broadcast.status == "submitted", sending.house_allows()
        )
        .values(
            status="approved", approved_at=func.now(), approved_hash=Broadcast.content_hash,
            breakglass_id=glass.id,
        )
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if sent is None:
        raise sending.closed_house()
    event = await sending.begin(session, sent, reached)
    note(
        session, actor, sent, "broadcast.broke_glass", event=str(event.id), glass=str(glass.id),
        template=template.key, people=reached.people, why=wish.reason,
    )  # fmt: skip
    others = [staff for staff in await paging.approvers(session) if staff.id != alone]
    await paging.call(
        session, others, paging.BROKE_GLASS, broadcast_id=sent.id, breakglass_id=glass.id
    )
    await session.refresh(glass)
    return glass, event


async def listed(session: AsyncSession, *, open_only: bool) -> Sequence[tuple[BreakGlass, UUID]]:
    """Return each time that somebody sent alone and its broadcast, the latest first."""
    query = (
        select(BreakGlass, Broadcast.id)
        .join(Broadcast, Broadcast.breakglass_id == BreakGlass.id)
        .order_by(BreakGlass.at.desc())
    )
    if open_only:
        query = query.where(BreakGlass.reviewed_at.is_(None))
    return [(row[0], row[1]) for row in await session.execute(query)]


async def review(
    session: AsyncSession, actor: Actor, glass_id: UUID, findings: str
) -> tuple[BreakGlass, UUID]:
    """Close the review of one sending alone, with what was found; not by whoever sent.

    Raises: Forbidden to the sender (and the audit says so), Conflict where it is closed, NotFound.
    """
    reviewer = person(actor)
    closed = await session.scalar(
        update(BreakGlass)
        .where(
            BreakGlass.id == glass_id,
            BreakGlass.actor != reviewer,
            BreakGlass.reviewed_at.is_(None),
        )
        .values(reviewed_by=reviewer, reviewed_at=func.now(), findings=findings)
        .returning(BreakGlass)
        .execution_options(populate_existing=True)
    )
    broadcast = await session.scalar(select(Broadcast).where(Broadcast.breakglass_id == glass_id))
    if broadcast is None:
        raise NotFound("그런 단독 발송이 없어요.", "Nobody sent alone under this id.")
    if closed is None:
        found = await session.get_one(BreakGlass, glass_id)
        if found.actor == reviewer:
            note(session, actor, broadcast, "broadcast.step_refused", step="review")
            await session.commit()
            raise Forbidden(
                "혼자 보낸 사람은 그 점검을 끝낼 수 없어요. 다른 사람이 해야 해요.",
                "Whoever sent alone can't close its review. Another person has to.",
            )
        raise Conflict("이미 점검이 끝났어요.", "This review is closed already.")
    note(session, actor, broadcast, "broadcast.reviewed", glass=str(glass_id))
    return closed, broadcast.id
