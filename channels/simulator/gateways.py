"""The voice gateways of simulated callers: each puts one call to our webhooks in its own format."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urljoin
from uuid import uuid4
from xml.etree import ElementTree

import httpx

from channels.settings import ChannelSettings
from channels.signatures import (
    JAMBONZ_HEADER,
    TWILIO_HEADER,
    jambonz_signature,
    twilio_signature,
)
from channels.simulator.twilio_rest import VERSION

Post = Callable[..., Awaitable[httpx.Response]]
Then = Literal["listens", "dials", "over"]


@dataclass(frozen=True, slots=True)
class Did:
    """What happens on the caller's side; `dialled` is how a transfer ended, in `text`."""

    kind: Literal["ring", "speech", "keys", "silence", "dialled"]
    text: str = ""
    confidence: float | None = None


@dataclass(slots=True)
class Step:
    """What our service answered: what the caller hears, and how the call goes on."""

    status: int
    answer: str
    lines: list[str] = field(default_factory=list)
    then: Then = "over"


class Line(Protocol):
    """One call through one gateway."""

    async def turn(self, did: Did) -> Step:
        """Report what the caller did and do what our service says."""
        ...

    async def end(self) -> httpx.Response:
        """Report that the call is over."""
        ...


class TwilioLine:
    """A call through Twilio: forms with a signature, TwiML back."""

    def __init__(self, settings: ChannelSettings, number: str, post: Post) -> None:
        self._settings, self._number, self._post = settings, number, post
        self._sid = f"CA{secrets.token_hex(16)}"
        self._home = self._url = f"{settings.public_url}/channels/twilio/voice"

    async def turn(self, did: Did) -> Step:
        """Post one form and read the document that answers it."""
        heard: dict[str, str] = {}
        if did.kind == "keys":
            heard = {"Digits": did.text}
        elif did.kind == "speech":
            heard = {"SpeechResult": did.text, "Confidence": str(did.confidence or 0.0)}
        elif did.kind == "dialled":
            heard = {"DialCallStatus": did.text}
        response = await self._send(self._url, {"CallStatus": "in-progress", **heard})
        step, self._url = read_twiml(response.status_code, response.text, self._url)
        return step

    async def end(self) -> httpx.Response:
        """Post the status callback."""
        over = {"CallStatus": "completed", "CallDuration": "60"}
        return await self._send(f"{self._home}/status", over)

    async def _send(self, url: str, fields: dict[str, str]) -> httpx.Response:
        form = {
            "AccountSid": self._settings.twilio_account_sid,
            "ApiVersion": VERSION,
            "CallSid": self._sid,
            "Direction": "inbound",
            "Caller": self._number,
            "From": self._number,
            "To": self._settings.twilio_from_number,
            **fields,
        }
        signature = twilio_signature(self._settings.twilio_auth_token, url, form)
        return await self._post(url, data=form, headers={TWILIO_HEADER: signature})


def read_twiml(status: int, document: str, url: str) -> tuple[Step, str]:
    """Return what a document of TwiML says and does, and the URL that is asked next.

    `url` is where the document came from.
    """
    step = Step(status, document)
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - our own answer
    except ElementTree.ParseError:
        return step, url
    step.lines = ["".join(say.itertext()) for say in root.iter("Say")]
    ways: tuple[tuple[str, Then], ...] = (("Gather", "listens"), ("Dial", "dials"))
    for verb, then in ways:
        found = root.find(verb)
        if found is not None:
            step.then = then
            return step, urljoin(url, found.get("action") or url)
    return step, url


