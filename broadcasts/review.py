"""What an approver decides on: who is reached, in how many parts, for how much, and how soon."""

import math
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.config import Settings
from backend.delivery.alert_words import alert_link, alert_words
from backend.models import Broadcast, BroadcastEvent
from broadcasts import audience, geometry
from broadcasts.schemas import AudienceOut, BroadcastOut, ChannelCost, ChannelTime, Review
from channels.base import Channel, providers_of
from channels.costs import cost_of
from channels.settings import read_prices

# Numbers of citizens are Korean ones, as far as the count of parts is concerned.
HOME = "+82"
LAST_WAY = "call"


async def review(
    session: AsyncSession,
    settings: Settings,
    channels: Mapping[str, Channel],
    broadcast: Broadcast,
) -> Review:
    """Return what `broadcast` would do now, in numbers; `channels` by name say who carries what.

    Once it is sent, the numbers are those that were approved: a city is not counted at each view.
    """
    event = await session.scalar(
        select(BroadcastEvent).where(
            BroadcastEvent.broadcast_id == broadcast.id, BroadcastEvent.kind == "alert"
        )
    )
    reached = audience.frozen(event) if event else await audience.count_for(session, broadcast)
    areas = [*broadcast.districts, *reached.touched]
    costs = [
        _cost(settings, channels, broadcast, channel, language, people)
        for (channel, language), people in sorted(reached.by_both.items())
        if language in broadcast.texts
    ]
    known = [cost.won for cost in costs if cost.won is not None]
    return Review(
        broadcast=BroadcastOut.model_validate(broadcast),
        audience=AudienceOut.model_validate(reached, from_attributes=True),
        by_district=(
            {} if event else await audience.count_by_district(session, areas, broadcast.level)
        ),
        resolver=geometry.districts().resolver,
        costs=costs,
        won=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        times=[
            _time(settings, channels, channel, people)
            for channel, people in sorted(reached.by_channel.items())
        ],
        last_way=_last_way(settings, channels, broadcast, reached.people),
    )


def _last_way(
    settings: Settings, channels: Mapping[str, Channel], broadcast: Broadcast, people: int
) -> ChannelTime | None:
    """Return how long it takes to call everybody, should nothing else reach anybody."""
    if broadcast.level == "advisory" or LAST_WAY not in channels:
        return None
    return _time(settings, channels, LAST_WAY, people)


def _cost(
    settings: Settings,
    channels: Mapping[str, Channel],
    broadcast: Broadcast,
    channel: str,
    language: str,
    people: int,
) -> ChannelCost:
    door = channels.get(channel)
    carrier = providers_of(door, HOME)[0].name if door is not None else None
    short, full = broadcast.texts[language], broadcast.long_texts.get(language)
    english = None if language in ("ko", "en") else broadcast.texts.get("en")
    link = alert_link(settings.base_url, broadcast.id, language)
    words = alert_words(channel, HOME, short, full, english, link)
    cost = cost_of(words, channel, carrier, address=HOME, prices=read_prices(settings.sms_prices))
    return ChannelCost(
        channel=channel, language=language, people=people, form=cost.form, parts=cost.parts,
        length=cost.length, measure=cost.measure, lost=cost.lost,
        legible=cost.legible and not (channel == "sms" and words != short),
        won=None if cost.won is None else cost.won * people,
    )  # fmt: skip


def _time(
    settings: Settings, channels: Mapping[str, Channel], channel: str, people: int
) -> ChannelTime:
    """Return how long `channel` takes for `people` at the pace of its account."""
    door = channels.get(channel)
    carrier = providers_of(door, HOME)[0] if door is not None else None
    pace = None
    if carrier is not None:
        pace = settings.provider_pace.get(carrier.name, carrier.per_second)
    minutes = math.ceil(people / pace / 60) if pace else None
    return ChannelTime(channel=channel, people=people, per_second=pace, minutes=minutes)
