"""KakaoTalk as a skill server of Kakao i Open Builder: answers in place, within five seconds.

https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/make_skill
https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/ai_chatbot_callback_guide
Kakao signs nothing, so the skill is registered with a secret header; it does not call twice; and
a skill can't write first. What a citizen has not been told waits in a mailbox for their next word.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Request

from channels import kakao_skill as skill
from channels import transport
from channels.base import Rejected, Retryable, SendError, Unknown
from channels.inbound import read_json
from channels.message import Answer, Incoming, OnMessage, OnStatus, Outgoing, Reply, Scheme, Sent
from channels.pictures import fetch_picture
from channels.settings import ChannelSettings
from channels.signatures import kakao_caller

PATH = "/channels/kakao/skill"

ANSWER_SECONDS = 3.8  # Kakao gives up after five, the way there and back included
TAKE_SECONDS = 0.7
LOOK_SECONDS = 1.5  # how long "see the answer" waits where nothing is known to be under way
LOOK_EVERY = 0.3
CALLBACK_SECONDS = 55.0  # the callback's address is good for a minute
CLOSE_SECONDS = 10.0
MAX_BROKEN = 10_000

_HOSTS = (".kakao.com", ".kakaocdn.net")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What waits for citizens who have to ask for it; kept by the composition.

    `put` keeps a delivery for its address. `take` hands over all that waits for an address, oldest
    first, each to one caller only. `leave` puts a delivery back of which only so many characters
    were shown. `lose` notes that nobody knows whether these deliveries arrived, and why.
    """

    put: Callable[[int], Awaitable[None]]
    take: Callable[[str], Awaitable[Sequence[Reply]]]
    leave: Callable[[int, int], Awaitable[None]]
    lose: Callable[[Sequence[int], str], Awaitable[None]]


