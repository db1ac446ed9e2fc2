"""Signals to open pages, over Redis publish/subscribe. Losing one loses nothing: pages re-read."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.errors import SetupError

log = logging.getLogger(__name__)

MINIMUM_REDIS = (6, 2)
_WAIT = 15.0
_AGREE_SECONDS = 5.0  # until Redis says that it will tell
_HELD = 100  # signals that a page may leave unread
_AT_ONCE = 1000  # commands under way
_PUBLISH_SECONDS = 2.0  # no citizen waits for it


def connect(url: str) -> Redis:
    """Return a client on `url` (redis://, rediss:// or unix://) with bounded waits."""
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        max_connections=_AT_ONCE,
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


class _Line:
    """The one connection on which a process hears of every topic that its pages watch.

    A connection for each page would leave none for everything else: strangers open pages too.
    """

    def __init__(self, redis: Redis) -> None:
        self._pubsub = redis.pubsub()
        self._watched: dict[str, set[asyncio.Queue[str | None]]] = {}
        self._agreed: dict[str, asyncio.Event] = {}
        self._one_at_a_time = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self.over = False

    async def join(self, page: asyncio.Queue[str | None], topics: Sequence[str]) -> bool:
        """Let `page` hear of `topics` from now on; tell whether the line was still there to join.

        Raises: RedisError, OSError, TimeoutError.
        """
        async with asyncio.timeout(_AGREE_SECONDS), self._one_at_a_time:
            if self.over:
                return False
            for topic in topics:
                self._watched.setdefault(topic, set()).add(page)
            if new := [topic for topic in topics if topic not in self._agreed]:
                # Noted before it is asked for: the answer may be faster than we are.
                self._agreed.update((topic, asyncio.Event()) for topic in new)
                try:
                    await self._pubsub.subscribe(*new)
                except BaseException:
                    for topic in new:
                        del self._agreed[topic]
                    raise
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            agreed = [self._agreed[topic] for topic in topics]
        async with asyncio.timeout(_AGREE_SECONDS):
            for each in agreed:
                await each.wait()
        if self.over:
            raise ConnectionError("Redis went away")
        return True

    def leave(self, page: asyncio.Queue[str | None], topics: Sequence[str]) -> None:
        """Let `page` hear no more; what nobody watches is given up soon."""
        for topic in topics:
            if pages := self._watched.get(topic):
                pages.discard(page)
                if not pages:
                    del self._watched[topic]
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        async with self._one_at_a_time:
            if not self._watched:
                await self._end()
            elif gone := [topic for topic in self._agreed if topic not in self._watched]:
                for topic in gone:
                    del self._agreed[topic]
                with contextlib.suppress(RedisError, OSError):
                    await self._pubsub.unsubscribe(*gone)

    async def _read(self) -> None:
        try:
            while True:
                message = await self._pubsub.get_message(timeout=_WAIT)
                if message is None:
                    continue
                topic = message["channel"]
                if message["type"] == "subscribe" and topic in self._agreed:
                    self._agreed[topic].set()
                elif message["type"] == "message":
                    for page in self._watched.get(topic, ()):
                        _put(page, message["data"])
        except (RedisError, OSError):
            log.info("Redis went away: the open pages come back by themselves")
        finally:
            self.over = True
            for each in self._agreed.values():
                each.set()
            for page in {page for pages in self._watched.values() for page in pages}:
                _put(page, None)

    async def _end(self) -> None:
        self.over = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        with contextlib.suppress(RedisError, OSError):
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]


def _put(page: asyncio.Queue[str | None], event: str | None) -> None:
    """Tell `page`; of one that does not listen the oldest is dropped: it reads anew in any case."""
    if page.full():
        page.get_nowait()
    page.put_nowait(event)


_lines: WeakKeyDictionary[Redis, _Line] = WeakKeyDictionary()


def _line(redis: Redis) -> _Line:
    found = _lines.get(redis)
    if found is None or found.over:
        found = _lines[redis] = _Line(redis)
    return found


async def subscribe(redis: Redis, *topics: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of `topics` as they come, and `{"type": "tick"}` in quiet times.

    Ends when Redis goes away; the page then connects again and re-reads. Raises, where Redis is
    away from the start: RedisError, OSError, TimeoutError.
    """
    line, page = _line(redis), asyncio.Queue[str | None](_HELD)
    try:
        while not await line.join(page, topics):  # its last page left just now
            line = _line(redis)
        yield {"type": "ready"}
        while True:
            try:
                async with asyncio.timeout(_WAIT):
                    event = await page.get()
            except TimeoutError:
                yield {"type": "tick"}
                continue
            if event is None:
                return
            yield json.loads(event)
    finally:
        line.leave(page, topics)
