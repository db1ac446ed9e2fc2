"""The database and Redis that tests stand on are real and private."""

from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def test_the_database_is_a_migrated_postgresql(session: AsyncSession) -> None:
    version = await session.scalar(text("SHOW server_version_num"))
    assert int(str(version)) >= 150_000
    assert await session.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is not None


async def test_redis_answers(redis: Redis) -> None:
    assert await redis.ping()
