"""What people answered to an alert, by district, and the question once more to the silent ones."""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ARRAY, String, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import jobs
from backend.errors import Conflict
from backend.models import AlertReply, Broadcast, BroadcastEvent, Delivery
from backend.security import Actor
from broadcasts import audience, content, correction, drafts
from broadcasts.service import get, note, person

REMINDER_LIFE = timedelta(hours=2)
REMINDED_AGAIN = timedelta(minutes=10)

# The question alone: whoever is asked has the alert. In Korean it is one SMS of 90 bytes.
QUESTION = {
    "ko": "재난 알림에 답해 주세요. 안전하면 1, 도움이 필요하면 2를 보내 주세요.",
    "en": "Please answer the emergency alert: reply 1 if you are safe, 2 if you need help.",
    "zh": "请回复紧急警报：安全请回复1，需要帮助请回复2。",
    "ja": "災害のお知らせにお答えください。無事なら1、助けが必要なら2を送ってください。",
    "vi": "Hãy trả lời cảnh báo khẩn cấp: gửi 1 nếu an toàn, gửi 2 nếu cần giúp đỡ.",
}

# The deliveries are read once, and only the few answers are looked up beside each: a join with a
# million subscriptions took seconds. Whoever has no delivery (yet, or never) has no district here.
_BY_DISTRICT = text("""
    WITH counted AS (
        SELECT d.district, d.status, r.answer, count(*) AS people
        FROM deliveries d
        LEFT JOIN (SELECT contact_id, answer FROM alert_replies WHERE event_id = :event) r
            ON r.contact_id = d.contact_id
        WHERE d.event_id = :event GROUP BY 1, 2, 3),
    everybody AS (
        SELECT * FROM counted
        UNION ALL
        SELECT NULL, 'none', NULL,
            e.audience - (SELECT coalesce(sum(people), 0) FROM counted)
        FROM broadcast_events e WHERE e.id = :event)
    SELECT coalesce(district, '') AS district, CAST(sum(people) AS bigint) AS people,
        CAST(coalesce(sum(people) FILTER (WHERE status = ANY(:maybe_out)), 0) AS bigint) AS reached,
        CAST(coalesce(sum(people) FILTER (
            WHERE status IN ('accepted', 'sent', 'delivered')), 0) AS bigint) AS accepted,
        CAST(coalesce(sum(people) FILTER (WHERE answer = 'safe'), 0) AS bigint) AS safe,
        CAST(coalesce(sum(people) FILTER (WHERE answer = 'help'), 0) AS bigint) AS help,
        CAST(coalesce(sum(people) FILTER (
            WHERE status = ANY(:maybe_out) AND answer IS NULL), 0) AS bigint) AS silent
    FROM everybody WHERE people > 0 GROUP BY 1 ORDER BY help DESC, 1""").bindparams(
    bindparam("maybe_out", type_=ARRAY(String))
)


class DistrictAnswers(BaseModel):
    """How far an alert came in one district, and what its people answered.

    `people` are meant, `reached` may have got it, `accepted` surely went out. `district` is empty
    for those who have no delivery: it is not their turn yet, or they left after they were counted.
    """

    district: str
    people: int
    reached: int
    accepted: int
    safe: int
    help: int
    silent: int


async def by_district(session: AsyncSession, broadcast_id: UUID) -> list[DistrictAnswers]:
    """Return how far an alert came and its answers by district, most calls for help first.

    The people sum to the audience at every moment; a person with several districts of the area
    counts in the one they chose first. Empty where no alert was sent.
    """
    alert = await session.scalar(
        select(BroadcastEvent.id).where(
            BroadcastEvent.broadcast_id == broadcast_id, BroadcastEvent.kind == "alert"
        )
    )
    if alert is None:
        return []
    values = {"event": alert, "maybe_out": list(audience.MAYBE_OUT)}
    rows = await session.execute(_BY_DISTRICT, values)
    return [DistrictAnswers(**row) for row in rows.mappings()]


async def remind(session: AsyncSession, actor: Actor, broadcast_id: UUID) -> BroadcastEvent:
    """Ask those who have not answered an alert once more, where it reached them.

    The words are fixed, so that one official is enough. Who answers meanwhile is not asked.

    Raises: Conflict where nothing was sent, nobody is silent, or they were asked minutes ago.
    """
    person(actor)
    await session.execute(
        select(Broadcast.id).where(Broadcast.id == broadcast_id).with_for_update()
    )
    broadcast = await get(session, broadcast_id)
    alert = await session.scalar(
        select(BroadcastEvent).where(
            BroadcastEvent.broadcast_id == broadcast_id, BroadcastEvent.kind == "alert"
        )
    )
    if alert is None or broadcast.status not in correction.FOLLOWED:
        raise correction.nothing_out()
    lately = await session.scalar(
        select(BroadcastEvent.id).where(
            BroadcastEvent.broadcast_id == broadcast_id,
            BroadcastEvent.kind == "reminder",
            BroadcastEvent.created_at > func.now() - REMINDED_AGAIN,
        )
    )
    if lately is not None:
        raise Conflict(
            "조금 전에 다시 물어봤어요. 10분 뒤에 다시 해 주세요.",
            "They were asked again a moment ago. Wait ten minutes.",
        )
    silent = await _silent(session, alert.id)
    if not silent:
        raise Conflict("모두 답했어요.", "Everybody who was reached has answered.")
    texts = {language: QUESTION[language] for language in content.LANGUAGES}
    texts = content.marked(alert.environment, texts)
    event = BroadcastEvent(
        broadcast_id=broadcast_id,
        kind="reminder",
        environment=alert.environment,
        mode=alert.mode,
        level=alert.level,
        texts=texts,
        content_hash=drafts.fingerprint([texts, {}]),
        area={**alert.area, "corrects": str(alert.id), "unanswered": True},
        audience=silent,
        expires_at=func.now() + REMINDER_LIFE,
    )
    session.add(event)
    await session.flush()
    await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event.id))
    note(session, actor, broadcast, "broadcast.reminded", event=str(event.id), people=silent)
    return event


async def _silent(session: AsyncSession, alert: UUID) -> int:
    answered = select(AlertReply.contact_id).where(
        AlertReply.event_id == alert, AlertReply.contact_id == Delivery.contact_id
    )
    found = await session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.event_id == alert,
            Delivery.status.in_(audience.MAYBE_OUT),
            ~answered.exists(),
        )
    )
    return found or 0
