"""Our own events as CAP: one message an event, stored as it went out and never written anew."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.config import Settings
from backend.context import Context
from backend.models import Broadcast, BroadcastEvent, CapMessage
from broadcasts import hazards
from broadcasts.cap.build import build, moment, ring
from broadcasts.cap.document import Area, Info, Message, Reference
from broadcasts.districts import area_name

GEOCODES_FILE = Path(__file__).with_name("geocodes.yml")
STATUS = {"live": "Actual", "exercise": "Exercise", "test": "Test"}
TAGS = {"ko": "ko-KR", "en": "en-US", "zh": "zh-Hans-CN", "ja": "ja-JP", "vi": "vi-VN"}
# A reminder says nothing new to other systems.
TYPES = {"alert": "Alert", "correction": "Cancel", "update": "Update", "all_clear": "Update"}
_SEVERITY = {"critical": "Extreme", "emergency": "Severe", "advisory": "Minor"}
_EVENT = {"ko": "재난", "en": "Emergency", "zh": "紧急情况", "ja": "緊急事態", "vi": "Khẩn cấp"}
_NOTES = {
    "Exercise": "훈련입니다. 실제 상황이 아닙니다. / This is an exercise and not a real event.",
    "Test": "시험 발송입니다. / This is a test of the system.",
}
_DRAWN = {
    "ko": "지도에 표시한 곳",
    "en": "Marked on the map",
    "zh": "地图标示区域",
    "ja": "地図に示した所",
    "vi": "Khu vực trên bản đồ",
}
_HEADLINE = 160  # 3.2.2, note on headline
_BATCH = 100


def sender(settings: Settings) -> str:
    """Return who sends, as CAP wants it: guaranteed to be ours, by our own domain."""
    return settings.cap_sender or f"alerts@{urlsplit(settings.base_url).hostname}"


async def publish(context: Context) -> int:
    """Write the message of every event that has none yet; return how many there were.

    Safe to repeat and to run twice at once. What the house sent in training mode is no message.
    """
    done = 0
    async with context.sessions() as session, session.begin():
        rows = await session.execute(
            select(BroadcastEvent, Broadcast)
            .join(Broadcast, Broadcast.id == BroadcastEvent.broadcast_id)
            .outerjoin(CapMessage, CapMessage.event_id == BroadcastEvent.id)
            .where(
                CapMessage.id.is_(None),
                BroadcastEvent.kind.in_(TYPES),
                BroadcastEvent.mode == "live",
            )
            .order_by(BroadcastEvent.created_at, BroadcastEvent.id)
            .limit(_BATCH)
            .with_for_update(of=BroadcastEvent, skip_locked=True)
        )
        for event, broadcast in rows.all():
            await _publish(session, context.settings, event, broadcast)
            done += 1
    return done


async def _publish(
    session: AsyncSession, settings: Settings, event: BroadcastEvent, broadcast: Broadcast
) -> None:
    earlier = await _earlier(session, broadcast)
    message = message_of(event, broadcast, settings, earlier)
    session.add(
        CapMessage(
            direction="published",
            broadcast_id=broadcast.id,
            event_id=event.id,
            identifier=message.identifier,
            sender=message.sender,
            sent=message.sent,
            msg_type=message.msg_type,
            status=message.status,
            reference_list=message.references,
            refers_to=[],
            xml=build(message).decode(),
        )
    )
    await session.flush()


async def _earlier(session: AsyncSession, broadcast: Broadcast) -> list[Reference]:
    """Return what was published of this broadcast, and of those that its import names, in order."""
    named = await session.scalar(
        select(CapMessage.refers_to).where(
            CapMessage.broadcast_id == broadcast.id, CapMessage.direction == "imported"
        )
    )
    rows = await session.scalars(
        select(CapMessage)
        .where(
            CapMessage.direction == "published",
            CapMessage.broadcast_id.in_([broadcast.id, *(named or [])]),
        )
        .order_by(CapMessage.id)
    )
    return [Reference(row.sender, row.identifier, row.sent) for row in rows]


def message_of(
    event: BroadcastEvent, broadcast: Broadcast, settings: Settings, earlier: list[Reference]
) -> Message:
    """Return the message of `event`: one info a language, the same facts in each.

    Where messages came before (`earlier`), an alert is an Update of them.
    """
    status = STATUS[event.environment]
    msg_type = TYPES[event.kind]
    if msg_type == "Alert" and earlier:
        msg_type = "Update"
    sent = moment(event.created_at)
    return Message(
        identifier=f"urn:uuid:{event.id}",
        sender=sender(settings),
        sent=sent,
        status=status,
        msg_type=msg_type,
        scope="Public",
        note=_NOTES.get(status, ""),
        references=" ".join(str(reference) for reference in earlier),
        infos=tuple(
            _info(event, broadcast, settings, language, sent)
            for language in TAGS
            if event.texts.get(language)
        ),
    )


def _info(
    event: BroadcastEvent, broadcast: Broadcast, settings: Settings, language: str, sent: str
) -> Info:
    hazard = hazards.find(broadcast.hazard)
    facts: dict[str, Any] = broadcast.facts.get(language, {})
    alert = event.kind in ("alert", "update")
    named = hazard.names[language] if hazard else facts.get("what") or _EVENT[language]
    text = event.texts[language]
    response = {"all_clear": "AllClear", "correction": "None"}.get(event.kind)
    return Info(
        language=TAGS[language],
        categories=(hazard.cap.category if hazard else "Other",),
        event=named,
        response_types=(response or (hazard.cap.response if hazard else "Monitor"),),
        urgency=(hazard.cap.urgency if hazard else "Unknown") if alert else "Past",
        severity=(hazard.cap.severity if hazard else _SEVERITY[event.level]) if alert else "Minor",
        certainty=(hazard.cap.certainty if hazard else "Unknown") if alert else "Observed",
        effective=sent,
        onset=sent if alert else "",
        expires=moment(event.expires_at),
        sender_name=facts.get("sender") or hazards.book().senders[language],
        headline=_first_line(facts.get("what", "") if alert else "", text),
        description=event.long_texts.get(language) or text,
        instruction=_instruction(facts) if alert else "",
        web=settings.base_url,
        contact=facts.get("contact") or hazards.book().contact,
        parameters=(("level", event.level),),
        areas=_areas(event, broadcast, language),
    )


def _first_line(what: str, text: str) -> str:
    line = what or text.partition("\n")[0]
    return line if len(line) <= _HEADLINE else line[: _HEADLINE - 1] + "…"


def _instruction(facts: dict[str, Any]) -> str:
    return "\n".join(said for name in ("action", "where_to_go") if (said := facts.get(name)))


def _areas(event: BroadcastEvent, broadcast: Broadcast, language: str) -> tuple[Area, ...]:
    system, codes = geocodes()
    areas = [
        Area(
            area_name(district, language),
            geocodes=((system, codes[district]),) if district in codes else (),
        )
        for district in event.area.get("districts", [])
    ]
    rings = event.area.get("polygons") or broadcast.polygons
    if rings:
        areas.append(
            Area(_DRAWN[language], tuple(ring([(lat, lon) for lat, lon in one]) for one in rings))
        )
    return tuple(areas)


@cache
def geocodes() -> tuple[str, dict[str, str]]:
    """Return the code system of districts, and the code of each."""
    data = yaml.safe_load(GEOCODES_FILE.read_text(encoding="utf-8"))
    return data["system"], data["codes"]
