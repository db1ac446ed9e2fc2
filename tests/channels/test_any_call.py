"""Whatever callers say and bots answer: every gateway hears it, and is told what it can read."""

import asyncio
import json
import time
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.audiocodes import AudioCodes
from channels.jambonz import Jambonz
from channels.message import Answer, Choice, Reply
from channels.signatures import JAMBONZ_HEADER, jambonz_signature
from channels.twilio_voice import TwilioVoice
from channels.voice import Caller
from tests.channels.any_text import MESSAGES, TEXTS, marked
from tests.channels.conftest import (
    AUDIOCODES_TOKEN,
    CITIZEN,
    JAMBONZ_SECRET,
    Door,
    settings_for,
)

pytestmark = marked

# Surrogates too: JSON can carry halves of them.
ANY = st.text(st.characters(exclude_categories=()), max_size=200)


async def caller_of(_: str) -> Caller | None:
    return Caller("phone", CITIZEN)


async def at_jambonz(door: Door, said: str) -> list[str]:
    best = {"transcript": said, "confidence": 0.9}
    event = {"call_sid": "c1", "from": said, "reason": said, "speech": {"alternatives": [best]}}
    body = json.dumps(event).encode()
    headers = {JAMBONZ_HEADER: jambonz_signature(JAMBONZ_SECRET, int(time.time()), body)}
    response = await door.post("/channels/jambonz/call?turn=1", content=body, headers=headers)
    (gather,) = response.json()
    return [gather["say"]["text"]]


async def at_audiocodes(door: Door, said: str) -> list[str]:
    bearer = {"Authorization": f"Bearer {AUDIOCODES_TOKEN}"}
    bot = "/channels/audiocodes/bot"
    opened = (await door.post(bot, json={"conversation": "c1"}, headers=bearer)).json()
    message = {"id": "a1", "type": "message", "text": said, "parameters": {"confidence": said}}
    body = json.dumps({"activities": [message]}).encode()
    response = await door.post(opened["activitiesURL"], content=body, headers=bearer)
    return [activity["text"] for activity in response.json()["activities"]]


async def at_twilio(door: Door, said: str) -> list[str]:
    words = said.encode("utf-8", "replace").decode()
    form = {"CallSid": "CA1", "From": words, "SpeechResult": words, "Confidence": words}
    response: httpx.Response = await door.twilio("/channels/twilio/voice?turn=1", form)
    return ["".join(say.itertext()) for say in ElementTree.fromstring(response.text).iter("Say")]


@pytest.mark.parametrize(
    ("channel", "ask"),
    [
        (TwilioVoice(settings_for()), at_twilio),
        (AudioCodes(settings_for(), caller_of), at_audiocodes),
        (Jambonz(settings_for()), at_jambonz),
    ],
    ids=["twilio", "audiocodes", "jambonz"],
)
@TEXTS
@given(said=ANY | MESSAGES, answered=ANY | MESSAGES, language=st.sampled_from(["ko", "en", "zh"]))
def test_anything_said_is_heard_and_anything_answered_is_spoken(
    channel: Any, ask: Any, said: str, answered: str, language: str
) -> None:
    door = Door(channel)
    choices = (Choice("1", answered[:30]), Choice("2", "네"))
    replies = (Reply(answered, choices, slow=bool(said)),)
    door.answer = Answer("c", language, "bot", replies)
    lines = asyncio.run(ask(door, said))
    assert lines
    heard = door.messages[-1]
    assert heard.kind in ("speech", "silence")
    heard.text.encode()  # no half of a surrogate pair is left
    assert "\x00" not in heard.text
