"""Who gets an alert: counted before the approval, reached in chunks after it, everyone once.

A person is a contact, however many of the districts they chose; the first subscription whose
address is open decides the channel. Counting and fan-out read the same rows by the same rule.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import TextClause, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import String

from backend import audit
from backend.contacts import quiet
from backend.context import Context
from backend.delivery.service import wake
from backend.events import publish
from backend.models import Broadcast, BroadcastEvent, Delivery, SirenSwitch
from backend.petitions.working_days import calendar
from broadcasts import geometry, halting

FAN_OUT = "broadcast.fan_out"
CHUNK = 5_000
# The first few get an alert alone: fifty people, or one in a hundred of a city.
CANARY = 50
CANARY_MOST = 1_000
# A delivery in one of these states may have reached its citizen.
MAYBE_OUT = ("dispatching", "accepted", "sent", "delivered", "unknown")
# The list that tests go to: a subscription of its own, so that no citizen can be on it by district.
TEST_LIST = "시험"

# The citizen's language where the alert has a text in it, else Korean, else English.
_LANGUAGE = """CASE WHEN {wish} = ANY(:languages) THEN {wish}
    WHEN 'ko' = ANY(:languages) THEN 'ko' ELSE 'en' END"""

# Nobody's phone rings but their own, and for no mere advice.
_CALLED = "(s.channel <> 'call' OR a.verified_at IS NOT NULL AND :level <> 'advisory')"

# The one rule of who is meant, for counting and for the fan-out: an open door, a level that is not
# silenced, and a district of the area or a saved place within a polygon of it.
_MEANT = f"""
    FROM subscriptions s JOIN addresses a ON a.id = s.address_id
    JOIN contacts c ON c.id = s.contact_id
    WHERE a.stopped_at IS NULL AND NOT (CAST(:level AS varchar) = ANY(s.silenced))
      AND {_CALLED} AND (
        s.district = ANY(:districts) OR (
            c.latitude IS NOT NULL AND s.district <> '시험' AND EXISTS (
                SELECT 1 FROM unnest(CAST(:rings AS polygon[])) ring
                WHERE ring @> point(c.longitude, c.latitude))))"""  # noqa: S608 - constant parts
# Of the contact nothing is asked here: looking up a million of them was a sixth of the fan-out.
_MEANT_BY_DISTRICT = f"""
    FROM subscriptions s JOIN addresses a ON a.id = s.address_id
    WHERE a.stopped_at IS NULL AND NOT (CAST(:level AS varchar) = ANY(s.silenced))
      AND {_CALLED} AND s.district = ANY(:districts)"""

_COUNT = """
    WITH person AS (
        SELECT DISTINCT ON (s.contact_id) s.channel, {language} AS spoken,
            {placeless} AS without_place
        {meant}
        ORDER BY s.contact_id, s.id)
    SELECT channel, spoken, count(*) AS people, count(*) FILTER (WHERE without_place) AS placeless,
        (SELECT coalesce(max(id), 0) FROM subscriptions) AS through
    FROM person GROUP BY channel, spoken"""

_BY_DISTRICT = text(f"""
    SELECT s.district, count(DISTINCT s.contact_id) AS people
    FROM subscriptions s JOIN addresses a ON a.id = s.address_id
    WHERE s.district = ANY(:districts) AND a.stopped_at IS NULL
      AND NOT (CAST(:level AS varchar) = ANY(s.silenced)) AND {_CALLED}
    GROUP BY s.district""")  # noqa: S608 - constant parts

_FAN_OUT = """
    WITH chunk AS ({source} ORDER BY id LIMIT :size),
    added AS (
        INSERT INTO deliveries (lane, event_id, contact_id, address_id, channel, language,
                                district, status, attempts, due_at, expires_at)
        SELECT DISTINCT ON (contact_id) CASE WHEN held IS NULL THEN 'siren' ELSE 'bulk' END,
            CAST(:event AS uuid), contact_id, address_id, channel, spoken, district, 'pending', 0,
            coalesce(held, now()), CAST(:expires AS timestamptz)
        FROM chunk ORDER BY contact_id, id
        ON CONFLICT (event_id, contact_id) DO NOTHING
        RETURNING id)
    SELECT (SELECT count(*) FROM chunk) AS read, (SELECT max(id) FROM chunk) AS last,
        (SELECT count(*) FROM added) AS added"""

_ALERT = """
        SELECT s.id, s.contact_id, s.address_id, s.channel, {language} AS spoken,
            {district} AS district, {held} AS held
        {meant} AND s.id > :cursor AND s.id <= :through"""

# A person with several districts counts in the first of the area that they chose. By a saved place
# somebody may be meant through another district of theirs.
_COUNTS_IN = """CASE WHEN s.district = ANY(:districts) THEN s.district ELSE coalesce(
            (SELECT o.district FROM subscriptions o WHERE o.contact_id = s.contact_id
             AND o.district = ANY(:districts) ORDER BY o.id LIMIT 1), s.district) END"""

# The others go to whom the first may have reached, where and in what language it did.
_FOLLOW = text(
    _FAN_OUT.format(
        source=f"""
        SELECT d.id, d.contact_id, d.address_id, d.channel,
            {_LANGUAGE.format(wish="d.language")} AS spoken, d.district,
            CAST(NULL AS timestamptz) AS held
        FROM deliveries d
        WHERE d.id > :cursor AND d.event_id = CAST(:corrects AS uuid)
          AND d.status = ANY(:maybe_out)
          AND NOT (CAST(:unanswered AS boolean) AND EXISTS (
            SELECT 1 FROM alert_replies r
            WHERE r.event_id = d.event_id AND r.contact_id = d.contact_id))"""  # noqa: S608
    )
)

_LISTS = {
    name: bindparam(name, type_=ARRAY(String))
    for name in ("languages", "districts", "named", "rings")
}


def _counting(*, rings: bool) -> TextClause:
    placeless = "c.latitude IS NULL AND NOT s.district = ANY(:named)" if rings else "false"
    written = _COUNT.format(
        language=_LANGUAGE.format(wish="s.language"), placeless=placeless,
        meant=_MEANT if rings else _MEANT_BY_DISTRICT,
    )  # fmt: skip
    return text(written).bindparams(
        *(_LISTS[name] for name in ("languages", "districts", *(["named", "rings"] * rings)))
    )


def _spreading(*, rings: bool, quiet_counts: bool) -> TextClause:
    meant, held = (_MEANT if rings else _MEANT_BY_DISTRICT), "CAST(NULL AS timestamptz)"
    if quiet_counts:
        held = quiet.ENDS
        contact = "" if rings else "JOIN contacts c ON c.id = s.contact_id"
        meant = meant.replace(
            "WHERE a.stopped_at",
            f"{contact} CROSS JOIN {quiet.city_clock()} WHERE a.stopped_at",
        )
    source = _ALERT.format(
        language=_LANGUAGE.format(wish="s.language"), held=held, meant=meant,
        district=_COUNTS_IN if rings else "s.district",
    )  # fmt: skip
    return text(_FAN_OUT.format(source=source)).bindparams(
        *(_LISTS[name] for name in ("languages", "districts", *(["rings"] * rings)))
    )


# A point within a polygon is looked for only where there is a polygon: a million rows are read.
_COUNTS = {rings: _counting(rings=rings) for rings in (False, True)}
# An advisory waits for the end of the citizen's quiet hours, in a lane of its own: nothing urgent
# that comes meanwhile stands behind it.
_ALERTS = {
    (rings, advisory): _spreading(rings=rings, quiet_counts=advisory)
    for rings in (False, True)
    for advisory in (False, True)
}
_BY_DISTRICT = _BY_DISTRICT.bindparams(_LISTS["districts"])
_FOLLOW = _FOLLOW.bindparams(_LISTS["languages"], bindparam("maybe_out", type_=ARRAY(String)))


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people, by channel and by the language they will read.

    `through` is the newest subscription that was counted: the fan-out goes no further.
    `without_place` are those who are meant for their district alone, which a polygon touches: where
    in it they are nobody knows.
    """

    people: int = 0
    through: int = 0
    by_channel: dict[str, int] = field(default_factory=dict)
    by_language: dict[str, int] = field(default_factory=dict)
    by_both: dict[tuple[str, str], int] = field(default_factory=dict)
    without_place: int = 0
    touched: list[str] = field(default_factory=list)


