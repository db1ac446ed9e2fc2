"""What is answered in the response to a webhook, when the power fails before the answer leaves."""

import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any

import psycopg
import pytest

from backend.db import libpq_url
from bot.conversation import Bot
from channels.message import Answer, Incoming
from tests.city import City

PHONE = "+821087654321"
ROWS = """
    SELECT d.id, d.status, d.provider, d.attempts, a.outcome, a.provider
    FROM deliveries d LEFT JOIN delivery_attempts a ON a.delivery_id = d.id"""


def webhook(city: City) -> dict[str, str]:
    return {
        "MessageSid": "SM" + "a" * 32,
        "AccountSid": city.settings.twilio_account_sid,
        "From": PHONE,
        "To": city.settings.twilio_from_number,
        "Body": "안녕하세요",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }


def test_the_redelivered_webhook_gets_the_stored_reply_and_leaves_no_second_effect(
    city: City, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[Answer] = []
    really = Bot.on_message

    async def cut_off(self: Bot, incoming: Incoming) -> Answer:
        answered.append(await really(self, incoming))  # committed by now
        raise ConnectionResetError("the power fails before the answer leaves")

    form = webhook(city)
    with monkeypatch.context() as power:
        power.setattr(Bot, "on_message", cut_off)
        # The server drops the connection after a crash; nobody else may be given it again.
        with City(city.url, city.settings).client as once:
            signature = city.signature("/channels/twilio/sms", form)
            crashed = once.post("/channels/twilio/sms", data=form, headers=signature)
        assert crashed.status_code == 500
    with psycopg.connect(libpq_url(database_url)) as connection:
        before = connection.execute(ROWS).fetchall()
    assert Counter(row[1:] for row in before) == {
        ("accepted", "twilio", 1, "accepted", "twilio"): len(answered[0].replies)
    }

    again = [city.twilio("/channels/twilio/sms", form) for _ in range(3)]
    assert {response.status_code for response in again} == {200}
    assert len({response.text for response in again}) == 1
    messages = list(ET.fromstring(again[0].text).iter("Message"))
    said = ["".join(message.itertext()) for message in messages]
    assert len(said) == len(answered[0].replies)
    assert all(reply.text in words for reply, words in zip(answered[0].replies, said, strict=True))
    callbacks = [message.attrib["statusCallback"] for message in messages]
    assert [f"delivery={reply.delivery}&" in url + "&" for reply, url in
            zip(answered[0].replies, callbacks, strict=True)] == [True] * len(said)  # fmt: skip
    with psycopg.connect(libpq_url(database_url)) as connection:
        assert connection.execute(ROWS).fetchall() == before
        counted: Any = connection.execute("SELECT count(*) FROM messages").fetchone()
    assert counted == (1 + len(said),)
