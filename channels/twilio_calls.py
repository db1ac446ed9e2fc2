"""Calls that we place through Twilio: a message spoken to whoever takes the phone, keys as answers.

https://www.twilio.com/docs/voice/api/call-resource · /twiml/gather
Twilio asks our webhook what to say once somebody (or an answering machine) takes the call. Calls to
landlines work as well, which can't be texted.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from channels import transport
from channels.announcement import Announcement, AnnouncementOf
from channels.base import Provider, Retryable, SendError, Throttled, Unknown
from channels.inbound import our_id, unknown_word
from channels.message import (
    Answer,
    DeliveryState,
    Incoming,
    OnMessage,
    OnStatus,
    Outgoing,
    Scheme,
    Sent,
    StatusUpdate,
)
from channels.phones import is_e164
from channels.settings import ChannelSettings
from channels.signatures import Form, twilio_form
from channels.twilio_speech import say, xml
from channels.voice import CHANNEL as TALK
from channels.voice import compose, event_id
from channels.wire import Answered, Wire, basic

CHANNEL = "call"
NAME = "twilio-voice"

# `completed` says that a call is over, not that our words were heard: what was spoken we report
# ourselves, when Twilio comes for the words.
STATES = {
    "queued": DeliveryState.ACCEPTED,
    "initiated": DeliveryState.ACCEPTED,
    "ringing": DeliveryState.SENT,
    "in-progress": DeliveryState.SENT,
    "completed": DeliveryState.SENT,
    "busy": DeliveryState.FAILED,
    "no-answer": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}
EVENTS = ("initiated", "ringing", "answered", "completed")

# What some error codes mean beyond their HTTP status (https://www.twilio.com/docs/api/errors).
_MEANINGS: dict[str, type[SendError]] = {
    "20429": Throttled,
    "10004": Throttled,  # as many calls at once as the account may have
    "20003": Retryable,  # our credentials: an operator has to mend them
    "21210": Retryable,  # our own number
    "21212": Retryable,
}

RING_SECONDS = 30
TALK_SECONDS = 180
KEY_SECONDS = 6
MOST_TURNS = 6
# A call waits in Twilio's queue for its second, rings and is spoken: an hour is far more than that.
REPORTS_WITHIN = 3600.0


class TwilioCalls:
    """The door through which a message is spoken to a telephone. Nobody comes in by it."""

    name = CHANNEL
    scheme: Scheme = "phone"
    pushes = True
    in_place = False

    def __init__(self, settings: ChannelSettings, announcement_of: AnnouncementOf) -> None:
        self._settings = settings
        self._announcement_of = announcement_of
        self._calls = f"/2010-04-01/Accounts/{settings.twilio_account_sid}/Calls"
        self._wire = Wire(
            settings.twilio_api_url,
            basic(settings.twilio_account_sid, settings.twilio_auth_token),
        )

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks of a placed call: what to say, and how it goes."""
        router = APIRouter(tags=["twilio"])
        url, token = self._settings.public_url, self._settings.twilio_auth_token

        @router.post("/channels/twilio/call")
        async def turn(request: Request) -> Response:
            """Say the message to whoever took the call, or take the key that they pressed."""
            form = await twilio_form(request, url, token)
            delivery, turn = (_whole(request, name) for name in ("delivery", "turn"))
            call, quiet = event_id(form.get("CallSid")), _whole(request, "quiet")
            found = await self._announcement_of(delivery) if call else None
            pressed = read_key(form, delivery, turn)
            if found is None or found.over:
                return xml(_over(found))
            if turn == 0:
                taken = DeliveryState.DELIVERED
                await on_status(StatusUpdate(CHANNEL, taken, delivery, call, None, NAME, 1))
                return xml(self._speak(found, delivery, 1, 0))
            if pressed and pressed.text in found.answers:
                return xml(_noted(found, pressed.text, await on_message(pressed)))
            quiet += pressed is None
            if quiet > 1 or turn >= MOST_TURNS:
                return xml(_over(found))
            return xml(self._speak(found, delivery, turn + 1, quiet))

        @router.post("/channels/twilio/call/status", status_code=204)
        async def status(request: Request) -> Response:
            """Take word on how a placed call goes."""
            form = await twilio_form(request, url, token)
            update = read_status(form, request.query_params.get("delivery", ""))
            if update:
                await on_status(update)
            return Response(status_code=204)

        return router

    def providers(self, address: str) -> Sequence[Provider]:  # noqa: ARG002
        """Return the account that places calls, far slower than the one that texts."""
        pace = self._settings.twilio_calls_per_second
        return (Provider(NAME, per_second=pace, reports_within=REPORTS_WITHIN),)

    async def send(self, message: Outgoing) -> Sent:
        """Have Twilio ring `message.address`; what is said there is asked for when it is taken."""
        form = {
            "To": message.address,
            "From": self._settings.twilio_from_number,
            "Url": self._url("", delivery=message.id),
            "Method": "POST",
            "StatusCallback": self._url("/status", delivery=message.id),
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": EVENTS,
            "Timeout": str(RING_SECONDS),
            "TimeLimit": str(TALK_SECONDS),
        }
        response = await self._wire.request("POST", f"{self._calls}.json", form=form)
        if not response.is_success:
            raise _refused(response)
        try:
            return Sent((str(response.json()["sid"]),), provider=NAME)
        except (ValueError, KeyError, TypeError):
            raise Unknown("unreadable-answer") from None

    async def look_up(
        self,
        message: Outgoing,
        known: Sequence[str],
        since: datetime,  # noqa: ARG002
    ) -> list[StatusUpdate]:
        """Return what Twilio knows of the calls whose ids it gave us.

        A list of calls does not tell which message a call was for, so that one whose id was lost
        is not looked for: its own reports name the delivery.
        Raises: a SendError when it can't be asked.
        """
        found = [await self._ask(sid) for sid in known]
        updates = (
            _update(str(call.get("status") or ""), message.id, str(call.get("sid")))
            for call in found
        )
        return [update for update in updates if update is not None]

    async def close(self) -> None:
        """Close the connections to Twilio."""
        await self._wire.close()

    async def _ask(self, sid: str) -> dict[str, Any]:
        response = await self._wire.request("GET", f"{self._calls}/{sid}.json")
        if response.status == HTTPStatus.NOT_FOUND:
            return {}
        if not response.is_success:
            raise _refused(response)
        try:
            answer = response.json()
        except ValueError:
            raise Retryable("unreadable-answer") from None
        return answer if isinstance(answer, dict) else {}

    def _url(self, path: str, **query: int) -> str:
        return f"{self._settings.public_url}/channels/twilio/call{path}?{urlencode(query)}"

    def _speak(self, found: Announcement, delivery: int, turn: int, quiet: int) -> VoiceResponse:
        """Return the message and the wait for a key, which comes back to us in any case."""
        response = VoiceResponse()
        gather = Gather(
            input="dtmf",
            num_digits=1,
            finish_on_key="",
            timeout=KEY_SECONDS,
            action=self._url("", delivery=delivery, turn=turn, quiet=quiet),
            method="POST",
            action_on_empty_result=True,
        )
        before = found.opening if turn == 1 else (found.again,)
        say(gather, (*before, *found.lines, found.prompt), found.language)
        response.append(gather)
        return response


