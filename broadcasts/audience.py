"""Who gets an alert: counted before the approval, reached in chunks after it, everyone once.

A person is a contact, however many of the districts they chose; the first subscription whose
address is open decides the channel. Counting and fan-out read the same rows by the same rule.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import String

from backend import audit
from backend.context import Context
from backend.delivery.service import wake
from backend.events import publish
from backend.models import Broadcast, BroadcastEvent, Delivery

FAN_OUT = "broadcast.fan_out"
CHUNK = 5_000
# A delivery in one of these states may have reached its citizen.
MAYBE_OUT = ("dispatching", "accepted", "sent", "delivered", "unknown")
# The list that tests go to: a subscription of its own, so that no citizen can be on it by district.
TEST_LIST = "시험"

# The citizen's language where the alert has a text in it, else Korean, else English.
_LANGUAGE = """CASE WHEN {wish} = ANY(:languages) THEN {wish}
    WHEN 'ko' = ANY(:languages) THEN 'ko' ELSE 'en' END"""

_COUNT = text(f"""
    WITH person AS (
        SELECT DISTINCT ON (s.contact_id) s.channel, {_LANGUAGE.format(wish="s.language")} AS spoken
        FROM subscriptions s JOIN addresses a ON a.id = s.address_id
        WHERE s.district = ANY(:districts) AND a.stopped_at IS NULL
        ORDER BY s.contact_id, s.id)
    SELECT channel, spoken, count(*) AS people,
        (SELECT coalesce(max(id), 0) FROM subscriptions) AS through
    FROM person GROUP BY channel, spoken""")  # noqa: S608 - constant parts

_BY_DISTRICT = text("""
    SELECT s.district, count(DISTINCT s.contact_id) AS people
    FROM subscriptions s JOIN addresses a ON a.id = s.address_id
    WHERE s.district = ANY(:districts) AND a.stopped_at IS NULL
    GROUP BY s.district""")

_FAN_OUT = """
    WITH chunk AS ({source} ORDER BY id LIMIT :size),
    added AS (
        INSERT INTO deliveries (lane, event_id, contact_id, address_id, channel, language,
                                status, attempts, expires_at)
        SELECT DISTINCT ON (contact_id) 'siren', CAST(:event AS uuid), contact_id, address_id,
            channel, spoken, 'pending', 0, CAST(:expires AS timestamptz)
        FROM chunk ORDER BY contact_id, id
        ON CONFLICT (event_id, contact_id) DO NOTHING
        RETURNING id)
    SELECT (SELECT count(*) FROM chunk) AS read, (SELECT max(id) FROM chunk) AS last,
        (SELECT count(*) FROM added) AS added"""

_ALERT = text(
    _FAN_OUT.format(
        source=f"""
        SELECT s.id, s.contact_id, s.address_id, s.channel,
            {_LANGUAGE.format(wish="s.language")} AS spoken
        FROM subscriptions s JOIN addresses a ON a.id = s.address_id
        WHERE s.id > :cursor AND s.id <= :through AND s.district = ANY(:districts)
          AND a.stopped_at IS NULL"""  # noqa: S608 - constant parts
    )
)

_CORRECTION = text(
    _FAN_OUT.format(
        source=f"""
        SELECT d.id, d.contact_id, d.address_id, d.channel,
            {_LANGUAGE.format(wish="d.language")} AS spoken
        FROM deliveries d
        WHERE d.id > :cursor AND d.event_id = CAST(:corrects AS uuid)
          AND d.status = ANY(:maybe_out)"""  # noqa: S608 - constant parts
    )
)

_LISTS = [bindparam("languages", type_=ARRAY(String)), bindparam("districts", type_=ARRAY(String))]
_COUNT = _COUNT.bindparams(*_LISTS)
_BY_DISTRICT = _BY_DISTRICT.bindparams(_LISTS[1])
_ALERT = _ALERT.bindparams(*_LISTS)
_CORRECTION = _CORRECTION.bindparams(_LISTS[0], bindparam("maybe_out", type_=ARRAY(String)))


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people, by channel and by the language they will read.

    `through` is the newest subscription that was counted: the fan-out goes no further.
    """

    people: int = 0
    through: int = 0
    by_channel: dict[str, int] = field(default_factory=dict)
    by_language: dict[str, int] = field(default_factory=dict)


