"""The way to the phones, tried every few minutes: a message to the test list on every channel.

Whoever is on the list (`audience.TEST_LIST`) has asked for it. Where nobody is, nothing is tried.
"""

import logging
from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend import metrics
from backend.context import Context
from backend.delivery.service import notify, wake
from backend.models import Address, Subscription
from broadcasts import audience

log = logging.getLogger(__name__)

EVERY_SECONDS = 300.0
WORDS = "[시험] 알림 경로를 점검하는 메시지예요. 답하지 않아도 돼요."
LATE = timedelta(seconds=60)

# What became of the newest probe of each channel that has had its minute.
_LAST = text("""
    SELECT DISTINCT ON (m.channel) m.channel,
        d.status IN ('accepted', 'sent', 'delivered') AND d.channel = m.channel AS came
    FROM messages m JOIN deliveries d ON d.message_id = m.id
    WHERE m.author = 'notice' AND m.text = :words AND d.lane = 'siren'
      AND m.created_at BETWEEN now() - interval '1 hour' AND now() - :late
    ORDER BY m.channel, m.id DESC""")


async def run(context: Context) -> None:
    """Note what became of the last probes, then send the next; call it every few minutes."""
    async with context.sessions() as session, session.begin():
        for channel, came in (await last(session)).items():
            metrics.PATH_WORKS.labels(channel).set(came)
            if not came:
                log.error("the siren's way by %s does not work: its last probe did not go", channel)
        await send(session)


async def last(session: AsyncSession) -> dict[str, bool]:
    """Return whether the newest probe of each channel was accepted within its minute."""
    rows = await session.execute(_LAST, {"words": WORDS, "late": LATE})
    return {row.channel: row.came for row in rows}


async def send(session: AsyncSession) -> int:
    """Promise a probe to one account of the test list on each channel; return how many."""
    rows = await session.execute(
        select(Subscription.channel, Address)
        .join(Address, Address.id == Subscription.address_id)
        .where(
            Subscription.district == audience.TEST_LIST,
            Subscription.channel != "call",  # nobody's phone is to ring every few minutes
            Address.stopped_at.is_(None),
        )
        .ext(distinct_on(Subscription.channel))
        .order_by(Subscription.channel, Subscription.id)
    )
    found = rows.all()
    for channel, address in found:
        probe = await notify(session, address, channel, "ko", WORDS)
        probe.lane = "siren"
        probe.expires_at = func.now() + LATE
    if found:
        await session.flush()
        await wake(session, "siren")
    return len(found)
