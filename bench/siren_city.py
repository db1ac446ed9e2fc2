"""A city of its own for the measurements of alerts: a database, citizens, officials, processes."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from backend import db, events
from backend.config import ROOT, Settings
from backend.context import Context
from backend.embedded import Servers, running
from backend.migrations import migrate
from backend.models import BroadcastEvent, Staff
from backend.security import Actor
from broadcasts import approval, service
from broadcasts.schemas import Approval, Draft

KO = "[서울특별시] 14:30 호우(Heavy rain)경보. 한강변 출입 금지. 지하에서는 바로 대피. 문의 120"
EN = "[Seoul] 14:30 heavy rain warning. Keep away from the Han river. Questions: 120"
OVER = {
    "ko": "[정정] 14:30에 보낸 호우경보는 잘못 보낸 것입니다. 죄송합니다. 문의 120",
    "en": "[Correction] The 14:30 warning was sent by mistake. Questions: 120",
}
CLEAR = {"ko": "[해제] 14:30 호우경보가 끝났습니다. 문의 120", "en": "[All clear] It is over."}
FACTS = {
    "ko": {
        "sender": "서울특별시", "time": "14:30", "what": "호우(Heavy rain)경보", "where": "한강변",
        "why": "하천 급증", "action": "지하에서는 바로 대피", "where_to_go": "높은 곳",
        "contact": "120",
    }
}  # fmt: skip
START_SECONDS = 300  # of a process, on a machine with much else to do
EUNGDAP = [sys.executable, "-c", "from backend.cli import main; main()"]

# One statement, so that a million people take seconds. One in ten has a phone of another country,
# which another provider carries.
_SETTLE = """
    WITH person AS (
        INSERT INTO contacts (id, language)
        SELECT gen_random_uuid(), 'ko' FROM generate_series(1, :people) RETURNING id),
    numbered AS (SELECT id, row_number() OVER () AS n FROM person),
    place AS (
        INSERT INTO addresses (contact_id, scheme, address, verified_at)
        SELECT id, 'phone', CASE WHEN n % 10 = 0 THEN '+1202' || lpad((2000000 + n)::text, 7, '0')
            ELSE '+8210' || lpad((10000000 + n)::text, 8, '0') END, now()
        FROM numbered RETURNING id, contact_id)
    INSERT INTO subscriptions (contact_id, address_id, channel, district, language)
    SELECT contact_id, id, 'sms', '마포구', 'ko' FROM place"""


@dataclass
class City:
    """The scratch database with its servers, and what is started beside it."""

    settings: Settings
    servers: Servers
    context: Context
    environment: dict[str, str]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    author: Actor | None = None
    approver: Actor | None = None

    @property
    def providers(self) -> str:
        """Where the simulator listens."""
        return f"http://127.0.0.1:{self.settings.simulator_port}"

    def start(self, name: str, *command: str) -> None:
        """Run `eungdap COMMAND` as a process of its own."""
        self.processes[name] = subprocess.Popen(
            [*EUNGDAP, *command], cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL
        )

    def stop(self, *names: str, kill: bool = False) -> None:
        """End processes, politely unless told otherwise."""
        for name in names or tuple(self.processes):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGKILL if kill else signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)

    def memory(self, name: str) -> float:
        """Return the megabytes that a process holds now."""
        status = Path(f"/proc/{self.processes[name].pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) / 1024

    async def start_workers(self, count: int = 2) -> list[str]:
        """Start workers and wait until every lane of each is served."""
        before = await self.number("SELECT count(*) FROM procrastinate_workers")
        names = [f"worker{n}" for n in range(count)]
        for name in names:
            self.start(name, "worker")
        workers = "SELECT count(*) FROM procrastinate_workers"
        await self.until(workers, before + 4 * count, seconds=START_SECONDS)
        await asyncio.sleep(1.0)
        return names

    async def start_simulator(self) -> None:
        """Start the simulator of whole cities, or let it forget."""
        async with httpx.AsyncClient(base_url=self.providers, trust_env=False) as client:
            if "simulator" not in self.processes:
                self.start("simulator", "simulate", "--bulk")
                end = time.monotonic() + START_SECONDS
                while True:
                    with contextlib.suppress(httpx.HTTPError):
                        await client.get("/simulator/bulk")
                        break
                    if time.monotonic() > end:
                        raise SystemExit("the simulator did not start")
                    await asyncio.sleep(0.1)
            await client.delete("/simulator/bulk")
            await client.post("/simulator/faults", json={})

    async def accepted(self) -> dict[str, Any]:
        """Return how many messages the simulator took, and when the first and the last."""
        async with httpx.AsyncClient(base_url=self.providers, trust_env=False) as client:
            found: dict[str, Any] = (await client.get("/simulator/bulk", timeout=10)).json()
            return found

    async def numbers(self) -> list[str]:
        """Return the numbers that messages were taken for, in order."""
        async with httpx.AsyncClient(base_url=self.providers, trust_env=False) as client:
            return (await client.get("/simulator/bulk/numbers", timeout=60)).text.split()

    async def times(self) -> list[tuple[str, float]]:
        """Return the numbers that messages were taken for, each with the moment (epoch seconds)."""
        async with httpx.AsyncClient(base_url=self.providers, trust_env=False) as client:
            lines = (await client.get("/simulator/bulk/times", timeout=60)).text.splitlines()
        return [(number, float(at)) for number, _, at in (line.partition(" ") for line in lines)]

    async def number(self, query: str, **values: object) -> int:
        """Return the one number of a query."""
        async with self.context.sessions() as session:
            return int((await session.execute(text(query), values)).scalar_one())

    async def fates(self) -> str:
        """Say how many deliveries are in each state, and for what reason."""
        query = "SELECT status, reason, count(*) FROM deliveries GROUP BY 1, 2 ORDER BY 3 DESC"
        async with self.context.sessions() as session:
            rows = await session.execute(text(query))
            return ", ".join(
                f"{people} {status}{f' ({why})' if why else ''}" for status, why, people in rows
            )

    async def until(self, query: str, wanted: int, seconds: float = 60, **values: object) -> None:
        """Wait until a query counts `wanted`."""
        end = time.monotonic() + seconds
        while (found := await self.number(query, **values)) < wanted:
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain: {found} of {wanted}")
            await asyncio.sleep(0.2)

    async def settle(self, people: int) -> None:
        """Let `people` move in, each with a phone and a wish for alerts; the others move out."""
        async with self.context.sessions() as session, session.begin():
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await session.execute(
                text(
                    "TRUNCATE subscriptions, addresses, contacts, deliveries, delivery_attempts, "
                    "delivery_parts, broadcasts, broadcast_events CASCADE"
                )
            )
            await session.execute(text(_SETTLE), {"people": people})
        async with self.context.sessions() as session:
            connection = await session.connection(
                execution_options={"isolation_level": "AUTOCOMMIT"}
            )
            await connection.execute(text("SET statement_timeout = 0"))
            await connection.execute(text("VACUUM ANALYZE contacts, addresses, subscriptions"))
            await connection.execute(text("CHECKPOINT"))

    async def hire(self) -> None:
        """Let an author and an approver be there."""
        people = []
        async with self.context.sessions() as session, session.begin():
            for role in ("author", "approver"):
                staff = Staff(login=role, name=role, password_hash="-", roles=[role])
                session.add(staff)
                await session.flush()
                people.append(Actor("staff", staff.id, role, frozenset([role])))
        self.author, self.approver = people

    async def submitted(self) -> tuple[UUID, Approval]:
        """Write and submit an alert; return its id and what its approver sees of it."""
        assert self.author
        draft = Draft.model_validate(
            {
                "environment": "live", "title": "호우경보", "texts": {"ko": KO, "en": EN},
                "correction": OVER, "all_clear": CLEAR, "facts": FACTS, "districts": ["마포구"],
                "expires_at": datetime.now(UTC) + timedelta(hours=4),
            }
        )  # fmt: skip
        async with self.context.sessions() as session, session.begin():
            made = await service.create(session, self.author, draft)
            await service.submit(session, self.author, made.id, made.version)
            people = await session.scalar(
                text("SELECT count(DISTINCT contact_id) FROM subscriptions")
            )
            seen = Approval(
                version=made.version, content_hash=made.content_hash, audience=people or 0
            )
            return made.id, seen

    async def approve(self, broadcast: UUID, seen: Approval) -> tuple[BroadcastEvent, float]:
        """Approve an alert; return its event, and the moment of the commit (epoch seconds)."""
        assert self.approver
        async with self.context.sessions() as session:
            async with session.begin():
                event = await approval.approve(session, self.approver, broadcast, seen)
                assert event, "it waits for its time"
            return event, time.time()

    async def cancel(self, broadcast: UUID) -> float:
        """Cancel an alert; return the moment of the commit (epoch seconds)."""
        assert self.author
        async with self.context.sessions() as session:
            async with session.begin():
                await service.cancel(session, self.author, broadcast)
            return time.time()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def city() -> Iterator[City]:
    """Run servers with data of their own, written as safely as in earnest, and end all at last."""
    folder = Path(tempfile.mkdtemp(prefix="eungdap-bench-"))
    port, simulator = _free_port(), _free_port()
    providers = f"http://127.0.0.1:{simulator}"
    given = {
        "EUNGDAP_ENV": "development",
        "EUNGDAP_VAR": str(folder),
        "EUNGDAP_SECRET": secrets.token_hex(32),
        "EUNGDAP_SIMULATOR": "0",
        "SIMULATOR_PORT": str(simulator),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "bench-" + "t" * 26,
        "TWILIO_FROM_NUMBER": "+15005550006",
        "TWILIO_API_URL": providers,
        "KOREA_SMS_APP_KEY": "bench",
        "KOREA_SMS_SECRET_KEY": "bench-" + "k" * 26,
        "KOREA_SMS_FROM_NUMBER": "0215880120",
        "KOREA_SMS_API_URL": providers,
        "KOREA_SMS_WEBHOOK_SECRET": "bench-" + "w" * 26,
        "TELEGRAM_BOT_TOKEN": "",
        "KAKAO_SKILL_SECRET": "",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    environment = {**os.environ, **given}
    with _set(given):
        settings = Settings(_env_file=None)
    try:
        with running(settings) as servers:
            migrate(servers.database_url)
            engine, sessions = db.connect(servers.database_url, pool_size=4)
            context = Context(settings, sessions, events.connect(servers.redis_url))
            # The children find the same servers as running, and leave them running.
            town = City(settings, servers, context, environment)
            try:
                yield town
            finally:
                town.stop()
                engine.sync_engine.dispose(close=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _set(given: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
