"""Connections that a provider closed while we stood still: nothing is written into them."""

import asyncio
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from channels.base import Unknown
from channels.wire import Wire

AT_ONCE = 20
IDLE_SECONDS = 0.1


class Impatient(socketserver.StreamRequestHandler):
    """A provider that answers, says that it stays on the line, and hangs up soon after."""

    taken: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        """Answer one request."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        length = next(line for line in head.lower().splitlines() if b"content-length" in line)
        body = self.rfile.read(int(length.split(b":")[1]))
        self.taken.append(body)
        if b"mute" not in body:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            time.sleep(IDLE_SECONDS)


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection, and a queue with room for all of them.

    `on_line` is how many callers it has not hung up on yet.
    """

    request_queue_size = 2 * AT_ONCE
    daemon_threads = True
    on_line: ClassVar[list[object]] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.on_line.append(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.on_line.remove(request)


@pytest.fixture
def provider() -> Iterator[str]:
    Impatient.taken.clear()
    with Server(("127.0.0.1", 0), Impatient) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def _post(wire: Wire, *names: str) -> set[int]:
    answers = (wire.request("POST", "/", body={"name": name}) for name in names)
    return {answer.status for answer in await asyncio.gather(*answers)}


async def test_what_is_sent_after_a_standstill_is_neither_lost_nor_doubled(provider: str) -> None:
    wire = Wire(provider, {})
    first, second = ([f"{turn}-{n}" for n in range(AT_ONCE)] for turn in "ab")
    assert await _post(wire, *first) == {200}
    end = time.monotonic() + 60
    while Server.on_line:  # the loop itself has to stand still
        assert time.monotonic() < end, "nobody hangs up"
        time.sleep(IDLE_SECONDS)
    assert await _post(wire, *second) == {200}
    await wire.close()
    wanted = sorted(f'{{"name": "{name}"}}'.encode() for name in (*first, *second))
    assert sorted(Impatient.taken) == wanted


async def test_who_took_a_message_and_hung_up_is_not_given_it_again(provider: str) -> None:
    wire = Wire(provider, {})
    with pytest.raises(Unknown):
        await _post(wire, "mute")
    await wire.close()
    assert Impatient.taken == [b'{"name": "mute"}']
