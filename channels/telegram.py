"""Telegram by webhook, with python-telegram-bot for its types and its Bot API.

https://core.telegram.org/bots/api#setwebhook · #getfile · #sendmessage · #sendphoto
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import telegram
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from telegram import error as errors
from telegram.constants import InlineKeyboardButtonLimit, MessageLimit
from telegram.request import BaseRequest, RequestData

from channels import transport
from channels.base import (
    Content,
    Provider,
    Rejected,
    Retryable,
    SendError,
    Stopped,
    Throttled,
    Unknown,
    send_parts,
)
from channels.inbound import clean_text, read_body
from channels.message import Choice, Incoming, OnMessage, OnStatus, Outgoing, Photo, Scheme, Sent
from channels.pictures import SECONDS, fetch_picture
from channels.render import numbered
from channels.segments import bodies, utf16_units
from channels.settings import ChannelSettings
from channels.signatures import telegram_caller
from channels.telegram_updates import UPDATES, Picture, parse, picture_in, read_update
from channels.wire import Wire

PATH = "/channels/telegram/webhook"

_SHARE_PHONE = {"ko": "내 전화번호 보내기", "en": "Send my phone number"}
# The commands of the chat's own menu, by language; the last stands for all others.
_COMMANDS = {
    "ko": {"menu": "할 수 있는 일", "agent": "상담원 연결", "cancel": "지금 하던 것 그만두기"},
    None: {"menu": "What I can do", "agent": "Talk to a person", "cancel": "Stop this"},
}

# How Telegram says that it can't get a photo from our address, or makes nothing of it.
_NOT_FETCHED = re.compile(
    r"http url|web ?page|url host|image_process_failed|photo_invalid|wrong type", re.IGNORECASE
)

Keyboard = telegram.InlineKeyboardMarkup | telegram.ReplyKeyboardMarkup

log = logging.getLogger(__name__)


class ServerError(errors.TelegramError):
    """Telegram, or something before it, answered 5xx; `status` decides what that means."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class _Requests(BaseRequest):
    """The library's requests over our own connections; the status of a 5xx survives them."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._wire = Wire(api_url, {"User-Agent": self.USER_AGENT})

    @property
    def read_timeout(self) -> float | None:
        """The seconds that an answer may take."""
        return transport.READ_SECONDS

    async def initialize(self) -> None:
        """Do nothing: connections are opened when they are needed."""

    async def shutdown(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; the time-outs are those of all channels."""
        form = request_data.json_parameters if request_data else None
        answered = await self._wire.request(method, url.removeprefix(self._api_url), form=form)
        if answered.status >= 500:
            raise ServerError(answered.status)
        return answered.status, answered.body


