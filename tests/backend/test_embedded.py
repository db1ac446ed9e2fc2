"""The embedded servers: real, private, shared, and gone with their last user, even after a kill."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
import redis as sync_redis
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import config, db, events
from backend.cli.serve import _refuse_taken
from backend.config import Settings
from backend.embedded import data_dir, running
from backend.errors import SetupError


async def test_the_database_is_a_migrated_postgresql(session: AsyncSession) -> None:
    version = await session.scalar(text("SHOW server_version_num"))
    assert int(str(version)) >= 150_000
    assert await session.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is not None


async def test_redis_answers(redis: Redis) -> None:
    assert await redis.ping()


@pytest.fixture
def alone(settings: Settings) -> Settings:
    """Settings with a data folder that no other test uses."""
    base = data_dir(settings)
    return Settings(
        _env_file=None, EUNGDAP_ENV="test", EUNGDAP_VAR=base.with_name(f"{base.name}-{os.getpid()}")
    )


_USER = """
import sys, time
from backend.config import Settings
from backend.embedded import running
with running(Settings(_env_file=None, EUNGDAP_ENV="test", EUNGDAP_VAR={var!r})) as servers:
    print(servers.database_url, flush=True)
    sys.stdin.read()
"""


def _second_process(settings: Settings) -> subprocess.Popen[str]:
    code = textwrap.dedent(_USER).format(var=str(settings.var))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=30).close()
    except psycopg.Error:
        return False
    return True


def test_a_second_process_shares_the_servers_and_the_last_one_stops_them(alone: Settings) -> None:
    with running(alone) as servers:
        second = _second_process(alone)
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
    assert _answers(servers.database_url), "the second process still uses them"
    second.communicate("", timeout=30)
    assert not _answers(servers.database_url)
    assert not Path(servers.redis_url.removeprefix("unix://")).exists()
    with running(alone) as servers, psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_killed_user_and_killed_servers_leave_nothing_to_repair(alone: Settings) -> None:
    first = _second_process(alone)
    assert alone.var is not None
    servers = [
        int((alone.var / "postgres" / "postmaster.pid").read_text().split()[0]),
        int((alone.var / "run" / "redis.pid").read_text().split()[0]),
    ]
    for pid in (first.pid, *servers):
        os.kill(pid, signal.SIGKILL)
    first.wait(60)
    with running(alone) as started:
        assert _answers(started.database_url)
        with sync_redis.Redis.from_url(started.redis_url) as client:
            assert client.ping()
    assert not _answers(started.database_url)


def test_the_sockets_are_private_and_no_folder_above_is_touched(alone: Settings) -> None:
    assert alone.var is not None
    above = alone.var.parent
    above.mkdir(parents=True, exist_ok=True)
    before = stat.S_IMODE(above.stat().st_mode)
    with running(alone):
        assert stat.S_IMODE((alone.var / "run").stat().st_mode) == 0o700
        assert stat.S_IMODE((alone.var / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE(above.stat().st_mode) == before


def test_external_servers_are_used_as_they_are(settings: Settings, tmp_path: Path) -> None:
    urls = {"database_url": "postgresql://somewhere/x", "redis_url": "redis://somewhere"}
    external = settings.model_copy(update={**urls, "var": tmp_path / "never-made"})
    with running(external) as servers:
        assert (servers.database_url, servers.redis_url) == tuple(urls.values())
    assert not (tmp_path / "never-made").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://host/x", "must begin with postgresql://"),
        ("postgresql://nobody:secret-word@127.0.0.1:1/x", "can't be reached at DATABASE_URL"),
    ],
)
def test_a_wrong_database_url_is_one_sentence_without_the_password(url: str, says: str) -> None:
    with pytest.raises(SetupError, match=says) as error:
        db.check(url)
    assert "secret-word" not in str(error.value)
    assert "\n" not in str(error.value)


async def test_a_wrong_redis_url_is_one_sentence() -> None:
    with pytest.raises(SetupError, match="can't be reached at REDIS_URL"):
        await events.check("redis://127.0.0.1:1")


def test_a_server_that_is_too_old_is_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "MINIMUM_POSTGRES", 99)
    with pytest.raises(SetupError, match="needs 99 or newer"):
        db.check(database_url)


async def test_a_redis_that_is_too_old_is_refused(
    redis: Redis, settings: Settings, servers: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MINIMUM_REDIS", (99, 0))
    with pytest.raises(SetupError, match=r"needs 6\.2 or newer"):
        await events.check(servers.redis_url)  # type: ignore[attr-defined]


def test_a_port_in_use_says_how_to_choose_another() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port} .* PORT=8001"):
            _refuse_taken("127.0.0.1", port)


def test_a_folder_that_cannot_be_written_says_what_to_set(settings: Settings) -> None:
    blocked = settings.model_copy(update={"var": Path("/proc/eungdap")})
    with pytest.raises(SetupError, match="set EUNGDAP_VAR"), running(blocked):
        pass


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "DATABASE_URL and REDIS_URL"),
        ({"DATABASE_URL": "postgresql://h/x", "REDIS_URL": "redis://h"}, "EUNGDAP_SECRET"),
        (
            {"DATABASE_URL": "postgresql://h/x", "REDIS_URL": "redis://h",
             "EUNGDAP_SECRET": "x" * 40},
            "EUNGDAP_SIMULATOR",
        ),
        ({"PORT": "eighty"}, "PORT can't be used"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_one_sentence(
    given: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "EUNGDAP_SECRET", "EUNGDAP_SIMULATOR", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EUNGDAP_ENV", "production")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    config.load.cache_clear()
    try:
        with pytest.raises(SetupError, match=says):
            config.load()
    finally:
        config.load.cache_clear()
