"""Requests to one provider, thousands a second: how the channels that carry alerts talk to theirs.

httpx looks at every connection of its pool for every request, which at two hundred connections
costs more than the request; aiohttp's pool does not.
"""

import asyncio
import json
import select
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from channels import transport
from channels.base import Retryable, SendError, Unknown

_FORM = "application/x-www-form-urlencoded"
_TRIES = 3  # as many connections of the pool may be found closed before a request waits its turn
_HUNG_UP = getattr(select, "POLLRDHUP", 0)  # where there is none, POLLHUP tells it unasked


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


class _Closed(aiohttp.ClientError):
    """The provider had closed the connection before anything was written to it."""


class _Request(aiohttp.ClientRequest):
    """A request that looks, at the last moment, whether the provider is still on the line.

    A process that had to stand still (no processor, no disk) reads late answers and the end of
    their connections one after the other; what was written in between would be lost, as unknown.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request. Raises: _Closed where nobody would read it."""
        line = conn.transport and conn.transport.get_extra_info("socket")
        poll = select.poll()
        if line:
            poll.register(line.fileno(), _HUNG_UP)
        if not line or poll.poll(0):
            raise _Closed
        return await super().send(conn)


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
        form: Mapping[str, str | Sequence[str]] | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answered:
        """Return the answer to one request, whatever its status; redirects are not followed.

        `form` (a field may have several values) or `body` (JSON) is sent along. Raises: Retryable
        where nothing was sent, Unknown where that is not known.
        """
        headers, content = None, None
        url = self._url + path + (f"?{urlencode(query)}" if query else "")
        if form is not None:
            headers, content = {"Content-Type": _FORM}, urlencode(form, doseq=True).encode()
        elif body is not None:
            headers, content = {"Content-Type": "application/json"}, json.dumps(body).encode()
        for _ in range(_TRIES):
            try:
                async with self._open().request(
                    method, URL(url, encoded=True), data=content, headers=headers,
                    allow_redirects=False,
                ) as response:  # fmt: skip
                    return Answered(response.status, response.headers, await response.read())
            except _Closed:
                await asyncio.sleep(0)  # the pool learns of its other closed connections
            except (aiohttp.ClientError, OSError) as error:  # a time-out is an OSError
                raise _lost_or_refused(error) from error
        raise Retryable("no-connection")

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
                request_class=_Request,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=not transport.is_loopback(self._url),
            )
        return self._session


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of HTTP basic authentication."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def _lost_or_refused(error: Exception) -> SendError:
    """Say what a failed exchange means: was nothing sent, or is it unknown?

    A proxy that refuses to connect us has passed nothing on.
    """
    if isinstance(
        error,
        aiohttp.ClientConnectorError
        | aiohttp.ConnectionTimeoutError
        | aiohttp.ClientHttpProxyError,
    ):
        return Retryable("no-connection")
    if isinstance(error, TimeoutError):
        return Unknown("timeout")
    return Unknown("connection-lost")
