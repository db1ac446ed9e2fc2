"""Those of whom nobody knows whether an alert reached them: once more, over their next channel.

A lost answer is never followed by a second try on its own. For the highest level an official may
decide that a doubled alert is better than none; it then goes another way than before.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.delivery import ways
from backend.delivery.service import wake
from backend.errors import Conflict
from backend.models import Broadcast, BroadcastEvent, Delivery
from backend.security import Actor
from broadcasts import sending
from broadcasts.service import get, note, person
from channels.base import Channel

AFTER_MINUTES = 10  # by then the providers were asked what became of them
SENT = ("sending", "sent", "finished")
MOST = 20_000  # at one press; the next one takes the others


async def resend(
    session: AsyncSession,
    actor: Actor,
    broadcast_id: UUID,
    channels: Mapping[str, Channel],
    minutes: int = AFTER_MINUTES,
) -> int:
    """Send a live alert of the highest level again to those unknown for `minutes`; return how many.

    Each goes by the next channel that its citizen allows, and never again by one that was tried;
    whoever has no other stays unknown. The alert is being sent again until they are through.

    Raises: Conflict where the alert is not of that kind, its time is over, the house does not send,
    or nobody unknown has another way.
    """
    person(actor)
    running = await session.scalar(
        update(Broadcast)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.environment == "live",
            Broadcast.level == "critical",
            Broadcast.status.in_(SENT),
            Broadcast.expires_at > func.now(),
            sending.house_allows(),
        )
        .values(status="sending")
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )
    if running is None:
        await get(session, broadcast_id)
        raise Conflict(
            "지금은 다시 보낼 수 없어요. 보낸 지 얼마 안 된 실제 위급 알림만 다시 보낼 수 있어요.",
            "It can't be sent again now: only a live alert of the highest level, within its time, "
            "while the house sends.",
        )
    unknown = (
        select(Delivery.id)
        .join(BroadcastEvent, BroadcastEvent.id == Delivery.event_id)
        .where(
            BroadcastEvent.broadcast_id == broadcast_id,
            BroadcastEvent.kind == "alert",
            Delivery.status == "unknown",
            Delivery.updated_at <= func.now() - timedelta(minutes=minutes),
        )
        .order_by(Delivery.id)
        .limit(MOST)
        .with_for_update(of=Delivery)
    )
    ids = list(await session.scalars(unknown))
    moved = await ways.move(session, ids, channels)
    if not moved:
        raise Conflict(
            f"{minutes}분 넘게 확인되지 않은 사람 가운데 다른 방법이 있는 사람이 없어요.",
            f"Nobody has been unknown for {minutes} minutes and can be reached another way.",
            unknown=len(ids),
        )
    await wake(session, "siren")
    note(
        session, actor, running, "broadcast.resent", people=len(moved), unknown=len(ids),
        minutes=minutes,
    )  # fmt: skip
    return len(moved)
