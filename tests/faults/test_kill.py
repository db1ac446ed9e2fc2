"""A power cut in the middle of 200 conversations: what was acknowledged is there, once."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from backend.config import ROOT, Settings
from backend.embedded import data_dir
from backend.main import MODELS
from nlu.builtin import BuiltinParser
from tests.city import free_port, new_session

CONVERSATIONS = 200
KILL_AFTER = 150  # acknowledged messages of the 400
NUMBER = re.compile(r"P-\d{4}-\d{7}")
EUNGDAP = Path(sys.executable).parent / "eungdap"


pytestmark = pytest.mark.faults


@pytest.fixture
def home(settings: Settings, parser: BuiltinParser) -> Iterator[Path]:
    """A data folder of its own, so that killing its servers hurts no other test.

    The model that the run has trained is there already.
    """
    base = data_dir(settings)
    own = base.with_name(base.name + f"-kill-{os.getpid()}")
    own.mkdir(mode=0o711, parents=True)
    shutil.copytree(base / MODELS, own / MODELS)
    yield own
    shutil.rmtree(own)


@contextmanager
def service(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `eungdap up` in a process group of its own, as a shell would."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8",
        "EUNGDAP_VAR": str(home), "EUNGDAP_SECRET": "s" * 64, "PORT": str(port),
        "TWILIO_ACCOUNT_SID": "", "TELEGRAM_BOT_TOKEN": "",
    }  # fmt: skip
    process = subprocess.Popen(
        [EUNGDAP, "up", "--demo"], cwd=ROOT, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 240
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success:
                    break
            assert process.poll() is None, (process.stderr and process.stderr.read()) or "ended"
            assert time.monotonic() < deadline, "the service did not get ready"
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(90)


@dataclass
class Diary:
    """What the citizens saw acknowledged."""

    messages: list[tuple[str, str]] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)


def talk(port: int, session: str, diary: Diary) -> None:
    """File one petition in two messages, noting each that the service acknowledged."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        for name, text in (
            ("first", "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요"),
            ("second", "1"),
        ):
            body = {"session": session, "text": text, "message_id": name}
            answer = client.post("/channels/web/messages", json=body).raise_for_status().json()
            diary.messages.append((session, name))
            said = " ".join(reply["text"] for reply in answer["replies"])
            if found := NUMBER.search(said):
                diary.receipts[session] = found.group()
            if len(diary.messages) >= KILL_AFTER:
                diary.enough.set()


def _pid(path: Path) -> int:
    return int(path.read_text().split()[0])


def test_everything_acknowledged_survives_kill_9_of_service_postgresql_and_redis_once(
    home: Path,
) -> None:
    port, diary = free_port(), Diary()
    sessions = [new_session() for _ in range(CONVERSATIONS)]
    gate = threading.Semaphore(20)

    def citizen(session: str) -> None:
        with gate, suppress(httpx.HTTPError):
            talk(port, session, diary)

    with service(home, port) as process:
        threads = [threading.Thread(target=citizen, args=(s,), daemon=True) for s in sessions]
        for thread in threads:
            thread.start()
        assert diary.enough.wait(120), "the conversations never got going"
        servers = [_pid(home / "postgres" / "postmaster.pid"), _pid(home / "run" / "redis.pid")]
        os.killpg(process.pid, signal.SIGKILL)
        for pid in servers:
            os.kill(pid, signal.SIGKILL)
        process.wait(60)
        for thread in threads:
            thread.join(60)
    acknowledged, receipts = list(diary.messages), dict(diary.receipts)
    assert KILL_AFTER <= len(acknowledged) < 2 * CONVERSATIONS, "the cut came too late to count"

    with service(home, port):
        url = f"postgresql://eungdap@/eungdap?host={home / 'run'}"
        with psycopg.connect(url) as connection:
            _check_acknowledged(connection, acknowledged, receipts)
        for session in sessions:  # whoever got no answer sends the same messages again
            talk(port, session, diary)
        with psycopg.connect(url) as connection:
            numbers = [n for (n,) in connection.execute("SELECT number FROM petitions")]
            per_contact = connection.execute(
                "SELECT count(*), count(DISTINCT contact_id) FROM petitions"
            ).fetchone()
    assert len(numbers) == len(set(numbers)) == CONVERSATIONS
    assert per_contact == (CONVERSATIONS, CONVERSATIONS)
    assert {s: diary.receipts[s] for s in receipts} == receipts, "the same answer again"


def _check_acknowledged(
    connection: psycopg.Connection[tuple[object, ...]],
    acknowledged: list[tuple[str, str]],
    receipts: dict[str, str],
) -> None:
    found = Counter(
        connection.execute("SELECT external_id FROM messages WHERE direction = 'in'").fetchall()
    )
    assert all(count == 1 for count in found.values())
    assert len(found) >= len(acknowledged)
    unanswered = connection.execute(
        "SELECT count(*) FROM messages m WHERE direction = 'in' AND NOT EXISTS "
        "(SELECT 1 FROM messages a WHERE a.answers = m.id)"
    ).fetchone()
    assert unanswered == (0,), "a message and its answer are one commit"
    kept = {n for (n,) in connection.execute("SELECT number FROM petitions")}
    assert set(receipts.values()) <= kept