async def count(
    session: AsyncSession,
    districts: Sequence[str],
    languages: Sequence[str],
    *,
    polygons: Sequence[geometry.Ring] = (),
    level: str = "emergency",
) -> Audience:
    """Return whom an alert of `level` with texts in `languages` would reach now.

    It goes to `districts`, to those that `polygons` touch, and to saved places within these.
    """
    touched = [name for name in geometry.touched(polygons) if name not in districts]
    values: dict[str, object] = {
        "districts": [*districts, *touched],
        "languages": list(languages),
        "level": level,
    }
    if polygons:
        values |= {"named": list(districts), "rings": geometry.for_postgres(polygons)}
    rows = (await session.execute(_COUNTS[bool(polygons)], values)).all()
    by_channel: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    for row in rows:
        by_channel[row.channel] += row.people
        by_language[row.spoken] += row.people
    return Audience(
        sum(by_channel.values()),
        rows[0].through if rows else 0,
        dict(by_channel),
        dict(by_language),
        {(row.channel, row.spoken): row.people for row in rows},
        sum(row.placeless for row in rows),
        touched,
    )


async def count_for(session: AsyncSession, broadcast: Broadcast) -> Audience:
    """Return whom `broadcast` would reach now."""
    return await count(
        session, broadcast.districts, list(broadcast.texts),
        polygons=broadcast.polygons, level=broadcast.level,
    )  # fmt: skip


