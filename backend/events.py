"""Signals to open pages, over Redis publish/subscribe. Losing one loses nothing: pages re-read."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.errors import SetupError

log = logging.getLogger(__name__)

MINIMUM_REDIS = (6, 2)
_WAIT = 15.0
_PUBLISH_SECONDS = 2.0  # no citizen waits for it


def connect(url: str) -> Redis:
    """Return a client on `url` (redis://, rediss:// or unix://) with bounded waits."""
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=2,
        socket_timeout=5,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
    )
    return client


async def check(url: str) -> None:
    """Make sure that a Redis (or Valkey) new enough answers at `url`.

    Raises: SetupError with one sentence that says what to do.
    """
    try:
        client = connect(url)
        try:
            info = await client.info("server")
        finally:
            await client.aclose()
    except (RedisError, OSError, ValueError) as error:
        raise SetupError(
            f"Redis can't be reached at REDIS_URL ({type(error).__name__}): "
            "check host, port and password, and that the server runs."
        ) from None
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM_REDIS:
        raise SetupError(
            f"The Redis at REDIS_URL is version {version}: Eungdap needs 6.2 or newer."
        )


async def publish(redis: Redis, topic: str, event: dict[str, Any]) -> None:
    """Tell the pages that watch `topic`. An event holds ids and kinds, never a citizen's words."""
    await publish_to(redis, (topic,), event)


async def publish_to(redis: Redis, topics: Sequence[str], event: dict[str, Any]) -> None:
    """Tell the pages that watch any of `topics`, in one round trip."""
    pipe = redis.pipeline(transaction=False)
    for topic in topics:
        pipe.publish(topic, json.dumps(event))
    try:
        async with asyncio.timeout(_PUBLISH_SECONDS):
            await pipe.execute()
    except (RedisError, OSError, TimeoutError):
        kinds = ", ".join(sorted({topic.split(":", 1)[0] for topic in topics}))
        log.warning("signal on %s was lost: Redis does not answer", kinds)


class Signals:
    """Tells pages that something changed, soon, while nobody waits for it.

    What changes several times before it is told is told once.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._topics: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None

    def changed(self, topics: Sequence[str]) -> None:
        """Tell the pages that watch any of `topics`."""
        self._topics.update(dict.fromkeys(topics))
        if self._topics and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._topics:
            topics, self._topics = tuple(self._topics), {}
            await publish_to(self._redis, topics, {"type": "changed"})


async def subscribe(redis: Redis, *topics: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of `topics` as they come, and `{"type": "tick"}` in quiet times.

    Ends when Redis goes away; the page then connects again and re-reads.
    """
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(*topics)
        yield {"type": "ready"}
        while True:
            try:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_WAIT)
            except (RedisError, OSError):
                return
            if message is None:
                yield {"type": "tick"}
            else:
                yield json.loads(message["data"])
