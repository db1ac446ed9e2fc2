"""KakaoTalk's five seconds: answers in time, late ones by callback or with the next word."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from channels import kakao, kakao_skill
from channels.kakao import Kakao
from channels.message import Answer, Incoming
from tests.channels.conftest import Provider, eventually, settings_for
from tests.channels.kakao_room import Bot, Box, happened, more, said

Late = Callable[..., Awaitable[Any]]


@pytest.fixture
async def bot(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    # What is in time here is so on the busiest machine; what is late waits until a test lets it.
    monkeypatch.setattr(kakao, "ANSWER_SECONDS", 30.0)
    monkeypatch.setattr(kakao, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(kakao, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(kakao, "TAKE_SECONDS", 30.0)
    monkeypatch.setattr(kakao, "CALLBACK_SECONDS", 30.0)
    box = Box()
    channel = Kakao(settings_for(kakao_origin=provider.url), box.mailbox())
    bot = Bot(channel)
    bot.box, bot.ready = box, happened()
    app = bot.app()
    app.router.routes.clear()

    async def on_message(message: Incoming) -> Answer:
        return await bot.hears(message)

    async def on_status(_: object) -> None:
        raise AssertionError("Kakao reports nothing")

    app.include_router(channel.router(on_message, on_status))
    bot.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t")
    yield bot
    await bot.http.aclose()
    await channel.close()


@pytest.fixture
def asks_late(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> Late:
    """Ask the bot while it is too slow for Kakao; it is ready once `bot.ready` is set."""

    async def ask(*words: str, **changed: Any) -> dict[str, Any]:
        bot.ready.clear()
        with monkeypatch.context() as hurry:
            hurry.setattr(kakao, "ANSWER_SECONDS", 0.05)
            return await bot.asks(*words, **changed)

    return ask


async def test_an_answer_in_time_is_the_response(bot: Bot) -> None:
    assert await bot.asks() == said("답 1")
    assert bot.box.waiting == []


async def test_a_late_answer_comes_with_the_next_message(bot: Bot, asks_late: Late) -> None:
    waits = more(kakao_skill.WORDS["ko"]["wait"])
    assert (await asks_late("하나"))["template"] == waits["template"]
    bot.ready.set()
    await eventually(lambda: _true(bot.box.waiting))
    answer = await bot.asks("둘")
    texts = [output["simpleText"]["text"] for output in answer["template"]["outputs"]]
    assert texts == ["답 1", "답 2"]
    assert await bot.asks("셋") == said("답 3")


async def test_a_late_answer_is_waited_for_by_who_asks_again(bot: Bot, asks_late: Late) -> None:
    await asks_late("하나")
    again = asyncio.create_task(bot.asks("답변 보기"))
    await eventually(lambda: _true(bot.box.looks > 3))
    assert not again.done()
    bot.ready.set()
    assert await again == said("답 1")
    assert len(bot.messages) == 1  # asking again is no message
    nothing = kakao_skill.WORDS["ko"]["nothing"]
    assert await bot.asks("답변 보기") == more(nothing)


async def test_two_messages_at_once_are_each_answered_once(bot: Bot) -> None:
    bot.ready.clear()
    asking = asyncio.gather(*(bot.asks(str(n)) for n in range(5)))
    await eventually(lambda: _true(bot.asked == 5))
    bot.ready.set()
    texts = [
        output["simpleText"]["text"]
        for answer in await asking
        for output in answer["template"]["outputs"]
    ]
    told = sorted(text for text in texts if text.startswith("답 "))
    late = len(bot.box.waiting) + len(bot.box.left)
    assert len(told) == len(set(told)) == 5 - late


async def test_where_a_callback_is_allowed_the_answer_goes_there(
    bot: Bot, provider: Provider, asks_late: Late
) -> None:
    provider.answers(200, {"taskId": "1", "status": "SUCCESS", "message": "", "timestamp": 1})
    url = f"{provider.url}/v1/bots/5e1b!/callback/-damdd"
    assert await asks_late(callbackUrl=url) == {
        "version": "2.0", "useCallback": True, "data": {"text": "답변을 준비하고 있어요."},
    }  # fmt: skip
    bot.ready.set()
    await eventually(lambda: _true(provider.calls))
    (call,) = provider.calls
    assert (call.method, call.path) == ("POST", "/v1/bots/5e1b!/callback/-damdd")
    assert call.headers["content-type"] == "application/json"
    assert call.json == said("답 1")
    await bot.channel.close()
    assert (bot.box.waiting, bot.box.left, bot.box.lost) == ([], [], [])


async def test_in_time_no_callback_is_used(bot: Bot, provider: Provider) -> None:
    assert await bot.asks(callbackUrl=f"{provider.url}/callback") == said("답 1")
    assert provider.calls == []


async def test_a_strangers_callback_is_not_called(bot: Bot, asks_late: Late) -> None:
    answer = await asks_late(callbackUrl="https://example.org/callback")
    assert "useCallback" not in answer
    bot.ready.set()
    await eventually(lambda: _true(bot.box.waiting))


@pytest.mark.parametrize(
    ("answer", "left", "lost"),
    [
        ((200, {"status": "FAIL", "message": "expired"}), [(1, 0)], []),
        ((404, {}), [(1, 0)], []),
        ((429, {}), [(1, 0)], []),
        ((503, "busy"), [(1, 0)], []),
        ((200, "ok"), [], []),
        ((500, "oops"), [], [([1], "500")]),
        ("drop", [], [([1], "connection-lost")]),
    ],
)
async def test_a_callback_that_fails_loses_and_doubles_nothing(
    bot: Bot, provider: Provider, asks_late: Late, answer: Any, left: list[Any], lost: list[Any]
) -> None:
    provider.script.append("drop" if answer == "drop" else (*answer, {}))
    await asks_late(callbackUrl=f"{provider.url}/callback")
    bot.ready.set()
    await eventually(lambda: _true(provider.calls))
    await bot.channel.close()
    assert (bot.box.left, bot.box.lost) == (left, lost)


async def test_an_answer_too_late_for_its_callback_waits(
    bot: Bot, provider: Provider, asks_late: Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakao, "CALLBACK_SECONDS", 0.1)
    await asks_late(callbackUrl=f"{provider.url}/callback")
    await eventually(lambda: _true(not bot.channel._late))  # the callback is given up
    bot.ready.set()
    await eventually(lambda: _true(bot.box.waiting))
    assert provider.calls == []


async def test_a_bot_that_breaks_says_so_politely(bot: Bot, asks_late: Late) -> None:
    broken = kakao_skill.WORDS["ko"]["broken"]
    bot.fails = True
    assert await bot.asks() == said(broken)
    await asks_late()
    bot.ready.set()
    assert await bot.asks("답변 보기") == said(broken)


async def test_a_mailbox_too_slow_for_this_answer_keeps_it(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakao, "TAKE_SECONDS", 0.05)
    bot.box.opened.clear()
    assert (await bot.asks())["template"] == more(kakao_skill.WORDS["ko"]["wait"])["template"]
    bot.box.opened.set()
    await eventually(lambda: _true(bot.box.left))
    assert bot.box.left == [(1, 0)]


async def _true(value: object) -> bool:
    return bool(value)
