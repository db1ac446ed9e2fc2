"""What the dispatcher is held against: a bare client loop, and a Celery sender."""

import asyncio
import subprocess
import sys
import time

import uvloop
from sqlalchemy import text

from backend.config import ROOT
from backend.db import libpq_url
from backend.main import channel_settings
from bench.siren_city import KO, City
from channels.korea_sms import KoreaSms
from channels.message import Outgoing

AT_ONCE = 200
CELERY = [sys.executable, "-m", "celery", "-A", "bench.siren_celery", "worker"]


async def bare_loop(city: City, messages: int, processes: int = 2) -> float:
    """Return how many messages a second a loop around our own HTTP client gets rid of.

    It posts the same requests, in as many processes as there are workers, and does nothing else:
    no database, no pace, no outcome.
    """
    await city.start_simulator()
    command = [sys.executable, "-m", "bench.siren_peers", str(messages // processes)]
    loops = [
        await asyncio.to_thread(
            subprocess.Popen,
            command,
            cwd=ROOT,
            env=city.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(processes)
    ]
    for loop in loops:
        assert loop.stdout
        await asyncio.to_thread(loop.stdout.readline)
    started = time.time()
    for loop in loops:
        assert loop.stdin
        loop.stdin.write(b"go\n")
        loop.stdin.flush()
    for loop in loops:
        await asyncio.to_thread(loop.wait, 300)
    found = await city.accepted()
    return float(found["total"]) / (float(found["last_at"]) - started)


async def _loop(messages: int) -> None:
    from backend.config import load  # the environment names the simulator

    channel = KoreaSms(channel_settings(load()))
    ids = iter(range(messages))

    async def post() -> None:
        for n in ids:
            await channel.send(Outgoing(n, f"+8210{20_000_000 + n}", KO))

    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(post() for _ in range(AT_ONCE)))
    await channel.close()


async def celery(city: City, messages: int, concurrency: int = 4) -> float:
    """Return how many messages a second the Celery sender sends, in two worker processes' worth.

    Everything is queued before its workers start; the clock runs from the first message at the
    provider until every message's row says accepted.
    """
    await city.start_simulator()
    async with city.context.sessions() as session, session.begin():
        await session.execute(text("DROP TABLE IF EXISTS peer_messages"))
        await session.execute(
            text(
                "CREATE TABLE peer_messages (id bigint PRIMARY KEY, phone text NOT NULL, "
                "status text NOT NULL DEFAULT 'pending', external_id text, "
                "updated_at timestamptz NOT NULL DEFAULT now())"
            )
        )
        await session.execute(text("CREATE INDEX ON peer_messages (status)"))
        await session.execute(
            text("INSERT INTO peer_messages SELECT n, '010' || (20000000 + n) "
                 "FROM generate_series(1, :n) n"),
            {"n": messages},
        )  # fmt: skip
    peer = {
        **city.environment,
        "PEER_REDIS": city.servers.redis_url.replace("unix://", "redis+socket://"),
        "PEER_DATABASE": libpq_url(city.servers.database_url),
    }
    queue = [sys.executable, "-m", "bench.siren_peers", "--queue", str(messages)]
    await asyncio.to_thread(subprocess.run, queue, cwd=ROOT, env=peer, check=True)
    worker = await asyncio.to_thread(
        subprocess.Popen,
        [*CELERY, "--concurrency", str(concurrency), "--loglevel", "ERROR", "--without-gossip",
         "--without-mingle"],
        cwd=ROOT, env=peer, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        done = "SELECT count(*) FROM peer_messages WHERE status = 'accepted'"
        await city.until(done, messages, seconds=240)
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait, 30)
    found = await city.accepted()
    return messages / (float(found["last_at"]) - float(found["first_at"]))


def _queue(messages: int) -> None:
    from bench.siren_celery import app, send

    with app.pool.acquire(block=True) as connection, connection.channel() as channel:
        producer = app.amqp.Producer(channel)
        for n in range(messages):
            send.apply_async((n + 1, f"010{20_000_001 + n}", KO), producer=producer)


if __name__ == "__main__":
    if sys.argv[1] == "--queue":
        _queue(int(sys.argv[2]))
    else:
        uvloop.run(_loop(int(sys.argv[1])))
