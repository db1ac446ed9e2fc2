"""What is done with an alert beside writing and approving it: look, hold, follow up, switch off."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from backend.context import Ctx, Session
from backend.security import Actor, require
from backend.staff.second_factor import Fresh, demand
from broadcasts import audience, correction, drawing, halting, live, sending, service, switch
from broadcasts.districts import allowed
from broadcasts.review import review
from broadcasts.schemas import (
    AudienceOut,
    AudienceQuery,
    BroadcastOut,
    Drawn,
    Held,
    Review,
    Stopped,
    SwitchChange,
    SwitchOut,
    UpdateIn,
    UpdateOut,
    UpdateSeen,
)
from broadcasts.signals import Signals

router = APIRouter(tags=["broadcasts"])

Reader = Annotated[Actor, Depends(require(*live.READERS))]
Author = Annotated[Actor, Depends(require("author", "approver"))]
Approver = Annotated[Actor, Depends(require("approver"))]
Canceller = Annotated[Actor, Depends(require("author", "approver", "breakglass", "operator"))]
Operator = Annotated[Actor, Depends(require(*switch.OPERATORS))]


@router.post("/api/v1/broadcasts/audience")
async def count_area(session: Session, actor: Reader, body: AudienceQuery) -> AudienceOut:  # noqa: ARG001
    """Count whom an alert to these districts and polygons would reach now."""
    known = {*allowed("live"), *allowed("test")}
    found = await audience.count(
        session, [name for name in body.districts if name in known], list(body.languages),
        polygons=body.polygons, level=body.level,
    )  # fmt: skip
    return AudienceOut.model_validate(found, from_attributes=True)


@router.post("/api/v1/broadcasts/shapes")
async def read_shapes(actor: Reader, body: Drawn) -> list[drawing.Shape]:  # noqa: ARG001
    """Read areas as they were drawn or typed; say what is wrong with them, and where."""
    return drawing.read(body.text)


@router.get("/api/v1/broadcasts/{broadcast_id}/review")
async def review_broadcast(
    request: Request,
    ctx: Ctx,
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    broadcast_id: UUID,
) -> Review:
    """Return everything in numbers that an approver decides on."""
    found = await service.get(session, broadcast_id)
    return await review(session, ctx.settings, getattr(request.app.state, "channels", {}), found)


@router.post("/api/v1/broadcasts/{broadcast_id}/halt")
async def halt_broadcast(
    session: Session, signal: Signals, actor: Canceller, broadcast_id: UUID, body: Held
) -> BroadcastOut:
    """Hold an alert that is being sent; what is out stays out. Holding it again changes nothing."""
    service.person(actor)
    await halting.halt(session, broadcast_id, body.reason, actor=actor.label)
    signal.changed(broadcast_id)
    return BroadcastOut.model_validate(await service.get(session, broadcast_id))


@router.post("/api/v1/broadcasts/{broadcast_id}/resume")
async def resume_broadcast(
    session: Session,
    signal: Signals,
    actor: Approver,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    broadcast_id: UUID,
) -> BroadcastOut:
    """Let a halted alert go on; another person than its approver."""
    changed = await sending.resume(session, actor, broadcast_id)
    signal.changed(broadcast_id)
    return BroadcastOut.model_validate(changed)


@router.post("/api/v1/broadcasts/{broadcast_id}/all-clear")
async def clear_broadcast(
    session: Session,
    signal: Signals,
    actor: Canceller,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    broadcast_id: UUID,
) -> Stopped:
    """Say in the prepared words that it is over, to everyone who may have got the alert."""
    changed = await correction.all_clear(session, actor, broadcast_id)
    reach = await correction.reach(session, broadcast_id)
    signal.changed(broadcast_id)
    return Stopped(**BroadcastOut.model_validate(changed).model_dump(), reach=reach)


@router.get("/api/v1/broadcasts/{broadcast_id}/updates")
async def list_updates(session: Session, actor: Reader, broadcast_id: UUID) -> list[UpdateOut]:  # noqa: ARG001
    """List the updates of an alert, sent or waiting for approval, in the order written."""
    rows = await correction.updates(session, broadcast_id)
    return [UpdateOut.model_validate(row) for row in rows]


@router.post("/api/v1/broadcasts/{broadcast_id}/updates", status_code=201)
async def write_update(
    session: Session, signal: Signals, actor: Author, broadcast_id: UUID, body: UpdateIn
) -> UpdateOut:
    """Write new words for everyone who may have got the alert; another person approves them."""
    written = await correction.write_update(session, actor, broadcast_id, body)
    signal.changed(broadcast_id)
    return UpdateOut.model_validate(written)


@router.post("/api/v1/broadcasts/{broadcast_id}/updates/{update_id}/approve")
async def approve_update(
    session: Session,
    signal: Signals,
    actor: Approver,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    broadcast_id: UUID,
    update_id: UUID,
    body: UpdateSeen,
) -> UpdateOut:
    """Approve another person's update, and begin to send it."""
    approved = await correction.approve_update(
        session, actor, broadcast_id, update_id, body.content_hash
    )
    signal.changed(broadcast_id)
    return UpdateOut.model_validate(approved)


@router.get("/api/v1/siren/switch")
async def read_switch(session: Session, actor: Reader) -> SwitchOut:  # noqa: ARG001
    """Tell whether the house is open, and in which mode."""
    return SwitchOut.model_validate(await switch.read(session))


@router.post("/api/v1/siren/switch")
async def change_switch(
    request: Request, ctx: Ctx, session: Session, actor: Operator, body: SwitchChange
) -> SwitchOut:
    """Stop everything, release it (another person), or change between live and training.

    Stopping asks for nothing more; what lets alerts out again asks for a second factor.
    """
    service.person(actor)
    if body.to != "stopped":
        await demand(request, ctx, session, actor)
    match body.to:
        case "stopped":
            changed = await switch.stop(session, actor, body.reason)
        case "released":
            changed = await switch.release(session, actor, body.reason)
        case mode:
            changed = await switch.set_mode(session, actor, mode, body.reason)
    return SwitchOut.model_validate(changed)
