"""Phone calls through AudioCodes VoiceAI Connect, by its bot API over HTTP: text in, text out.

https://techdocs.audiocodes.com/voice-ai-connect/Content/VAIG_Combined/API_1.htm
The gateway names the caller once, when the call begins. Who a later turn comes from is asked of
the composition (`caller_of`), so that any process of the service can take any turn.
Language follows the talk; the voice for each language is set at the gateway.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import APIRouter, Request

from channels.base import DoorError, Rejected
from channels.inbound import read_json
from channels.message import Incoming, OnMessage, OnStatus, Outgoing, Scheme, Sent
from channels.settings import ChannelSettings
from channels.signatures import bearer_caller, same_secret
from channels.voice import (
    KEY_PAUSE_SECONDS,
    MAX_KEYS,
    WAIT_SECONDS,
    Caller,
    CallerOf,
    Spoken,
    asked_language,
    caller,
    certainty,
    event_id,
    heard,
    slowly,
    take,
)

PATH = "/channels/audiocodes"
EXPIRES_SECONDS = 120
MAX_ACTIVITIES = 20
START = "start"  # the turn by which a call's caller is found again


class AudioCodes:
    """The door of calls that VoiceAI Connect answers. Nothing can be pushed into a call."""

    name = "audiocodes"
    scheme: Scheme = "phone"
    pushes = False
    in_place = True

    def __init__(self, settings: ChannelSettings, caller_of: CallerOf) -> None:
        self._token = settings.audiocodes_token
        self._agents = settings.agent_number
        self._base = urlsplit(settings.public_url).path.rstrip("/") + PATH
        self._caller_of = caller_of

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the bot's URL and those of a conversation; a call has no later delivery."""
        router = APIRouter(prefix=PATH, tags=["audiocodes"])

        @router.get("/bot")
        async def probe(request: Request) -> dict[str, Any]:
            """Tell the gateway's administrator that address and token are right."""
            bearer_caller(request, self._token)
            return {"type": "ac-bot-api", "success": True}

        @router.post("/bot")
        async def begin(request: Request) -> dict[str, Any]:
            """Open a conversation; the same one again gets the same addresses again."""
            bearer_caller(request, self._token)
            call = _call(await read_json(request))
            base = f"{self._base}/conversations/{call}/{self._mark(call)}"
            return {
                "activitiesURL": f"{base}/activities",
                "refreshURL": f"{base}/refresh",
                "disconnectURL": f"{base}/disconnect",
                "expiresSeconds": EXPIRES_SECONDS,
            }

        @router.post("/conversations/{call}/{mark}/activities")
        async def activities(call: str, mark: str, request: Request) -> dict[str, Any]:
            """Take what the caller said, pressed or did, and answer with what to do."""
            self._admit(request, call, mark)
            body = await read_json(request)
            return {"conversation": call, "activities": await self._answer(call, body, on_message)}

        @router.post("/conversations/{call}/{mark}/refresh")
        async def refresh(call: str, mark: str, request: Request) -> dict[str, Any]:
            """Keep a conversation: nothing of it expires here."""
            self._admit(request, call, mark)
            return {"expiresSeconds": EXPIRES_SECONDS}

        @router.post("/conversations/{call}/{mark}/disconnect")
        async def disconnect(call: str, mark: str, request: Request) -> dict[str, Any]:
            """Take word that the call is over."""
            self._admit(request, call, mark)
            await read_json(request)
            await on_message(heard(call, "end", await self._who(call), kind="hangup"))
            return {}

        return router

    async def send(self, message: Outgoing) -> Sent:  # noqa: ARG002
        """Refuse: a call answers in place, and we call nobody."""
        raise Rejected("voice-not-open")

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _mark(self, call: str) -> str:
        """Return what makes a conversation's address ours: no other can be made up."""
        marked = hmac.new(self._token.encode(), f"conversation:{call}".encode(), hashlib.sha256)
        return marked.hexdigest()[:32]

    def _admit(self, request: Request, call: str, mark: str) -> None:
        bearer_caller(request, self._token)
        if not same_secret(mark, self._mark(call)):
            raise DoorError(404, "No such conversation", "Open it at the bot's URL first.")

    async def _who(self, call: str) -> Caller:
        return await self._caller_of(call) or Caller("call", call)

    async def _answer(
        self, call: str, body: dict[str, Any], on_message: OnMessage
    ) -> list[dict[str, Any]]:
        given = body.get("activities")
        if not isinstance(given, list) or len(given) > MAX_ACTIVITIES:
            raise DoorError(400, "No activities", f"Send a list of at most {MAX_ACTIVITIES}.")
        said: list[dict[str, Any]] = []
        who: Caller | None = None
        for activity in given:
            if not isinstance(activity, dict):
                raise DoorError(400, "No activity", "Send activities as objects.")
            started = _started(activity, call)
            who = started or who or await self._who(call)
            incoming = read_activity(activity, call, who)
            if incoming is None:
                continue
            spoken = await take(on_message, incoming, self._agents)
            said += speak(spoken, self._agents)
            if spoken.listen is None:
                break
        return said


