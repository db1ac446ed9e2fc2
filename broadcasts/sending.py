"""The beginning of the way out: the frozen event, and whether the house may send at all.

The house's switch is looked at where an alert is approved and again where it is sent. What does not
fit is refused and said so; it is never dropped in silence.
"""

from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from backend import jobs
from backend.config import Settings
from backend.delivery.service import wake
from backend.errors import Conflict, Forbidden
from backend.models import Broadcast, BroadcastEvent, SirenSwitch
from backend.security import Actor
from broadcasts import audience, geometry
from broadcasts.service import get, moved_on, note, person


async def begin(
    session: AsyncSession, broadcast: Broadcast, reached: audience.Audience
) -> BroadcastEvent:
    """Freeze what `broadcast` says and whom it reaches, and have the fan-out begin: one commit."""
    event = BroadcastEvent(
        broadcast_id=broadcast.id,
        kind="alert",
        environment=broadcast.environment,
        mode=broadcast.mode,
        level=broadcast.level,
        texts=broadcast.texts,
        long_texts=broadcast.long_texts,
        content_hash=broadcast.approved_hash,
        area={
            "districts": broadcast.districts,
            "touched": reached.touched,
            "polygons": broadcast.polygons,
            "resolver": geometry.districts().resolver,
            "through": reached.through,
            "by_channel": reached.by_channel,
            "by_language": reached.by_language,
            "by_both": [[*way, people] for way, people in sorted(reached.by_both.items())],
            "without_place": reached.without_place,
        },
        audience=reached.people,
        expires_at=broadcast.expires_at,
    )
    session.add(event)
    await session.flush()
    await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event.id))
    return event


def house_allows() -> ColumnElement[bool]:
    """Return the rule, over `broadcasts`: the house stands as it stood at the submission, open.

    In training nothing live goes out. It is one EXISTS, so that it can stand in any statement.
    """
    return exists(
        select(SirenSwitch.id).where(
            SirenSwitch.stopped_at.is_(None),
            SirenSwitch.mode == Broadcast.mode,
            or_(SirenSwitch.mode == "live", Broadcast.environment != "live"),
        )
    )


async def resume(session: AsyncSession, actor: Actor, broadcast_id: UUID) -> Broadcast:
    """Let a halted alert go on: a second person decides, not the one who approved or sent it.

    A plan that was halted before its time waits for it again.

    Raises: Forbidden for the approver, Conflict where it is not halted, the house is stopped or
    stands otherwise than it did, or its time is over.
    """
    second = person(actor)
    begun = exists().where(BroadcastEvent.broadcast_id == Broadcast.id)
    resumed = await session.scalar(
        update(Broadcast)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.status == "halted",
            Broadcast.approved_by.is_distinct_from(second),
            or_(Broadcast.breakglass_id.is_(None), Broadcast.created_by.is_distinct_from(second)),
            Broadcast.expires_at > func.now(),
            house_allows(),
        )
        .values(
            status=case((begun, "sending"), else_="approved"),
            resumed_by=second,
            resumed_at=func.now(),
            halted_reason=None,
        )
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )
    if resumed is None:
        broadcast = await get(session, broadcast_id)
        over = await session.scalar(
            select(Broadcast.expires_at <= func.now()).where(Broadcast.id == broadcast_id)
        )
        alone = broadcast.created_by if broadcast.breakglass_id else broadcast.approved_by
        if broadcast.status == "halted" and alone == second:
            raise Forbidden(
                "승인한 사람은 멈춘 발송을 다시 시작할 수 없어요. 다른 승인자에게 부탁해 주세요.",
                "Whoever approved it can't let it go on. Another approver has to.",
            )
        if broadcast.status == "halted" and over:
            raise Conflict(
                "유효 시간이 지나서 이어 보낼 수 없어요.",
                "Its time is over, so it can't go on.",
            )
        if broadcast.status == "halted":
            raise closed_house()
        raise moved_on()
    note(session, actor, resumed, "broadcast.resumed")
    left = await session.scalar(
        select(BroadcastEvent.id).where(
            and_(
                BroadcastEvent.broadcast_id == broadcast_id,
                BroadcastEvent.kind == "alert",
                BroadcastEvent.cursor.is_not(None),
            )
        )
    )
    if left is not None:
        await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(left))
    await wake(session, "siren")
    return resumed


def refuse_without_account(settings: Settings, environment: str) -> None:
    """Refuse an exercise or a test for which nobody said whose accounts carry it.

    Raises: Conflict. The dispatcher would refuse it as well, but one by one, and too late.
    """
    if environment != "live" and settings.exercise_route == "none":
        raise Conflict(
            "훈련·시험을 보낼 계정이 정해지지 않았어요. 운영자에게 EXERCISE_ACCOUNTS 설정을 "
            "부탁해 주세요.",
            "No account is set for exercises and tests. Ask an operator to set EXERCISE_ACCOUNTS.",
        )


async def check_account(session: AsyncSession, settings: Settings, broadcast_id: UUID) -> None:
    """Refuse a broadcast that no account would carry, as `refuse_without_account` does."""
    found = await session.scalar(select(Broadcast.environment).where(Broadcast.id == broadcast_id))
    refuse_without_account(settings, found or "live")


def closed_house() -> Conflict:
    """Return the error for who would send while the house is stopped or in another mode."""
    return Conflict(
        "지금은 보낼 수 없어요. 전체 정지 중이거나, 올린 뒤에 실제·훈련 상태가 바뀌었어요. "
        "운영자에게 확인하고 다시 올려 주세요.",
        "The house does not send this now: it is stopped, or its mode (live, training) changed "
        "since the submission. Have an operator look at it, then submit again.",
    )
