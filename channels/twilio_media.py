"""Pictures in an MMS: fetched from Twilio with the account's credentials, within bounds.

https://www.twilio.com/docs/messaging/api/media-resource: a protected file is answered with a
redirect to a short-lived address at Twilio's content servers.
"""

import asyncio
import logging

import httpx

from channels import transport
from channels.message import Photo
from channels.pictures import fetch_picture
from channels.settings import ChannelSettings
from channels.signatures import Form

MAX_PHOTOS = 10  # Twilio sends no more
# Twilio waits 15 seconds for the TwiML, and the answer itself takes some.
SECONDS = 8.0
_HOPS = 3
_CONTENT_HOSTS = (".twilio.com", ".twiliocdn.com")
_CONTENT_HOST = "s3-external-1.amazonaws.com"

log = logging.getLogger(__name__)


def media_of(form: Form) -> list[str]:
    """Return the addresses of the pictures in a webhook form; other media are passed over."""
    count = form.get("NumMedia", "")
    number = int(count) if count.isascii() and count.isdigit() and len(count) <= 2 else 0
    return [
        form.get(f"MediaUrl{n}", "")
        for n in range(min(number, MAX_PHOTOS))
        if form.get(f"MediaContentType{n}", "").startswith("image/")
    ]


def client(settings: ChannelSettings) -> httpx.AsyncClient:
    """Return the client for media: it goes to Twilio and nowhere else, whatever a redirect says.

    The credentials are sent to Twilio's API alone: httpx drops them where a redirect leads to
    another origin.
    """
    api = httpx.URL(settings.twilio_api_url)

    async def only_twilio(request: httpx.Request) -> None:
        if _origin(request.url) != _origin(api) and not _serves_content(request.url):
            raise httpx.UnsupportedProtocol("not at Twilio")

    return httpx.AsyncClient(
        auth=(settings.twilio_account_sid, settings.twilio_auth_token),
        follow_redirects=True,
        max_redirects=_HOPS,
        event_hooks={"request": [only_twilio]},
        **transport.options(settings.twilio_api_url),
    )


async def fetch(media: httpx.AsyncClient, urls: list[str]) -> list[Photo]:
    """Return the pictures at `urls` that came whole and in time, in order."""
    tasks = [asyncio.create_task(fetch_picture(media, url)) for url in urls]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=SECONDS)
        for task in late:
            task.cancel()
        if late:
            log.info("%d pictures came too late", len(late))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [photo for photo in found if isinstance(photo, Photo)]


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _serves_content(url: httpx.URL) -> bool:
    named = url.host.endswith(_CONTENT_HOSTS) or url.host == _CONTENT_HOST
    return url.scheme == "https" and url.port in (None, 443) and named
