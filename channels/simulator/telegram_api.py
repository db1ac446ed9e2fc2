"""Telegram's Bot API as python-telegram-bot knows it: the methods that our bot calls.

https://core.telegram.org/bots/api#making-requests
"""

import itertools
import json
import secrets
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from telegram.constants import MessageLimit

from channels.settings import ChannelSettings
from channels.signatures import same_secret
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store

BOT_NAME = "eungdap_bot"

Fields = dict[str, Any]


class TelegramApi:
    """One bot. `webhook` and `secret` are what the last setWebhook said."""

    def __init__(self, settings: ChannelSettings, store: Store, faults: FaultBox) -> None:
        self.webhook = f"{settings.public_url}/channels/telegram/webhook"
        self.secret = settings.telegram_webhook_secret
        self._settings = settings
        self._store = store
        self._faults = faults
        # Far from the numbers of an earlier run, which the service has stored.
        self._message_ids = itertools.count(1 + secrets.randbelow(2**30))

    def router(self) -> APIRouter:
        """Return `/bot<token>/<method>`, whose methods are found whatever their case."""
        router = APIRouter(include_in_schema=False)
        methods = {
            "getme": self._get_me,
            "sendmessage": self._send_message,
            "answercallbackquery": self._yes,
            "setwebhook": self._set_webhook,
        }

        @router.api_route("/bot{token}/{method}", methods=["GET", "POST"])
        async def call(request: Request, token: str, method: str) -> Response:
            """Call one method, with its parameters as query, form or JSON."""
            await self._faults.delay()
            if not same_secret(token, self._settings.telegram_bot_token):
                return _refusal(401, "Unauthorized")
            answer = methods.get(method.lower())
            if answer is None:
                return _refusal(404, "Not Found")
            sends = method.lower() == "sendmessage"
            if sends and self._faults.strikes("rate_429"):
                return _refusal(429, "Too Many Requests: retry after 1", {"retry_after": 1})
            if sends and self._faults.strikes("rate_5xx"):
                return _refusal(503, "Service Unavailable")
            response = answer(await _fields(request))
            taken = response.status_code == 200
            if sends and taken and self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return response

        return router

    def next_message_id(self) -> int:
        """Return the next number in the chats' common count."""
        return next(self._message_ids)

    def bot(self) -> dict[str, Any]:
        """Return the bot as a User; its id is the part of the token before the colon."""
        number = self._settings.telegram_bot_token.partition(":")[0]
        return {
            "id": int(number) if number.isdigit() else 1,
            "is_bot": True,
            "first_name": "응답",
            "username": BOT_NAME,
        }

    def _get_me(self, _: Fields) -> Response:
        abilities = {
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        return _result({**self.bot(), **abilities})

    def _yes(self, _: Fields) -> Response:
        return _result(True)

    def _set_webhook(self, fields: Fields) -> Response:
        self.webhook = str(fields.get("url", ""))
        self.secret = str(fields.get("secret_token", ""))
        return _result(True)

    def _send_message(self, fields: Fields) -> Response:
        chat, text = str(fields.get("chat_id", "")), str(fields.get("text", ""))
        if not chat:
            return _refusal(400, "Bad Request: chat_id is empty")
        if not chat.isascii() or not chat.isdigit():
            return _refusal(400, "Bad Request: chat not found")
        if not text.strip():
            return _refusal(400, "Bad Request: message text is empty")
        if len(text) > MessageLimit.MAX_TEXT_LENGTH:
            return _refusal(400, "Bad Request: message is too long")
        if chat in self._store.blocked:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        markup = _json(fields.get("reply_markup"))
        rows = markup.get("inline_keyboard", [])
        buttons = [
            {"id": button.get("callback_data", ""), "title": button["text"]}
            for row in rows
            for button in row
        ]
        asks = any(
            isinstance(key, dict) and key.get("request_contact")
            for row in markup.get("keyboard", [])
            for key in row
        )
        number = self.next_message_id()
        entry = Entry("telegram", incoming=False, address=chat, text=text, status="sent")
        entry.sid, entry.buttons, entry.asks_contact = str(number), buttons, asks
        self._store.add(entry)
        message = {
            "message_id": number,
            "from": self.bot(),
            "chat": {"id": int(chat), "type": "private", "first_name": "시민"},
            "date": int(time.time()),
            "text": text,
        }
        return _result({**message, "reply_markup": markup} if rows else message)


async def _fields(request: Request) -> Fields:
    """Return the parameters of a call, from wherever they came."""
    fields: Fields = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**fields, **_json((await request.body()).decode("utf-8", "replace"))}
    return {**fields, **{key: str(value) for key, value in (await request.form()).items()}}


def _json(value: Any) -> dict[str, Any]:
    """Return a parameter that is an object, given as such or as its JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _result(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refusal(status: int, description: str, parameters: Fields | None = None) -> Response:
    body: Fields = {"ok": False, "error_code": status, "description": description}
    return JSONResponse({**body, "parameters": parameters} if parameters else body, status)
