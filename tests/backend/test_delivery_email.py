# ruff: noqa: N802, ARG002 - the names and arguments of the library's hooks
"""E-mail, through a real SMTP dialogue with the simulator's mail server."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels import transport
from channels.base import Content, Rejected, Retryable, SendError, Unknown
from channels.email import Email
from channels.message import Outgoing
from channels.settings import ChannelSettings
from channels.simulator import Simulator
from channels.simulator.faults import Faults
from tests.channels.conftest import settings_for as settings_of_doors
from tests.city import free_port

CITIZEN = "citizen@example.org"


def settings_for(port: int) -> ChannelSettings:
    return settings_of_doors(
        smtp_url=f"smtp://127.0.0.1:{port}",
        email_from="서울특별시 응답 <no-reply@eungdap.example>",
    )


@pytest.fixture
async def simulator() -> AsyncIterator[tuple[Simulator, Email]]:
    settings = settings_for(free_port())
    running = Simulator(settings)
    await running.start()
    yield running, Email(settings)
    await running.close()


class Server:
    """A mail server that answers one command as the test says, and keeps the letters."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.letters: list[bytes] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(envelope.content)
        if self.answers.get("data") == "drop":
            server.transport.close()
        return self.answers.get("data", "250 OK")


async def send(server: Server, **message: Any) -> Any:
    """Send one letter through `server`."""
    port = free_port()
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(server, hostname="mail"), "127.0.0.1", port
    )
    try:
        values = {"id": 7, "address": CITIZEN, "text": "처리가 끝났어요.", **message}
        return await Email(settings_for(port)).send(Outgoing(**values))
    finally:
        listening.close()


async def test_a_notice_arrives_as_a_letter(simulator: tuple[Simulator, Email]) -> None:
    running, email = simulator
    sent = await email.send(Outgoing(7, CITIZEN, "처리가 끝났어요.\n다음을 보세요."))
    assert (sent.external_ids, sent.provider) == (("<delivery-7@eungdap.example>",), "smtp")
    (entry,), total = running.store.sent(CITIZEN)
    assert total == 1
    item = entry.as_sent()
    assert (item["provider"], item["channel"], item["to"]) == ("smtp", "email", CITIZEN)
    assert item["text"].startswith("처리가 끝났어요.\n다음을 보세요.\n")
    assert item["external_id"] == "<delivery-7@eungdap.example>"


async def test_a_photo_is_a_link_in_the_letter(simulator: tuple[Simulator, Email]) -> None:
    running, email = simulator
    await email.send(Outgoing(7, CITIZEN, "사진을 보세요.", photo_url="https://city.example/p/1"))
    (entry,), _ = running.store.sent(CITIZEN)
    assert entry.text.startswith("사진을 보세요.\nhttps://city.example/p/1\n")


@pytest.mark.parametrize("language", ["ko", "en", "zh", "ja", "vi", "xx"])
async def test_what_stands_in_a_letter(language: str) -> None:
    server = Server()
    await send(server, language=language)
    letter = message_from_bytes(server.letters[0], policy=policy.default)
    assert letter["From"] == "서울특별시 응답 <no-reply@eungdap.example>"
    assert (letter["To"], letter["Auto-Submitted"]) == (CITIZEN, "auto-generated")
    assert letter["Subject"]
    assert letter["Date"]
    assert letter.get_content_type() == "text/plain"
    assert all(len(line) <= 998 for line in server.letters[0].splitlines())
    assert server.letters[0].isascii(), "no server on the way has to know 8-bit letters"


@pytest.mark.parametrize(
    "address",
    ["", "citizen", "a@b\r\nRCPT TO:<x@y>", "a b@c.kr", "한글@example.org", "a@b..c", "a@b,c@d"],
)
async def test_an_address_that_is_none_is_refused_before_anything_is_sent(address: str) -> None:
    server = Server()
    with pytest.raises(Rejected):
        await send(server, address=address)
    assert server.letters == []


async def test_an_empty_letter_is_not_sent() -> None:
    with pytest.raises(Content):
        await send(Server(), text=" \x00 ")


@pytest.mark.parametrize(
    ("answers", "meaning", "code"),
    [
        ({"mail": "421 4.3.2 Closing"}, Retryable, "421"),
        ({"mail": "550 5.7.1 Not you"}, Retryable, "550"),
        ({"rcpt": "450 4.2.0 Greylisted"}, Retryable, "450"),
        ({"rcpt": "550 5.1.1 No such mailbox"}, Rejected, "550"),
        ({"data": "452 4.3.1 Full"}, Retryable, "452"),
        ({"data": "554 5.7.1 Looks like spam"}, Content, "554"),
        ({"data": "drop"}, Unknown, "connection-lost"),
    ],
)
async def test_what_the_server_says_is_understood(
    answers: dict[str, str], meaning: type[SendError], code: str
) -> None:
    with pytest.raises(SendError) as said:
        await send(Server(**answers))
    assert (type(said.value), said.value.code) == (meaning, code)


async def test_no_server_is_no_connection_and_no_answer_is_unknown(
    simulator: tuple[Simulator, Email], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, email = simulator
    with pytest.raises(Retryable):
        await Email(settings_for(free_port())).send(Outgoing(1, CITIZEN, "x"))
    monkeypatch.setattr(transport, "READ_SECONDS", 2.0)
    running.faults.set(Faults(rate_timeout_after_accept=1, timeout_ms=5000))
    with pytest.raises(Unknown) as lost:
        await email.send(Outgoing(2, CITIZEN, "x"))
    assert lost.value.code == "timeout"
    assert running.store.sent(CITIZEN)[1] == 1, "it was taken"
    assert running.faults.counts["rate_timeout_after_accept"] == 1


@pytest.mark.parametrize("fault", ["rate_429", "rate_5xx"])
async def test_the_simulators_faults_are_safe_to_try_again(
    simulator: tuple[Simulator, Email], fault: str
) -> None:
    running, email = simulator
    running.faults.set(Faults(**{fault: 1}))
    with pytest.raises(Retryable):
        await email.send(Outgoing(1, CITIZEN, "x"))
    assert running.store.sent(CITIZEN)[1] == 0


async def test_a_taken_port_leaves_the_rest_of_the_simulator_alone() -> None:
    settings = settings_for(free_port())
    first, second = Simulator(settings), Simulator(settings)
    await first.start()
    await second.start()
    await Email(settings).send(Outgoing(1, CITIZEN, "x"))
    assert (first.store.sent()[1], second.store.sent()[1]) == (1, 0)
    await first.close()
    await second.close()


def test_off_this_machine_nothing_is_sent_in_the_clear() -> None:
    from channels.email import _server

    here, there = _server("smtp://127.0.0.1:25"), _server("smtp://u%40x:p@mail.example.go.kr")
    assert (here["start_tls"], here["use_tls"]) == (False, False)
    assert (there["start_tls"], there["port"], there["username"]) == (True, 587, "u@x")
    assert _server("smtps://mail.example.go.kr")["use_tls"] is True
