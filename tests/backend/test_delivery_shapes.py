"""One shape for whatever is sent; and what is not sent at all, to phones that take no texts."""

from typing import Any

import pytest
from sqlalchemy import inspect, select

from backend.attachments import service as attachments
from backend.attachments.pictures import Cleaned
from backend.context import Context
from backend.db import Sessions
from backend.delivery import service
from backend.messages import service as messages
from backend.models import Address, Delivery, DeliveryAttempt, DeliveryPart
from channels.base import Provider
from tests.backend.desk import employee
from tests.backend.post import Door, Post, doors
from tests.sending import send_due

# What a cause gives to its delivery, and what is a row's own.
OWN = {
    "id", "delivery_id", "lane", "message_id", "event_id", "external_id", "contact_id",
    "address_id", "due_at", "check_at", "expires_at", "created_at", "updated_at", "at",
}  # fmt: skip
LANDLINE, MOBILE = "+8227350120", "+821029876543"


@pytest.fixture
def post(sessions: Sessions) -> Post:
    return Post(sessions)


def shape(row: Any) -> dict[str, Any]:
    """Return a row without what is its own; of its times and causes, whether they are there."""
    return {
        attribute.key: getattr(row, attribute.key)
        for attribute in inspect(type(row)).column_attrs
        if attribute.key not in OWN
    }


async def agents_photo(post: Post, address: int) -> int:
    """Promise an agent's words with a photo; return the delivery's id."""
    agent = await employee(post.sessions)
    async with post.sessions() as session, session.begin():
        to = await session.get_one(Address, address)
        talk = await messages.open_conversation(session, to, "sms", "ko")
        said = await messages.add(
            session, talk, author="agent", text="이 양식이에요.", agent_id=agent
        )
        await attachments.keep(session, said.id, [Cleaned("d", b"f", b"s", 4, 3)])
        return (await service.send_message(session, talk, said)).id


async def test_a_bots_reply_an_agents_photo_and_an_alert_leave_records_of_one_shape(
    context: Context, post: Post
) -> None:
    sms = Door("sms", "phone", Provider("twilio", reports_within=3600.0))
    promised = [
        await post.reply(await post.address()),
        await agents_photo(post, await post.address()),
        await post.alert(await post.address(), "대피하세요."),
    ]
    for lane in ("reply", "siren"):
        await send_due(context, doors(sms), lane)
    assert [bool(message.photo_url) for message in sms.sent] == [False, True, False]

    shapes: list[list[dict[str, Any]]] = []
    async with post.sessions() as session:
        for each in promised:
            sent = await session.get_one(Delivery, each)
            assert sent.check_at is not None
            assert (sent.message_id is None) is (sent.event_id is not None)
            tried = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == each)
            parts = select(DeliveryPart).where(DeliveryPart.delivery_id == each)
            rows = [sent, *await session.scalars(tried), *await session.scalars(parts)]
            shapes.append([shape(row) for row in rows])
    assert shapes[0] == shapes[1] == shapes[2]
    assert [row.get("status") or row.get("outcome") for row in shapes[0]] == ["accepted"] * 3


@pytest.mark.parametrize(
    ("phone", "channel", "status"),
    [
        (MOBILE, "voice", "accepted"), (LANDLINE, "voice", "suppressed"),
        (MOBILE, "sms", "accepted"), (LANDLINE, "sms", "suppressed"),
    ],
)  # fmt: skip
async def test_a_landline_is_not_texted(
    context: Context, post: Post, phone: str, channel: str, status: str
) -> None:
    sms = Door("sms", "phone")
    promised = await post.promise(await post.address(phone), "답이 왔어요.", "notice", channel)
    await send_due(context, doors(sms), "reply")
    sent = await post.get(promised)
    assert (sent.channel, sent.status) == ("sms", status)
    assert (sent.reason == "landline") is (status == "suppressed")
    assert len(sms.sent) == (status == "accepted")


async def test_a_landline_that_texts_us_is_answered(context: Context, post: Post) -> None:
    address = await post.address(LANDLINE)
    async with post.sessions() as session, session.begin():
        to = await session.get_one(Address, address)
        talk = await messages.open_conversation(session, to, "sms", "ko")
        await messages.add(session, talk, author="citizen", text="네", external_id="korea:1")
    promised = await post.reply(address)
    await send_due(context, doors(Door("sms", "phone")), "reply")
    assert (await post.get(promised)).status == "accepted"
