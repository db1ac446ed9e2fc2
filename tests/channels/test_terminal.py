"""The bot in a terminal, shown as other doors show it."""

from collections.abc import Iterator

import pytest

from channels.message import Answer, Choice, Incoming, Reply
from channels.terminal import View, chat

ASK = Reply(
    "무엇인가요?", (Choice("a", "도로"), Choice("b", "가로등")), spoken="무엇이 문제인가요?"
)


class Talk:
    """A scripted citizen and a bot that ends when told 끝."""

    def __init__(self, *lines: str, owner: str = "bot") -> None:
        self.lines: Iterator[str] = iter(lines)
        self.heard: list[Incoming] = []
        self.shown: list[str] = []
        self.owner = owner

    def read(self, prompt: str) -> str:
        assert prompt == "> "
        try:
            return next(self.lines)
        except StopIteration:
            raise EOFError from None

    async def answer(self, message: Incoming) -> Answer:
        self.heard.append(message)
        replies = (ASK,) if self.owner == "bot" else ()
        return Answer("c", "ko", self.owner, replies, ended=message.text == "끝")  # type: ignore[arg-type]

    async def run(self, view: View = "web") -> None:
        await chat(self.answer, self.shown.append, self.read, view=view, language="ko")


async def test_a_talk_until_end_of_input() -> None:
    talk = Talk("안녕\x00하세요", "", "  ", "네")
    await talk.run()
    assert [(m.text, m.kind) for m in talk.heard] == [("안녕하세요", "text"), ("네", "text")]
    assert {(m.channel, m.scheme, m.language) for m in talk.heard} == {
        ("terminal", "terminal", "ko")
    }
    assert len({m.address for m in talk.heard}) == 1
    assert len({m.external_id for m in talk.heard}) == 2
    assert talk.shown == ["무엇인가요?\n1. 도로\n2. 가로등"] * 2


async def test_the_bot_ends_it() -> None:
    talk = Talk("끝", "아직")
    await talk.run()
    assert [m.text for m in talk.heard] == ["끝"]


async def test_as_sms_it_tells_what_it_costs() -> None:
    talk = Talk("안녕")
    await talk.run("sms")
    assert talk.shown == ["무엇인가요?\n1. 도로\n2. 가로등", "[ucs2 19, 1 SMS]"]


async def test_as_voice_it_speaks_first_and_hears_keys_and_silence() -> None:
    talk = Talk("1", "가로등이요", "", "끝", "못 들음")
    await talk.run("voice")
    assert [(m.text, m.kind, m.confidence) for m in talk.heard] == [
        ("", "start", None),
        ("1", "keys", None),
        ("가로등이요", "speech", 1.0),
        ("", "silence", None),
        ("끝", "speech", 1.0),
    ]
    assert talk.shown[0] == "무엇이 문제인가요? 도로는 1번, 가로등은 2번."


@pytest.mark.parametrize(
    ("owner", "shown"),
    [("queue", "(상담사를 기다리고 있어요.)"), ("agent", "(상담사가 보고 있어요.)")],
)
async def test_a_silent_bot_says_who_has_the_conversation(owner: str, shown: str) -> None:
    talk = Talk("여보세요", owner=owner)
    await talk.run()
    assert talk.shown == [shown]