def _call(body: dict[str, Any]) -> str:
    call = event_id(body.get("conversation"))
    if not call:
        raise DoorError(400, "No conversation", "Name the conversation by its id.")
    return call


def _part(activity: dict[str, Any], name: str) -> dict[str, Any]:
    found = activity.get(name)
    return found if isinstance(found, dict) else {}


def _started(activity: dict[str, Any], call: str) -> Caller | None:
    """Return who calls, from the event that begins a call; None for everything else."""
    if activity.get("type") != "event" or activity.get("name") != START:
        return None
    return caller(str(_part(activity, "parameters").get("caller", "")), call)


def read_activity(activity: dict[str, Any], call: str, who: Caller) -> Incoming | None:
    """Return what one activity tells; None for what a talk need not know.

    Raises: DoorError 400 for an activity without an id.
    """
    turn = event_id(activity.get("id"))
    if not turn:
        raise DoorError(400, "No activity id", "Give each activity an id of its own.")
    parameters = _part(activity, "parameters")
    locale = activity.get("language") or parameters.get("locale")
    language = asked_language(locale) if isinstance(locale, str) else None
    if activity.get("type") == "message":
        text = activity.get("text")
        return heard(
            call, turn, who,
            speech=text if isinstance(text, str) else "",
            confidence=certainty(parameters.get("confidence")),
            language=language,
        )  # fmt: skip
    if activity.get("type") != "event":
        return None
    match activity.get("name"):
        case "start":
            return heard(call, START, who, kind="start", language=language)
        case "DTMF":
            return heard(call, turn, who, keys=str(activity.get("value", "")), language=language)
        case "noUserInput":
            return heard(call, turn, who, language=language)
        case "transferStatus" if _part(activity, "value").get("status") == "failed":
            return heard(call, turn, who, kind="unanswered")
        case _:
            return None


def speak(spoken: Spoken, agents: str | None) -> list[dict[str, Any]]:
    """Return the activities by which the gateway speaks, listens, transfers and hangs up."""
    said = [_activity("message", text=line) for line in _lines(spoken)]
    if spoken.transfer and agents:
        said.append(
            _activity("event", name="transfer", activityParams={"transferTarget": f"tel:{agents}"})
        )
    elif spoken.hangup:
        said.append(_activity("event", name="hangup"))
    if spoken.listen is not None and said:
        said[0]["sessionParams"] = {
            "language": spoken.locale,
            "bargeIn": True,
            "bargeInOnDTMF": True,
            "sendDTMF": True,
            # One key goes on at once; several are collected until # or a pause.
            "dtmfCollect": not spoken.listen.one_key,
            "dtmfCollectSubmitDigit": "#",
            "dtmfCollectInterDigitTimeoutMS": KEY_PAUSE_SECONDS * 1000,
            "dtmfCollectMaxDigits": MAX_KEYS,
            "sendEventsToBot": ["noUserInput"],
            "userNoInputTimeoutMS": WAIT_SECONDS * 1000,
        }
        if spoken.listen.hints:
            said[-1]["activityParams"] = {"sttContextPhrases": list(spoken.listen.hints)}
    return said


def _lines(spoken: Spoken) -> list[str]:
    return [slowly(line) if spoken.slow else line for line in spoken.lines]


def _activity(kind: str, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": str(uuid4()), "timestamp": at, "type": kind, **fields}
