"""A CAP document from another system, as a draft that people decide on: it never sends itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict
from backend.models import Broadcast, CapMessage
from backend.security import Actor
from broadcasts import content, hazards, service
from broadcasts.cap.document import Info, Message
from broadcasts.cap.publish import geocodes
from broadcasts.cap.read import read
from broadcasts.cap.structure import read_time
from broadcasts.cap.validate import CapInvalid, Fault, points_of, references
from broadcasts.districts import allowed
from broadcasts.schemas import Draft

ENVIRONMENT = {"Actual": "live", "Exercise": "exercise", "Test": "test", "System": "test"}
_LEVEL = {"Extreme": "critical", "Severe": "emergency"}
_LIFE = timedelta(hours=4)
_TITLE = 100


@dataclass(frozen=True, slots=True)
class Imported:
    """The draft that came of a document, and the broadcasts of ours that the document is about."""

    broadcast: Broadcast
    refers_to: list[str]


async def import_document(session: AsyncSession, actor: Actor, document: bytes) -> Imported:
    """Write the draft of a CAP document; what is too long or missing there, people complete.

    An Update or a Cancel becomes a draft too, with the broadcasts it is about: what was approved
    is stopped by a person and never by a document.

    Raises: CapInvalid; Conflict where the same message came before; Forbidden.
    """
    message = read(document)
    if message.status not in ENVIRONMENT or message.msg_type in ("Ack", "Error"):
        raise CapInvalid([_no_alert(message)])
    known = await session.scalar(
        select(CapMessage.broadcast_id).where(
            CapMessage.direction == "imported",
            CapMessage.sender == message.sender,
            CapMessage.identifier == message.identifier,
            CapMessage.sent == message.sent,
        )
    )
    if known is not None:
        raise Conflict(
            "이미 받은 CAP 메시지예요.", "This CAP message came before.", broadcast=str(known)
        )
    about = await _about(session, message)
    now = (await session.scalars(select(func.now()))).one()
    draft = draft_of(message, now)
    broadcast = await service.create(session, actor, draft)
    session.add(
        CapMessage(
            direction="imported",
            broadcast_id=broadcast.id,
            event_id=None,
            identifier=message.identifier,
            sender=message.sender,
            sent=message.sent,
            msg_type=message.msg_type,
            status=message.status,
            reference_list=message.references,
            refers_to=[str(one) for one in about],
            xml=document.decode("utf-8-sig"),
        )
    )
    await session.flush()
    service.note(
        session, actor, broadcast, "broadcast.imported",
        identifier=message.identifier, sender=message.sender, msg_type=message.msg_type,
        refers_to=[str(one) for one in about],
    )  # fmt: skip
    return Imported(broadcast, [str(one) for one in about])


def _no_alert(message: Message) -> Fault:
    what = message.status if message.status not in ENVIRONMENT else message.msg_type
    return Fault(
        "status" if message.status not in ENVIRONMENT else "msgType",
        f"{what}은(는) 시민에게 알릴 메시지가 아니어서 받지 않아요.",
        f"A message of the kind {what} is nothing to tell citizens, so it is not taken.",
    )


async def _about(session: AsyncSession, message: Message) -> list[UUID]:
    """Return the broadcasts that `message` refers to: published by us or imported before."""
    named = [(r.sender, r.identifier, r.sent) for r in references(message.references)]
    if not named:
        return []
    found = await session.scalars(
        select(CapMessage.broadcast_id)
        .where(tuple_(CapMessage.sender, CapMessage.identifier, CapMessage.sent).in_(named))
        .order_by(CapMessage.id)
    )
    return list(dict.fromkeys(found))


def draft_of(message: Message, now: datetime) -> Draft:
    """Return what `message` says as a draft: texts by language, area, level and expiry.

    Raises: CapInvalid where one language is said twice, or two languages say something else: that
    would be two alerts.
    """
    by_language: dict[str, Info] = {}
    for info in message.infos:
        language = info.language.lower().partition("-")[0]
        if language not in content.LANGUAGES:
            continue
        if language in by_language:
            raise CapInvalid([_twice(info)])
        by_language[language] = info
    if faults := _disagreements(list(by_language.values())):
        raise CapInvalid(faults)
    environment = ENVIRONMENT[message.status]
    first = by_language.get("ko") or next(iter(by_language.values()), None)
    if first is None and message.infos:
        raise CapInvalid([_unspoken()])
    values: dict[str, Any] = {
        "environment": environment,
        "title": _title(message, first),
        "texts": {name: _short(info) for name, info in by_language.items()},
        "long_texts": {name: _long(info) for name, info in by_language.items()},
        "facts": {name: _facts(info) for name, info in by_language.items()},
        "hazard": _hazard(by_language),
        "expires_at": now + _LIFE,
        "districts": [],
        "polygons": [],
    }
    if first is not None:
        values["level"] = _LEVEL.get(first.severity, "advisory")
        values["expires_at"] = _expiry(first, now)
        values["districts"] = _districts(first, environment)
        values["polygons"] = _polygons(first) if environment != "test" else []
    return Draft.model_validate(values)


# What has to be the same in every language of one message: nothing of it is words.
_SAME: dict[str, Callable[[Info], object]] = {
    "category": lambda info: frozenset(info.categories),
    "urgency": lambda info: info.urgency,
    "severity": lambda info: info.severity,
    "certainty": lambda info: info.certainty,
    "expires": lambda info: read_time(info.expires),
    "area": lambda info: frozenset(
        part for area in info.areas for part in (*area.polygons, *area.circles, *area.geocodes)
    ),
}


def _disagreements(infos: Sequence[Info]) -> list[Fault]:
    """Return in what the infos of one message are not the same event: none of them is the true one.

    The reference practice of one info a language: same urgency, severity, certainty, expiry, area.
    """
    return [_unlike(name, infos) for name, of in _SAME.items() if len({of(i) for i in infos}) > 1]


def _unlike(name: str, infos: Sequence[Info]) -> Fault:
    spoken = ", ".join(info.language for info in infos)
    return Fault(
        name,
        f"언어별 info({spoken})의 {name} 값이 서로 달라요. 같은 사건이면 모두 같게, 다른 사건이면 "
        "따로 보내 주세요.",
        f"The infos in {spoken} differ in {name}. Make it the same in all of them, or send each "
        "event by itself.",
    )


def _twice(info: Info) -> Fault:
    return Fault(
        "language",
        f"{info.language} info가 둘이에요. 한 언어에 하나씩만, 사건마다 따로 보내 주세요.",
        f"There are two infos in {info.language}. Send one a language, and each event by itself.",
    )


def _unspoken() -> Fault:
    return Fault(
        "language",
        "ko, en, zh, ja, vi 가운데 한 언어로 쓴 info가 하나는 있어야 해요.",
        "At least one info has to be in ko, en, zh, ja or vi.",
    )


def _title(message: Message, info: Info | None) -> str:
    said = (info.headline or info.event) if info else message.identifier
    return f"[CAP {message.msg_type}] {said}"[:_TITLE]


def _short(info: Info) -> str:
    return (info.headline or info.event)[: content.LONG_LIMIT]


def _long(info: Info) -> str:
    parts = (info.headline, info.description, info.instruction)
    return "\n".join(part for part in parts if part)[: content.LONG_LIMIT]


def _facts(info: Info) -> dict[str, str]:
    areas = ", ".join(area.description for area in info.areas)
    facts = {
        "sender": info.sender_name,
        "what": info.event,
        "where": areas,
        "why": info.description,
        "action": info.instruction,
        "contact": info.contact,
    }
    return {name: said[: content.LONG_LIMIT] for name, said in facts.items() if said}


def _hazard(infos: dict[str, Info]) -> str:
    for language, info in infos.items():
        for hazard in hazards.book().hazards.values():
            if info.event.strip().casefold() == hazard.names[language].casefold():
                return hazard.id
    return hazards.OTHER


def _expiry(info: Info, now: datetime) -> datetime:
    """Return when it ends: no later than an alert of ours may, and never in the past."""
    asked = read_time(info.expires)
    if asked is None or asked <= now:
        return now + _LIFE
    return min(asked, now + content.LONGEST_LIFE)


def _districts(info: Info, environment: str) -> list[str]:
    """Return the districts that the areas name, by our names or by their codes."""
    if environment == "test":
        return list(allowed("test"))
    system, codes = geocodes()
    by_code = {code: name for name, code in codes.items()}
    found: set[str] = set()
    for area in info.areas:
        words = area.description.replace(",", " ").split()
        found.update(name for name in allowed(environment) if name in words)
        for name, code in area.geocodes:
            if name == system and code in by_code:
                found.add(by_code[code])
    return [name for name in allowed(environment) if name in found]


def _polygons(info: Info) -> list[list[tuple[float, float]]]:
    rings = [points_of(text) for area in info.areas for text in area.polygons]
    return [[(float(lat), float(lon)) for lat, lon in ring] for ring in rings if ring]