def read_key(form: Form, delivery: int, turn: int) -> Incoming | None:
    """Return the key that answers the call of `delivery`; None where none was pressed."""
    call, number, key = event_id(form.get("CallSid")), form.get("To", ""), form.get("Digits", "")
    if not (call and turn and key and is_e164(number)):
        return None
    return Incoming(
        TALK, "phone", number, f"{call}:{turn}", key[:1], kind="keys", pressed=delivery,
        in_place=True,
    )  # fmt: skip


def read_status(form: Form, delivery: str) -> StatusUpdate | None:
    """Return what a status callback says; None for words that say nothing of a delivery."""
    call, ours = event_id(form.get("CallSid")), our_id(delivery)
    return _update(form.get("CallStatus", ""), ours, call) if call and ours is not None else None


def _update(word: str, delivery: int, call: str) -> StatusUpdate | None:
    if not word:
        return None
    state = STATES.get(word)
    code = word if state is DeliveryState.FAILED else None
    code = code if state else unknown_word(word)
    return StatusUpdate(CHANNEL, state, delivery, call, code, NAME, 1)


def _over(found: Announcement | None) -> VoiceResponse:
    response = VoiceResponse()
    if found is not None:
        say(response, found.ending, found.language)
    response.hangup()
    return response


def _noted(found: Announcement, key: str, answer: Answer) -> VoiceResponse:
    """Return what is said to an answer: the bot's own words, where it spoke the call's language."""
    spoken = compose(answer)
    own = answer.language == found.language and answer.replies
    lines = spoken.lines if own else (found.answers[key],)
    response = VoiceResponse()
    say(response, (*lines, *found.ending), found.language)
    response.hangup()
    return response


def _whole(request: Request, name: str) -> int:
    return our_id(request.query_params.get(name, "")) or 0


def _refused(response: Answered) -> SendError:
    """Say what an error of the Calls API means."""
    try:
        code = str(int(response.json()["code"]))
    except (ValueError, KeyError, TypeError):
        code = str(response.status)
    return transport.refused(response.status, code, response.retry_after(), _MEANINGS)
