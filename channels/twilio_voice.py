"""Phone calls through Twilio Voice: speech and keys in, TwiML to be spoken out.

https://www.twilio.com/docs/voice/twiml/gather · /say · /dial
The webhook of a number that should answer in English is `/channels/twilio/voice?language=en`.
"""

from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from channels.base import Rejected
from channels.message import Incoming, OnMessage, OnStatus, Outgoing, Scheme, Sent
from channels.settings import ChannelSettings
from channels.signatures import Form, twilio_form
from channels.twilio_speech import say, xml
from channels.voice import (
    DIAL_SECONDS,
    WAIT_SECONDS,
    Listen,
    Spoken,
    asked_language,
    caller,
    certainty,
    event_id,
    heard,
    take,
)

OVER = ("completed", "busy", "no-answer", "failed", "canceled")
ANSWERED = ("completed", "answered")


class TwilioVoice:
    """The door of phone calls. It speaks only while a call lasts: nothing can be pushed."""

    name = "voice"
    scheme: Scheme = "phone"
    pushes = False
    in_place = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the webhooks of a call: its turns, a transfer's end, its own end.

        A call has no delivery that comes later, so `on_status` is never called.
        """
        router = APIRouter(tags=["twilio"])
        url, token = self._settings.public_url, self._settings.twilio_auth_token
        agents = self._settings.agent_number

        @router.post("/channels/twilio/voice")
        async def turn(request: Request) -> Response:
            """Take what the caller said or pressed, and answer in TwiML."""
            form = await twilio_form(request, url, token)
            number = _whole(request.query_params.get("turn"))
            token_of_try = request.headers.get("I-Twilio-Idempotency-Token")
            language = asked_language(request.query_params.get("language"))
            incoming = read_turn(form, number, token_of_try, language)
            if incoming is None:
                return xml(VoiceResponse())
            if incoming.kind == "hangup":
                await on_message(incoming)
                return xml(VoiceResponse())
            return xml(self._twiml(await take(on_message, incoming, agents), number or 0))

        @router.post("/channels/twilio/voice/transfer")
        async def transferred(request: Request) -> Response:
            """End a call that people took; give one that nobody took back to the bot."""
            form = await twilio_form(request, url, token)
            number = _whole(request.query_params.get("turn")) or 0
            incoming = read_transfer(form, number)
            if incoming is None:
                response = VoiceResponse()
                response.hangup()
                return xml(response)
            # Ringing the same number again at once would only make a circle.
            return xml(self._twiml(await take(on_message, incoming, None), number))

        @router.post("/channels/twilio/voice/status", status_code=204)
        async def status(request: Request) -> Response:
            """Take word that a call is over."""
            incoming = read_end(await twilio_form(request, url, token))
            if incoming:
                await on_message(incoming)
            return Response(status_code=204)

        return router

    async def send(self, message: Outgoing) -> Sent:  # noqa: ARG002
        """Refuse: a call answers in place, and we call nobody."""
        raise Rejected("voice-not-open")

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _twiml(self, spoken: Spoken, turn: int) -> VoiceResponse:
        response = VoiceResponse()
        if spoken.listen is not None:
            gather = self._gather(spoken, spoken.listen, turn + 1)
            say(gather, spoken.lines, spoken.language, slow=spoken.slow)
            response.append(gather)
            return response
        say(response, spoken.lines, spoken.language, slow=spoken.slow)
        if spoken.transfer:
            response.dial(
                self._settings.agent_number,
                action=self._url("/transfer", turn + 1),
                method="POST",
                timeout=DIAL_SECONDS,
            )
        else:
            response.hangup()
        return response

    def _gather(self, spoken: Spoken, listen: Listen, turn: int) -> Gather:
        """Return the verb that listens, to speech and to keys, and comes back in any case."""
        return Gather(
            input="speech dtmf" if listen.speech else "dtmf",
            action=self._url("", turn),
            method="POST",
            action_on_empty_result=True,
            barge_in=True,
            language=spoken.locale,
            timeout=WAIT_SECONDS,
            speech_timeout="auto" if listen.speech else None,
            num_digits=1 if listen.one_key else None,
            hints=",".join(listen.hints) or None,
        )

    def _url(self, path: str, turn: int) -> str:
        query = urlencode({"turn": turn})
        return f"{self._settings.public_url}/channels/twilio/voice{path}?{query}"


def read_turn(
    form: Form, turn: int | None, token: str | None = None, language: str | None = None
) -> Incoming | None:
    """Return what happened in a call; None when the form names no call.

    `turn` counts from 0 (the call comes in) and makes the id with the call's sid, so that a
    repeated webhook is the same message. Without it Twilio's own idempotency `token` does.
    """
    call = event_id(form.get("CallSid"))
    if not call:
        return None
    if form.get("CallStatus") in OVER:
        return read_end(form)
    keys, speech = form.get("Digits", ""), form.get("SpeechResult", "")
    known = turn is not None or not (keys or speech)
    return heard(
        call,
        str(turn or 0) if known else (event_id(token) or str(uuid4())),
        caller(form.get("From", ""), call),
        kind="silence" if turn or keys or speech else "start",
        keys=keys,
        speech=speech,
        confidence=certainty(form.get("Confidence")),
        language=language,
    )


def read_transfer(form: Form, turn: int) -> Incoming | None:
    """Return that a transfer reached nobody; None when people took the call, or it is over."""
    call = event_id(form.get("CallSid"))
    if not call or form.get("CallStatus") in OVER or form.get("DialCallStatus") in ANSWERED:
        return None
    return heard(call, str(turn), caller(form.get("From", ""), call), kind="unanswered")


def read_end(form: Form) -> Incoming | None:
    """Return the end of a call; None while it lasts."""
    call = event_id(form.get("CallSid"))
    if not call or form.get("CallStatus") not in OVER:
        return None
    return heard(call, "end", caller(form.get("From", ""), call), kind="hangup")


def _whole(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else None
