"""Providers that fail at random while Redis goes away: every message ends, and none is doubled.

`CHAOS=full make test-faults` takes the whole measure: Redis is away for 60 seconds in the middle of
1,800 messages. Without it the same is done with 720 messages and ten seconds.
"""

import asyncio
import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from backend import db
from backend.config import Settings
from backend.db import Sessions
from backend.embedded import Servers, redis_server
from backend.main import channel_settings, create_app
from backend.models import Address, Delivery, DeliveryAttempt, Message
from channels import transport
from channels.simulator import Simulator, create_simulator
from channels.simulator.faults import Faults
from nlu.builtin import BuiltinParser
from tests.backend.post import Post
from tests.city import free_port, served

pytestmark = pytest.mark.faults

FULL = os.environ.get("CHAOS") == "full"
CITIZENS, AWAY_SECONDS = (150, 60.0) if FULL else (60, 10.0)
END_SECONDS = 900 if FULL else 240
READ_SECONDS = 4.0
LONGEST_WAIT = 8.0

# A fifth of the sends fails, one in twenty is taken and its answer lost.
CHAOS = Faults(
    rate_429=0.1,
    rate_5xx=0.1,
    rate_timeout_after_accept=0.05,
    rate_lost_callback=0.05,
    rate_double_callback=0.3,
    rate_reordered_callback=0.3,
    rate_late_callback=0.1,
    rate_undelivered=0.02,
    late_ms=1500,
    timeout_ms=8000,
    latency_ms=20,
)
REPORTED = ("sms",)  # channels whose providers say when a message has arrived
ENDS = {"delivered", "accepted", "failed", "unknown"}


@dataclass
class Citizen:
    """A person with a phone, a chat and a mailbox, and what was promised to each, in order."""

    addresses: dict[str, int]
    promised: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Redis:
    """A Redis of this test's own, to be taken away."""

    base: Path
    url: str = ""

    def start(self) -> None:
        self.url = redis_server.start(self.base, self.base)

    def stop(self) -> None:
        redis_server.stop(self.base)

    def freeze(self) -> None:
        os.kill(self._pid(), signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid(), signal.SIGCONT)

    def _pid(self) -> int:
        return int((self.base / "redis.pid").read_text())


@dataclass
class Town:
    """The service, its providers, and a hand on both."""

    simulator: Simulator
    redis: Redis
    post: Post
    sessions: Sessions


@contextmanager
def running(settings: Settings, servers: Servers, parser: BuiltinParser) -> Iterator[Simulator]:
    """Serve the service and, apart from it, its providers."""
    ours, theirs, letters = free_port(), free_port(), free_port()
    providers = f"http://127.0.0.1:{theirs}"
    here = settings.model_copy(
        update={
            "port": ours,
            "public_url": f"http://127.0.0.1:{ours}",
            "simulator": False,
            "twilio_api_url": providers,
            "telegram_api_url": providers,
            "korea_sms_api_url": providers,
            "smtp_url": f"smtp://127.0.0.1:{letters}",
            "email_from": "응답 <no-reply@eungdap.example>",
        }
    )
    app = create_simulator(channel_settings(here))
    with served(app, theirs), served(create_app(here, servers, parser), ours):
        yield app.state.simulator


@pytest.fixture
async def town(
    settings: Settings,
    database_url: str,
    parser: BuiltinParser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Town]:
    monkeypatch.setattr(transport, "READ_SECONDS", READ_SECONDS)
    redis = Redis(tmp_path)
    redis.start()
    engine, sessions = db.connect(database_url, pool_size=4)
    with running(settings, Servers(database_url, redis.url), parser) as simulator:
        yield Town(simulator, redis, Post(sessions), sessions)
    redis.stop()
    await engine.dispose()


async def move_in(post: Post, number: int) -> Citizen:
    phone = await post.address(f"+8210{number:08d}")
    chat = await post.address(str(1_000_000 + number), "telegram", of=phone)
    letters = await post.address(f"citizen{number}@example.org", "email", of=phone)
    return Citizen({"sms": phone, "telegram": chat, "email": letters})


async def promise(post: Post, citizens: list[Citizen], batch: int) -> None:
    """Promise everybody a notice and a reply by text and chat, and a notice by letter."""
    for number, citizen in enumerate(citizens):
        for channel, author in (
            ("sms", "notice"), ("telegram", "bot"), ("sms", "bot"), ("email", "notice"),
        ):  # fmt: skip
            address = citizen.addresses[channel]
            nth = len(citizen.promised[channel])
            words = f"{batch}-{number}-{channel}-{nth} 소식이 있어요."
            if nth % 3 == 2:
                words += " 자세한 이야기예요." * 150  # more than one part
            made = await post.promise(address, words, author)
            citizen.promised[channel].append(made)


