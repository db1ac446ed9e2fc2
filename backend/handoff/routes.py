"""The desk over HTTP: lists, transcripts and every change. Who acts is never taken from a body."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Query

from backend import audit
from backend.attachments.links import Links
from backend.context import Ctx, Session
from backend.errors import Forbidden
from backend.handoff import live, photos, presence, queries, service
from backend.handoff.schemas import (
    Answer,
    Close,
    ConversationList,
    HandoffList,
    HandoffState,
    Heartbeat,
    Presence,
    Transcript,
    Write,
)
from backend.handoff.states import State
from backend.security import Actor, require

router = APIRouter(tags=["desk"])
router.include_router(live.router)
router.include_router(photos.router)

Reader = Annotated[Actor, Depends(require("agent", "admin"))]
_AgentRole = Annotated[Actor, Depends(require("agent"))]
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
_States = Annotated[list[State] | None, Query()]


async def _agent(actor: _AgentRole) -> Actor:
    """Return the caller, who is a person: a key has no desk and can't own a conversation."""
    if actor.kind != "staff":
        raise Forbidden(
            "상담은 사람만 맡을 수 있어요. 직원 계정으로 로그인해 주세요.",
            "Only a person can hold a conversation. Log in as a member of staff.",
        )
    return actor


Agent = Annotated[Actor, Depends(_agent)]


@router.get("/api/v1/conversations")
async def list_conversations(
    session: Session,
    actor: Reader,  # noqa: ARG001 - the role is what counts
    state: _States = None,
    channel: str | None = None,
    language: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> ConversationList:
    """List conversations, latest first."""
    items, total = await queries.list_conversations(
        session,
        states=tuple(state or ()),
        channel=channel,
        language=language,
        limit=limit,
        offset=offset,
    )
    return ConversationList(items=items, total=total)


@router.get("/api/v1/conversations/{conversation_id}")
async def read_conversation(
    ctx: Ctx,
    session: Session,
    actor: Reader,
    conversation_id: UUID,
    since: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Transcript:
    """Return a conversation and its messages after `since`; opening one is audited."""
    found = await queries.transcript(session, conversation_id, since, Links.of(ctx.settings))
    if since == 0:
        audit.record(session, actor.label, "conversation.opened", f"conversation:{conversation_id}")
    return found


@router.get("/api/v1/handoffs")
async def list_handoffs(
    ctx: Ctx,
    session: Session,
    actor: Reader,
    state: _States = None,
    channel: str | None = None,
    language: str | None = None,
    mine: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> HandoffList:
    """List conversations that asked for a person, longest waiting first."""
    items, total = await queries.list_conversations(
        session,
        states=tuple(state or ()),
        channel=channel,
        language=language,
        agent_id=_own_id(actor) if mine else None,
        handed_over=True,
        limit=limit,
        offset=offset,
    )
    counted = await queries.counts(session, _own_id(actor))
    on_duty = len(await presence.agents_on_duty(ctx.redis))
    return HandoffList(items=items, total=total, counts=counted, on_duty=on_duty)


@router.post("/api/v1/handoffs/{conversation_id}/claim")
async def claim(
    ctx: Ctx, session: Session, actor: Agent, conversation_id: UUID, after: BackgroundTasks
) -> HandoffState:
    """Take a waiting conversation; 409 names who was first."""
    await service.claim(session, conversation_id, actor.id)
    after.add_task(service.changed, ctx.redis, conversation_id)
    return await queries.state_of(session, conversation_id)


@router.post("/api/v1/handoffs/{conversation_id}/reply")
async def reply(
    ctx: Ctx,
    session: Session,
    actor: Agent,
    conversation_id: UUID,
    body: Answer,
    after: BackgroundTasks,
) -> HandoffState:
    """Answer the citizen on their own channel."""
    message = await service.reply(
        session, conversation_id, actor.id, body.text, body.client_id, body.photo
    )
    after.add_task(service.changed, ctx.redis, conversation_id)
    return await queries.state_of(session, conversation_id, message)


@router.post("/api/v1/handoffs/{conversation_id}/note")
async def note(
    ctx: Ctx,
    session: Session,
    actor: Agent,
    conversation_id: UUID,
    body: Write,
    after: BackgroundTasks,
) -> HandoffState:
    """Write something down for colleagues."""
    message = await service.note(session, conversation_id, actor.id, body.text, body.client_id)
    after.add_task(service.changed, ctx.redis, conversation_id)
    return await queries.state_of(session, conversation_id, message)


@router.post("/api/v1/handoffs/{conversation_id}/release")
async def release(
    ctx: Ctx, session: Session, actor: Agent, conversation_id: UUID, after: BackgroundTasks
) -> HandoffState:
    """Put one's conversation back into the queue."""
    await service.release(session, conversation_id, actor.id)
    after.add_task(service.changed, ctx.redis, conversation_id)
    return await queries.state_of(session, conversation_id)


@router.post("/api/v1/handoffs/{conversation_id}/return")
async def return_to_bot(
    ctx: Ctx, session: Session, actor: Agent, conversation_id: UUID, after: BackgroundTasks
) -> HandoffState:
    """Give one's conversation back to the bot."""
    await service.return_to_bot(session, conversation_id, actor.id)
    after.add_task(service.changed, ctx.redis, conversation_id)
    return await queries.state_of(session, conversation_id)


@router.post("/api/v1/handoffs/{conversation_id}/close")
async def close(
    ctx: Ctx,
    session: Session,
    actor: Agent,
    conversation_id: UUID,
    body: Close,
    after: BackgroundTasks,
) -> HandoffState:
    """End one's conversation with what came of it."""
    await service.close(session, conversation_id, actor.id, body.outcome)
    after.add_task(service.changed, ctx.redis, conversation_id)
    return await queries.state_of(session, conversation_id)


@router.post("/api/v1/presence")
async def heartbeat(ctx: Ctx, actor: Agent, body: Heartbeat) -> Presence:
    """Renew the lease of an open desk."""
    await presence.here(ctx.redis, actor.id, taking=body.taking)
    on_duty = len(await presence.agents_on_duty(ctx.redis))
    return Presence(on_duty=on_duty, expires_in=presence.LEASE_SECONDS)


def _own_id(actor: Actor) -> int:
    """Return the id that a conversation's owner would have; a key owns none."""
    return actor.id if actor.kind == "staff" else 0