async def count(session: AsyncSession, districts: list[str], languages: list[str]) -> Audience:
    """Return whom an alert with texts in `languages` would reach in `districts` now."""
    rows = (await session.execute(_COUNT, {"districts": districts, "languages": languages})).all()
    by_channel: dict[str, int] = {}
    by_language: dict[str, int] = {}
    for row in rows:
        by_channel[row.channel] = by_channel.get(row.channel, 0) + row.people
        by_language[row.spoken] = by_language.get(row.spoken, 0) + row.people
    through = rows[0].through if rows else 0
    return Audience(sum(by_channel.values()), through, by_channel, by_language)


async def count_by_district(session: AsyncSession, districts: list[str]) -> dict[str, int]:
    """Return the people of each district; who chose two of them is counted in both."""
    rows = await session.execute(_BY_DISTRICT, {"districts": districts})
    found = {row.district: row.people for row in rows}
    return {district: found.get(district, 0) for district in districts}


async def count_to_correct(session: AsyncSession, alert: UUID) -> int:
    """Return how many people may have got the event `alert`."""
    found = await session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.event_id == alert, Delivery.status.in_(MAYBE_OUT))
    )
    return found or 0


async def fan_out(context: Context, event_id: str, size: int = CHUNK) -> None:
    """Give everyone in the event's audience a delivery, `size` rows a commit.

    Safe to repeat, to run twice at once, and to kill at any point: the cursor moves in the commit
    of its chunk, and a second delivery of the same event to the same person can't be written.
    """
    more = True
    while more:
        async with context.sessions() as session, session.begin():
            more, broadcast_id = await fan_out_chunk(session, UUID(event_id), size)
        await publish(context.redis, f"broadcast:{broadcast_id}", {"type": "changed"})


async def fan_out_chunk(session: AsyncSession, event_id: UUID, size: int) -> tuple[bool, UUID]:
    """Write the next chunk of deliveries; return whether there may be more, and the broadcast.

    Nothing is written once the alert is cancelled or its time is over.
    """
    event = (
        await session.scalars(
            select(BroadcastEvent).where(BroadcastEvent.id == event_id).with_for_update()
        )
    ).one()
    # Against a cancel: it waits for this chunk, or this chunk sees it.
    status = await session.scalar(
        select(Broadcast.status)
        .where(Broadcast.id == event.broadcast_id)
        .with_for_update(key_share=True)
    )
    stopped = event.kind == "alert" and status in ("cancelling", "cancelled")
    over = await session.scalar(
        select(BroadcastEvent.expires_at <= func.now()).where(BroadcastEvent.id == event_id)
    )
    if event.cursor is None or stopped or over:
        return False, event.broadcast_id
    values = {
        "event": event.id,
        "cursor": event.cursor,
        "size": size,
        "expires": event.expires_at,
        "languages": list(event.texts),
    }
    if event.kind == "alert":
        area = {"districts": event.area["districts"], "through": event.area["through"]}
        row = (await session.execute(_ALERT, values | area)).one()
    else:
        source = {"corrects": event.area["corrects"], "maybe_out": list(MAYBE_OUT)}
        row = (await session.execute(_CORRECTION, values | source)).one()
    more = row.read == size
    event.cursor = row.last if more else None
    if not more:
        await _settle_audience(session, event)
    if status == "approved":
        await session.execute(
            update(Broadcast)
            .where(Broadcast.id == event.broadcast_id, Broadcast.status == "approved")
            .values(status="sending")
        )
    if row.added:
        await wake(session, "siren")
    return more, event.broadcast_id


async def _settle_audience(session: AsyncSession, event: BroadcastEvent) -> None:
    """Let the number follow the people where somebody joined while they were being counted.

    Who left between count and fan-out has no row and is shown as suppressed; who came in the same
    instant was sent the alert, and a total that hides them would be untrue.
    """
    await session.flush()
    reached = await session.scalar(
        select(func.count()).select_from(Delivery).where(Delivery.event_id == event.id)
    )
    if reached is not None and reached > event.audience:
        audit.record(
            session, "system", "broadcast.audience_grew", f"broadcast:{event.broadcast_id}",
            event=str(event.id), counted=event.audience, reached=reached,
        )  # fmt: skip
        event.audience = reached
