"""KakaoTalk's bot system: it calls the skill for citizens, waits five seconds, and checks its form.

https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format
"""

import secrets
import time
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from channels.kakao import PATH
from channels.kakao_skill import (
    MAX_CARD_BUTTONS,
    MAX_CARD_TEXT,
    MAX_LABEL,
    MAX_LIST_ITEMS,
    MAX_OUTPUTS,
    MAX_QUICK_REPLIES,
    MAX_TEXT,
    VERSION,
)
from channels.segments import utf16_units
from channels.settings import ChannelSettings
from channels.signatures import KAKAO_HEADER
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store

SKILL_SECONDS = 5.0
CALLBACK_SECONDS = 60.0
TIMED_OUT = 504
MALFORMED = 422

Json = dict[str, Any]


class KakaoApi:
    """One channel with one chatbot, whose every block calls our skill."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._client = client
        self._callbacks: dict[str, tuple[str, float]] = {}  # token → whose, until when
        self._pictures: dict[str, tuple[bytes, str]] = {}

    def router(self) -> APIRouter:
        """Return the address for late answers, and the pictures that citizens sent."""
        router = APIRouter(include_in_schema=False)

        @router.post("/v1/bots/simulator/callback/{token}")
        async def late(request: Request, token: str) -> Response:
            """Take one late answer."""
            await self._faults.delay()
            if self._faults.strikes("rate_429"):
                return JSONResponse({}, 429)
            if self._faults.strikes("rate_5xx"):
                return JSONResponse({}, 503)
            user, until = self._callbacks.pop(token, ("", 0.0))
            if not user or time.monotonic() > until:
                return JSONResponse(_told("FAIL", "callback is not valid"), 400)
            body = await _json(request)
            if found := problems(body):
                self._bubble(user, "; ".join(found), status="failed")
                return JSONResponse(_told("ERROR", "invalid response"))
            self._show(user, body)
            if self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return JSONResponse(_told("SUCCESS", ""))

        @router.get("/dna/{name}")
        async def picture(name: str) -> Response:
            """Hand over a picture that a citizen sent."""
            content, kind = self._pictures.get(name, (b"", ""))
            return Response(content, 200 if kind else 404, media_type=kind or "text/plain")

        return router

    async def say(self, user: str, text: str, *, callback: bool) -> tuple[int, str, list[str]]:
        """Let `user` write; return the status, our answer and the texts that they read.

        `callback` says whether the block allows a late answer.
        """
        request = {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend"},
            "block": {"id": "5e4cbe2ab617ea0001610a58", "name": "폴백 블록"},
            "utterance": text,
            "lang": "ko",
            "user": {"id": user, "type": "botUserKey", "properties": {"isFriend": True}},
        }
        if callback:
            token = secrets.token_urlsafe(24)
            self._callbacks[token] = (user, time.monotonic() + CALLBACK_SECONDS)
            request["callbackUrl"] = f"{self._origin}/v1/bots/simulator/callback/{token}"
        action: Json = {"name": "응답", "clientExtra": None, "params": {}, "detailParams": {}}
        try:
            response = await self._client.post(
                f"{self._settings.public_url}{PATH}",
                json={
                    "intent": {"id": "5e4cbe2ab617ea0001610a58", "name": "폴백 블록"},
                    "userRequest": request,
                    "bot": {"id": "5e1bbea992690d00019eb340", "name": "응답"},
                    "action": action,
                    "contexts": [],
                },
                headers={KAKAO_HEADER: self._settings.kakao_skill_secret},
                timeout=SKILL_SECONDS,
            )
        except httpx.TimeoutException:
            self._bubble(user, "", status="failed")
            return TIMED_OUT, "", []
        if response.status_code != 200:
            return response.status_code, response.text, []
        body = response.json()
        if found := problems(body):
            self._bubble(user, "; ".join(found), status="failed")
            return MALFORMED, "; ".join(found), []
        if body.get("useCallback") and callback:
            text = str(body["data"]["text"])
            self._bubble(user, text)
            return 200, response.text, [text]
        if callback:
            self._callbacks.pop(token, None)
        return 200, response.text, self._show(user, body)

    def attach(self, content: bytes, kind: str) -> str:
        """Keep a picture; return the address that takes the place of the citizen's words."""
        name = f"{secrets.token_hex(8)}.jpg"
        self._pictures[name] = (content, kind)
        return f"{self._origin}/dna/{name}"

    @property
    def _origin(self) -> str:
        return self._settings.kakao_origin or self._settings.public_url

    def _show(self, user: str, body: Json) -> list[str]:
        """Show a response as bubbles; return their texts."""
        template = body["template"]
        outputs = template["outputs"]
        texts = []
        for place, output in enumerate(outputs, 1):
            ((kind, content),) = output.items()
            if kind == "listCard":
                text, pressed = content["header"]["title"], content["items"]
            else:
                text = content.get("text") or content.get("description", "")
                pressed = content.get("buttons", [])
            if place == len(outputs):
                pressed = [*pressed, *template.get("quickReplies", [])]
            buttons = [
                {"id": one["messageText"], "title": one.get("label") or one["title"]}
                for one in pressed
                if one["action"] == "message"
            ]
            self._bubble(user, text, buttons)
            texts.append(text)
        return texts

    def _bubble(
        self, user: str, text: str, buttons: list[dict[str, str]] | None = None,
        *, status: str = "delivered",
    ) -> None:  # fmt: skip
        entry = Entry("kakao", incoming=False, address=user, text=text, status=status)
        entry.sid, entry.buttons = f"kakao:{secrets.token_hex(8)}", buttons or []
        self._store.add(entry)


