"""Photos: what is kept of a file, whose they are, who sees them, and how long."""

import asyncio
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import func, select, update

from backend import db
from backend.attachments import pictures, routes, service
from backend.attachments.links import HOUR, Links
from backend.attachments.pictures import Cleaned, Unreadable, clean, clean_all
from backend.context import Context
from backend.errors import NotFound, TooMany
from backend.models import Attachment
from channels.message import Photo
from tests.backend.house import api, citizen
from tests.backend.house import messages as write

MAKER = "SecretPhone X-1"
GPS_IFD = 0x8825


def file(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **saved: Any) -> bytes:
    """Return an image file, red on the left and blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    written = io.BytesIO()
    image.save(written, kind, **saved)
    return written.getvalue()


def telling(orientation: int = 1) -> bytes:
    """Return a photo that says who took it, when and where, in every way that a JPEG can."""
    exif = Image.Exif()
    exif[0x010F] = MAKER
    exif[0x0112] = orientation
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 54.0, 1.0)})
    comment = MAKER.encode()
    return file(exif=exif, comment=comment, xmp=b"<x:xmpmeta>" + comment + b"</x:xmpmeta>")


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


async def test_nothing_but_the_picture_is_kept() -> None:
    content = telling()
    assert MAKER.encode() in content
    assert Image.open(io.BytesIO(content)).getexif().get_ifd(GPS_IFD)

    cleaned = await clean(content + b"#!/bin/sh " + MAKER.encode())

    for kept in (cleaned.content, cleaned.small):
        assert MAKER.encode() not in kept
        assert b"Exif" not in kept
        assert b"xmp" not in kept
        image = opened(kept)
        assert image.format == "JPEG"
        assert dict(image.getexif()) == {}
        assert "comment" not in image.info


async def test_a_photo_stands_upright_though_the_note_that_said_so_is_gone() -> None:
    cleaned = await clean(telling(orientation=6))
    assert (cleaned.width, cleaned.height) == (48, 64)
    image = opened(cleaned.content).convert("RGB")
    top, bottom = image.getpixel((24, 4)), image.getpixel((24, 60))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "MPO"])
@pytest.mark.parametrize("size", [(1, 1), (64, 48), (3000, 100)])
async def test_kinds_and_sizes(kind: str, size: tuple[int, int]) -> None:
    cleaned = await clean(file(kind, size))
    assert opened(cleaned.content).size == (cleaned.width, cleaned.height)
    assert max(cleaned.width, cleaned.height) == min(pictures.LONGEST, max(size))
    assert max(opened(cleaned.small).size) == min(pictures.SMALL, max(size))


async def test_what_an_iphone_takes_is_kept_as_jpeg() -> None:
    content = (Path(__file__).with_name("photo.heic")).read_bytes()
    assert MAKER.encode() in content
    cleaned = await clean(content)
    assert (cleaned.width, cleaned.height) == (64, 48)
    assert MAKER.encode() not in cleaned.content
    kept = opened(cleaned.content)
    assert (kept.format, dict(kept.getexif())) == ("JPEG", {})
    with pytest.raises(Unreadable):
        await clean(content[:400])


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16", "CMYK"])
async def test_pictures_of_every_mode_become_plain_ones(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    kind = "JPEG" if mode == "CMYK" else "PNG"
    written = io.BytesIO()
    (image.convert(mode) if mode != "I;16" else Image.new(mode, (8, 8))).save(written, kind)
    kept = opened((await clean(written.getvalue())).content)
    assert kept.mode == "RGB"
    if mode in ("RGBA", "LA"):
        assert kept.getpixel((4, 4)) == (255, 255, 255)


def bomb() -> bytes:
    """Return a small file that says it is 30,000 by 30,000 pixels."""
    content = bytearray(file("PNG"))
    content[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(content)


def chatty() -> bytes:
    """Return a PNG with a text of 64 MB, packed."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * (64 << 20), zip=True)
    return file("PNG", pnginfo=info)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "content",
    [
        b"", b"hello", b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7", file("BMP"), file("TIFF"), file("ICO"), file()[:300], file("PNG")[:60],
        b"\0" * (pictures.MAX_BYTES + 1), bomb(), chatty(),
    ],
    ids=["empty", "text", "a head", "svg", "pdf", "bmp", "tiff", "ico", "half a jpeg",
         "half a png", "too long", "a bomb", "a chatty one"],
)  # fmt: skip
async def test_what_is_no_photo_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        await clean(content)
    assert refused.value.status == 422
    assert refused.value.ko.endswith("보내 주세요.")
    assert "Send" in refused.value.en


async def test_a_photo_may_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.0)
    with pytest.raises(Unreadable) as refused:
        await clean(file(size=(2000, 2000)))
    assert "in time" in refused.value.en


async def test_the_good_ones_among_many_are_kept_in_order() -> None:
    sizes = [(10, 10), (20, 10), (30, 10)]
    photos = [Photo(file(size=size), "image/jpeg") for size in sizes]
    found = await clean_all((photos[0], Photo(b"no photo", "image/png"), *photos[1:]))
    assert [(cleaned.width, cleaned.height) for cleaned in found] == sizes


@pytest.fixture
async def photo() -> Cleaned:
    return await clean(file())


async def _message(sessions: db.Sessions) -> int:
    async with sessions() as session, session.begin():
        [message] = await write(session, await citizen(session, f"+8210{uuid4().int % 10**8:08}"))
        return message


