"""Web chat: photos are uploaded before the message that carries them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from channels import web_requests
from tests.channels.conftest import Door
from tests.channels.test_web import ADDRESS, MESSAGES, PHOTO, SESSION, Composition

PHOTOS = "/channels/web/photos"
OWN = {"X-Session": SESSION}
FILE = b"\xff\xd8\xff rest of a photo"


@pytest.fixture
def composition() -> Composition:
    return Composition()


@pytest.fixture
def door(composition: Composition) -> Door:
    return Door(composition.channel())


@pytest.mark.parametrize(
    "request_",
    [
        {"content": FILE, "headers": OWN | {"Content-Type": "image/jpeg"}},
        {"content": FILE, "headers": OWN},
        {"files": {"photo": ("../../etc/passwd.svg", FILE, "text/html")}, "headers": OWN},
        {"files": {"file": ("a.jpg", FILE)}, "data": {"note": "x"}, "headers": OWN},
    ],
    ids=["body", "body without a type", "form, whatever it is called", "form with a field"],
)
async def test_a_photo_is_kept_for_its_session(
    door: Door, composition: Composition, request_: dict[str, Any]
) -> None:
    response = await door.post(PHOTOS, **request_)
    assert response.status_code == 201
    assert response.json() == {
        "id": PHOTO, "width": 4, "height": 3, "url": "/photos/u", "small": "/photos/s",
    }  # fmt: skip
    assert composition.photos == [(ADDRESS, FILE)]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": FILE}, 400),
        ({"content": FILE, "headers": {"X-Session": "short"}}, 400),
        ({"content": b"", "headers": OWN}, 400),
        ({"data": {"photo": "no file"}, "headers": OWN}, 201),  # a body like any other: not ours
        ({"files": {"a": ("a", FILE), "b": ("b", FILE)}, "headers": OWN}, 400),
        ({"files": {"a": ("a", b"")}, "headers": OWN}, 400),
        ({"content": b"--x broken", "headers": OWN | {"Content-Type": "multipart/form-data"}}, 400),
        (
            {
                "content": b"--x broken",
                "headers": OWN | {"Content-Type": "multipart/form-data; boundary=y"},
            },
            400,
        ),
    ],
)
async def test_what_an_upload_may_be(
    door: Door, composition: Composition, request_: dict[str, Any], status: int
) -> None:
    response = await door.post(PHOTOS, **request_)
    assert response.status_code == status
    assert len(composition.photos) == (status == 201)
    if status != 201:
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413), (10_000, 413)])
async def test_the_size_of_a_photo(
    door: Door, monkeypatch: pytest.MonkeyPatch, form: bool, over: int, status: int
) -> None:
    monkeypatch.setattr(web_requests, "PHOTO_BYTES", 20_000)
    content = b"x" * (20_000 + over)
    sent: dict[str, Any] = {"files": {"photo": ("a", content)}} if form else {"content": content}
    response = await door.post(PHOTOS, headers=OWN | {"Accept-Language": "en"}, **sent)
    assert response.status_code == status
    if status == 413:
        assert response.json()["detail"] == "The photo is too large. Send one under 8 MB."


async def test_an_upload_that_stalls_is_given_up(
    door: Door, composition: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_requests, "PHOTO_SECONDS", 0.05)

    async def stalls() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5)

    response = await door.post(PHOTOS, headers=OWN, content=stalls())
    assert response.status_code == 408
    assert composition.photos == []


async def test_a_photo_can_be_taken_back(door: Door, composition: Composition) -> None:
    transport = httpx.ASGITransport(door.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        assert (await http.delete(f"{PHOTOS}/{PHOTO}", headers=OWN)).status_code == 204
        assert composition.dropped == [(ADDRESS, UUID(PHOTO))]
        assert (await http.delete(f"{PHOTOS}/{PHOTO}")).status_code == 400
        assert (await http.delete(f"{PHOTOS}/elsewhere", headers=OWN)).status_code == 422
    assert len(composition.dropped) == 1


async def test_a_message_names_its_photos(door: Door) -> None:
    other = PHOTO.replace("7", "8")
    body = {"session": SESSION, "text": "", "message_id": "m", "photos": [PHOTO, other, PHOTO]}
    assert (await door.post(MESSAGES, json=body)).status_code == 200
    [message] = door.messages
    assert (message.text, message.uploads) == ("", (UUID(PHOTO), UUID(other)))


@pytest.mark.parametrize("photos", [[PHOTO] * 6, ["no id"], "7", {"a": 1}, [None], None], ids=str)
async def test_photos_that_no_message_may_name(door: Door, photos: object) -> None:
    body = {"session": SESSION, "text": "여기예요", "photos": photos}
    assert (await door.post(MESSAGES, json=body)).status_code == 422
    assert door.messages == []
