"""How a request to a provider ends, read the same way for every channel."""

import ipaddress
import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from channels.base import Rejected, Retryable, SendError, Throttled, Unknown

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# Shorter than the five seconds after which common servers drop an idle connection: a request
# that meets that moment ends as unknown, and somebody would have to look into it.
IDLE_SECONDS = 2.0
MAX_CONNECTIONS = 50

# httpx writes every address it calls, and Telegram's hold the bot's token.
logging.getLogger("httpx").setLevel(logging.WARNING)


def is_loopback(url: str) -> bool:
    """Tell whether `url` stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def options(url: str) -> dict[str, Any]:
    """Return how a client of httpx talks to the provider at `url`.

    A proxy of the environment never carries what stays on this machine.
    """
    return {
        "timeout": httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        "limits": httpx.Limits(
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
        ),
        "trust_env": not is_loopback(url),
    }


def lost_or_refused(error: Exception) -> SendError:
    """Say what a failed exchange means: was nothing sent, or is it unknown?"""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Retryable("no-connection")
    if isinstance(error, httpx.TimeoutException):
        return Unknown("timeout")
    return Unknown("connection-lost")


def refused(status: int, code: str, retry_after: float | None = None) -> SendError:
    """Say what an answer that is no success means.

    Only 429 and 503 say that nothing was taken; any other 5xx leaves it open. 401 is about our
    credentials and not about this citizen, so the message waits for an operator to mend them.
    """
    if status == 429:
        return Throttled(code, retry_after)
    if status == 503:
        return Retryable(code, retry_after)
    if status >= 500:
        return Unknown(code)
    if status == 401:
        return Retryable(code)
    return Rejected(code)


def retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds of a Retry-After header, given in seconds or as a date; None without."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
