"""An agent's photos: uploaded first, then named in the reply that carries them."""

from uuid import UUID

from fastapi import APIRouter, Request

from backend.attachments import pictures, service
from backend.attachments.links import Links
from backend.context import Context, Ctx
from backend.errors import Forbidden
from backend.handoff.schemas import PhotoOut
from backend.security import find_actor, require
from channels.inbound import read_body

UPLOAD_SECONDS = 90.0

router = APIRouter(prefix="/api/v1/photos")


@router.post("", status_code=201)
async def upload(ctx: Ctx, request: Request) -> PhotoOut:
    """Keep one photo (the body itself) until the reply that names its id."""
    uploader = await _uploader(ctx, request)
    cleaned = await pictures.clean(await read_body(request, pictures.MAX_BYTES, UPLOAD_SECONDS))
    async with ctx.sessions() as session, session.begin():
        photo = await service.upload(session, uploader, cleaned)
        at = await service.now(session)
    shown = service.shown(photo, cleaned.width, cleaned.height, Links.of(ctx.settings), at)
    return PhotoOut(**shown)


@router.delete("/{photo}", status_code=204)
async def discard(ctx: Ctx, request: Request, photo: UUID) -> None:
    """Forget a photo that was uploaded and not sent."""
    uploader = await _uploader(ctx, request)
    async with ctx.sessions() as session, session.begin():
        await service.discard(session, uploader, photo)


async def _uploader(ctx: Context, request: Request) -> str:
    """Return the agent who calls; the connection is given back before the upload is read.

    Raises: Unauthenticated, Forbidden.
    """
    async with ctx.sessions() as session:
        actor = await require("agent")(await find_actor(request, session))
    if actor.kind != "staff":
        raise Forbidden(
            "상담은 사람만 맡을 수 있어요. 직원 계정으로 로그인해 주세요.",
            "Only a person can hold a conversation. Log in as a member of staff.",
        )
    return service.of_agent(actor.id)