async def _upload(sessions: db.Sessions, uploader: str, photo: Cleaned) -> UUID:
    async with sessions() as session, session.begin():
        return await service.upload(session, uploader, photo)


async def test_the_same_file_again_is_the_same_photo(sessions: db.Sessions, photo: Cleaned) -> None:
    ids = await asyncio.gather(*(_upload(sessions, "web:a", photo) for _ in range(4)))
    assert len(set(ids)) == 1
    assert await _upload(sessions, "web:b", photo) != ids[0]


async def test_a_message_takes_its_own_photos_and_nobody_elses(
    sessions: db.Sessions, photo: Cleaned
) -> None:
    other = await clean(file("PNG"))
    first, second = await _upload(sessions, "web:a", photo), await _upload(sessions, "web:a", other)
    strange = await _upload(sessions, "web:b", photo)
    message, later = await _message(sessions), await _message(sessions)
    async with sessions() as session, session.begin():
        wanted = [second, strange, uuid4(), first]
        assert await service.link(session, message, "web:a", wanted) == [second, first]
        assert await service.link(session, later, "web:a", [first]) == []
        links = Links("secret", "https://x")
        found = await service.of_messages(session, [message, later], links)
        assert [shown["id"] for shown in found.pop(message)] == [str(second), str(first)]
        assert found == {}
    # What is linked waits no more: the same file may be sent again.
    assert await _upload(sessions, "web:a", photo) != first


async def test_only_so_many_photos_wait(sessions: db.Sessions) -> None:
    for size in range(1, service.WAITING + 1):
        await _upload(sessions, "web:a", await clean(file(size=(size, 1))))
    more = await clean(file(size=(99, 1)))
    with pytest.raises(TooMany):
        await _upload(sessions, "web:a", more)
    await _upload(sessions, "web:b", more)


async def test_what_was_never_sent_is_forgotten(sessions: db.Sessions, photo: Cleaned) -> None:
    old, sent = await _upload(sessions, "web:a", photo), await _upload(sessions, "web:b", photo)
    new, dropped = await _upload(sessions, "web:c", photo), await _upload(sessions, "web:d", photo)
    message = await _message(sessions)
    async with sessions() as session, session.begin():
        await service.link(session, message, "web:b", [sent])
        past = func.now() - timedelta(hours=25)
        await session.execute(
            update(Attachment).where(Attachment.id.in_([old, sent])).values(created_at=past)
        )
    async with sessions() as session, session.begin():
        await service.reap(session)
        await service.discard(session, "web:a", dropped)  # not its own
        await service.discard(session, "web:b", sent)  # sent already
        left = set(await session.scalars(select(Attachment.id)))
        assert left == {sent, new, dropped}
        await service.discard(session, "web:d", dropped)
        assert set(await session.scalars(select(Attachment.id))) == {sent, new}


async def test_photos_of_a_provider_come_with_their_message(
    sessions: db.Sessions, photo: Cleaned
) -> None:
    message = await _message(sessions)
    async with sessions() as session, session.begin():
        kept = await service.keep(session, message, [photo, await clean(file("PNG"))])
        shown = await service.of_messages(session, [message], Links("secret", ""))
        assert [row["id"] for row in shown[message]] == [str(one) for one in kept]


def test_a_link_is_good_for_its_photo_size_and_time() -> None:
    links, photo, now = Links("secret", "https://city.example"), uuid4(), 1_000_000.0
    link = httpx.URL(links.on_page(photo, "small", now))
    until, mark = int(link.params["until"]), link.params["mark"]
    assert link.path == f"/photos/{photo}/small"
    assert HOUR <= until - now <= 2 * HOUR
    assert links.on_page(photo, "small", now + 60) == str(link)
    assert links.good(photo, "small", until, mark, until - 1)
    assert not links.good(photo, "small", until, mark, until)
    assert not links.good(photo, "full", until, mark, now)
    assert not links.good(uuid4(), "small", until, mark, now)
    assert not links.good(photo, "small", until + HOUR, mark, now)
    assert not links.good(photo, "small", until, "", now)
    assert not links.good(photo, "small", until, "é", now)
    assert not Links("other", "").good(photo, "small", until, mark, now)
    assert links.for_provider(photo, now).startswith(f"https://city.example/photos/{photo}/full?")


async def test_whoever_holds_a_link_sees_the_photo(
    context: Context, sessions: db.Sessions, photo: Cleaned
) -> None:
    client = api(context, routes.router)
    kept = await _upload(sessions, "web:a", photo)
    links = Links.of(context.settings)
    async with sessions() as session:
        now = await service.now(session)
    small, full = links.on_page(kept, "small", now), links.on_page(kept, "full", now)

    for link, content in ((small, photo.small), (full, photo.content)):
        answer = await client.get(link)
        assert answer.status_code == 200
        assert answer.content == content
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"].startswith("private")
    wrong = [small[:-1] + ("0" if small[-1] != "0" else "1"), small.replace("small", "full"),
             links.on_page(uuid4(), "full", now)]  # fmt: skip
    for link in wrong:
        assert (await client.get(link)).status_code == 404
    assert (await client.get(f"/photos/{kept}/full")).status_code == 422
    async with sessions() as session:
        with pytest.raises(NotFound):
            await service.read(session, uuid4(), "full")
