"""Telegram by webhook, with python-telegram-bot for its types and its Bot API.

https://core.telegram.org/bots/api#setwebhook · #update · #sendmessage
"""

import json
import logging
import re
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import telegram
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from telegram import error as errors
from telegram.constants import ChatType, InlineKeyboardButtonLimit, MessageLimit
from telegram.request import HTTPXRequest

from channels import transport
from channels.base import DoorError, Rejected, Retryable, SendError, Stopped, Throttled, Unknown
from channels.inbound import clean_text, is_e164, read_body
from channels.message import Incoming, Kind, OnMessage, OnStatus, Outgoing, Scheme, Sent
from channels.render import numbered
from channels.segments import bodies
from channels.settings import ChannelSettings
from channels.signatures import telegram_caller

PATH = "/channels/telegram/webhook"
UPDATES = ["message", "callback_query", "my_chat_member"]

_SHARE_PHONE = {"ko": "내 전화번호 보내기", "en": "Send my phone number"}
_START = re.compile(r"/start(?:@\w+)?(?:\s+(?P<payload>.*))?", re.DOTALL)

Keyboard = telegram.InlineKeyboardMarkup | telegram.ReplyKeyboardMarkup

log = logging.getLogger(__name__)


class ServerError(errors.TelegramError):
    """Telegram, or something before it, answered 5xx; `status` decides what that means."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class _Wire(HTTPXRequest):
    """The library's own transport, but the status of a 5xx survives it."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        status, payload = await super().do_request(*args, **kwargs)
        if status >= 500:
            raise ServerError(status)
        return status, payload


