"""Making a photo safe to keep and to show: decoded within bounds, and written anew.

What an image file can carry beside its picture (where and when it was taken, the maker's notes,
a preview that shows more than the picture, whatever hides behind its end) does not come along:
only the pixels are copied.
"""

import asyncio
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pi_heif  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from backend.errors import Invalid
from channels.message import Photo

MAX_BYTES = 8 * 1024 * 1024
# A JPEG is decoded at an eighth of its size where that is enough; the others have to be decoded
# whole, at four bytes a pixel.
MAX_PIXELS = {"JPEG": 64_000_000, "MPO": 64_000_000}
MAX_PIXELS_WHOLE = 24_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF")
LONGEST = 1600
SMALL = 320
SECONDS = 15.0

# What iPhones take. Only the picture itself is decoded: no thumbnails, no depth maps.
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

# Two at once: the memory of two of the largest pictures is what a photo may cost us.
_threads = ThreadPoolExecutor(2, thread_name_prefix="photos")


class Unreadable(Invalid):
    """What was sent is no picture that can be shown."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture as it is kept: JPEG at most 1,600 and 320 pixels a side; `digest` is the file's."""

    digest: str
    content: bytes
    small: bytes
    width: int
    height: int


async def clean(content: bytes) -> Cleaned:
    """Return the picture in `content` (JPEG, PNG, WebP, GIF or HEIC, at most 8 MiB), written anew.

    What the file is called, or is said to be, does not count. It takes at most 15 s, on threads of
    its own. Raises: Unreadable with what to send instead.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(
            "사진이 너무 커요. 8MB보다 작은 사진을 보내 주세요.",
            "The photo is too large. Send one under 8 MB.",
        )
    try:
        async with asyncio.timeout(SECONDS):
            return await asyncio.get_running_loop().run_in_executor(_threads, _clean, content)
    except TimeoutError:
        raise Unreadable(
            "사진을 처리하지 못했어요. 조금 더 작은 사진을 보내 주세요.",
            "The photo could not be read in time. Send a smaller one.",
        ) from None


async def clean_all(photos: tuple[Photo, ...]) -> list[Cleaned]:
    """Return the pictures among `photos` that can be shown; the others are left out."""
    results = await asyncio.gather(*(_clean_or_none(photo) for photo in photos))
    return [cleaned for cleaned in results if cleaned is not None]


async def _clean_or_none(photo: Photo) -> Cleaned | None:
    try:
        return await clean(photo.content)
    except Unreadable:
        return None


def _clean(content: bytes) -> Cleaned:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            limit = MAX_PIXELS.get(image.format or "", MAX_PIXELS_WHOLE)
            if image.width * image.height > limit:
                raise Unreadable(
                    "사진의 가로세로가 너무 커요. 크기를 줄여서 보내 주세요.",
                    "The photo has too many pixels. Send a smaller one.",
                )
            image.thumbnail((LONGEST, LONGEST))
            upright = ImageOps.exif_transpose(image)
            plain = _opaque(upright)
    except Unreadable:
        raise
    except Exception:
        # A broken file fails in the decoder's own way: OSError, SyntaxError, struct.error, …
        raise Unreadable(
            "읽을 수 없는 사진이에요. JPG나 PNG 사진을 보내 주세요.",
            "This is no photo that can be read. Send a JPG or PNG.",
        ) from None
    small = plain.copy()
    small.thumbnail((SMALL, SMALL))
    return Cleaned(
        hashlib.sha256(content).hexdigest(), _jpeg(plain), _jpeg(small), plain.width, plain.height
    )


def _opaque(image: Image.Image) -> Image.Image:
    """Return the pixels of `image` on white, in a new image that knows nothing else."""
    fresh = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        fresh.paste(layered, mask=layered.getchannel("A"))
    else:
        fresh.paste(image.convert("RGB"))
    return fresh


def _jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()
