"""Photos and places, door to door: with their message, for the agent, and back to the citizen."""

import io
import time
from typing import Any
from uuid import UUID, uuid4

import httpx
from PIL import Image
from sqlalchemy import select

from backend import db
from backend.attachments import service as attachments
from backend.attachments.links import Links
from backend.attachments.pictures import clean
from backend.context import Context
from backend.handoff import service as handoff
from backend.models import Attachment, Conversation, Delivery, Message
from bot.conversation import Bot
from channels.message import Incoming, Location, Outgoing, Photo, Scheme, Sent
from nlu.builtin import BuiltinParser
from tests.backend.desk import employee
from tests.city import City, new_session
from tests.sending import send_due

PLACE = Location(37.5561, 126.9019, "망원역 2번 출구")


def file(colour: str = "red") -> bytes:
    """Return a photo that says who made it."""
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone X-1"
    written = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(written, "JPEG", exif=exif)
    return written.getvalue()


def incoming(text: str = "", **more: Any) -> Incoming:
    return Incoming("telegram", "telegram", "5001", uuid4().hex, text, **more)


class Camera:
    """A channel that notes what it is given to send."""

    name, pushes, in_place = "telegram", True, False
    scheme: Scheme = "telegram"

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> Sent:
        self.sent.append(message)
        return Sent((str(message.id),))


async def test_what_comes_with_a_message_is_stored_with_it_once(
    context: Context, sessions: db.Sessions, parser: BuiltinParser
) -> None:
    bot = Bot(context, parser, None, {})  # type: ignore[arg-type]  # nothing is asked of it here
    photos = (Photo(file(), "image/jpeg"), Photo(b"no photo", "image/png"))
    message = incoming("", photos=photos, location=PLACE)

    first = await bot.on_message(message)
    again = await bot.on_message(message)

    assert again == first
    said = [reply.text for reply in first.replies]
    assert said == [
        "사진을 받지 못했어요. 8MB보다 작은 JPG나 PNG 사진으로 다시 보내 주세요.",
        "사진을 받았어요. 어떤 일인지 글로 적어 주세요.",
    ]
    async with sessions() as session:
        [stored] = await session.scalars(select(Message).where(Message.author == "citizen"))
        [photo] = await session.scalars(select(Attachment))
        assert photo.message_id == stored.id
        assert stored.location == {
            "latitude": 37.5561, "longitude": 126.9019, "name": "망원역 2번 출구",
        }  # fmt: skip
        kept = await attachments.read(session, photo.id, "full")
    assert b"SecretPhone" not in kept


async def test_a_photo_lost_while_a_person_answers_is_said(
    context: Context, sessions: db.Sessions, parser: BuiltinParser
) -> None:
    bot = Bot(context, parser, None, {})  # type: ignore[arg-type]
    await bot.on_message(incoming("상담원 연결해 주세요"))
    async with sessions() as session, session.begin():
        [talk] = await session.scalars(select(Conversation.id))
        agent = await employee(sessions)
        await handoff.claim(session, talk, agent)
    answer = await bot.on_message(incoming("여기요", photos=(Photo(b"?", "image/jpeg"),)))
    assert [reply.text[:12] for reply in answer.replies] == ["사진을 받지 못했어요."[:12]]
    assert (await bot.on_message(incoming("네"))).replies == ()


