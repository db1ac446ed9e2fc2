"""What every door does with what comes in: bounded reading, clean text, ids and words."""

import asyncio
import json
import re
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from channels.base import DoorError

# Ten thousand Korean characters in a form take 90 kB.
MAX_BODY = 128 * 1024
BODY_SECONDS = 10.0

_ID_DIGITS = 18  # any more would not fit into a bigint

_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")

# Characters that neither XML 1.0 nor PostgreSQL's text can hold: controls other than tab and
# line ends, halves of surrogate pairs, and the two noncharacters of the basic plane.
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    """Return `text` without the characters that can't be stored or written as XML."""
    return _IMPOSSIBLE.sub("", text)


def our_id(text: str) -> int | None:
    """Return the id of ours that a provider sends back, or None for what is none of ours."""
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
        return None
    return int(text)


def unknown_word(word: str) -> str:
    """Return a provider's word that we do not know, as it may be kept: a word and nothing else."""
    return word if _WORD.fullmatch(word) else "(no word)"


def prefers_english(request: Request) -> bool:
    """Tell whether the caller asks for English before Korean; without a word it is Korean."""
    for part in request.headers.get("accept-language", "").lower().split(","):
        language = part.strip()
        if language.startswith("ko"):
            return False
        if language.startswith("en"):
            return True
    return False


async def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body of `request`.

    Raises: DoorError 400 when it is none, and those of `read_body`.
    """
    try:
        found = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DoorError(400, "Not an object", "Send one JSON object, in UTF-8.")
    return found


async def read_body(
    request: Request, limit: int = MAX_BODY, seconds: float = BODY_SECONDS
) -> bytes:
    """Return the body of `request`, at most `limit` bytes of it, within `seconds`.

    Raises: DoorError 413 when it is longer, 408 when it does not come, 400 when it breaks off.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise DoorError(413, "Too long", f"Send at most {limit} bytes.")
    except TimeoutError:
        raise DoorError(
            408, "Too slow", f"Send the whole body within {seconds:g} seconds."
        ) from None
    except ClientDisconnect:
        raise DoorError(400, "Broken off", "Send the request again.") from None
    return bytes(body)
