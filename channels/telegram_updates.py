"""What an update of Telegram says to us: pure reading, nothing is fetched or sent here.

https://core.telegram.org/bots/api#update
"""

import json
import re
from dataclasses import dataclass
from functools import partial

import telegram
from telegram.constants import ChatType

from channels.base import DoorError
from channels.inbound import clean_text
from channels.message import Incoming, Kind, Location
from channels.phones import is_e164
from channels.pictures import MAX_BYTES

UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

_START = re.compile(r"/start(?:@\w+)?(?:\s+(?P<payload>.*))?", re.DOTALL)
# Commands of Telegram's own menu whose words mean the same without the slash.
_WORDS = re.compile(r"/(?P<word>menu|help|cancel|agent)(?:@\w+)?\s*", re.IGNORECASE)
_PRESSED = re.compile(r"(?P<delivery>[1-9]\d{0,18}):(?P<choice>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that Telegram keeps: `file_id` asks for it, `size` is in bytes where it is told."""

    file_id: str
    size: int | None

    @property
    def too_large(self) -> bool:
        """Whether there is no use in asking for it."""
        return self.size is not None and self.size > MAX_BYTES


def parse(body: bytes) -> telegram.Update:
    """Return the update in `body`. Raises: DoorError 400."""
    try:
        return telegram.Update.de_json(json.loads(body), None)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise DoorError(400, "Not an update", "Send an update as Telegram does.") from None


def read_update(update: telegram.Update) -> Incoming | None:
    """Return what an update says to us; None for groups and whatever is no message.

    Its picture, if it has one, is named by `picture_in` and not fetched yet.
    """
    external_id = str(update.update_id)
    change, query = update.my_chat_member, update.callback_query
    if update.message:
        return _read_message(update.message, external_id)
    if update.edited_message:
        return _read_edit(update.edited_message, external_id)
    # Unblocking needs no message: it shows when the citizen writes again.
    if change and _is_private(change.chat) and change.new_chat_member.status == "kicked":
        return _incoming(change.chat, external_id, "", kind="blocked")
    if query and query.data and query.message and _is_private(query.message.chat):
        return _read_press(query.message.chat, query, external_id)
    return None


def picture_in(update: telegram.Update) -> Picture | None:
    """Return the picture that comes with an update: the largest size of a photo, or a file."""
    message = update.message
    if message is None:
        return None
    if message.photo:
        sizes = [Picture(size.file_id, size.file_size) for size in message.photo]
        # Telegram lists them from small to large.
        return next((size for size in reversed(sizes) if not size.too_large), sizes[0])
    file = message.document
    if file and (file.mime_type or "").startswith("image/"):
        return Picture(file.file_id, file.file_size)
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
    if place := _place(message):
        return said("", location=place)
    text = message.text or message.caption
    if not text:
        # A picture or sticker without words still gets an answer; a pinned message does not.
        return said("") if message.effective_attachment or message.text is not None else None
    if start := _START.fullmatch(text):
        return said(start.group("payload") or "", kind="start")
    if word := _WORDS.fullmatch(text):
        return said(word.group("word").lower())
    return said(text)


def _read_edit(message: telegram.Message, external_id: str) -> Incoming | None:
    """Return the words of a message that was changed; a place that moves on is no news."""
    sender = message.from_user
    if not _is_private(message.chat) or sender is None or sender.is_bot or _place(message):
        return None
    text = message.text or message.caption
    if not text:
        return None
    return _incoming(
        message.chat, external_id, text, kind="edit", language=sender.language_code
    )  # fmt: skip


def _read_press(
    chat: telegram.Chat, query: telegram.CallbackQuery, external_id: str
) -> Incoming | None:
    language, data = query.from_user.language_code, query.data or ""
    if pressed := _PRESSED.fullmatch(data):
        return _incoming(
            chat, external_id, pressed.group("choice"), language=language,
            pressed=int(pressed.group("delivery")),
        )  # fmt: skip
    return _incoming(chat, external_id, data, language=language)


def _place(message: telegram.Message) -> Location | None:
    if venue := message.venue:
        name = clean_text(", ".join(part for part in (venue.title, venue.address) if part))
        return Location(venue.location.latitude, venue.location.longitude, name or None)
    if point := message.location:
        return Location(point.latitude, point.longitude)
    return None


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
    location: Location | None = None,
    pressed: int | None = None,
) -> Incoming:
    """Return a message of a chat; `language` is the app's, a hint and no more."""
    return Incoming(
        "telegram", "telegram", str(chat.id), external_id, clean_text(text), kind,
        phone=phone, language=language, location=location, pressed=pressed,
    )  # fmt: skip
