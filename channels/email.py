"""E-mail, for notices to citizens who gave an address: outbound only, by SMTP.

https://www.rfc-editor.org/rfc/rfc5321 (the dialogue and what its codes mean, 4.2)
https://www.rfc-editor.org/rfc/rfc3834 (a machine's letter says that it is one)
"""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
from fastapi import APIRouter

from channels import transport
from channels.base import Content, Provider, Rejected, Retryable, SendError, Unknown
from channels.inbound import clean_text
from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent
from channels.settings import ChannelSettings

PER_SECOND = 20.0

# A plain address of ASCII, short enough for the protocol; nothing that could end a line.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}", re.ASCII)
_OURS_TO_MEND = (530, 534, 535, 538)  # our login; the citizen did nothing wrong

_SUBJECTS = {
    "ko": "알려 드릴 소식이 있어요",
    "en": "A notice for you",
    "zh": "给您的通知",
    "ja": "お知らせがあります",
    "vi": "Thông báo gửi đến bạn",
}
_NO_ANSWER = {
    "ko": "이 주소는 보내기만 해요. 답장을 보내셔도 읽지 못해요.",
    "en": "This address only sends. We can't read replies to it.",
    "zh": "此邮箱仅用于发送，我们无法查看回复。",
    "ja": "このアドレスは送信専用です。返信いただいてもお読みできません。",
    "vi": "Địa chỉ này chỉ dùng để gửi. Chúng tôi không đọc được thư trả lời.",
}


class Email:
    """The door of letters. Nobody writes in through it."""

    name = "email"
    scheme: Scheme = "email"
    pushes = True
    in_place = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._from = settings.email_from
        self._sender = parseaddr(settings.email_from)[1]
        self._domain = self._sender.rpartition("@")[2]
        self._server = _server(settings.smtp_url)

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return no routes: letters bring neither messages nor reports."""
        return APIRouter()

    def providers(self, address: str) -> tuple[Provider, ...]:  # noqa: ARG002
        """Return our mail server."""
        return (Provider("smtp", per_second=PER_SECOND),)

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` as a letter; its Message-ID is our delivery's, so that doubles show."""
        letter = self._letter(message)
        content = letter.as_bytes(policy=SMTP_POLICY)
        client = aiosmtplib.SMTP(
            timeout=transport.READ_SECONDS, local_hostname=self._domain, **self._server
        )
        try:
            await client.connect(timeout=transport.CONNECT_SECONDS)
            await client.mail(self._sender)
            await client.rcpt(message.address)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise _refused(error) from error
        try:
            await client.data(content)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _undelivered(error) from error
        finally:
            client.close()
        return Sent((str(letter["Message-ID"]),), provider="smtp")

    async def close(self) -> None:
        """Nothing is held between letters."""

    def _letter(self, message: Outgoing) -> EmailMessage:
        """Return `message` as a letter. Raises: Rejected, Content."""
        if not _ADDRESS.fullmatch(message.address) or ".." in message.address:
            raise Rejected("bad-address")
        words = "\n".join(filter(None, (clean_text(message.text).strip(), message.photo_url)))
        if not words:
            raise Content("empty")
        letter = EmailMessage()
        letter["From"] = self._from
        letter["To"] = Address(addr_spec=message.address)
        letter["Subject"] = _SUBJECTS.get(message.language, _SUBJECTS["en"])
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<delivery-{message.id}@{self._domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        footer = _NO_ANSWER.get(message.language, _NO_ANSWER["en"])
        letter.set_content(f"{words}\n\n-- \n{footer}\n", cte="base64")
        return letter


def _server(url: str) -> dict[str, Any]:
    """Return how to reach the server at `url`. Off this machine nothing is sent in the clear."""
    parts = urlsplit(url)
    implicit = parts.scheme == "smtps"
    return {
        "hostname": parts.hostname or "localhost",
        "port": parts.port or (465 if implicit else 587),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": implicit,
        "start_tls": not (implicit or transport.is_loopback(url)),
    }


def _refused(error: Exception) -> SendError:
    """Say what went wrong before the letter itself was handed over: nothing was sent."""
    if isinstance(error, aiosmtplib.SMTPRecipientRefused) and error.code >= 500:
        return Rejected(str(error.code))
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Retryable(str(error.code))
    return Retryable("no-connection")


def _undelivered(error: Exception) -> SendError:
    """Say what went wrong while the letter was handed over: without an answer nobody knows."""
    if not isinstance(error, aiosmtplib.SMTPResponseException) or error.code < 400:
        return Unknown("timeout" if isinstance(error, TimeoutError) else "connection-lost")
    if error.code >= 500 and error.code not in _OURS_TO_MEND:
        return Content(str(error.code))
    return Retryable(str(error.code))