async def settled(town: Town) -> None:
    """Wait until nothing is on its way any more.

    The hours until a silent provider is asked pass in seconds, and so do the minutes of back-off
    after a row of bad luck: a letter that fails seven times waits longer than this test may.
    """
    deadline = time.monotonic() + END_SECONDS
    silent = Delivery.status.in_(("accepted", "sent")) & Delivery.check_at.is_not(None)
    asked_soon = Delivery.check_at < func.now() + timedelta(minutes=1)
    while True:
        async with town.sessions() as session, session.begin():
            await session.execute(
                update(Delivery)
                .where(silent, Delivery.updated_at < func.now() - timedelta(seconds=6))
                .values(check_at=func.now())
            )
            soon = func.now() + timedelta(seconds=LONGEST_WAIT)
            await session.execute(
                update(Delivery)
                .where(Delivery.status == "pending", Delivery.due_at > soon)
                .values(due_at=soon)
            )
            left = await session.execute(
                select(
                    Delivery.id,
                    Delivery.status,
                    Delivery.channel,
                    Delivery.failures,
                    Delivery.due_at - func.now(),
                ).where(Delivery.status.in_(("pending", "dispatching")) | silent | asked_soon)
            )
            waiting = left.all()
        if not waiting:
            return
        assert time.monotonic() < deadline, waiting
        await asyncio.sleep(1)


@pytest.mark.parametrize("away", ["stopped", "frozen"])
async def test_every_message_ends_and_none_is_lost_or_doubled(town: Town, away: str) -> None:
    citizens = [await move_in(town.post, number) for number in range(CITIZENS)]
    town.simulator.faults.set(CHAOS)
    await promise(town.post, citizens, 1)
    (town.redis.stop if away == "stopped" else town.redis.freeze)()
    gone = time.monotonic()
    try:
        await promise(town.post, citizens, 2)
        await asyncio.sleep(max(0.0, gone + AWAY_SECONDS - time.monotonic()))
    finally:
        (town.redis.start if away == "stopped" else town.redis.thaw)()
    await promise(town.post, citizens, 3)
    await settled(town)
    await check(town, citizens)


async def check(town: Town, citizens: list[Citizen]) -> None:
    async with town.sessions() as session:
        rows = (
            await session.execute(
                select(Delivery, Message.text, Address.address)
                .join(Message, Message.id == Delivery.message_id)
                .join(Address, Address.id == Delivery.address_id)
            )
        ).all()
        unsure = set(
            await session.scalars(
                select(DeliveryAttempt.delivery_id).where(DeliveryAttempt.outcome == "unknown")
            )
        )
    assert len(rows) == CITIZENS * 12, "what was promised is there"
    statuses = Counter(delivery.status for delivery, _, _ in rows)
    assert set(statuses) <= ENDS, statuses
    assert all(d.reason for d, _, _ in rows if d.status in ("failed", "unknown"))
    assert all(d.status != "accepted" or d.channel not in REPORTED for d, _, _ in rows)

    counts = town.simulator.faults.counts
    lost = counts["rate_timeout_after_accept"] + counts["rate_lost_callback"]
    assert statuses["unknown"] <= lost, (statuses, counts)
    assert counts["rate_429"], counts
    assert counts["rate_5xx"], counts
    assert counts["rate_reordered_callback"], counts
    assert counts["rate_double_callback"], counts

    taken: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in town.simulator.store.sent()[0]:
        taken[entry.kind, entry.address].append(entry.text)
    doubles = 0
    for delivery, words, address in rows:
        mark = words.split(" ", 1)[0] + " "
        heard = sum(text.startswith(mark) for text in taken[delivery.channel, address])
        if delivery.status in ("delivered", "accepted"):
            assert heard, f"{delivery.status} and never taken: {mark}"
        if heard > 1:
            assert delivery.id in unsure, f"sent {heard} times without a doubt: {mark}"
            doubles += 1
    assert doubles <= statuses["unknown"]
    in_order(taken)
    print(f"{dict(statuses)} doubles={doubles} lost={lost} faults={dict(counts)}")


def in_order(taken: dict[tuple[str, str], list[str]]) -> None:
    """No citizen got a later message of a talk before an earlier one."""
    for (kind, _), texts in taken.items():
        first_parts = [text.split(" ", 1)[0].split("-") for text in texts if "-" in text[:8]]
        told = [int(nth) for _, _, channel, nth in first_parts if channel == kind]
        assert told == sorted(told), (kind, told)
