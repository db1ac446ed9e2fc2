"""Connections that the database closed: nobody is given one."""

import asyncio

import psycopg
from sqlalchemy import text

from backend.db import Sessions
from tests.conftest import admin_url

PID = text("SELECT pg_backend_pid()")


async def test_a_connection_that_its_server_closed_is_replaced(
    sessions: Sessions, database_url: str
) -> None:
    async with sessions() as session:
        first = await session.scalar(PID)
    async with sessions() as session:
        assert await session.scalar(PID) == first, "the warm connection is taken again"
    with psycopg.connect(admin_url(database_url), autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))
    await asyncio.sleep(0)
    async with sessions() as session:
        assert await session.scalar(PID) != first
