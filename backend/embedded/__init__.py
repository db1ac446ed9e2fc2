"""PostgreSQL and Redis of our own, for trying out, tests and a one-machine town.

They start when no URL is set, live under one data folder on private sockets, are shared by every
process of ours on that folder, and stop with the last of them. Each process holds a shared file
lock while it uses the servers: the kernel drops it even on `kill -9`, so there is no count to
repair. Servers that outlived a crash are found by their socket and used again.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backend.config import Settings
from backend.embedded import postgres, redis_server
from backend.embedded.folders import START_SECONDS, data_dir, folder_mode, make_folder, socket_dir
from backend.errors import SetupError

__all__ = ["Servers", "data_dir", "running"]


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the two servers answer."""

    database_url: str
    redis_url: str


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Servers]:
    """Start what no URL names, yield where both answer, and stop it after its last user.

    Raises: SetupError with one sentence that says what to do.
    """
    if settings.database_url and settings.redis_url:
        yield Servers(settings.database_url, settings.redis_url)
        return
    base = data_dir(settings)
    make_folder(base, folder_mode())
    run = socket_dir(base)
    with (base / "users.lock").open("a") as users, (base / "change.lock").open("a") as change:
        with _locked(change):
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                servers = Servers(
                    settings.database_url or postgres.start(base, run, settings),
                    settings.redis_url or redis_server.start(base, run),
                )
            except BaseException:
                _stop_if_last(users, base, run)
                raise
        try:
            yield servers
        finally:
            with _locked(change):
                _stop_if_last(users, base, run)


@contextlib.contextmanager
def _locked(change: IO[str]) -> Iterator[None]:
    """Hold the lock under which servers start and stop; give up after a minute."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            fcntl.flock(change, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > until:
                raise SetupError(
                    "Another process has been starting or stopping the embedded servers for a "
                    f"minute: end it, or look into {Path(change.name).parent}."
                ) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        fcntl.flock(change, fcntl.LOCK_UN)


def _stop_if_last(users: IO[str], base: Path, run: Path) -> None:
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    postgres.stop(base, run)
    redis_server.stop(run)
    fcntl.flock(users, fcntl.LOCK_UN)
