"""Broadcasts over HTTP. Who writes, approves or cancels is the logged-in person, never a body."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from backend.context import Ctx, Session
from backend.errors import NotFound
from backend.security import Actor, require
from backend.staff.second_factor import Fresh
from broadcasts import (
    answer_routes,
    approval,
    audience,
    break_glass_routes,
    control_routes,
    correction,
    live,
    pages,
    preview,
    public_pages,
    report_pages,
    sending,
    service,
    switch_pages,
)
from broadcasts.cap import routes as cap
from broadcasts.content import LANGUAGES
from broadcasts.districts import allowed
from broadcasts.outcomes import outcomes
from broadcasts.schemas import (
    Approval,
    AudienceOut,
    BroadcastDetail,
    BroadcastList,
    BroadcastOut,
    Draft,
    Edit,
    Explained,
    Language,
    Outcomes,
    Seen,
    Stopped,
)
from broadcasts.signals import Signals

router = APIRouter(tags=["broadcasts"])
router.include_router(live.router)
router.include_router(control_routes.router)
router.include_router(answer_routes.router)
router.include_router(break_glass_routes.router)
router.include_router(switch_pages.router)  # before /siren/{id}
router.include_router(pages.router)
router.include_router(preview.router)
router.include_router(public_pages.router)
router.include_router(report_pages.router)
router.include_router(cap.router)

Reader = Annotated[Actor, Depends(require(*live.READERS))]
Author = Annotated[Actor, Depends(require("author"))]
Approver = Annotated[Actor, Depends(require("approver"))]
Canceller = control_routes.Canceller
Either = Annotated[Actor, Depends(require("author", "approver"))]


@router.get("/api/v1/broadcasts")
async def list_broadcasts(
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> BroadcastList:
    """List broadcasts, the newest first."""
    rows, total = await service.listed(session, limit=limit, offset=offset)
    return BroadcastList(items=[BroadcastOut.model_validate(row) for row in rows], total=total)


@router.post("/api/v1/broadcasts", status_code=201)
async def create_broadcast(session: Session, actor: Author, body: Draft) -> BroadcastOut:
    """Write a draft."""
    return BroadcastOut.model_validate(await service.create(session, actor, body))


@router.get("/api/v1/broadcasts/audience")
async def count_audience(
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    district: Annotated[list[str] | None, Query(max_length=50)] = None,
    language: Annotated[list[Language] | None, Query(max_length=len(LANGUAGES))] = None,
) -> AudienceOut:
    """Count whom an alert to these districts, with texts in these languages, would reach now."""
    languages = [str(name) for name in language or ["ko"]]
    known = {*allowed("live"), *allowed("test")}
    areas = [name for name in district or [] if name in known]
    found = await audience.count(session, areas, languages)
    return AudienceOut.model_validate(found, from_attributes=True)


@router.get("/api/v1/broadcasts/{broadcast_id}")
async def get_broadcast(
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    broadcast_id: UUID,
) -> BroadcastDetail:
    """Return a broadcast with whom it would reach now."""
    found = await service.get(session, broadcast_id)
    reached = await audience.count_for(session, found)
    return BroadcastDetail(
        **BroadcastOut.model_validate(found).model_dump(),
        audience=AudienceOut.model_validate(reached, from_attributes=True),
    )


@router.put("/api/v1/broadcasts/{broadcast_id}")
async def edit_broadcast(
    session: Session, signal: Signals, actor: Author, broadcast_id: UUID, body: Edit
) -> BroadcastOut:
    """Replace the content; a submitted broadcast becomes a draft again."""
    draft = Draft(**body.model_dump(exclude={"version"}))
    changed = await service.edit(session, actor, broadcast_id, body.version, draft)
    signal.changed(broadcast_id)
    return BroadcastOut.model_validate(changed)


@router.post("/api/v1/broadcasts/{broadcast_id}/submit")
async def submit_broadcast(
    ctx: Ctx, session: Session, signal: Signals, actor: Author, broadcast_id: UUID, body: Seen
) -> BroadcastOut:
    """Ask for a second person's approval."""
    await sending.check_account(session, ctx.settings, broadcast_id)
    changed = await service.submit(session, actor, broadcast_id, body.version)
    signal.changed(broadcast_id)
    return BroadcastOut.model_validate(changed)


@router.post("/api/v1/broadcasts/{broadcast_id}/approve")
async def approve_broadcast(
    ctx: Ctx,
    session: Session,
    signal: Signals,
    actor: Approver,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    broadcast_id: UUID,
    body: Approval,
) -> Outcomes:
    """Approve what was seen, with the number of people typed, and begin to send (or at its time).

    Needs a second factor of the last five minutes, where the city asks for it.
    """
    await sending.check_account(session, ctx.settings, broadcast_id)
    await approval.approve(session, actor, broadcast_id, body)
    signal.changed(broadcast_id)
    return await _outcomes(session, broadcast_id)


@router.post("/api/v1/broadcasts/{broadcast_id}/return")
async def return_broadcast(
    session: Session, signal: Signals, actor: Approver, broadcast_id: UUID, body: Explained
) -> BroadcastOut:
    """Give a submitted broadcast back to its author, with the reason."""
    changed = await service.send_back(session, actor, broadcast_id, body.version, body.reason)
    signal.changed(broadcast_id)
    return BroadcastOut.model_validate(changed)


@router.post("/api/v1/broadcasts/{broadcast_id}/reject")
async def reject_broadcast(
    session: Session, signal: Signals, actor: Either, broadcast_id: UUID, body: Explained
) -> BroadcastOut:
    """Put an unapproved broadcast aside for good, with the reason."""
    changed = await service.reject(session, actor, broadcast_id, body.version, body.reason)
    signal.changed(broadcast_id)
    return BroadcastOut.model_validate(changed)


@router.post("/api/v1/broadcasts/{broadcast_id}/cancel")
async def cancel_broadcast(
    session: Session,
    signal: Signals,
    actor: Canceller,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    broadcast_id: UUID,
) -> Stopped:
    """Stop an approved alert and send its correction to everyone who may have got it.

    One person is enough. `reach` tells how many it may have reached already, and how many not.
    """
    changed = await service.cancel(session, actor, broadcast_id)
    reach = await correction.reach(session, broadcast_id)
    signal.changed(broadcast_id)
    return Stopped(**BroadcastOut.model_validate(changed).model_dump(), reach=reach)


@router.get("/api/v1/broadcasts/{broadcast_id}/outcomes")
async def read_outcomes(
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    broadcast_id: UUID,
) -> Outcomes:
    """Return what became of everybody, as it stands now."""
    return await _outcomes(session, broadcast_id)


async def _outcomes(session: Session, broadcast_id: UUID) -> Outcomes:
    found = await outcomes(session, broadcast_id)
    if found is None:
        raise NotFound("그런 알림이 없어요.", "There is no such broadcast.")
    return found
