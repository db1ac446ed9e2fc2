"""Simulated citizens: they write, press and call, and the provider calls our webhooks for them."""

import base64
import itertools
import secrets
import time
from collections.abc import Awaitable
from typing import Any, Literal
from urllib.parse import urljoin
from xml.etree import ElementTree

import httpx
from pydantic import BaseModel, ConfigDict, Field

from channels.base import DoorError
from channels.phones import is_e164
from channels.pictures import picture_type
from channels.segments import measure
from channels.settings import ChannelSettings
from channels.signatures import TELEGRAM_HEADER, TWILIO_HEADER, twilio_signature
from channels.simulator.calls import GATEWAYS, Calls, Gateway
from channels.simulator.faults import FaultBox
from channels.simulator.kakao_api import KakaoApi
from channels.simulator.korea_sms_api import KoreaSmsApi
from channels.simulator.placed_calls import PlacedCalls
from channels.simulator.store import Entry, Kind, Store
from channels.simulator.telegram_api import TelegramApi
from channels.simulator.twilio_api import TwilioApi
from channels.simulator.twilio_rest import VERSION
from channels.twilio_sms import RESERVED


class Act(BaseModel):
    """What a citizen does. `from` is a phone number, the id of a Telegram chat, or a Kakao user.

    On the phone (`voice` through Twilio, `audiocodes`, `jambonz`) the first act calls; digits are
    keys, an empty text is silence, `confidence` is how well speech was heard. Whoever has taken a
    call of ours presses keys in that. `korea` is a text
    to the domestic number, and its block a call to the line of refusal. `photo` is a JPEG or PNG
    in base64 that goes along with a text; `latitude` and `longitude` share a place on Telegram.
    `callback` says whether KakaoTalk allows a late answer. To block `alimtalk` is to have none.
    """

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    provider: Literal[
        "sms", "korea", "voice", "audiocodes", "jambonz", "telegram", "kakao", "alimtalk"
    ]
    sender: str = Field(alias="from", min_length=1, max_length=80)
    text: str = Field("", max_length=10_000)
    confidence: float | None = Field(None, ge=0, le=1)
    photo: str | None = Field(None, max_length=12_000_000)
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    callback: bool = True
    kind: Literal["message", "edit", "button", "contact", "block", "unblock", "hangup"] = "message"


class Outcome(BaseModel):
    """What our webhook answered: its status and body, and the texts a citizen reads or hears."""

    status: int
    answer: str
    texts: list[str] = Field(default_factory=list)


