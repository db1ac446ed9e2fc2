"""What came of a message is kept with it, and told by what is said next."""

import pytest

from backend.attachments.links import Links
from backend.context import Context
from backend.faq.importer import import_own
from backend.handoff import queries
from bot.conversation import Bot
from tests.bot.talks import Talker


@pytest.fixture
async def articles(context: Context) -> None:
    """Our own articles, so that a question has an answer."""
    async with context.sessions() as session, session.begin():
        await import_own(session)


async def outcomes(talker: Talker) -> list[str | None]:
    """Return the outcome of each of the citizen's messages, oldest first."""
    rows = await talker.rows(
        "SELECT m.outcome FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        " WHERE {mine} AND m.direction = 'in' ORDER BY m.seq"
    )
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["대형폐기물 스티커 어디서 사요"], ["answered"]),
        (["ㅁㄴㅇㄹ ㅂㅈㄷㄱ"], ["missed"]),
        (
            ["대형폐기물 스티커 어디서 사요", "대형폐기물 스티커 어디서 살 수 있나요"],
            ["rephrased", "answered"],
        ),
        (["대형폐기물 스티커 어디서 사요", "아니요"], ["refused", "answered"]),
        (
            ["대형폐기물 스티커 어디서 사요", "도움이 하나도 안 돼요"],
            ["unhelpful", None],
        ),
        (
            ["대형폐기물 스티커 어디서 사요", "상담원 연결해 주세요"],
            ["person_asked", "handed_over"],
        ),
        (
            ["대형폐기물 스티커 어디서 사요", "따릉이는 한 시간에 얼마예요"],
            ["answered", "answered"],
        ),
    ],
)
@pytest.mark.usefixtures("articles")
async def test_what_came_of_it(
    bot: Bot, context: Context, said: list[str], expected: list[str | None]
) -> None:
    talker = Talker(bot, context, "web")
    for words in said:
        await talker.say(words)
    found = await outcomes(talker)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert other is None or one == other


async def test_an_answer_to_a_question_is_no_rephrasing(bot: Bot, context: Context) -> None:
    talker = Talker(bot, context, "web")
    await talker.say("가로등이 꺼졌어요")
    await talker.say("마포구 망원시장 앞 가로등이요")
    await talker.say("아니요")
    assert (await outcomes(talker))[:2] in (["answered", "answered"], ["answered", "refused"])


async def test_the_transcript_tells_it(bot: Bot, context: Context) -> None:
    talker = Talker(bot, context, "web")
    await talker.say("상담원 연결해 주세요")
    conversation = (await talker.row("SELECT c.id FROM conversations c WHERE {mine}"))["id"]
    async with context.sessions() as session:
        told = await queries.transcript(session, conversation, 0, Links.of(context.settings))
    asked, answer = told.messages[:2]
    assert (asked.outcome, asked.intent, asked.engine) == (
        "handed_over",
        "talk_to_agent",
        "builtin",
    )
    assert asked.model is not None
    assert asked.model.startswith("builtin-")
    assert asked.top[0][0] == "talk_to_agent"
    assert len(asked.top) == 3
    assert (answer.outcome, answer.engine, answer.top) == (None, None, [])