def problems(body: Any) -> list[str]:
    """Return what KakaoTalk would throw this response away for; nothing where it is well formed."""
    if not isinstance(body, dict) or body.get("version") != VERSION:
        return ["version is not 2.0"]
    if body.get("useCallback"):
        return []
    template = body.get("template") or {}
    outputs, quick = template.get("outputs") or [], template.get("quickReplies") or []
    found = []
    if not 1 <= len(outputs) <= MAX_OUTPUTS:
        found.append(f"{len(outputs)} outputs")
    for output in outputs:
        found += _wrong(output)
    if len(quick) > MAX_QUICK_REPLIES:
        found.append(f"{len(quick)} quick replies")
    return found + [word for one in quick for word in _wrong_button(one)]


def _wrong(output: Json) -> list[str]:
    ((kind, content),) = output.items()
    if kind == "simpleText":
        return _wrong_text(content.get("text", ""), MAX_TEXT)
    buttons = content.get("buttons", [])
    found = [word for one in buttons for word in _wrong_button(one)]
    if len(buttons) > MAX_CARD_BUTTONS:
        found.append(f"{len(buttons)} buttons")
    if kind == "textCard":
        return found + _wrong_text(content.get("description", ""), MAX_CARD_TEXT)
    if kind != "listCard":
        return [*found, f"unknown output {kind}"]
    items = content.get("items", [])
    if not content.get("header", {}).get("title"):
        found.append("a list without a title")
    if not 1 <= len(items) <= MAX_LIST_ITEMS:
        found.append(f"{len(items)} items")
    if any(not item.get("title") or not item.get("messageText") for item in items):
        found.append("an item without words")
    return found


def _wrong_text(text: str, limit: int) -> list[str]:
    if not text.strip():
        return ["an empty text"]
    return [] if utf16_units(text) <= limit else [f"{utf16_units(text)} characters"]


def _wrong_button(button: Json) -> list[str]:
    label = button.get("label", "")
    if not label.strip() or utf16_units(label) > MAX_LABEL:
        return [f"a label of {utf16_units(label)} characters"]
    if button.get("action") == "webLink":
        right = str(button.get("webLinkUrl", "")).startswith("https://")
    else:
        right = button.get("action") == "message" and bool(button.get("messageText"))
    return [] if right else ["a button that leads nowhere"]


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _told(status: str, message: str) -> Json:
    now = int(time.time() * 1000)
    return {"taskId": secrets.token_hex(8), "status": status, "message": message, "timestamp": now}
