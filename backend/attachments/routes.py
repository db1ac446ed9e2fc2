"""Photos over HTTP: whoever holds a link that we signed sees the photo, until it is over."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from backend.attachments import service
from backend.attachments.links import HOUR, Links, Size
from backend.context import Ctx, Session
from backend.errors import NotFound

router = APIRouter(tags=["photos"])

# The photo is ours, written by our own encoder; a browser is told not to see anything else in it.
HEADERS = {
    "Cache-Control": f"private, max-age={HOUR}, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Disposition": 'inline; filename="photo.jpg"',
}


@router.get("/photos/{photo}/{size}", response_class=Response)
async def show(
    ctx: Ctx,
    session: Session,
    photo: UUID,
    size: Size,
    until: Annotated[int, Query(ge=0, le=2**53)],
    mark: Annotated[str, Query(max_length=128)],
) -> Response:
    """Return the photo of a signed link as a JPEG; a link that is over is a 404."""
    if not Links.of(ctx.settings).good(photo, size, until, mark, await service.now(session)):
        raise NotFound(
            "링크의 기한이 지났어요. 대화를 새로 고쳐 주세요.",
            "The link is no longer good. Reload the conversation.",
        )
    return Response(
        await service.read(session, photo, size), media_type="image/jpeg", headers=HEADERS
    )