class Citizens:
    """All phones and chats."""

    def __init__(
        self,
        settings: ChannelSettings,
        store: Store,
        twilio: TwilioApi,
        korea: KoreaSmsApi,
        telegram: TelegramApi,
        kakao: KakaoApi,
        faults: FaultBox,
        placed: PlacedCalls,
        client: httpx.AsyncClient,
    ) -> None:
        self._settings = settings
        self._store = store
        self._twilio = twilio
        self._korea = korea
        self._telegram = telegram
        self._kakao = kakao
        self._placed = placed
        self._client = client
        self._calls = Calls(settings, store, faults, self._post)
        # Far from the numbers of an earlier run, which the service has seen.
        self._update_ids = itertools.count(secrets.randbelow(2**30))

    async def act(self, act: Act) -> Outcome:
        """Do what `act` says and return what came of it.

        Raises: DoorError 422 for a sender no provider knows, 502 when our webhook is not there.
        """
        known = {"telegram": str.isdigit, "kakao": str.isalnum}.get(act.provider, is_e164)
        if not known(act.sender) or not act.sender.isascii():
            raise DoorError(
                422, "Unknown sender",
                "A phone is +82…, a Telegram chat a whole number, a Kakao user letters and digits.",
            )  # fmt: skip
        if act.provider == "sms":
            return await self._text(act)
        if act.provider == "korea":
            return await self._domestic(act)
        if act.provider in GATEWAYS:
            return await self._call(act, act.provider)
        if act.provider == "kakao":
            return await self._ask(act)
        if act.provider == "alimtalk":
            return self._block(act)
        return await self._chat(act)

    async def _text(self, act: Act) -> Outcome:
        number, order = act.sender, RESERVED.get(act.text.strip().upper())
        sid = f"{'MM' if act.photo else 'SM'}{secrets.token_hex(16)}"
        form = {
            **self._common(number),
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "SmsStatus": "received",
            "Body": act.text,
            "NumMedia": "0",
            "NumSegments": str(max(1, measure(act.text).segments)),
        }
        if order == "stop":
            self._store.stopped.add(number)
        elif order == "start":
            self._store.stopped.discard(number)
        if order:
            form["OptOutType"] = order.upper()
        if act.photo:
            content = _decoded(act.photo)
            kind = picture_type(content) or "application/octet-stream"
            media = {"MediaUrl0": self._twilio.attach(sid, content, kind)}
            form |= {"NumMedia": "1", "MediaContentType0": kind, **media}
        self._note("sms", number, act.text)
        url = f"{self._settings.public_url}/channels/twilio/sms"
        outcome = await self._post_form(url, form)
        ours = self._settings.twilio_from_number
        for message in _verbs(outcome.answer, "Message"):
            if number in self._store.stopped:
                continue  # Twilio drops replies to a number that opted out
            callback = message.get("statusCallback")
            text = "".join(message.itertext())
            target = urljoin(url, callback) if callback else None
            self._twilio.take(number, text, ours, target, "outbound-reply")
            outcome.texts.append(text)
        return outcome

    async def _domestic(self, act: Act) -> Outcome:
        """Write to the number of the domestic gateway; the answers come by themselves."""
        if act.kind == "block":
            response = await self._asked(self._korea.refuse(act.sender))
        else:
            self._note("sms", act.sender, act.text, "korea")
            response = await self._asked(self._korea.write(act.sender, act.text))
        return Outcome(status=response.status_code, answer=response.text)

    async def _call(self, act: Act, gateway: Gateway) -> Outcome:
        if gateway == "voice" and self._placed.has_taken(act.sender):
            if act.kind == "hangup":
                step = self._placed.hang_up(act.sender)
            else:
                step = await self._placed.press(act.sender, act.text)
        elif act.kind == "hangup":
            step = await self._calls.hang_up(gateway, act.sender)
        else:
            step = await self._calls.act(gateway, act.sender, act.text, act.confidence)
        return Outcome(status=step.status, answer=step.answer, texts=step.lines)

    async def _ask(self, act: Act) -> Outcome:
        """Write in KakaoTalk; a photo takes the place of the words."""
        text = act.text
        if act.photo:
            content = _decoded(act.photo)
            text = self._kakao.attach(content, picture_type(content) or "text/plain")
        self._note("kakao", act.sender, act.text or text)
        try:
            status, answer, texts = await self._kakao.say(act.sender, text, callback=act.callback)
        except httpx.HTTPError:
            raise _nobody() from None
        return Outcome(status=status, answer=answer, texts=texts)

    def _block(self, act: Act) -> Outcome:
        if act.kind == "block":
            self._store.blocked.add(act.sender)
        elif act.kind == "unblock":
            self._store.blocked.discard(act.sender)
        return Outcome(status=204, answer="")

    async def _chat(self, act: Act) -> Outcome:
        if act.kind in ("block", "unblock"):
            self._block(act)
        else:
            self._note("telegram", act.sender, act.text)
        update = {"update_id": next(self._update_ids), **self._update(act)}
        response = await self._post(
            self._telegram.webhook, json=update, headers={TELEGRAM_HEADER: self._telegram.secret}
        )
        return Outcome(status=response.status_code, answer=response.text)

    def _update(self, act: Act) -> dict[str, Any]:
        """Return the one field of an Update that tells what the citizen did."""
        now, number = int(time.time()), int(act.sender)
        user = {"id": number, "is_bot": False, "first_name": "시민", "language_code": "ko"}
        chat = {"id": number, "type": "private", "first_name": "시민"}
        if act.kind in ("block", "unblock"):
            member = {"status": "member", "user": self._telegram.bot()}
            kicked = {"status": "kicked", "user": self._telegram.bot(), "until_date": 0}
            old, new = (member, kicked) if act.kind == "block" else (kicked, member)
            change = {"chat": chat, "from": user, "date": now}
            return {"my_chat_member": {**change, "old_chat_member": old, "new_chat_member": new}}
        message = {"message_id": self._telegram.next_message_id(), "date": now, "chat": chat}
        if act.kind == "button":
            query = {"id": str(secrets.randbits(63)), "from": user, "chat_instance": act.sender}
            pressed = {**message, "from": self._telegram.bot(), "text": ""}
            return {"callback_query": {**query, "message": pressed, "data": act.text}}
        message["from"] = user
        if act.kind == "contact":
            phone = {"phone_number": act.text.lstrip("+"), "first_name": "시민"}
            return {"message": {**message, "contact": {**phone, "user_id": number}}}
        if act.kind == "edit":
            return {"edited_message": {**message, "edit_date": now, "text": act.text}}
        if act.latitude is not None and act.longitude is not None:
            point = {"latitude": act.latitude, "longitude": act.longitude}
            return {"message": {**message, "location": point}}
        if act.photo:
            content = _decoded(act.photo)
            kind = picture_type(content) or "application/octet-stream"
            caption = {"caption": act.text} if act.text else {}
            return {
                "message": {**message, "photo": self._telegram.attach(content, kind), **caption}
            }
        return {"message": {**message, "text": act.text}}

    def _common(self, number: str) -> dict[str, str]:
        country = "KR" if number.startswith("+82") else ""
        return {
            "AccountSid": self._settings.twilio_account_sid,
            "ApiVersion": VERSION,
            "From": number,
            "To": self._settings.twilio_from_number,
            "FromCountry": country,
            "ToCountry": country,
        }

    def _note(self, kind: Kind, address: str, text: str, provider: str = "") -> None:
        entry = Entry(kind, incoming=True, address=address, text=text, provider=provider)
        self._store.add(entry)

    async def _post_form(self, url: str, form: dict[str, str]) -> Outcome:
        signature = twilio_signature(self._settings.twilio_auth_token, url, form)
        response = await self._post(url, data=form, headers={TWILIO_HEADER: signature})
        return Outcome(status=response.status_code, answer=response.text)

    async def _post(self, url: str, **request: Any) -> httpx.Response:
        return await self._asked(self._client.post(url, **request))

    async def _asked(self, asking: Awaitable[httpx.Response]) -> httpx.Response:
        """Return the answer of our service."""
        try:
            return await asking
        except (httpx.HTTPError, httpx.InvalidURL):
            raise _nobody() from None


def _nobody() -> DoorError:
    return DoorError(502, "No answer", "Start the service; PUBLIC_URL must be its address.")


def _decoded(photo: str) -> bytes:
    try:
        return base64.b64decode(photo, validate=True)
    except ValueError:
        raise DoorError(422, "Not a picture", "Send a photo in base64.") from None


def _verbs(document: str, name: str) -> list[ElementTree.Element]:
    """Return the verbs called `name` of our own TwiML; none in what is not XML."""
    try:
        return list(ElementTree.fromstring(document).iter(name))  # noqa: S314 - our own answer
    except ElementTree.ParseError:
        return []
