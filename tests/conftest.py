"""What every test stands on: a real PostgreSQL and Redis, and a database of its own each."""

import asyncio
import contextlib
import fcntl
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as tries
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db, events, seed
from backend.config import ROOT, Settings
from backend.context import Context
from backend.embedded import Servers, data_dir, running
from backend.faq.importer import import_own
from backend.main import create_app, load_parser
from backend.migrations import migrate
from backend.models.staff import ROLES
from nlu.builtin import BuiltinParser
from tests.city import City, free_port, served

TEMPLATE = "eungdap_template"

# A busy machine may take any time for one try. Every run tries the same texts, so that what fails
# was broken by the change at hand; RANDOM_SEEDS=1 looks for new ones.
tries.register_profile(
    "patient",
    deadline=None,
    derandomize=not os.environ.get("RANDOM_SEEDS"),
    suppress_health_check=[HealthCheck.too_slow],
)
tries.load_profile("patient")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings of a test: nothing is read from `.env`, and the secrets are no secrets.

    Test processes that run side by side have servers of their own each.
    """
    process = os.environ.get("PYTEST_XDIST_WORKER", "")
    return Settings(
        _env_file=None,
        EUNGDAP_ENV="test",
        EUNGDAP_VAR=home().with_name(f"{home().name}{process and '-' + process}"),
        EUNGDAP_SECRET="test-secret-" + "x" * 32,
        database_url=os.environ.get("TEST_DATABASE_URL", ""),
        redis_url=os.environ.get("TEST_REDIS_URL", ""),
        public_url="http://testserver",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="test-twilio-token",
        twilio_from_number="+15005550006",
        telegram_bot_token="110201543:test-telegram-token",
        telegram_webhook_secret="test-telegram-secret",
        kakao_skill_secret="test-kakao-secret",
        voice_agent_number="+8225550100",
        audiocodes_token="test-audiocodes-token",
        jambonz_webhook_secret="test-jambonz-secret",
    )


def home() -> Path:
    """Return the folder of what tests keep from run to run."""
    usual = data_dir(Settings(_env_file=None, EUNGDAP_ENV="test"))
    return usual.with_name(usual.name + "-test")


@pytest.fixture(scope="session")
def servers(settings: Settings) -> Iterator[Servers]:
    """The servers of the whole run, with a migrated template to clone databases from."""
    with running(settings) as started:
        with psycopg.connect(admin_url(started.database_url), autocommit=True) as connection:
            once_unused(connection, f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(named_url(started.database_url, TEMPLATE))
        yield started


def named_url(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    head, mark, query = url.partition("?")
    return head.rsplit("/", 1)[0] + "/" + database + mark + query


def admin_url(url: str) -> str:
    """Return where databases are made and dropped, for psycopg."""
    return named_url(db.libpq_url(url), "postgres")


def once_unused(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    """Run a statement on a database that nobody may use meanwhile.

    PostgreSQL gives those who do five seconds to end, which a busy machine may not keep.
    """
    for _ in range(12):
        with contextlib.suppress(psycopg.errors.ObjectInUse):
            connection.execute(statement)
            return
    connection.execute(statement)


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A database that only this test sees."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(admin_url(servers.database_url), autocommit=True) as connection:
        once_unused(connection, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield named_url(servers.database_url, name)
        once_unused(connection, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    """An empty Redis."""
    client = events.connect(servers.redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[db.Sessions]:
    """Sessions on this test's database."""
    engine, factory = db.connect(database_url)
    yield factory
    await engine.dispose()


@pytest.fixture
async def session(sessions: db.Sessions) -> AsyncIterator[AsyncSession]:
    """One session in one transaction, which the test may commit or leave."""
    async with sessions() as opened:
        yield opened


@pytest.fixture
def context(settings: Settings, sessions: db.Sessions, redis: Redis) -> Context:
    """The shared parts, on this test's database."""
    return Context(settings, sessions, redis)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real 120 data beside the checkout; a test that needs it is skipped where it is absent."""
    found = Path(os.environ.get("EUNGDAP_DATA", ROOT.parent / "shared" / "data"))
    if not (found / "seoul-120.csv").exists():
        pytest.skip("the real 120 data is not beside this checkout")
    return found


@pytest.fixture(scope="session")
def parser(settings: Settings) -> BuiltinParser:
    """The builtin engine, trained on our own data; once for all processes of the run."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "training").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return load_parser(settings.model_copy(update={"var": home()}))


@pytest.fixture(scope="session")
def passwords() -> dict[str, str]:
    """Passwords of the demo staff, one for each role."""
    return {role: password_of(role) for role in ROLES}


def password_of(role: str) -> str:
    """Return the password of the demo staff of a role."""
    return f"password-of-{role}"


@pytest.fixture
def city(
    settings: Settings,
    servers: Servers,
    database_url: str,
    parser: BuiltinParser,
    passwords: dict[str, str],
) -> Iterator[City]:
    """The whole service on a real port, with demo staff, polls and our own articles."""
    # In a thread of its own: the browser tests keep a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, furnish(database_url, passwords)).result()
    flush = SyncRedis.from_url(servers.redis_url)
    flush.flushall()
    flush.close()
    port = free_port()
    here = settings.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})
    app = create_app(here, Servers(database_url, servers.redis_url), parser)
    with served(app, port) as url:
        yield City(url, here)


async def furnish(database_url: str, passwords: dict[str, str]) -> None:
    """Put demo staff, polls and our own articles into an empty house."""
    engine, sessions = db.connect(database_url, pool_size=2)
    async with sessions() as session, session.begin():
        await seed.seed(session, passwords)
        await import_own(session)
    await engine.dispose()
