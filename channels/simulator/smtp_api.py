"""A mail server on loopback, which takes every letter and brings none out.

https://www.rfc-editor.org/rfc/rfc5321
"""

import asyncio
import logging
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.settings import ChannelSettings
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store

log = logging.getLogger(__name__)


class SmtpServer:
    """The mail server of one simulator."""

    def __init__(self, settings: ChannelSettings, store: Store, faults: FaultBox) -> None:
        self._url = urlsplit(settings.smtp_url)
        self._store = store
        self._faults = faults
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, where the settings name a mail server at all; the rest works without it."""
        if not self._url.hostname or not self._url.port:
            return
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: SMTP(self, hostname="simulator", ident="simulator"),
                self._url.hostname,
                self._url.port,
            )
        except OSError:
            log.warning("port %d is taken: e-mail is not simulated", self._url.port)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def handle_RCPT(  # noqa: N802 - the library's name
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],  # noqa: ARG002
    ) -> str:
        """Take a recipient, unless the mailbox is closed or there are too many letters."""
        await self._faults.delay()
        if address in self._store.stopped:
            return "550 5.1.1 No such mailbox"
        if self._faults.strikes("rate_429"):
            return "450 4.7.1 Too many messages, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """Take a letter."""
        if self._faults.strikes("rate_5xx"):
            return "451 4.3.0 Try again later"
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        letter = message_from_bytes(raw, policy=policy.default)
        words = letter.get_content() if isinstance(letter, EmailMessage) else ""
        for address in envelope.rcpt_tos:
            entry = Entry("email", incoming=False, address=address, text=str(words))
            entry.sid, entry.status = str(letter["Message-ID"]), "sent"
            entry.sender = envelope.mail_from or ""
            self._store.add(entry)
        if self._faults.strikes("rate_timeout_after_accept"):
            await asyncio.sleep(self._faults.faults.timeout_ms / 1000)
        return "250 OK"