class Telegram:
    """The door of Telegram's private chats. Answers go out through `send`, never in place."""

    name = "telegram"
    scheme: Scheme = "telegram"
    pushes = True
    in_place = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._requests = _Requests(settings.telegram_api_url)
        self._bot = telegram.Bot(
            settings.telegram_bot_token,
            base_url=f"{settings.telegram_api_url}/bot",
            request=self._requests,
            base_file_url=f"{settings.telegram_api_url}/file/bot",
            get_updates_request=self._requests,
        )
        self._files = httpx.AsyncClient(**transport.options(settings.telegram_api_url))

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the webhook. Telegram reports no delivery, so `on_status` is never called."""
        router = APIRouter(tags=["telegram"])

        @router.post(PATH)
        async def receive(request: Request) -> Response:
            """Take one update; 200 also for what is none of our business, or it comes again."""
            telegram_caller(request, self._settings.telegram_webhook_secret)
            update = parse(await read_body(request, limit=1024 * 1024))
            if incoming := read_update(update):
                if picture := picture_in(update):
                    incoming = await self._with_picture(incoming, picture)
                await on_message(incoming)
            query = update.callback_query
            # The button keeps spinning until its query is answered, whoever pressed it.
            spinning = BackgroundTask(self._stop_spinning, query.id) if query else None
            return Response(status_code=200, background=spinning)

        return router

    def providers(self, address: str) -> Sequence[Provider]:  # noqa: ARG002
        """Return the bot itself: Telegram asks for 30 messages a second at most, and reports none.

        https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
        """
        return (Provider(self.name, per_second=25.0),)

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` as plain text or a photo with its words, buttons under the last part."""
        if not re.fullmatch(r"-?\d{1,19}", message.address, re.ASCII):
            raise Rejected("bad-address")
        parts, markup = compose(message)

        async def post(place: int, part: str) -> str:
            keyboard = markup if place == len(parts) else None
            photo = message.photo_url if place == 1 else None
            try:
                said = await self._say(int(message.address), part, photo, keyboard)
            except errors.TelegramError as error:
                raise _read_error(error) from error
            return f"{message.address}:{said.message_id}"  # unique within a chat only

        return await send_parts(parts, message.skip, post)

    async def _say(
        self, chat: int, text: str, photo: str | None, keyboard: Keyboard | None
    ) -> telegram.Message:
        """Send one part. Telegram fetches the photo itself; what it can't fetch goes as a link."""
        if photo is not None:
            try:
                return await self._bot.send_photo(
                    chat_id=chat, photo=photo, caption=text or None, reply_markup=keyboard
                )
            except errors.BadRequest as error:
                if not _NOT_FETCHED.search(error.message):
                    raise
                log.warning("Telegram could not fetch a photo of ours; it is sent as a link")
        return await self._bot.send_message(
            chat_id=chat,
            text="\n".join(filter(None, (text, photo))),
            reply_markup=keyboard,
            link_preview_options=_preview(photo),
        )

    async def register_webhook(self) -> None:
        """Tell Telegram where we listen, which secret to send and which commands we know.

        Safe to repeat.

        Raises: a SendError that says why it failed.
        """
        try:
            await self._bot.set_webhook(
                f"{self._settings.public_url}{PATH}",
                secret_token=self._settings.telegram_webhook_secret,
                allowed_updates=UPDATES,
            )
            for language, commands in _COMMANDS.items():
                await self._bot.set_my_commands(list(commands.items()), language_code=language)
        except errors.TelegramError as error:
            raise _read_error(error) from error

    async def close(self) -> None:
        """Close the connections to Telegram."""
        await self._requests.shutdown()
        await self._files.aclose()

    async def _with_picture(self, incoming: Incoming, picture: Picture) -> Incoming:
        """Return the message with its picture, or with word that it did not come through.

        Telegram would send the whole update again for an error of ours; a picture that is lost
        for good must not keep the citizen's words from being heard.
        """
        photo = None if picture.too_large else await self._fetch(picture)
        if photo is None:
            return replace(incoming, photos_missed=1)
        return replace(incoming, photos=(photo,))

    async def _fetch(self, picture: Picture) -> Photo | None:
        try:
            async with asyncio.timeout(SECONDS):
                file = await self._bot.get_file(picture.file_id)
        except (TimeoutError, errors.TelegramError) as error:
            log.info("a picture was not found: %s", type(error).__name__)
            return None
        return await fetch_picture(self._files, file.file_path) if file.file_path else None

    async def _stop_spinning(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except errors.TelegramError as error:
            # Only the look of a button hangs on it, and old queries can't be answered at all.
            log.info("a callback query was not answered: %s", type(error).__name__)


def compose(message: Outgoing) -> tuple[list[str], Keyboard | None]:
    """Return the texts that carry a message, and the keyboard under the last of them.

    The first text is the caption of the photo, where there is one: empty where the words are too
    many to stand under it.
    """
    words, markup = _form(message)
    text = clean_text(words)
    if message.photo_url is None:
        return bodies(text, MessageLimit.MAX_TEXT_LENGTH), markup
    if utf16_units(text) <= MessageLimit.CAPTION_LENGTH:
        return [text.strip()], markup
    return ["", *bodies(text, MessageLimit.MAX_TEXT_LENGTH)], markup


def _form(message: Outgoing) -> tuple[str, Keyboard | None]:
    """Return the text and the buttons of a message.

    One message carries one kind of keyboard: beside the phone button the choices are lines, and
    so are choices whose id is too long for a button.
    """
    text = message.text
    if message.ask_phone:
        label = _SHARE_PHONE.get(message.language, _SHARE_PHONE["en"])
        keyboard = telegram.ReplyKeyboardMarkup(
            [[telegram.KeyboardButton(label, request_contact=True)]],
            resize_keyboard=True,
            one_time_keyboard=True,
        )
        return numbered(text, message.choices), keyboard
    data = [_data(message, choice) for choice in message.choices]
    longest = InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    if not data or any(len(one.encode()) > longest for one in data):
        return numbered(text, message.choices), None
    rows = [
        [telegram.InlineKeyboardButton(choice.title, callback_data=one)]
        for choice, one in zip(message.choices, data, strict=True)
    ]
    return text, telegram.InlineKeyboardMarkup(rows)


def _preview(photo: str | None) -> telegram.LinkPreviewOptions:
    """Return what Telegram shows of links: the photo of a message, and no other site."""
    if photo is None:
        return telegram.LinkPreviewOptions(is_disabled=True)
    return telegram.LinkPreviewOptions(url=photo, prefer_large_media=True)


def _data(message: Outgoing, choice: Choice) -> str:
    """Return what comes back when a button is pressed: the choice, and of which message.

    Old buttons stay in a chat; without the message, the "1" of an old question would answer the
    newest one.
    """
    return f"{message.id}:{choice.id}"


def _read_error(error: errors.TelegramError) -> SendError:
    """Say what an error of the library means for the message."""
    if isinstance(error, errors.RetryAfter):
        wait = error.retry_after
        return Throttled("429", wait.total_seconds() if isinstance(wait, timedelta) else wait)
    if isinstance(error, errors.Forbidden):
        return Stopped("403")
    if isinstance(error, errors.BadRequest):
        if "chat not found" in error.message.lower():
            return Rejected("chat-not-found")
        return Content("400")
    if isinstance(error, errors.ChatMigrated):
        return Rejected("chat-migrated")
    if isinstance(error, errors.InvalidToken):
        return Retryable("bad-token")  # ours to mend; the citizen did nothing wrong
    if isinstance(error, ServerError):
        return transport.refused(error.status, str(error.status))
    if isinstance(error.__cause__, SendError):
        return error.__cause__
    return Unknown("timeout" if isinstance(error, errors.TimedOut) else type(error).__name__)
