"""The officials' pages for afterwards: reports, the log of drills, and who sent alone."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console import pages as console
from backend.console.routes import guard
from backend.context import Session
from backend.errors import NotFound
from backend.models import Broadcast, Staff
from backend.security import MaybeActor
from broadcasts import break_glass, live, report, service
from broadcasts.outcomes import outcomes
from broadcasts.pages import when
from broadcasts.schemas import Outcomes

router = APIRouter(include_in_schema=False)


@router.get("/siren/{broadcast_id}/report.{form}")
async def report_file(
    request: Request,
    session: Session,
    actor: MaybeActor,
    broadcast_id: UUID,
    form: Literal["csv", "pdf"],
) -> Response:
    """The outcomes as a table, or the whole story on paper."""
    if refused := guard(request, actor, *live.READERS):
        return refused
    broadcast = await service.get(session, broadcast_id)
    found = await outcomes(session, broadcast_id)
    if found is None:
        raise NotFound("그런 알림이 없어요.", "There is no such broadcast.")
    if form == "csv":
        content, media_type = report.as_csv(broadcast, found), "text/csv; charset=utf-8"
    else:
        content = await _as_pdf(session, broadcast, found, console.language_of(request))
        media_type = "application/pdf"
    headers = {
        **console.SECURITY_HEADERS,
        "Content-Disposition": f'attachment; filename="alert-{broadcast_id}.{form}"',
    }
    return Response(content, media_type=media_type, headers=headers)


async def _as_pdf(
    session: AsyncSession, broadcast: Broadcast, found: Outcomes, language: str
) -> bytes:
    words = console.section(language, "siren")
    rows = await report.history(session, broadcast.id)
    ids = {int(row.actor[6:]) for row in rows if row.actor.startswith("staff:")}
    named = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    names = {f"staff:{row.id}": row.name for row in named}
    return report.as_pdf(
        broadcast,
        [
            (words["environments"][broadcast.environment], words["statuses"][broadcast.status]),
            (words["review_area"], ", ".join(broadcast.districts)),
            (words["expires"], when(broadcast.expires_at, language)),
            (words["fingerprint"], broadcast.content_hash),
        ],
        [
            (
                words["outcomes_of"].format(
                    event=words["events"][event.kind], n=f"{event.audience:,}"
                ),
                [(words["outcomes"][state], f"{n:,}") for state, n in event.counts.items() if n],
            )
            for event in found.events
        ],
        [
            (
                when(row.at, language),
                f"{names.get(row.actor, words['system'])} "
                f"{words['deeds'].get(row.action.partition('.')[2], row.action)}"
                + (f" ({row.detail['people']:,})" if "unknown" in row.detail else ""),
            )
            for row in rows
        ],
    )


@router.get("/siren/log/drills")
async def drills_page(request: Request, session: Session, actor: MaybeActor) -> Response:
    """Which drills and tests there were."""
    if refused := guard(request, actor, *live.READERS):
        return refused
    language = console.language_of(request)
    rows = await report.drills(session)
    return console.render(
        request, "siren/drills.html", actor=actor, rows=rows, when=lambda at: when(at, language)
    )


@router.get("/siren/log/alone")
async def alone_page(request: Request, session: Session, actor: MaybeActor) -> Response:
    """Who sent alone, and whose review is open."""
    if refused := guard(request, actor, *live.READERS):
        return refused
    language = console.language_of(request)
    rows = await break_glass.listed(session, open_only=False)
    ids = {glass.actor for glass, _ in rows}
    named = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return console.render(
        request, "siren/alone.html", actor=actor, rows=rows,
        names={row.id: row.name for row in named}, when=lambda at: when(at, language),
        may_review=actor is not None and not actor.roles.isdisjoint(break_glass.REVIEWERS),
    )  # fmt: skip
