"""Requests to one provider, thousands a second: how the channels that carry alerts talk to theirs.

httpx looks at every connection of its pool for every request, which at two hundred connections
costs more than the request; aiohttp's pool does not.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from channels import transport
from channels.base import Retryable, SendError, Unknown

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the HTTP status is a 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON. Raises: ValueError."""
        return json.loads(self.body)

    def retry_after(self) -> float | None:
        """Return the seconds after which the provider wants to be asked again."""
        return transport.retry_after(self.headers)


class Wire:
    """Connections to the provider at `url`, opened when they are needed and kept for a while."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = dict(headers)
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answered:
        """Return the answer to one request, whatever its status; redirects are not followed.

        `form` or `body` (JSON) is sent along. Raises: Retryable where nothing was sent, Unknown
        where that is not known.
        """
        headers, content = None, None
        url = self._url + path + (f"?{urlencode(query)}" if query else "")
        if form is not None:
            headers, content = {"Content-Type": _FORM}, urlencode(form).encode()
        elif body is not None:
            headers, content = {"Content-Type": "application/json"}, json.dumps(body).encode()
        try:
            async with self._open().request(
                method, URL(url, encoded=True), data=content, headers=headers,
                allow_redirects=False,
            ) as response:  # fmt: skip
                return Answered(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, OSError) as error:  # a time-out is an OSError
            raise _lost_or_refused(error) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        # Made at the first request: a session belongs to the loop it is made in.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=aiohttp.TCPConnector(
                    limit=transport.MAX_CONNECTIONS, keepalive_timeout=transport.IDLE_SECONDS
                ),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=transport.CONNECT_SECONDS,
                    sock_connect=transport.CONNECT_SECONDS,
                    sock_read=transport.READ_SECONDS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=not transport.is_loopback(self._url),
            )
        return self._session


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of HTTP basic authentication."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def _lost_or_refused(error: Exception) -> SendError:
    """Say what a failed exchange means: was nothing sent, or is it unknown?"""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Retryable("no-connection")
    if isinstance(error, TimeoutError):
        return Unknown("timeout")
    return Unknown("connection-lost")
