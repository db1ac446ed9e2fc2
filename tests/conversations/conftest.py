"""One city for all the scripts: each conversation is another citizen's."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from redis import Redis

from backend.config import Settings
from backend.db import libpq_url
from backend.embedded import Servers
from backend.main import create_app
from nlu.builtin import BuiltinParser
from tests.city import City, free_port, served
from tests.conftest import TEMPLATE, admin_url, furnish, named_url, once_unused
from tests.conversations.citizens import Records


@pytest.fixture(scope="module")
def town(
    settings: Settings, servers: Servers, parser: BuiltinParser, passwords: dict[str, str]
) -> Iterator[tuple[City, Records]]:
    """The whole service on a port, and its database to look into."""
    url = named_url(servers.database_url, "t_conversations")
    with psycopg.connect(admin_url(servers.database_url), autocommit=True) as connection:
        once_unused(connection, "DROP DATABASE IF EXISTS t_conversations WITH (FORCE)")
        once_unused(connection, f"CREATE DATABASE t_conversations TEMPLATE {TEMPLATE}")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, furnish(url, passwords)).result()
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushall()
    port = free_port()
    here = settings.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})
    app = create_app(here, Servers(url, servers.redis_url), parser)
    with served(app, port) as base, psycopg.connect(libpq_url(url), autocommit=True) as records:
        yield City(base, here), Records(records)
