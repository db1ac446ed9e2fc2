"""The officials' pages: what there is, writing, and one broadcast from review to the last phone."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console import pages as console
from backend.console.routes import guard
from backend.context import Ctx, Session
from backend.errors import NotFound
from backend.models import Broadcast, BroadcastEdit, Staff
from backend.models.broadcast import LEVELS
from backend.models.delivery import STATUSES
from backend.petitions.working_days import calendar
from backend.security import Actor, MaybeActor
from broadcasts import (
    audience,
    content,
    correction,
    districts,
    drawing,
    halting,
    hazards,
    live,
    progress,
    report,
    service,
    switch,
    unknown,
)
from broadcasts.outcomes import outcomes
from broadcasts.review import review

HOURS = (1, 2, 4, 8, 12, 24, 48)
SHOWN = 100
_DAYS_KO = "월화수목금토일"

console.extend(
    Path(__file__).parent, [console.Area("/siren", "siren.nav", frozenset(live.READERS))]
)
router = APIRouter(include_in_schema=False)


def when(at: datetime | None, language: str) -> str:
    """Return a moment in the city's time, as "7월 1일(수) 14:30" or "Wed 1 Jul, 14:30"."""
    if at is None:
        return ""
    local = at.astimezone(calendar().zone)
    if language == "ko":
        return f"{local.month}월 {local.day}일({_DAYS_KO[local.weekday()]}) {local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


@router.get("/siren")
async def list_page(request: Request, session: Session, actor: MaybeActor) -> Response:
    """What waits, what is on its way, and what was."""
    if refused := guard(request, actor, *live.READERS):
        return refused
    rows, total = await service.listed(session, limit=SHOWN)
    groups = {
        "waiting": [row for row in rows if row.status == "submitted"],
        "running": [row for row in rows if row.status in progress.RUNNING],
        "open": [row for row in rows if row.status in ("draft", "returned")],
    }
    taken = {row.id for group in groups.values() for row in group}
    groups["past"] = [row for row in rows if row.id not in taken]
    names = await _names(session, {row.created_by for row in rows if row.created_by})
    return _render(
        request, "siren/list.html", actor=actor, groups=groups, total=total, shown=len(rows),
        names=names, house=await switch.read(session),
    )  # fmt: skip


@router.get("/siren/new")
async def new_page(request: Request, session: Session, actor: MaybeActor) -> Response:
    """Write a new broadcast."""
    return guard(request, actor, "author") or await _compose(request, session, actor, None)


@router.get("/siren/{broadcast_id}/edit")
async def edit_page(
    request: Request, session: Session, actor: MaybeActor, broadcast_id: UUID
) -> Response:
    """Change a broadcast that nobody has decided on yet."""
    if refused := guard(request, actor, "author"):
        return refused
    found = await _find(session, broadcast_id)
    if found is None or found.status not in service.EDITABLE:
        return _missing(request, actor)
    return await _compose(request, session, actor, found)


@router.get("/siren/{broadcast_id}")
async def review_page(
    request: Request, ctx: Ctx, session: Session, actor: MaybeActor, broadcast_id: UUID
) -> Response:
    """Everything an approver decides on, and, once it is approved, how far it came."""
    if refused := guard(request, actor, *live.READERS):
        return refused
    found = await _find(session, broadcast_id)
    if found is None or actor is None:
        return _missing(request, actor)
    history = await report.history(session, broadcast_id)
    people = {found.created_by, found.submitted_by, found.approved_by, found.cancelled_by}
    numbers = await review(session, ctx.settings, getattr(request.app.state, "channels", {}), found)
    people |= {int(row.actor[6:]) for row in history if row.actor.startswith("staff:")}
    return _render(
        request, "siren/review.html", actor=actor, broadcast=found, history=history,
        names=await _names(session, {id_ for id_ in people if id_ is not None}),
        reached=numbers.audience, by_district=numbers.by_district, numbers=numbers,
        ask_code=ctx.settings.second_factor and not actor.verified,
        outcomes=await outcomes(session, broadcast_id), statuses=STATUSES,
        own=await _has_written(session, actor, found), may=_may(actor, found.status),
        zones=districts.zones(), canvas=drawing.canvas(),
    )  # fmt: skip


async def _compose(
    request: Request, session: AsyncSession, actor: Actor | None, broadcast: Broadcast | None
) -> Response:
    names = [name for zone in districts.zones() for name in zone.districts]
    return _render(
        request, "siren/compose.html", actor=actor, broadcast=broadcast,
        zones=districts.zones(), test_list=audience.TEST_LIST, hours=HOURS,
        hazards=hazards.book().hazards, fact_names=content.FACTS, other=hazards.OTHER,
        levels=LEVELS,
        corrections=content.CORRECTIONS, marks=content.MARKS, long_limit=content.LONG_LIMIT,
        people=await audience.count_by_district(session, [*names, audience.TEST_LIST]),
        canvas=drawing.canvas(),
    )  # fmt: skip


def _render(request: Request, name: str, **values: Any) -> Response:
    language = console.language_of(request)
    return console.render(
        request, name, languages=content.LANGUAGES, environments=content.ENVIRONMENTS,
        limit=content.SHORT_LIMIT,
        when=lambda at: when(at, language),
        area=lambda district: districts.area_name(district, language),
        local=lambda at: f"{at.astimezone(calendar().zone):%Y-%m-%dT%H:%M}",
        **values,
    )  # fmt: skip


def _missing(request: Request, actor: Actor | None) -> Response:
    return _render(request, "siren/missing.html", actor=actor, status=404)


def _may(actor: Actor, status: str) -> frozenset[str]:
    """Return what `actor` may try with a broadcast in `status`; the service has the last word."""
    author, approver = "author" in actor.roles, "approver" in actor.roles
    cancels = not actor.roles.isdisjoint(("author", "approver", "breakglass", "operator"))
    steps = {
        "edit": author and status in service.EDITABLE,
        "submit": author and status in service.SUBMITTABLE,
        "approve": approver and status == "submitted",
        "return": approver and status in service.RETURNABLE,
        "reject": (author or approver) and status in service.REJECTABLE,
        "cancel": cancels and status in service.CANCELLABLE,
        "halt": cancels and status in halting.HALTABLE,
        "resume": approver and status == "halted",
        "all-clear": cancels and status in correction.FOLLOWED,
        "resend": not actor.roles.isdisjoint(("approver", "operator")) and status in unknown.SENT,
    }
    return frozenset(step for step, allowed in steps.items() if allowed)


async def _find(session: AsyncSession, broadcast_id: UUID) -> Broadcast | None:
    try:
        return await service.get(session, broadcast_id)
    except NotFound:
        return None


async def _has_written(session: AsyncSession, actor: Actor, broadcast: Broadcast) -> bool:
    """Tell whether words or submission are the actor's own, so that another has to approve."""
    if actor.id in (broadcast.created_by, broadcast.submitted_by):
        return True
    edit = select(BroadcastEdit.id).where(
        BroadcastEdit.broadcast_id == broadcast.id, BroadcastEdit.actor == actor.id
    )
    return await session.scalar(edit.limit(1)) is not None


async def _names(session: AsyncSession, ids: set[int]) -> dict[int, str]:
    rows = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return {row.id: row.name for row in rows}
