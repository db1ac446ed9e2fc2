"""Phone calls through jambonz: its webhooks in, a list of its verbs out.

https://docs.jambonz.org/verbs/verbs/gather · /say · /dial
The calling webhook of an application that should answer in English is
`/channels/jambonz/call?language=en`; speech services and voices are the application's own.
"""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from channels.base import Rejected
from channels.message import Incoming, Kind, OnMessage, OnStatus, Outgoing, Scheme, Sent
from channels.settings import ChannelSettings
from channels.signatures import jambonz_json
from channels.voice import (
    DIAL_SECONDS,
    KEY_PAUSE_SECONDS,
    MAX_KEYS,
    WAIT_SECONDS,
    Caller,
    Listen,
    Spoken,
    asked_language,
    caller,
    certainty,
    event_id,
    heard,
    slowly,
    take,
)

PATH = "/channels/jambonz"
OVER = ("completed", "failed", "busy", "no-answer")
SPEECH_PAUSE_SECONDS = 2

_KINDS: dict[object, Kind] = {"stt-low-confidence": "unclear"}


class Jambonz:
    """The door of calls that jambonz answers. Nothing can be pushed into a call."""

    name = "jambonz"
    scheme: Scheme = "phone"
    pushes = False
    in_place = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._secret = settings.jambonz_webhook_secret
        self._agents = settings.agent_number
        self._url = settings.public_url + PATH

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the webhooks of a call: its turns, a transfer's end, its own end."""
        router = APIRouter(prefix=PATH, tags=["jambonz"])

        @router.post("/call")
        async def turn(request: Request) -> Response:
            """Take what the caller said or pressed, and answer with verbs."""
            body = await jambonz_json(request, self._secret)
            number = _number(request)
            language = asked_language(request.query_params.get("language"))
            incoming = read_turn(body, number, language)
            if incoming is None:
                return JSONResponse([])
            if incoming.kind == "hangup":
                await on_message(incoming)
                return JSONResponse([])
            spoken = await take(on_message, incoming, self._agents)
            return JSONResponse(self._verbs(spoken, number + 1))

        @router.post("/transfer")
        async def transferred(request: Request) -> Response:
            """End a call that people took; give one that nobody took back to the bot."""
            body = await jambonz_json(request, self._secret)
            number = _number(request)
            incoming = read_transfer(body, number)
            if incoming is None:
                return JSONResponse([{"verb": "hangup"}])
            # Ringing the same number again at once would only make a circle.
            return JSONResponse(self._verbs(await take(on_message, incoming, None), number + 1))

        @router.post("/status", status_code=204)
        async def status(request: Request) -> Response:
            """Take word that a call is over."""
            incoming = read_end(await jambonz_json(request, self._secret))
            if incoming:
                await on_message(incoming)
            return Response(status_code=204)

        return router

    async def send(self, message: Outgoing) -> Sent:  # noqa: ARG002
        """Refuse: a call answers in place, and we call nobody."""
        raise Rejected("voice-not-open")

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _verbs(self, spoken: Spoken, turn: int) -> list[dict[str, Any]]:
        text = " ".join(slowly(line) if spoken.slow else line for line in spoken.lines)
        voice = {"vendor": "default", "language": spoken.locale}
        say = {"text": text, "synthesizer": voice}
        if spoken.listen is not None:
            return [self._gather(spoken, spoken.listen, say, turn)]
        verbs: list[dict[str, Any]] = [{"verb": "say", **say}] if text else []
        if spoken.transfer:
            return [
                *verbs,
                {
                    "verb": "dial",
                    "target": [{"type": "phone", "number": self._agents}],
                    "timeout": DIAL_SECONDS,
                    "actionHook": self._hook("/transfer", turn),
                },
            ]
        return [*verbs, {"verb": "hangup"}]

    def _gather(
        self, spoken: Spoken, listen: Listen, say: dict[str, Any], turn: int
    ) -> dict[str, Any]:
        """Return the verb that listens and speaks at once, and comes back in any case."""
        gather: dict[str, Any] = {
            "verb": "gather",
            "actionHook": self._hook("/call", turn),
            "input": ["speech", "digits"] if listen.speech else ["digits"],
            "timeout": WAIT_SECONDS,
            "finishOnKey": "#",
            "interDigitTimeout": KEY_PAUSE_SECONDS,
            "bargein": listen.speech,
            "dtmfBargein": True,
            "listenDuringPrompt": True,
            "say": say,
        }
        gather |= {"numDigits": 1} if listen.one_key else {"maxDigits": MAX_KEYS}
        if listen.speech:
            gather["speechTimeout"] = SPEECH_PAUSE_SECONDS
            gather["recognizer"] = {
                "vendor": "default",
                "language": spoken.locale,
                "hints": list(listen.hints),
            }
        return gather

    def _hook(self, path: str, turn: int) -> str:
        return f"{self._url}{path}?{urlencode({'turn': turn})}"


def read_turn(body: dict[str, Any], turn: int, language: str | None = None) -> Incoming | None:
    """Return what happened in a call; None when the body names no call."""
    call = event_id(body.get("call_sid"))
    if not call:
        return None
    if body.get("call_status") in OVER:
        return read_end(body)
    heard_as = body.get("speech")
    found = heard_as.get("alternatives") if isinstance(heard_as, dict) else None
    best = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    return heard(
        call,
        str(turn),
        _who(body, call),
        kind=_KINDS.get(body.get("reason"), "silence") if turn else "start",
        keys=_text(body.get("digits")),
        speech=_text(best.get("transcript")),
        confidence=certainty(best.get("confidence")),
        language=language,
    )


def read_transfer(body: dict[str, Any], turn: int) -> Incoming | None:
    """Return that a transfer reached nobody; None when people took the call, or it is over."""
    call = event_id(body.get("call_sid"))
    over = body.get("call_status") in OVER or body.get("dial_call_status") == "completed"
    if not call or over:
        return None
    return heard(call, str(turn), _who(body, call), kind="unanswered")


def read_end(body: dict[str, Any]) -> Incoming | None:
    """Return the end of a caller's call; None while it lasts, and for the calls we dialled."""
    call = event_id(body.get("call_sid"))
    if not call or body.get("call_status") not in OVER or body.get("direction") == "outbound":
        return None
    return heard(call, "end", _who(body, call), kind="hangup")


def _who(body: dict[str, Any], call: str) -> Caller:
    return caller(_text(body.get("from")), call)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(request: Request) -> int:
    """Return which turn of the call this is, counted from 0."""
    given = request.query_params.get("turn", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 0
