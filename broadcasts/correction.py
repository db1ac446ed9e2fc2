"""What follows an alert: its correction, updates and all-clear, to everyone who may have got it.

None of them waits for unknown sends to clear up: these people are told as well.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import String, bindparam, case, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, jobs
from backend.context import Context
from backend.errors import Conflict, Forbidden, Invalid, NotFound
from backend.events import publish
from backend.models import Broadcast, BroadcastEvent, BroadcastUpdate, Delivery
from backend.security import Actor
from broadcasts import audience, content, drafts
from broadcasts.schemas import Reach, UpdateIn
from broadcasts.service import CANCEL, get, moved_on, note, person

CORRECTION_LIFE = timedelta(hours=24)  # later than the alert's own: a late correction still helps
# When there is somebody who may have got the alert and whom it still concerns.
FOLLOWED = ("sending", "halted", "sent", "finished")

_LATE = text("""
    UPDATE broadcast_events c SET cursor = 0 FROM broadcast_events a
    WHERE a.broadcast_id = c.broadcast_id AND a.kind = 'alert'
      AND c.kind IN ('correction', 'all_clear') AND c.cursor IS NULL AND c.expires_at > now()
      AND EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.event_id = a.id AND d.status = ANY(:maybe_out) AND d.updated_at > c.created_at
          AND NOT EXISTS (SELECT 1 FROM deliveries told
                          WHERE told.event_id = c.id AND told.contact_id = d.contact_id))
    RETURNING c.id""").bindparams(bindparam("maybe_out", type_=ARRAY(String)))


async def stop_and_correct(context: Context, broadcast_id: str, size: int = audience.CHUNK) -> None:
    """Stop what a cancelled alert has not sent, then write the event of its correction.

    After an all-clear it only stops. Safe to repeat and to kill at any point: there is one
    correction at most, and only a broadcast that is still `cancelling` gets it.
    """
    broadcast = UUID(broadcast_id)
    after: int | None = 0
    while after is not None:
        async with context.sessions() as session, session.begin():
            after = await _stop_chunk(session, broadcast, after, size)
    async with context.sessions() as session, session.begin():
        await _correct(session, broadcast)
    await publish(context.redis, f"broadcast:{broadcast}", {"type": "changed"})


async def _stop_chunk(
    session: AsyncSession, broadcast_id: UUID, after: int, size: int
) -> int | None:
    """Stop the next `size` deliveries after id `after`; return the last one's id, None at the end.

    What a worker holds at this moment may go out, and may not be tried again: its time is over.
    The row locks make a delivery that changes hands meanwhile be seen as it has become.
    """
    next_rows = (
        select(Delivery.id)
        .join(BroadcastEvent, BroadcastEvent.id == Delivery.event_id)
        .join(Broadcast, Broadcast.id == BroadcastEvent.broadcast_id)
        .where(
            Broadcast.id == broadcast_id,
            or_(Broadcast.status == "cancelling", BroadcastEvent.expires_at <= func.now()),
            BroadcastEvent.kind == "alert",
            Delivery.id > after,
            Delivery.status.in_(("pending", "dispatching")),
        )
        .order_by(Delivery.id)
        .limit(size)
        .with_for_update(of=Delivery)
    )
    ids = list(await session.scalars(next_rows))
    if not ids:
        return None
    waiting = Delivery.status == "pending"
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(
            status=case((waiting, "cancelled"), else_=Delivery.status),
            reason=case((waiting, "cancelled"), else_=Delivery.reason),
            expires_at=case((waiting, Delivery.expires_at), else_=func.now()),
            updated_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )
    return ids[-1]


async def _correct(session: AsyncSession, broadcast_id: UUID) -> None:
    broadcast = await session.scalar(
        select(Broadcast).where(Broadcast.id == broadcast_id).with_for_update()
    )
    if broadcast is None or broadcast.status != "cancelling":
        return
    if await _event(session, broadcast_id, "correction") is not None:
        return
    event = await _follow(session, broadcast, "correction", broadcast.correction, {})
    audit.record(
        session, f"staff:{broadcast.cancelled_by}", "broadcast.corrected",
        f"broadcast:{broadcast_id}", people=event.audience, event=str(event.id),
    )  # fmt: skip


async def _event(session: AsyncSession, broadcast_id: UUID, kind: str) -> BroadcastEvent | None:
    found: BroadcastEvent | None = await session.scalar(
        select(BroadcastEvent).where(
            BroadcastEvent.broadcast_id == broadcast_id, BroadcastEvent.kind == kind
        )
    )
    return found


async def _follow(
    session: AsyncSession,
    broadcast: Broadcast,
    kind: str,
    texts: dict[str, str],
    long_texts: dict[str, str],
) -> BroadcastEvent:
    """Write an event of `kind` to whom the alert may have reached, and have it begin."""
    alert = await _event(session, broadcast.id, "alert")
    if alert is None:
        raise moved_on()
    event = BroadcastEvent(
        broadcast_id=broadcast.id,
        kind=kind,
        environment=alert.environment,
        mode=alert.mode,
        level=alert.level,
        texts=texts,
        long_texts=long_texts,
        content_hash=drafts.fingerprint([texts, long_texts]),
        area={**alert.area, "corrects": str(alert.id)},
        audience=await audience.count_to_correct(session, alert.id),
        expires_at=func.now() + CORRECTION_LIFE,
    )
    session.add(event)
    await session.flush()
    await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event.id))
    return event


async def all_clear(session: AsyncSession, actor: Actor, broadcast_id: UUID) -> Broadcast:
    """Say that it is over, in the words that were approved with the alert; one person is enough.

    What the alert has not sent yet is not sent any more. A second call changes nothing.

    Raises: Conflict where nothing was sent or it was cancelled, Invalid without prepared words.
    """
    person(actor)
    broadcast = await _locked(session, broadcast_id)
    if await _event(session, broadcast_id, "all_clear") is not None:
        return broadcast
    if broadcast.status not in FOLLOWED:
        raise nothing_out()
    if not broadcast.all_clear:
        raise Invalid(
            "해제 문구가 준비되어 있지 않아요. 추가 안내로 알려 주세요.",
            "No all-clear was prepared with this alert. Send an update instead.",
        )
    await session.execute(
        update(BroadcastEvent)
        .where(
            BroadcastEvent.broadcast_id == broadcast_id,
            BroadcastEvent.kind == "alert",
            BroadcastEvent.expires_at > func.now(),
        )
        .values(expires_at=func.now())
    )
    event = await _follow(session, broadcast, "all_clear", broadcast.all_clear, {})
    note(session, actor, broadcast, "broadcast.all_clear", event=str(event.id))
    await jobs.enqueue(session, CANCEL, "siren", broadcast_id=str(broadcast_id))
    return broadcast


async def write_update(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, words: UpdateIn
) -> BroadcastUpdate:
    """Write new words for those who may have got the alert; another person has to approve them.

    Raises: Conflict where nothing was sent, Invalid for words without Korean or with a wrong mark.
    """
    writer = person(actor)
    broadcast = await get(session, broadcast_id)
    if broadcast.status not in FOLLOWED:
        raise nothing_out()
    texts = content.clean_all(dict(words.texts.items()))
    long_texts = content.clean_all(dict(words.long_texts.items()))
    if not texts.get("ko") or content.characters(texts["ko"]) > content.SHORT_LIMIT:
        raise Invalid(
            f"한국어 안내를 {content.SHORT_LIMIT}자 이하로 써 주세요.",
            f"Write the update in Korean, with at most {content.SHORT_LIMIT} characters.",
        )
    for said in (texts, long_texts):
        if wrong := content.misleading(broadcast.environment, said, {}):
            raise Invalid(wrong.ko, wrong.en)
    texts = content.marked(broadcast.environment, texts)
    long_texts = content.marked(broadcast.environment, long_texts)
    written = BroadcastUpdate(
        broadcast_id=broadcast_id, texts=texts, long_texts=long_texts, written_by=writer,
        content_hash=drafts.fingerprint([texts, long_texts]),
    )  # fmt: skip
    session.add(written)
    await session.flush()
    await session.refresh(written)
    note(session, actor, broadcast, "broadcast.update_written", update=str(written.id))
    return written


async def approve_update(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, update_id: UUID, content_hash: str
) -> BroadcastUpdate:
    """Approve another person's update and begin to send it.

    Raises: Forbidden to its writer, Conflict where it has gone out or other words were seen.
    """
    approver = person(actor)
    broadcast = await _locked(session, broadcast_id)
    if broadcast.status not in FOLLOWED:
        raise nothing_out()
    found = await session.get(BroadcastUpdate, update_id, with_for_update=True)
    if found is None or found.broadcast_id != broadcast_id:
        raise NotFound("그런 추가 안내가 없어요.", "There is no such update.")
    if found.written_by == approver:
        note(session, actor, broadcast, "broadcast.step_refused", update=str(update_id))
        await session.commit()  # the caller's rollback would lose the entry
        raise Forbidden(
            "내가 쓴 추가 안내는 다른 사람이 승인해야 해요.",
            "Another person has to approve the update that you wrote.",
        )
    if found.event_id is not None or found.content_hash != content_hash:
        raise moved_on()
    event = await _follow(session, broadcast, "update", found.texts, found.long_texts)
    found.approved_by = approver
    found.approved_at = event.created_at
    found.event_id = event.id
    note(session, actor, broadcast, "broadcast.updated", event=str(event.id))
    return found


async def updates(session: AsyncSession, broadcast_id: UUID) -> Sequence[BroadcastUpdate]:
    """Return the updates of a broadcast, in the order they were written."""
    rows = await session.scalars(
        select(BroadcastUpdate)
        .where(BroadcastUpdate.broadcast_id == broadcast_id)
        .order_by(BroadcastUpdate.written_at, BroadcastUpdate.id)
    )
    return rows.all()


async def reach(session: AsyncSession, broadcast_id: UUID) -> Reach:
    """Return how many may have got the alert by now, and how many it will not reach any more."""
    alert = await _event(session, broadcast_id, "alert")
    if alert is None:
        return Reach(already_out=0, stopped=0)
    rows = await session.execute(
        select(Delivery.status, func.count())
        .where(Delivery.event_id == alert.id)
        .group_by(Delivery.status)
    )
    counts = {row[0]: row[1] for row in rows}
    out = sum(counts.get(status, 0) for status in audience.MAYBE_OUT)
    ended = sum(counts.get(status, 0) for status in ("failed", "suppressed", "expired"))
    return Reach(already_out=out, stopped=max(alert.audience - out - ended, 0))


async def correct_the_late(context: Context) -> None:
    """Open a correction again for people who turned out later to have got the alert.

    A provider may report `failed` first and `delivered` an hour after. All who got a corrected
    alert are looked through, for a city some seconds: nothing else should wait for it.
    """
    async with context.sessions() as session, session.begin():
        reopened = await session.scalars(_LATE, {"maybe_out": list(audience.MAYBE_OUT)})
        for event_id in reopened.all():
            await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event_id))


def nothing_out() -> Conflict:
    """Return the error for who would follow up on what nobody got, or what was cancelled."""
    return Conflict(
        "보낸 알림에만 이어서 알릴 수 있어요.",
        "Only an alert that was sent, and not cancelled, can be followed up.",
    )


async def _locked(session: AsyncSession, broadcast_id: UUID) -> Broadcast:
    await session.execute(
        select(Broadcast.id).where(Broadcast.id == broadcast_id).with_for_update()
    )
    return await get(session, broadcast_id)
