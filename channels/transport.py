"""How a request to a provider ends, read the same way for every channel."""

import ipaddress
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx

from channels.base import Content, Rejected, Retryable, SendError, Throttled, Unknown

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# Shorter than the five seconds after which common servers drop an idle connection: a request
# that meets that moment ends as unknown, and somebody would have to look into it.
IDLE_SECONDS = 2.0
MAX_CONNECTIONS = 200  # as many as the dispatcher has under way at once

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


# What an HTTP status says about a message. 401 and 402 are about our account and not about this
# citizen: the message waits until an operator has mended it.
_BY_STATUS: dict[int, type[SendError]] = {
    401: Retryable,
    402: Retryable,
    408: Retryable,
    413: Content,
    425: Retryable,
    429: Throttled,
    503: Retryable,
}


def refused(
    status: int,
    code: str,
    retry_after: float | None = None,
    known: Mapping[str, type[SendError]] = MappingProxyType({}),
) -> SendError:
    """Say what an answer that is no success means, the same way for every channel.

    `known` are the provider's own codes that mean more than their HTTP status. Of the 5xx only 503
    says that nothing was taken; any other leaves it open.
    """
    kind = known.get(code) or _BY_STATUS.get(status) or (Unknown if status >= 500 else Rejected)
    return kind(code, retry_after)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, given in seconds or as a date; None without.

    A date is the provider's own (RFC 9110 §10.2.3), and so is the `Date` of its answer: our clock
    counts only where it says none. `headers` do not care about case, as those of an HTTP client.
    """
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        at = _moment(value)
    if at is None:
        return None
    now = _moment(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (at - now).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