def frozen(event: BroadcastEvent) -> Audience:
    """Return whom the alert `event` was approved for, without counting anybody again."""
    area = event.area
    return Audience(
        event.audience, area.get("through", 0), area.get("by_channel", {}),
        area.get("by_language", {}),
        {(channel, spoken): people for channel, spoken, people in area.get("by_both", [])},
        area.get("without_place", 0), area.get("touched", []),
    )  # fmt: skip


async def count_by_district(
    session: AsyncSession, districts: Sequence[str], level: str = "emergency"
) -> dict[str, int]:
    """Return the people of each district; who chose two of them is counted in both."""
    rows = await session.execute(_BY_DISTRICT, {"districts": list(districts), "level": level})
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
    status, resumed_at = (
        await session.execute(
            select(Broadcast.status, Broadcast.resumed_at)
            .where(Broadcast.id == event.broadcast_id)
            .with_for_update(key_share=True)
        )
    ).one()
    stopped = event.kind == "alert" and status in ("halted", "cancelling", "cancelled")
    over = await session.scalar(
        select(BroadcastEvent.expires_at <= func.now()).where(BroadcastEvent.id == event_id)
    )
    if event.cursor is None or stopped or over:
        return False, event.broadcast_id
    if event.kind == "alert" and await _refused(session, event):
        return False, event.broadcast_id
    # Whoever resumed it has seen how the canary went.
    released = event.kind != "alert" or event.released_at or resumed_at
    canary = not released and event.audience > CANARY
    if canary:
        if event.cursor:
            return False, event.broadcast_id  # `plan` lets the others follow, or halts the alert
        size = min(size, canary_of(event.audience))
    values = {
        "event": event.id,
        "cursor": event.cursor,
        "size": size,
        "expires": event.expires_at,
        "languages": list(event.texts),
    }
    if event.kind == "alert":
        row = (await session.execute(*_spread(event, values))).one()
    else:
        source = {
            "corrects": event.area["corrects"],
            "maybe_out": list(MAYBE_OUT),
            "unanswered": event.area.get("unanswered", False),
        }
        row = (await session.execute(_FOLLOW, values | source)).one()
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
    return more and not canary, event.broadcast_id


def canary_of(audience: int) -> int:
    """Return how many of so many people get an alert first."""
    return max(CANARY, min(audience // 100, CANARY_MOST))


async def _refused(session: AsyncSession, event: BroadcastEvent) -> bool:
    """Halt an alert whose house stands otherwise than when it was approved; tell whether it does.

    Nothing is mixed, and nothing disappears: the page shows it halted and the audit says why.
    """
    switch = await session.get_one(SirenSwitch, 1, populate_existing=True)
    fits = switch.mode == event.mode and (switch.mode == "live" or event.environment != "live")
    if fits and switch.stopped_at is None:
        return False
    why = halting.KILL_SWITCH if fits else halting.ENVIRONMENT
    await halting.halt(session, event.broadcast_id, why)
    audit.record(
        session, "system", "broadcast.refused_at_sending", f"broadcast:{event.broadcast_id}",
        event=str(event.id), why=why, mode=switch.mode, approved_in=event.mode,
    )  # fmt: skip
    return True


def _spread(
    event: BroadcastEvent, values: dict[str, object]
) -> tuple[TextClause, dict[str, object]]:
    """Return the statement of a chunk of an alert, by the area that its event froze."""
    area = event.area
    frozen = values | {
        "districts": [*area["districts"], *area.get("touched", [])],
        "through": area["through"],
        "level": event.level,
    }
    if advisory := event.level == "advisory":
        frozen["zone"] = str(calendar().zone)
    if polygons := area.get("polygons"):
        frozen["rings"] = geometry.for_postgres(polygons)
    return _ALERTS[bool(polygons), advisory], frozen


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
