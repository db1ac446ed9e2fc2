"""A whole service of its own to be measured: its address, its processor time, its round trips.

    python -m bench.turns_service FILE

is `eungdap up` that counts its round trips to PostgreSQL and, at SIGUSR1, writes them to FILE.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from backend import embedded
from backend.config import ROOT, Settings, load

TOKEN = "bench-" + "t" * 26
TELEGRAM = "110201543:bench-token"
START_SECONDS = 300
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Used:
    """What a service has used so far: seconds of processor time by program, and round trips."""

    cpu: dict[str, float]
    round_trips: int

    def since(self, before: "Used", turns: int) -> dict[str, float]:
        """Return what was used between `before` and now, by the turn."""
        spent = {name: self.cpu[name] - before.cpu.get(name, 0.0) for name in self.cpu}
        return {
            **{f"{name}_cpu_ms": round(1000 * s / turns, 1) for name, s in sorted(spent.items())},
            "round_trips": round((self.round_trips - before.round_trips) / turns, 1),
        }


@dataclass
class Service:
    """A service that runs at `url` in `process`, whose counts are written to `counts`."""

    url: str
    process: "subprocess.Popen[bytes]"
    counts: Path

    def used(self) -> Used:
        """Return what the service, its PostgreSQL and its Redis have used so far."""
        self.counts.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while not self.counts.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        counted: dict[str, int] = json.loads(self.counts.read_text())
        return Used(_cpu_seconds(self.process.pid), sum(counted.values()))


@contextlib.contextmanager
def service() -> Iterator[Service]:
    """Run the product on its own port, with data of its own, and end it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the service ends with us
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    folder = Path(tempfile.mkdtemp(prefix="eungdap-bench-"))
    here = {
        "EUNGDAP_ENV": "development",
        "EUNGDAP_VAR": str(folder),
        "EUNGDAP_SECRET": secrets.token_hex(32),
        "PORT": str(port),
        "PUBLIC_URL": url,
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM_NUMBER": "+15005550006",
        "TELEGRAM_BOT_TOKEN": TELEGRAM,
        "TELEGRAM_WEBHOOK_SECRET": TOKEN,
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    learned = embedded.data_dir(load()) / "models"
    own = Settings(_env_file=None, EUNGDAP_VAR=folder, database_url="", redis_url="")
    if learned.exists():  # the same data teaches the same: no need to learn it again
        shutil.copytree(learned, embedded.data_dir(own) / "models", dirs_exist_ok=True)
    counts = folder / "counts.json"
    command = [sys.executable, "-m", "bench.turns_service", str(counts)]
    running = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **here}, stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_up(url, running)
        yield Service(url, running, counts)
    finally:
        if not _ended(running):
            with embedded.running(own):  # its servers go with the last who uses them: with us
                pass
        shutil.rmtree(folder, ignore_errors=True)


def _ended(running: "subprocess.Popen[bytes]") -> bool:
    """End the service; False where it had to be killed and has left its servers behind."""
    running.send_signal(signal.SIGINT)
    try:
        running.wait(40)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        return False
    return True


def _wait_until_up(url: str, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise SystemExit("the service ended before it answered")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url + "/readyz", timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"the service did not answer within {START_SECONDS} seconds")


def _cpu_seconds(root: int) -> dict[str, float]:
    """Return the processor time of a process and all below it, by the program's name."""
    found: dict[int, tuple[int, str, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                head, _, tail = (entry / "stat").read_text().rpartition(")")
                fields = tail.split()
                ticks = sum(int(each) for each in fields[11:15])  # with children that have ended
                found[int(entry.name)] = (int(fields[1]), head.partition("(")[2], ticks / TICK)
    family = {root}
    while True:
        more = {pid for pid, (parent, _, _) in found.items() if parent in family} - family
        if not more:
            break
        family |= more
    spent: Counter[str] = Counter()
    for pid in family & found.keys():
        spent["service" if pid == root else found[pid][1].replace("-", "_")] += found[pid][2]
    return dict(spent)


def _serve(counts: Path) -> None:
    """Be the service, counting: every query and every BEGIN or COMMIT waits for an answer."""
    counted: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        really = getattr(owner, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            counted[name] += 1
            return really(*args, **kwargs)

        setattr(owner, name, counting)

    count(psycopg.AsyncCursor, "_execute_gen")
    count(psycopg.AsyncConnection, "_exec_command")

    def write(*_: object) -> None:
        part = counts.with_suffix(".part")
        part.write_text(json.dumps(counted))
        part.rename(counts)

    signal.signal(signal.SIGUSR1, write)
    sys.argv = ["eungdap", "up"]
    from backend.cli import main

    main()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
