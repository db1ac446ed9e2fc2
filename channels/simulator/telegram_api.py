"""Telegram's Bot API as python-telegram-bot knows it: the methods a bot like ours calls.

https://core.telegram.org/bots/api#making-requests
"""

import itertools
import json
import secrets
import time
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from telegram.constants import FileSizeLimit, MessageLimit

from channels.pictures import fetch_picture, picture_type
from channels.segments import utf16_units
from channels.settings import ChannelSettings
from channels.signatures import same_secret
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store
from channels.transport import is_loopback, options

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
        self._allowed: list[str] = []
        self._commands: dict[str, list[Fields]] = {}
        self._files: dict[str, tuple[bytes, str]] = {}

    def router(self) -> APIRouter:
        """Return `/bot<token>/<method>`, whose methods are found whatever their case."""
        router = APIRouter(include_in_schema=False)
        methods = {
            "getme": self._get_me,
            "sendmessage": self._send_message,
            "sendphoto": self._send_photo,
            "getfile": self._get_file,
            "answercallbackquery": self._yes,
            "sendchataction": self._yes,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "setmycommands": self._set_my_commands,
            "getmycommands": self._get_my_commands,
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
            sends = method.lower().startswith(("sendm", "sendp"))
            if sends and self._faults.strikes("rate_429"):
                return _refusal(429, "Too Many Requests: retry after 1", {"retry_after": 1})
            if sends and self._faults.strikes("rate_5xx"):
                return _refusal(503, "Service Unavailable")
            fields = await _fields(request)
            if method.lower() == "sendphoto":
                fields["photo"] = await self._fetched(fields.get("photo"))
            response = answer(fields)
            taken = response.status_code == 200
            if sends and taken and self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return response

        @router.get("/file/bot{token}/{path:path}")
        async def download(token: str, path: str) -> Response:
            """Hand over a file that `getFile` told the path of."""
            await self._faults.delay()
            if not same_secret(token, self._settings.telegram_bot_token):
                return _refusal(401, "Unauthorized")
            content, kind = self._files.get(path, (b"", ""))
            if not kind:
                return _refusal(404, "Not Found")
            return Response(content, media_type=kind)

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

    def attach(self, content: bytes, kind: str) -> list[Fields]:
        """Keep a photo that a citizen sent; return it as the sizes of a message."""
        name = f"photos/{secrets.token_hex(8)}.jpg"
        self._files[name] = (content, kind)
        size = {"width": 1280, "height": 960, "file_size": len(content)}
        return [{"file_id": name, "file_unique_id": secrets.token_hex(8), **size}]

    def _get_file(self, fields: Fields) -> Response:
        name = str(fields.get("file_id", ""))
        if name not in self._files:
            return _refusal(
                400, "Bad Request: wrong file_id or the file is temporarily unavailable"
            )
        size = len(self._files[name][0])
        if size > FileSizeLimit.FILESIZE_DOWNLOAD:
            return _refusal(400, "Bad Request: file is too big")
        unique = secrets.token_hex(8)
        file = {"file_id": name, "file_unique_id": unique, "file_size": size, "file_path": name}
        return _result(file)

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
        self._allowed = _list(fields.get("allowed_updates"))
        return _result(True)

    def _delete_webhook(self, _: Fields) -> Response:
        self.webhook = self.secret = ""
        return _result(True)

    def _get_webhook_info(self, _: Fields) -> Response:
        counted = {"has_custom_certificate": False, "pending_update_count": 0}
        return _result({"url": self.webhook, **counted, "allowed_updates": self._allowed})

    def _set_my_commands(self, fields: Fields) -> Response:
        self._commands[str(fields.get("language_code") or "")] = _list(fields.get("commands"))
        return _result(True)

    def _get_my_commands(self, fields: Fields) -> Response:
        return _result(self._commands.get(str(fields.get("language_code") or ""), []))

    def _send_message(self, fields: Fields) -> Response:
        text = str(fields.get("text", ""))
        if not text.strip():
            return _refusal(400, "Bad Request: message text is empty")
        if utf16_units(text) > MessageLimit.MAX_TEXT_LENGTH:
            return _refusal(400, "Bad Request: message is too long")
        return self._say(fields, text, {"text": text})

    def _send_photo(self, fields: Fields) -> Response:
        caption = str(fields.get("caption", ""))
        if utf16_units(caption) > MessageLimit.CAPTION_LENGTH:
            return _refusal(400, "Bad Request: message caption is too long")
        content = fields.get("photo")
        if content is None:
            return _refusal(400, "Bad Request: failed to get HTTP URL content")
        if not isinstance(content, bytes):
            return _refusal(400, "Bad Request: there is no photo in the request")
        kind = picture_type(content[:16])
        if kind is None:
            return _refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        photo = self.attach(content, kind)
        return self._say(fields, caption, {"photo": photo, "caption": caption}, photos=1)

    async def _fetched(self, photo: Any) -> Any:
        """Return a photo that is named by its address; None where nobody hands it over."""
        if not isinstance(photo, str):
            return photo
        if not is_loopback(photo):
            return None  # the simulator never leaves the machine
        async with httpx.AsyncClient(**options(photo)) as client:
            found = await fetch_picture(client, photo)
        return found.content if found else None

    def _say(self, fields: Fields, text: str, content: Fields, photos: int = 0) -> Response:
        """Put a message into a chat, with the buttons of its markup."""
        chat = str(fields.get("chat_id", ""))
        if not chat:
            return _refusal(400, "Bad Request: chat_id is empty")
        if not chat.isascii() or not chat.isdigit():
            return _refusal(400, "Bad Request: chat not found")
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
        entry.photos = photos
        self._store.add(entry)
        message = {
            "message_id": number,
            "from": self.bot(),
            "chat": {"id": int(chat), "type": "private", "first_name": "시민"},
            "date": int(time.time()),
            **content,
        }
        return _result({**message, "reply_markup": markup} if rows else message)


async def _fields(request: Request) -> Fields:
    """Return the parameters of a call, from wherever they came."""
    fields: Fields = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**fields, **_json((await request.body()).decode("utf-8", "replace"))}
    for key, value in (await request.form()).items():
        fields[key] = value if isinstance(value, str) else await value.read()
    # A file in a form may be named by another field: "attach://" and that field's name.
    for key, value in list(fields.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            fields[key] = fields.get(value.removeprefix("attach://"), value)
    return fields


def _json(value: Any) -> dict[str, Any]:
    """Return a parameter that is an object, given as such or as its JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """Return a parameter that is a list, given as such or as its JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []


def _result(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refusal(status: int, description: str, parameters: Fields | None = None) -> Response:
    body: Fields = {"ok": False, "error_code": status, "description": description}
    return JSONResponse({**body, "parameters": parameters} if parameters else body, status)
