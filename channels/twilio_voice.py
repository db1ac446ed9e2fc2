"""Phone calls through Twilio Voice: speech and keys in, TwiML to be spoken out.

https://www.twilio.com/docs/voice/twiml/gather · /say · /dial
"""

from uuid import uuid4

from fastapi import APIRouter, Request, Response
from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from channels.base import Rejected
from channels.inbound import clean_text, is_e164
from channels.message import (
    Answer,
    Incoming,
    Kind,
    OnMessage,
    OnStatus,
    Outgoing,
    Reply,
    Scheme,
    Sent,
)
from channels.render import keyed, speakable, spoken
from channels.segments import split
from channels.settings import ChannelSettings
from channels.signatures import Form, twilio_form

VOICES = {"ko": ("ko-KR", "Polly.Seoyeon"), "en": ("en-US", "Polly.Joanna")}

WAIT_SECONDS = 6
DIAL_SECONDS = 30
SAY_MAX = 3000  # Twilio reads at most 4,096 characters of one Say
HINT_MAX = 100

OVER = ("completed", "busy", "no-answer", "failed", "canceled")

# What stands in From when the caller withholds the number: words, or letters on a keypad
# (ANONYMOUS, RESTRICTED, BLOCKED, UNAVAILABLE) that look like numbers of other countries.
WITHHELD = ("+266696687", "+7378742833", "+2562533", "+86282452253")

SAYINGS = {
    "ko": {
        "wait": "잠시만 기다려 주세요.",
        "call_back": "지금은 상담사와 연결하지 못했어요. 상담사가 곧 다시 전화드릴게요.",
    },
    "en": {
        "wait": "One moment, please.",
        "call_back": "No agent can take the call right now. An agent will call you back.",
    },
}


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

        @router.post("/channels/twilio/voice")
        async def turn(request: Request) -> Response:
            """Take what the caller said or pressed, and answer in TwiML."""
            form = await twilio_form(request, url, token)
            number = _whole(request.query_params.get("turn"))
            token_of_try = request.headers.get("I-Twilio-Idempotency-Token")
            incoming = read_turn(form, number, token_of_try)
            if incoming is None:
                return _xml(VoiceResponse())
            answer = await on_message(incoming)
            if incoming.kind == "hangup":
                return _xml(VoiceResponse())
            return _xml(self._twiml(answer, (number or 0) + 1))

        @router.post("/channels/twilio/voice/transfer")
        async def transferred(request: Request) -> Response:
            """Close a call after the transfer; say that somebody calls back if it failed."""
            form = await twilio_form(request, url, token)
            response = VoiceResponse()
            if form.get("DialCallStatus") not in ("completed", "answered"):
                language = _language(request.query_params.get("language", "ko"))
                _say(response, SAYINGS[language]["call_back"], language)
            response.hangup()
            return _xml(response)

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

    def _twiml(self, answer: Answer, turn: int) -> VoiceResponse:
        language = _language(answer.language)
        said = [spoken(reply, language) for reply in answer.replies]
        lines = [line for line in said if line]
        response = VoiceResponse()
        if any(reply.transfer for reply in answer.replies):
            self._transfer(response, lines, language)
            return response
        if answer.ended:
            for line in lines:
                _say(response, line, language)
            response.hangup()
            return response
        gather = self._gather(answer.replies, language, turn)
        for line in lines or [SAYINGS[language]["wait"]]:
            _say(gather, line, language)
        response.append(gather)
        return response

    def _gather(self, replies: tuple[Reply, ...], language: str, turn: int) -> Gather:
        """Return the verb that listens, to speech and to keys, and comes back in any case."""
        choices = [pair for reply in replies for pair in keyed(reply.choices)]
        titles = (speakable(choice.title, language).strip(".") for _, choice in choices)
        hints = [title.replace(",", " ")[:HINT_MAX] for title in titles]
        return Gather(
            input="speech dtmf",
            action=f"{self._settings.public_url}/channels/twilio/voice?turn={turn}",
            method="POST",
            action_on_empty_result=True,
            barge_in=True,
            language=VOICES[language][0],
            timeout=WAIT_SECONDS,
            speech_timeout="auto",
            # One key is a whole answer where there are choices; numbers end with a pause or #.
            num_digits=1 if choices and all(len(key) == 1 for key, _ in choices) else None,
            hints=",".join(hints) or None,
        )

    def _transfer(self, response: VoiceResponse, lines: list[str], language: str) -> None:
        agents = self._settings.twilio_agent_number
        for line in lines:
            _say(response, line, language)
        if not agents:
            _say(response, SAYINGS[language]["call_back"], language)
            response.hangup()
            return
        after = f"{self._settings.public_url}/channels/twilio/voice/transfer?language={language}"
        response.dial(agents, action=after, method="POST", timeout=DIAL_SECONDS)


def read_turn(form: Form, turn: int | None, token: str | None = None) -> Incoming | None:
    """Return what happened in a call; None when the form names no call.

    `turn` counts from 0 (the call comes in) and makes the id with the call's sid, so that a
    repeated webhook is the same message. Without it Twilio's own idempotency `token` does.
    """
    call = form.get("CallSid", "")
    if not call:
        return None
    if form.get("CallStatus") in OVER:
        return read_end(form)
    keys = form.get("Digits", "")
    speech = clean_text(form.get("SpeechResult", ""))
    scheme, address, phone = _caller(form, call)
    said = bool(keys or speech)
    known = turn is not None or not said
    external_id = f"{call}:{turn or 0}" if known else f"{call}:{token or uuid4()}"
    if keys:
        return Incoming(
            "voice", scheme, address, external_id, clean_text(keys), kind="keys", phone=phone
        )
    if speech:
        return Incoming(
            "voice", scheme, address, external_id, speech, kind="speech",
            confidence=_confidence(form.get("Confidence")), phone=phone,
        )  # fmt: skip
    kind: Kind = "silence" if turn else "start"
    return Incoming("voice", scheme, address, external_id, "", kind=kind, phone=phone)


def read_end(form: Form) -> Incoming | None:
    """Return the end of a call; None while it lasts."""
    call = form.get("CallSid", "")
    if not call or form.get("CallStatus") not in OVER:
        return None
    scheme, address, phone = _caller(form, call)
    return Incoming("voice", scheme, address, f"{call}:end", "", kind="hangup", phone=phone)


def _caller(form: Form, call: str) -> tuple[Scheme, str, str | None]:
    """Return who calls: the number, or the call itself where the number is withheld."""
    number = form.get("From", "")
    if is_e164(number) and number not in WITHHELD:
        return "phone", number, number
    return "call", call, None


def _confidence(value: str | None) -> float | None:
    """Return the recogniser's confidence, 0..1; None where it gives none."""
    try:
        confidence = float(value or "")
    except ValueError:
        return None
    return confidence if 0.0 <= confidence <= 1.0 else None


def _whole(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else None


def _language(language: str) -> str:
    """Return the language that a voice speaks: Korean, or English for everyone else."""
    return language if language in VOICES else "en"


def _say(verb: VoiceResponse | Gather, line: str, language: str) -> None:
    locale, voice = VOICES[language]
    for part in split(line, SAY_MAX, len):
        verb.say(part, voice=voice, language=locale)


def _xml(response: VoiceResponse) -> Response:
    return Response(str(response), media_type="text/xml")