class AudioCodesLine:
    """A call through VoiceAI Connect: a conversation opened once, activities in both directions."""

    def __init__(self, settings: ChannelSettings, number: str, post: Post) -> None:
        self._settings, self._number, self._post = settings, number, post
        self._call = str(uuid4())
        self._bot = f"{settings.public_url}/channels/audiocodes/bot"
        self._urls: dict[str, str] = {}
        self._silences = 0

    async def turn(self, did: Did) -> Step:
        """Post one activity, after opening the conversation, and read those that answer."""
        if did.kind == "ring":
            opened = await self._send(self._bot, {"id": str(uuid4())})
            if not opened.is_success:
                return Step(opened.status_code, opened.text)
            self._urls = opened.json()
        if did == Did("dialled", "completed"):
            return Step(200, "")  # by then the gateway has left the bot
        body = {"activities": [self._activity(did)]}
        response = await self._send(urljoin(self._bot, self._urls["activitiesURL"]), body)
        step = Step(response.status_code, response.text)
        if response.is_success:
            step.then = "listens"
            for activity in response.json()["activities"]:
                if activity["type"] == "message":
                    step.lines.append(activity["text"])
                else:
                    step.then = "dials" if activity["name"] == "transfer" else "over"
        return step

    async def end(self) -> httpx.Response:
        """Close the conversation."""
        url = urljoin(self._bot, self._urls.get("disconnectURL", ""))
        return await self._send(url, {"reason": "Client Side", "reasonCode": "client-disconnected"})

    def _activity(self, did: Did) -> dict[str, Any]:
        common = {"id": str(uuid4()), "timestamp": _now(), "language": "ko-KR"}
        if did.kind == "speech":
            parameters = {"confidence": did.confidence}
            return {**common, "type": "message", "text": did.text, "parameters": parameters}
        event = {**common, "type": "event"}
        if did.kind == "ring":
            who = {"caller": self._number, "callee": "120", "locale": "ko-KR"}
            return {**event, "name": "start", "parameters": who}
        if did.kind == "keys":
            return {**event, "name": "DTMF", "value": did.text}
        if did.kind == "dialled":
            lost = {"status": "failed", "reasonCode": did.text, "reason": ""}
            return {**event, "name": "transferStatus", "value": lost}
        self._silences += 1
        return {**event, "name": "noUserInput", "value": self._silences}

    async def _send(self, url: str, body: dict[str, Any]) -> httpx.Response:
        token = {"Authorization": f"Bearer {self._settings.audiocodes_token}"}
        whole = {"conversation": self._call, "timestamp": _now(), **body}
        return await self._post(url, json=whole, headers=token)


class JambonzLine:
    """A call through jambonz: signed JSON, a list of verbs back."""

    def __init__(self, settings: ChannelSettings, number: str, post: Post) -> None:
        self._settings, self._number, self._post = settings, number, post
        self._sid = str(uuid4())
        self._home = f"{settings.public_url}/channels/jambonz"
        self._url = f"{self._home}/call"

    async def turn(self, did: Did) -> Step:
        """Post one event and read the verbs that answer it."""
        heard: dict[str, Any] = {"reason": "timeout"}
        if did.kind == "keys":
            heard = {"reason": "dtmfDetected", "digits": did.text}
        elif did.kind == "speech":
            best = {"transcript": did.text, "confidence": did.confidence}
            speech = {"is_final": True, "language_code": "ko-KR", "alternatives": [best]}
            heard = {"reason": "speechDetected", "speech": speech}
        elif did.kind == "dialled":
            heard = {"dial_call_status": did.text, "dial_call_sid": str(uuid4())}
        elif did.kind == "ring":
            heard = {}
        response = await self._send(self._url, {"call_status": "in-progress", **heard})
        step = Step(response.status_code, response.text)
        for verb in response.json() if response.is_success else []:
            say = verb.get("say", verb if verb["verb"] == "say" else {})
            step.lines += [say["text"]] if say else []
            if verb["verb"] in ("gather", "dial"):
                self._url = verb["actionHook"]
                step.then = "listens" if verb["verb"] == "gather" else "dials"
        return step

    async def end(self) -> httpx.Response:
        """Post the call status webhook."""
        return await self._send(f"{self._home}/status", {"call_status": "completed"})

    async def _send(self, url: str, fields: dict[str, Any]) -> httpx.Response:
        body = json.dumps(
            {"call_sid": self._sid, "direction": "inbound", "from": self._number, "to": "120",
             **fields}
        ).encode()  # fmt: skip
        secret = self._settings.jambonz_webhook_secret
        headers = {
            JAMBONZ_HEADER: jambonz_signature(secret, int(time.time()), body),
            "Content-Type": "application/json",
        }
        return await self._post(url, content=body, headers=headers)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
