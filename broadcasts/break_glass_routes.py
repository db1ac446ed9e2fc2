"""Sending alone over HTTP: its templates, the act, the calls it makes, and its review."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from backend.context import Ctx, Session
from backend.models import BreakGlass
from backend.security import Actor, require
from backend.staff.second_factor import Fresh
from broadcasts import alone_templates, break_glass, live, paging, sending
from broadcasts.schemas import (
    BreakGlassIn,
    BreakGlassOut,
    Call,
    Findings,
    Key,
    TemplateIn,
    TemplateOut,
    UpdateSeen,
)
from broadcasts.service import person
from broadcasts.signals import Signals

router = APIRouter(prefix="/api/v1/siren", tags=["siren"])

Reader = Annotated[Actor, Depends(require(*live.READERS))]
Author = Annotated[Actor, Depends(require("author", "approver"))]
Approver = Annotated[Actor, Depends(require("approver"))]
Alone = Annotated[Actor, Depends(require("breakglass"))]
Reviewer = Annotated[Actor, Depends(require(*break_glass.REVIEWERS))]


@router.get("/templates")
async def list_templates(session: Session, actor: Reader) -> list[TemplateOut]:  # noqa: ARG001
    """List the templates, approved or not."""
    return [TemplateOut.model_validate(row) for row in await alone_templates.listed(session)]


@router.put("/templates/{key}")
async def put_template(session: Session, actor: Author, key: Key, body: TemplateIn) -> TemplateOut:
    """Write a template, or write it anew; another person approves it before it can be used."""
    return TemplateOut.model_validate(await alone_templates.put(session, actor, key, body))


@router.post("/templates/{key}/approve")
async def approve_template(
    session: Session,
    actor: Approver,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    key: Key,
    body: UpdateSeen,
) -> TemplateOut:
    """Approve another person's template in the words that were seen."""
    row = await alone_templates.approve(session, actor, key, body.content_hash)
    return TemplateOut.model_validate(row)


@router.post("/break-glass", status_code=201)
async def break_the_glass(
    ctx: Ctx,
    session: Session,
    signal: Signals,
    actor: Alone,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    body: BreakGlassIn,
) -> BreakGlassOut:
    """Send an approved template alone and at once; every approver is called."""
    sending.refuse_without_account(ctx.settings, body.environment)
    glass, event = await break_glass.send(session, actor, body)
    signal.changed(event.broadcast_id)
    return _shown(glass, event.broadcast_id)


@router.get("/break-glass")
async def list_breaks(
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    open_only: Annotated[bool, Query(alias="open")] = False,
) -> list[BreakGlassOut]:
    """List each sending alone, the latest first; with `open=true` those without a review."""
    rows = await break_glass.listed(session, open_only=open_only)
    return [_shown(glass, broadcast_id) for glass, broadcast_id in rows]


@router.post("/break-glass/{glass_id}/review")
async def review_break(
    session: Session, actor: Reviewer, glass_id: UUID, body: Findings
) -> BreakGlassOut:
    """Close the review of a sending alone; never by whoever sent."""
    return _shown(*await break_glass.review(session, actor, glass_id, body.findings))


@router.get("/calls")
async def list_calls(session: Session, actor: Reader) -> list[Call]:
    """List what one was called about and has not seen."""
    return [Call.model_validate(row) for row in await paging.unseen(session, person(actor))]


@router.post("/calls/seen", status_code=204)
async def see_calls(session: Session, actor: Reader) -> None:
    """Note that one has seen every call so far."""
    await paging.seen(session, person(actor))


def _shown(glass: BreakGlass, broadcast_id: UUID) -> BreakGlassOut:
    values = {
        name: getattr(glass, name) for name in BreakGlassOut.model_fields if name != "broadcast"
    }
    return BreakGlassOut(broadcast=broadcast_id, **values)