class Telegram:
    """The door of Telegram's private chats. Answers go out through `send`, never in place."""

    name = "telegram"
    scheme: Scheme = "telegram"
    pushes = True
    in_place = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._wire = _Wire(httpx_kwargs=transport.options(settings.telegram_api_url))
        self._bot = telegram.Bot(
            settings.telegram_bot_token,
            base_url=f"{settings.telegram_api_url}/bot",
            request=self._wire,
            get_updates_request=self._wire,
        )

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the webhook. Telegram reports no delivery, so `on_status` is never called."""
        router = APIRouter(tags=["telegram"])

        @router.post(PATH)
        async def receive(request: Request) -> Response:
            """Take one update; 200 also for what is none of our business, or it comes again."""
            telegram_caller(request, self._settings.telegram_webhook_secret)
            update = _parse(await read_body(request, limit=1024 * 1024))
            if incoming := read_update(update):
                await on_message(incoming)
            query = update.callback_query
            # The button keeps spinning until its query is answered, whoever pressed it.
            spinning = BackgroundTask(self._stop_spinning, query.id) if query else None
            return Response(status_code=200, background=spinning)

        return router

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` as plain text, its buttons under the last part."""
        if not re.fullmatch(r"-?\d{1,19}", message.address, re.ASCII):
            raise Rejected("bad-address")
        text, markup = _form(message)
        parts = bodies(clean_text(text), MessageLimit.MAX_TEXT_LENGTH)
        if not parts:
            raise Rejected("empty")
        sent: list[str] = []
        for place, part in enumerate(parts, 1):
            try:
                said = await self._bot.send_message(
                    chat_id=int(message.address),
                    text=part,
                    reply_markup=markup if place == len(parts) else None,
                    link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                )
            except errors.TelegramError as error:
                problem = _read_error(error)
                if sent:
                    # The first parts are out: sending all of it again would double them.
                    problem = Unknown(f"partial-{problem.code}")
                raise problem from error
            sent.append(f"{message.address}:{said.message_id}")  # unique within a chat only
        return Sent(tuple(sent), len(sent))

    async def register_webhook(self) -> None:
        """Tell Telegram where we listen and which secret to send; repeatable.

        Raises: a SendError that says why it failed.
        """
        try:
            await self._bot.set_webhook(
                f"{self._settings.public_url}{PATH}",
                secret_token=self._settings.telegram_webhook_secret,
                allowed_updates=UPDATES,
            )
        except errors.TelegramError as error:
            raise _read_error(error) from error

    async def close(self) -> None:
        """Close the connections to Telegram."""
        await self._wire.shutdown()

    async def _stop_spinning(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except errors.TelegramError as error:
            # Only the look of a button hangs on it, and old queries can't be answered at all.
            log.info("a callback query was not answered: %s", type(error).__name__)


def _parse(body: bytes) -> telegram.Update:
    """Return the update in `body`. Raises: DoorError 400."""
    try:
        return telegram.Update.de_json(json.loads(body), None)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise DoorError(400, "Not an update", "Send an update as Telegram does.") from None


def read_update(update: telegram.Update) -> Incoming | None:
    """Return what an update says to us; None for groups, edits and whatever is no message."""
    external_id = str(update.update_id)
    change, query = update.my_chat_member, update.callback_query
    if update.message:
        return _read_message(update.message, external_id)
    # Unblocking needs no message: it shows when the citizen writes again.
    if change and _is_private(change.chat) and change.new_chat_member.status == "kicked":
        return _incoming(change.chat, external_id, "", kind="blocked")
    if query and query.data and query.message and _is_private(query.message.chat):
        language = query.from_user.language_code
        return _incoming(query.message.chat, external_id, query.data, language=language)
    return None


def _read_message(message: telegram.Message, external_id: str) -> Incoming | None:
    sender = message.from_user
    if not _is_private(message.chat) or sender is None or sender.is_bot:
        return None
    said = partial(_incoming, message.chat, external_id, language=sender.language_code)
    if message.contact:
        # Anybody can share anybody's contact; only one's own proves a number.
        phone = "+" + re.sub(r"\D", "", message.contact.phone_number)
        own = message.contact.user_id == sender.id and is_e164(phone)
        return said("", kind="contact", phone=phone if own else None)
    text = message.text or message.caption
    if text is None:
        # A picture or sticker without words still gets an answer; a pinned message does not.
        return said("") if message.effective_attachment else None
    if start := _START.fullmatch(text):
        return said(start.group("payload") or "", kind="start")
    return said(text)


def _is_private(chat: telegram.Chat) -> bool:
    """Tell whether only the citizen reads along: personal data goes nowhere else."""
    return chat.type == ChatType.PRIVATE


def _incoming(
    chat: telegram.Chat,
    external_id: str,
    text: str,
    *,
    kind: Kind = "text",
    phone: str | None = None,
    language: str | None = None,
) -> Incoming:
    """Return a message of a chat; `language` is the app's, a hint and no more."""
    return Incoming(
        "telegram", "telegram", str(chat.id), external_id, clean_text(text), kind,
        phone=phone, language=language,
    )  # fmt: skip


def _form(message: Outgoing) -> tuple[str, Keyboard | None]:
    """Return the text and the buttons of a message.

    One message carries one kind of keyboard: beside the phone button the choices are lines, and
    so are choices whose id is too long for a button.
    """
    if message.ask_phone:
        label = _SHARE_PHONE.get(message.language, _SHARE_PHONE["en"])
        keyboard = telegram.ReplyKeyboardMarkup(
            [[telegram.KeyboardButton(label, request_contact=True)]],
            resize_keyboard=True,
            one_time_keyboard=True,
        )
        return numbered(message.text, message.choices), keyboard
    longest = InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    if not message.choices or any(len(c.id.encode()) > longest for c in message.choices):
        return numbered(message.text, message.choices), None
    rows = [[telegram.InlineKeyboardButton(c.title, callback_data=c.id)] for c in message.choices]
    return message.text, telegram.InlineKeyboardMarkup(rows)


def _read_error(error: errors.TelegramError) -> SendError:
    """Say what an error of the library means for the message."""
    if isinstance(error, errors.RetryAfter):
        wait = error.retry_after
        return Throttled("429", wait.total_seconds() if isinstance(wait, timedelta) else wait)
    if isinstance(error, errors.Forbidden):
        return Stopped("403")
    if isinstance(error, errors.BadRequest):
        return Rejected("chat-not-found" if "chat not found" in error.message.lower() else "400")
    if isinstance(error, errors.ChatMigrated):
        return Rejected("chat-migrated")
    if isinstance(error, errors.InvalidToken):
        return Retryable("bad-token")  # ours to mend; the citizen did nothing wrong
    if isinstance(error, ServerError):
        return transport.refused(error.status, str(error.status))
    if isinstance(error.__cause__, httpx.HTTPError):
        return transport.lost_or_refused(error.__cause__)
    return Unknown("timeout" if isinstance(error, errors.TimedOut) else type(error).__name__)