async def test_an_agents_photo_goes_out_as_a_link_that_the_provider_can_fetch(
    context: Context, sessions: db.Sessions, parser: BuiltinParser
) -> None:
    bot = Bot(context, parser, None, {})  # type: ignore[arg-type]
    await bot.on_message(incoming("상담원 연결해 주세요"))
    agent = await employee(sessions)
    async with sessions() as session, session.begin():
        [talk] = await session.scalars(select(Conversation.id))
        await handoff.claim(session, talk, agent)
        cleaned = await clean(file("green"))
        photo = await attachments.upload(session, attachments.of_agent(agent), cleaned)
        await handoff.reply(session, talk, agent, "이 양식이에요.", "client-01", photo)
        await handoff.reply(session, talk, agent, "이 양식이에요.", "client-01", photo)
    camera = Camera()
    await send_due(context, {"telegram": camera}, "reply")  # type: ignore[dict-item]

    [sent] = [message for message in camera.sent if message.text == "이 양식이에요."]
    assert sent.photo_url is not None
    link = httpx.URL(sent.photo_url)
    assert str(link).startswith(context.settings.base_url)
    until, mark = int(link.params["until"]), link.params["mark"]
    assert Links.of(context.settings).good(photo, "full", until, mark, time.time())
    assert all(message.photo_url is None for message in camera.sent if message is not sent)
    async with sessions() as session:
        states = await session.execute(
            select(Delivery.status, Message.author).join(Message, Message.id == Delivery.message_id)
        )
        assert ("accepted", "agent") in [tuple(row) for row in states]


def test_photos_by_web_reach_the_desk_and_nobody_else(
    city: City, passwords: dict[str, str]
) -> None:
    session, stranger = new_session(), new_session()
    own = {"X-Session": session}
    uploaded = city.client.post(
        "/channels/web/photos", files={"photo": ("a.png", file(), "text/plain")}, headers=own
    )
    assert uploaded.status_code == 201, uploaded.text
    photo = uploaded.json()
    again = city.client.post("/channels/web/photos", content=file(), headers=own).json()
    assert UUID(again["id"]) == UUID(photo["id"])
    refused = city.client.post("/channels/web/photos", content=b"<svg/>", headers=own)
    assert refused.status_code == 422
    assert refused.json()["detail"] == "읽을 수 없는 사진이에요. JPG나 PNG 사진을 보내 주세요."

    def write(who: str, text: str, **more: Any) -> dict[str, Any]:
        body = {"session": who, "text": text, "message_id": "m-1", **more}
        answer = city.client.post("/channels/web/messages", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    # Whoever knows an id has no photo by it.
    said = write(stranger, "여기예요", photos=[photo["id"]])["replies"]
    assert said[0]["text"].startswith("사진을 받지 못했어요")
    assert city.later(stranger)[0]["photos"] == []

    first = write(session, "상담원과 이야기하고 싶어요", photos=[photo["id"]])
    assert write(session, "상담원과 이야기하고 싶어요", photos=[photo["id"]]) == first
    mine = city.later(session)[0]
    assert (mine["message_id"], [one["id"] for one in mine["photos"]]) == ("m-1", [photo["id"]])
    kept = city.client.get(mine["photos"][0]["url"])
    assert kept.headers["content-type"] == "image/jpeg"
    assert b"SecretPhone" not in kept.content
    assert city.client.get(f"/photos/{photo['id']}/full?until=9999999999&mark=x").status_code == 404

    agent = city.staff("agent", passwords["agent"])
    [item] = agent.get("/api/v1/handoffs").json()["items"]
    [line, *_] = agent.get(f"/api/v1/conversations/{item['id']}").json()["messages"]
    [seen] = line["photos"]
    assert (seen["id"], seen["width"], seen["height"]) == (photo["id"], 80, 60)
    assert agent.get(seen["small"]).content.startswith(b"\xff\xd8\xff")
    # Only agents upload at the desk, and a reply takes only its own agent's photo.
    assert city.client.post("/api/v1/photos", content=file()).status_code == 401
    officer = city.staff("officer", passwords["officer"])
    assert officer.post("/api/v1/photos", content=file()).status_code == 403
    desk = f"/api/v1/handoffs/{item['id']}"
    assert agent.post(f"{desk}/claim").is_success
    strange = {"text": "", "client_id": "client-01", "photo": photo["id"]}
    assert agent.post(f"{desk}/reply", json=strange).status_code == 404
    ours = agent.post("/api/v1/photos", content=file("blue")).json()
    assert agent.post(f"{desk}/reply", json=strange | {"photo": ours["id"]}).is_success
    last = city.later(session)[-1]
    assert (last["author"], last["text"], last["photos"][0]["id"]) == ("agent", "", ours["id"])
