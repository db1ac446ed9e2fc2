"""What a browser may send to the web chat, read with care, and how it is told what is wrong."""

import hashlib
import json
import math
import re
from uuid import UUID, uuid4

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.types import Message

from channels.base import DoorError
from channels.inbound import clean_text, prefers_english, read_body
from channels.message import Incoming, Location

SESSION_BITS = 128
SESSION_MAX = 200
# The bot reads the first 4,000 and says so: a long letter is answered, and no error.
TEXT_MAX = 20_000
PHOTOS_MAX = 5
PHOTO_BYTES = 8 * 1024 * 1024
# A phone at the edge of its network gets 8 MiB out in a minute, at a megabit a second.
PHOTO_SECONDS = 90.0
_FORM_BYTES = 4096  # what a form says around its file

_PROBLEMS = {
    "json": (400, "읽을 수 없는 요청", "요청을 JSON으로 보내 주세요.",
             "Unreadable", "Send the request as JSON."),
    "session": (400, "쓸 수 없는 세션", "128비트 이상의 임의 값으로 만든 세션을 보내 주세요.",
                "Bad session", "Send a session made of at least 128 random bits."),
    "shape": (422, "잘못된 항목", "session, text, message_id, language, photos를 확인해 주세요.",
              "Wrong fields", "Check session, text, message_id, language and photos."),
    "long": (422, "너무 긴 글", f"글을 {TEXT_MAX:,}자 이하로 줄여 주세요.",
             "Too long", f"Shorten the text to {TEXT_MAX:,} characters."),
    "empty": (422, "빈 글", "하실 말씀을 적어 주세요.", "Empty text", "Write your message."),
    "form": (400, "읽을 수 없는 요청", "사진 파일 하나를 그대로, 또는 폼으로 보내 주세요.",
             "Unreadable", "Send one photo file, as it is or in a form."),
    "large": (413, "너무 큰 사진", "사진이 너무 커요. 8MB보다 작은 사진을 보내 주세요.",
              "Too large", "The photo is too large. Send one under 8 MB."),
}  # fmt: skip


class WebPoint(BaseModel):
    """Where the citizen is, as the browser says once they allowed it: degrees of WGS 84."""

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)


class WebMessage(BaseModel):
    """What a browser posts. `photos` are ids of photos that it uploaded before."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    session: str
    text: str
    message_id: str | None = Field(None, min_length=1, max_length=100)
    language: str | None = Field(None, pattern="^[a-z]{2}$")
    photos: list[UUID] = Field([], max_length=PHOTOS_MAX)
    location: WebPoint | None = None


def problem(kind: str, request: Request) -> DoorError:
    """Return the error `kind` in the browser's language."""
    status, title_ko, detail_ko, title_en, detail_en = _PROBLEMS[kind]
    if prefers_english(request):
        return DoorError(status, title_en, detail_en)
    return DoorError(status, title_ko, detail_ko)


def address_of(session: str) -> str | None:
    """Return the address of a session, the SHA-256 of it in hex; None when it is too weak.

    Its alphabet tells how many random bits a character can hold: digits, hex or URL-safe.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", session, re.ASCII) or len(session) > SESSION_MAX:
        return None
    plain = session.replace("-", "")
    if plain.isdigit():
        bits = len(plain) * math.log2(10)
    elif re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", plain):
        bits = len(plain) * 4.0
    else:
        bits = len(session) * 6.0
    return hashlib.sha256(session.encode()).hexdigest() if bits >= SESSION_BITS else None


def caller(request: Request, session: str) -> str:
    """Return the address of the session in X-Session. Raises: DoorError 400."""
    address = address_of(session)
    if address is None:
        raise problem("session", request)
    return address


async def read_message(request: Request) -> Incoming:
    """Return the message that a browser posted.

    Raises: DoorError with the status and, in the browser's language, what to change.
    """
    try:
        body = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        raise problem("json", request) from None
    try:
        message = WebMessage.model_validate(body)
    except ValidationError as error:
        fields = {part["loc"][0] for part in error.errors() if part["loc"]}
        raise problem("session" if fields == {"session"} else "shape", request) from None
    address = caller(request, message.session)
    text = clean_text(message.text)
    point = message.location
    if not text.strip() and not message.photos and point is None:
        raise problem("empty", request)
    if len(text) > TEXT_MAX:
        raise problem("long", request)
    return Incoming(
        "web",
        "web",
        address,
        f"{address[:32]}:{clean_text(message.message_id or '') or uuid4()}",
        text,
        language=message.language,
        location=Location(point.latitude, point.longitude) if point is not None else None,
        uploads=tuple(dict.fromkeys(message.photos)),
    )


def read_id(written: str, request: Request) -> UUID:
    """Return the id of a photo as it stands in a path. Raises: DoorError 422."""
    try:
        return UUID(written)
    except ValueError:
        raise problem("shape", request) from None


async def read_photo(request: Request) -> bytes:
    """Return the file that a browser uploads: the body itself, or the one file of a form.

    Raises: DoorError 400, 408 or 413.
    """
    try:
        body = await read_body(request, PHOTO_BYTES + _FORM_BYTES, PHOTO_SECONDS)
    except DoorError as error:
        raise (problem("large", request) if error.status == 413 else error) from None
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        body = await _file_of_form(request, body)
    if not body:
        raise problem("form", request)
    if len(body) > PHOTO_BYTES:
        raise problem("large", request)
    return body


async def _file_of_form(request: Request, body: bytes) -> bytes:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        # The body was read within bounds already: the parser itself knows none for files.
        async with Request(request.scope, receive).form(max_files=1, max_fields=5) as form:
            files = [part for part in form.values() if isinstance(part, UploadFile)]
            return await files[0].read() if files else b""
    except (HTTPException, MultiPartException, KeyError, ValueError):
        raise problem("form", request) from None
