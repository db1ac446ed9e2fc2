"""CAP over HTTP: documents in, as drafts; messages and their feed out, for everybody."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import select

from backend import audit
from backend.context import Ctx, Session
from backend.errors import NotFound
from backend.models import CapMessage
from backend.security import Actor, require
from broadcasts import hazards
from broadcasts.cap.document import MEDIA_TYPE
from broadcasts.cap.feed import FEED_TYPE, feed
from broadcasts.cap.importing import import_document
from broadcasts.cap.read import MAX_BYTES
from broadcasts.cap.structure import GROUPS
from broadcasts.cap.validate import CapInvalid, Fault

router = APIRouter(tags=["cap"])

LISTED = 100
_ELEMENTS = frozenset(element.name for group in GROUPS.values() for element in group)
Author = Annotated[Actor, Depends(require("author"))]
_PUBLIC = {
    "Cache-Control": "public, max-age=10",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


class ImportedOut(BaseModel):
    """The draft that came of a document, and the broadcasts of ours that the document is about."""

    broadcast: UUID
    version: int
    msg_type: str
    refers_to: list[UUID]


@router.post(
    "/api/v1/broadcasts/cap",
    status_code=201,
    openapi_extra={"requestBody": {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def import_cap(request: Request, session: Session, actor: Author) -> ImportedOut:
    """Take a CAP 1.2 document as a draft. Two people still decide on it.

    A document that is refused leaves nothing but who sent it, and what was wrong.
    """
    try:
        done = await import_document(session, actor, await _body(request))
    except CapInvalid as refusal:
        # The names of elements alone: what a stranger's document says does not get in this way.
        wrong = {fault.element for fault in refusal.faults} & (_ELEMENTS | {"document"})
        audit.record(session, actor.label, "cap.refused", "cap", elements=sorted(wrong))
        await session.commit()
        raise
    stored = await session.scalars(
        select(CapMessage.msg_type).where(CapMessage.broadcast_id == done.broadcast.id)
    )
    return ImportedOut(
        broadcast=done.broadcast.id,
        version=done.broadcast.version,
        msg_type=stored.one(),
        refers_to=[UUID(one) for one in done.refers_to],
    )


async def _body(request: Request) -> bytes:
    """Return what was sent, reading no further than a document may be long."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BYTES:
            raise CapInvalid(
                [
                    Fault(
                        "document",
                        "CAP 문서가 1MB보다 커요. 나누어 보내 주세요.",
                        "The CAP document is larger than 1 MB. Send it in parts.",
                    )
                ]
            )
    return bytes(read)


@router.get("/cap/feed.atom")
async def cap_feed(ctx: Ctx, session: Session) -> Response:
    """Return the Atom feed of the newest messages."""
    rows = await session.scalars(
        select(CapMessage)
        .where(CapMessage.direction == "published")
        .order_by(CapMessage.id.desc())
        .limit(LISTED)
    )
    written = feed(list(rows), ctx.settings.base_url, hazards.book().senders["ko"])
    return Response(written, media_type=FEED_TYPE, headers=_PUBLIC)


@router.get("/cap/{identifier}.xml")
async def cap_message(session: Session, identifier: str) -> Response:
    """Return one message, byte for byte as it was published."""
    found = await session.scalar(
        select(CapMessage.xml).where(
            CapMessage.identifier == identifier, CapMessage.direction == "published"
        )
    )
    if found is None:
        raise NotFound("그런 CAP 메시지가 없어요.", "There is no such CAP message.")
    return Response(found.encode(), media_type=MEDIA_TYPE, headers=_PUBLIC)
