"""The line to a provider: it can be cut and mended, or break in the middle of an answer."""

import asyncio
import contextlib
from typing import Literal

from tests.city import free_port

# Where it breaks: when the answer begins, or within it.
Break = Literal["before the answer", "in the answer"]


class Line:
    """Forwards connections to `port` on this machine.

    With `breaks` the next answers never come through, although their requests did.
    """

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self.breaks: Break | None = None
        self._to = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where the line begins."""
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        """Listen."""
        self.breaks = None
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Hang up on everybody, and refuse whoever calls."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._open):
                writer.transport.abort()
            self._server = None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, far_writer}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_pour(reader, far_writer), self._answer(far_reader, writer))
        self._open -= {writer, far_writer}

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            if self.breaks is not None:
                if self.breaks == "in the answer":
                    writer.write(chunk[:20])
                    await writer.drain()
                writer.transport.abort()
                return
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
