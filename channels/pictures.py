"""Fetching a picture that a provider keeps for us: a picture in truth, of bounded size and time."""

import asyncio
import logging

import httpx

from channels.message import Photo

MAX_BYTES = 8 * 1024 * 1024
SECONDS = 8.0

log = logging.getLogger(__name__)


def picture_type(content: bytes) -> str | None:
    """Return the media type that the first bytes of `content` tell; None for no picture we take.

    What a sender says of its type is a claim; a picture shown to staff has to be one.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
        return "image/heic"
    return None


async def fetch_picture(client: httpx.AsyncClient, url: str) -> Photo | None:
    """Return the picture at `url`, or None: lost, late, over 8 MiB, or no picture.

    The caller has made sure that `url` is the provider's. Redirects are not followed, and the
    address, which often is a key, is not logged.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(SECONDS), client.stream("GET", url) as response:
            if response.status_code != 200:
                log.info("a picture was not handed over: %d", response.status_code)
                return None
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    log.info("a picture was too large")
                    return None
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
        log.info("a picture was not handed over: %s", type(error).__name__)
        return None
    kind = picture_type(bytes(content[:16]))
    return Photo(bytes(content), kind) if kind else None
