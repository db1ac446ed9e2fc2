"""Photos that wait for their message, photos of messages, and what pages show of them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.attachments.links import Links, Size
from backend.attachments.pictures import Cleaned
from backend.errors import NotFound, TooMany
from backend.models import Attachment, Message

# As many as Twilio puts into one MMS; the web chat takes fewer.
PER_MESSAGE = 10
WAITING = 10
WAITING_LIFE = timedelta(hours=24)
_NOW = func.extract("epoch", func.now())


def of_browser(address: str) -> str:
    """Return how an upload names the browser at the web address `address`."""
    return f"web:{address}"


def of_agent(staff_id: int) -> str:
    """Return how an upload names an agent."""
    return f"staff:{staff_id}"


async def now(session: AsyncSession) -> float:
    """Return the database's time in seconds since 1970, by which links to photos begin and end."""
    return float((await session.scalars(select(_NOW))).one())


async def upload(session: AsyncSession, uploader: str, photo: Cleaned) -> UUID:
    """Keep a photo until its message comes; the same file again is the same photo.

    Raises: TooMany when ten photos of this uploader wait already.
    """
    waiting = await session.scalar(
        select(func.count()).select_from(Attachment).where(Attachment.uploader == uploader)
    )
    known = await _waiting(session, uploader, photo.digest)
    if known is not None:
        return known
    if (waiting or 0) >= WAITING:
        raise TooMany(
            "아직 보내지 않은 사진이 너무 많아요. 먼저 메시지를 보내 주세요.",
            "Too many photos wait to be sent. Send your message first.",
        )
    made = await session.scalar(
        insert(Attachment)
        .values(uploader=uploader, place=0, **_columns(photo))
        .on_conflict_do_nothing(index_elements=["uploader", "digest"])
        .returning(Attachment.id)
    )
    # Nothing was made where the same file came twice at once: the other one is it.
    found = made or await _waiting(session, uploader, photo.digest)
    if found is None:
        raise NotFound("사진을 다시 올려 주세요.", "Upload the photo again.")
    return found


async def _waiting(session: AsyncSession, uploader: str, digest: str) -> UUID | None:
    found: UUID | None = await session.scalar(
        select(Attachment.id).where(Attachment.uploader == uploader, Attachment.digest == digest)
    )
    return found


async def discard(session: AsyncSession, uploader: str, photo: UUID) -> None:
    """Forget a photo that was uploaded and not sent; one that was sent stays with its message."""
    await session.execute(
        delete(Attachment).where(Attachment.id == photo, Attachment.uploader == uploader)
    )


async def keep(session: AsyncSession, message_id: int, photos: Sequence[Cleaned]) -> list[UUID]:
    """Store photos that came with a message; return their ids in order."""
    kept = [
        Attachment(message_id=message_id, place=place, **_columns(photo))
        for place, photo in enumerate(photos)
    ]
    session.add_all(kept)
    await session.flush()
    return [photo.id for photo in kept]


async def link(
    session: AsyncSession, message_id: int, uploader: str, photos: Iterable[UUID]
) -> list[UUID]:
    """Give a message the photos that `uploader` uploaded for it; return those that were there.

    Nobody else's photo, and none that went with another message, is ever linked.
    """
    linked = []
    for place, photo in enumerate(photos):
        found = await session.scalar(
            update(Attachment)
            .where(Attachment.id == photo, Attachment.uploader == uploader)
            .values(message_id=message_id, uploader=None, place=place)
            .returning(Attachment.id)
        )
        if found is not None:
            linked.append(found)
    return linked


async def of_messages(
    session: AsyncSession, message_ids: Iterable[int], links: Links
) -> dict[int, list[dict[str, Any]]]:
    """Return by message what a page shows of its photos: id, size in pixels, signed links."""
    rows = await session.execute(
        select(Attachment, _NOW)
        .where(Attachment.message_id.in_(list(message_ids)))
        .order_by(Attachment.message_id, Attachment.place)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for photo, at in rows:
        if photo.message_id is not None:
            of_one = found.setdefault(photo.message_id, [])
            of_one.append(shown(photo.id, photo.width, photo.height, links, float(at)))
    return found


def shown(photo: UUID, width: int, height: int, links: Links, at: float) -> dict[str, Any]:
    """Return what a page shows of one photo at the moment `at`, as `now` tells it."""
    return {
        "id": str(photo),
        "width": width,
        "height": height,
        "url": links.on_page(photo, "full", at),
        "small": links.on_page(photo, "small", at),
    }


async def of_agents(session: AsyncSession, message_ids: Iterable[int]) -> dict[int, UUID]:
    """Return by message the photo that an agent sent with it."""
    rows = await session.execute(
        select(Attachment.message_id, Attachment.id)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.id.in_(list(message_ids)), Message.author == "agent")
    )
    return {message_id: photo for message_id, photo in rows if message_id is not None}


async def read(session: AsyncSession, photo: UUID, size: Size) -> bytes:
    """Return the JPEG of a photo. Raises: NotFound."""
    column = Attachment.content if size == "full" else Attachment.small
    found: bytes | None = await session.scalar(select(column).where(Attachment.id == photo))
    if found is None:
        raise NotFound("그런 사진이 없어요.", "There is no such photo.")
    return found


async def reap(session: AsyncSession) -> None:
    """Forget photos that were uploaded and not sent within a day; the clock calls this."""
    await session.execute(
        delete(Attachment).where(
            Attachment.uploader.is_not(None), Attachment.created_at < func.now() - WAITING_LIFE
        )
    )


def _columns(photo: Cleaned) -> dict[str, Any]:
    return {
        "digest": photo.digest,
        "content": photo.content,
        "small": photo.small,
        "width": photo.width,
        "height": photo.height,
    }
