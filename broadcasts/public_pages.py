"""The page that an SMS leads to: one alert in whole, in the citizen's language, for everybody.

A Korean carrier can't write Chinese or Vietnamese, so the text there is English and a link. No
log-in, nobody's name or number, and the same answer to all: a cache in front may keep it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import errors
from backend.console import pages as console
from backend.context import Session
from backend.delivery.alert_words import alert_link, alert_of
from backend.errors import NotFound
from backend.models import Broadcast, BroadcastEvent
from backend.petitions.working_days import calendar
from broadcasts import content, districts

router = APIRouter(include_in_schema=False)

# A correction has to be seen within seconds, also through a cache.
FRESH_SECONDS = 10
_SHOWN = ("alert", "correction", "update", "all_clear")
_TIMES = {
    "ko": "{at.month}월 {at.day}일 {at:%H:%M}",
    "en": "{at.day} {at:%b} {at.year}, {at:%H:%M} (Seoul time)",
    "zh": "{at.month}月{at.day}日 {at:%H:%M}（首尔时间）",
    "ja": "{at.month}月{at.day}日 {at:%H:%M}（ソウル時間）",
    "vi": "{at:%H:%M} ngày {at.day}/{at.month}/{at.year} (giờ Seoul)",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One message of an alert: its kind, when it began to go out, its words and their language."""

    kind: str
    at: datetime
    language: str
    words: str


@dataclass(frozen=True, slots=True)
class PublicAlert:
    """An alert as everybody may see it, the newest message first.

    `state` is active, corrected, cleared or expired; `changed_at` is when that came about.
    """

    environment: str
    state: str
    changed_at: datetime
    expires_at: datetime
    areas: list[str]
    said: list[Said]


@router.get("/alerts/{code}")
async def any_language(request: Request, code: str) -> Response:
    """Lead to the page in the language that the browser asks for."""
    language = errors.language_of(request, content.LANGUAGES)
    answer = RedirectResponse(alert_link("", _known(code), language), 303)
    answer.headers["Vary"] = "Accept-Language"
    return answer


@router.get("/alerts/{code}/{language}")
async def alert_page(request: Request, session: Session, code: str, language: str) -> Response:
    """Show an alert that went out, and what became of it."""
    broadcast = _known(code)
    found = await public_alert(session, broadcast, language)
    if found is None or language not in content.LANGUAGES:
        raise _missing()
    page = console.render(
        request, "siren/public.html", language=language, alert=found, code=code,
        languages=console.CITIZENS_LANGUAGES, when=lambda at: _when(at, language),
        area=lambda district: districts.area_name(district, language),
    )  # fmt: skip
    page.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    return page


async def public_alert(
    session: AsyncSession, broadcast_id: UUID, language: str
) -> PublicAlert | None:
    """Return what everybody may know of an alert; None before anything of it went out."""
    rows = await session.execute(
        select(BroadcastEvent, Broadcast.environment, BroadcastEvent.expires_at <= func.now())
        .join(Broadcast, Broadcast.id == BroadcastEvent.broadcast_id)
        .where(BroadcastEvent.broadcast_id == broadcast_id, BroadcastEvent.kind.in_(_SHOWN))
        .order_by(BroadcastEvent.created_at.desc())
    )
    events = [(row[0], row[1], row[2]) for row in rows]
    found = next((row for row in events if row[0].kind == "alert"), None)
    if found is None:
        return None
    alert, environment, over = found
    by_kind = {event.kind: event.created_at for event, _, _ in events}
    state, changed_at = "active", alert.created_at
    if "correction" in by_kind:
        state, changed_at = "corrected", by_kind["correction"]
    elif "all_clear" in by_kind:
        state, changed_at = "cleared", by_kind["all_clear"]
    elif over:
        state, changed_at = "expired", alert.expires_at
    return PublicAlert(
        environment=environment,
        state=state,
        changed_at=changed_at,
        expires_at=alert.expires_at,
        areas=[*alert.area["districts"], *alert.area.get("touched", [])],
        said=[_said(event, language) for event, _, _ in events],
    )


def _said(event: BroadcastEvent, language: str) -> Said:
    """Return the whole words of `event` in `language`, else in English, else in Korean."""
    spoken = next(name for name in (language, "en", "ko", *event.texts) if name in event.texts)
    words = event.long_texts.get(spoken) or event.texts[spoken]
    return Said(event.kind, event.created_at, spoken, words)


def _when(at: datetime, language: str) -> str:
    return _TIMES[language].format(at=at.astimezone(calendar().zone))


def _known(code: str) -> UUID:
    found = alert_of(code)
    if found is None:
        raise _missing()
    return found


def _missing() -> NotFound:
    return NotFound(
        "이 주소에는 알림이 없어요. 문자에 있는 주소를 다시 확인해 주세요.",
        "There is no alert at this address. Check the address in your message.",
    )