class Kakao:
    """The door of the KakaoTalk channel's chat room."""

    name = "kakao"
    scheme: Scheme = "kakao"
    pushes = False
    in_place = True

    def __init__(self, settings: ChannelSettings, mailbox: Mailbox) -> None:
        self._settings = settings
        self._mailbox = mailbox
        self._client = httpx.AsyncClient(
            **transport.options(settings.kakao_origin or "https://kakao.com")
        )
        self._under_way: dict[str, set[asyncio.Task[Answer]]] = {}
        self._broken: set[str] = set()  # addresses whose late answer will not come
        self._late: set[asyncio.Task[None]] = set()

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the skill. Kakao reports no delivery, so `on_status` is never called."""
        router = APIRouter(tags=["kakao"])

        @router.post(PATH)
        async def answer(request: Request) -> dict[str, Any]:
            """Answer one utterance, or say that the answer takes a moment."""
            kakao_caller(request, self._settings.kakao_skill_secret)
            began = time.monotonic()
            asked = skill.read_request(await read_json(request))
            language = asked.incoming.language or "ko"
            if asked.again:
                return await self._look(asked.incoming.address, language, began)
            work = self._start(on_message, asked)
            await asyncio.wait({work}, timeout=_left(ANSWER_SECONDS, began))
            if work.done():
                return await self._in_time(asked.incoming.address, work, language)
            if asked.callback_url and self._is_kakaos(asked.callback_url):
                self._later(self._call_back(asked, work, began))
                return skill.wait_for_callback(language)
            return skill.say("wait", language, again=True)

        return router

    async def send(self, message: Outgoing) -> Sent:
        """Keep `message` for the citizen's next word: nothing else reaches them here."""
        try:
            await self._mailbox.put(message.id)
        except Exception as error:
            raise Retryable("mailbox-away") from error
        return Sent((str(message.id),))

    async def close(self) -> None:
        """Let the answers under way be finished, then close the connections to Kakao."""
        running = [*self._late, *(task for tasks in self._under_way.values() for task in tasks)]
        if running:
            await asyncio.wait(running, timeout=CLOSE_SECONDS)
        await self._client.aclose()

    def _start(self, on_message: OnMessage, asked: skill.Asked) -> asyncio.Task[Answer]:
        """Begin to answer; the work goes on when its request is answered or given up."""
        address = asked.incoming.address

        async def work() -> Answer:
            return await on_message(await self._with_pictures(asked))

        self._broken.discard(address)
        task = asyncio.create_task(work())
        self._under_way.setdefault(address, set()).add(task)

        def done(finished: asyncio.Task[Answer]) -> None:
            tasks = self._under_way[address]
            tasks.discard(finished)
            if not tasks:
                del self._under_way[address]
            if not finished.cancelled() and (error := finished.exception()):
                if len(self._broken) < MAX_BROKEN:
                    self._broken.add(address)
                log.error("a message was not answered: %s", type(error).__name__)

        task.add_done_callback(done)
        return task

    async def _in_time(
        self, address: str, work: asyncio.Task[Answer], language: str
    ) -> dict[str, Any]:
        """Return the answer of `work` with all else that waits for the citizen."""
        if work.exception() is not None:
            return skill.say("broken", language)  # nothing was kept of the message
        answer = work.result()
        try:
            replies = await self._take(address)
        except Exception as error:
            log.error("an answer has to wait: %s", type(error).__name__)
            return skill.say("wait", language, again=True)
        if not replies:
            # A person has the talk, or an answer of the same moment took these replies along.
            key = "nothing" if answer.owner == "bot" else "agent"
            return skill.say(key, answer.language, again=True)
        return await self._page(replies, answer.language)

    async def _look(self, address: str, language: str, began: float) -> dict[str, Any]:
        """Return what waits for a citizen who asks again, or say that there is nothing yet."""
        while True:
            known = address in self._under_way
            try:
                replies = await self._take(address)
            except Exception as error:
                log.error("an answer has to wait: %s", type(error).__name__)
                replies = ()
            if replies:
                return await self._page(replies, language)
            if address in self._broken:
                self._broken.discard(address)
                return skill.say("broken", language)
            if _left(ANSWER_SECONDS if known else LOOK_SECONDS, began) < LOOK_EVERY:
                return skill.say("nothing", language, again=True)
            await asyncio.sleep(LOOK_EVERY)

    async def _take(self, address: str) -> Sequence[Reply]:
        """Take what waits for the citizen; what comes too late for this answer is put back.

        Raises: TimeoutError.
        """
        task = asyncio.ensure_future(self._mailbox.take(address))
        await asyncio.wait({task}, timeout=TAKE_SECONDS)
        if task.done():
            return task.result()

        async def put_back() -> None:
            for reply in await task:
                if reply.delivery is not None:
                    await self._mailbox.leave(reply.delivery, 0)

        self._later(put_back())
        raise TimeoutError

    async def _page(self, replies: Sequence[Reply], language: str) -> dict[str, Any]:
        page = skill.render(replies, language)
        for delivery, shown in page.left:
            await self._mailbox.leave(delivery, shown)
        return page.response

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` after the request is answered."""
        task = asyncio.create_task(work)
        self._late.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            self._late.discard(finished)
            if not finished.cancelled() and (error := finished.exception()):
                log.error("a late answer broke: %s", type(error).__name__)

        task.add_done_callback(done)

    async def _call_back(
        self, asked: skill.Asked, work: asyncio.Task[Answer], began: float
    ) -> None:
        """Send the answer to the callback's address once it is there."""
        address, url = asked.incoming.address, _safe(asked.callback_url or "")
        language = asked.incoming.language or "ko"
        await asyncio.wait({work}, timeout=_left(CALLBACK_SECONDS, began))
        if not work.done():
            return  # what comes of it waits for the citizen's next message
        replies: Sequence[Reply] = ()
        try:
            if work.exception() is not None:
                await self._post(url, skill.say("broken", language))
                return
            replies = await self._mailbox.take(address)
            if not replies:
                return  # the citizen wrote again meanwhile, and was told all of it
            page = skill.render(replies, work.result().language)
            await self._post(url, page.response)
        except SendError as error:
            log.info("a callback ended as %s", error.code)
            await self._undo(replies, error)
        else:
            for delivery, shown in page.left:
                await self._mailbox.leave(delivery, shown)

    async def _undo(self, replies: Sequence[Reply], error: SendError) -> None:
        """Keep what was not handed over for the next message, and note what may have been."""
        deliveries = [reply.delivery for reply in replies if reply.delivery is not None]
        if isinstance(error, Unknown):
            await self._mailbox.lose(deliveries, error.code)
            return
        for delivery in deliveries:
            await self._mailbox.leave(delivery, 0)

    async def _post(self, url: str, response: dict[str, Any]) -> None:
        """Post a late answer. Raises: a SendError that says what happened."""
        try:
            answer = await self._client.post(url, json=response)
        except httpx.HTTPError as error:
            raise transport.lost_or_refused(error) from error
        if not answer.is_success:
            raise transport.refused(answer.status_code, str(answer.status_code))
        try:
            status = answer.json()["status"]
        except (ValueError, KeyError, TypeError):
            return  # a 2xx without Kakao's own word is as good
        if status != "SUCCESS":
            raise Rejected("callback-refused")

    async def _with_pictures(self, asked: skill.Asked) -> Incoming:
        """Return the message with the pictures it names, and word of those that did not come.

        An address of another host is what the citizen wrote: it is not ours to call.
        """
        urls = [url for url in asked.pictures if self._is_kakaos(url)]
        if not urls:
            return replace(asked.incoming, text=asked.incoming.text or " ".join(asked.pictures))
        found = await asyncio.gather(*(fetch_picture(self._client, _safe(url)) for url in urls))
        photos = tuple(photo for photo in found if photo is not None)
        return replace(asked.incoming, photos=photos, photos_missed=len(urls) - len(photos))

    def _is_kakaos(self, url: str) -> bool:
        """Tell whether `url` is at Kakao, or at the simulator that stands in for it."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if self._settings.kakao_origin:
            return f"{parts.scheme}://{parts.netloc}" == self._settings.kakao_origin
        return parts.scheme in ("http", "https") and port in (None, 443) and host.endswith(_HOSTS)


def _left(seconds: float, began: float) -> float:
    """Return how much of `seconds` is left since `began` on the monotonic clock."""
    return max(0.0, seconds - (time.monotonic() - began))


def _safe(url: str) -> str:
    """Return Kakao's address over TLS; some of its picture links still begin without."""
    kakaos = (urlsplit(url).hostname or "").endswith(_HOSTS)
    return "https" + url[4:] if kakaos and url[:5].lower() == "http:" else url
