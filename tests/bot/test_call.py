"""Calls with the real bot behind them: listening again, keys, more, a transfer, a receipt."""

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.context import Context
from backend.handoff import presence
from backend.handoff import service as handoff
from backend.main import build_channels, build_faq
from backend.models import Ballot, Conversation, Delivery, Handoff, Message
from backend.polls import service as polls
from bot.conversation import Bot
from channels.message import Answer
from channels.render import sentences
from channels.voice import Caller, Spoken, caller, compose, heard
from nlu.builtin import BuiltinParser
from tests.backend.desk import employee

MOBILE, LANDLINE, WITHHELD = "+821022223333", "+8225551234", "anonymous"
OPTIONS = ("산책로 조명", "나무 그늘", "놀이터 바닥", "화장실", "의자")
ASKS_MATTER = "어떤 점이 불편하신지 말씀해 주세요"

_CALLS = itertools.count(1)


@dataclass
class Phone:
    """One call: what the caller does, and what is said back."""

    bot: Bot
    number: str = MOBILE
    language: str | None = None
    call: str = field(default_factory=lambda: f"call{next(_CALLS)}")
    turn: int = -1
    answer: Answer = field(default_factory=lambda: Answer("", "ko", "bot"))

    @property
    def who(self) -> Caller:
        return caller(self.number, self.call)

    async def does(self, **done: Any) -> Spoken:
        self.turn += 1
        self.answer = await self.bot.on_message(
            heard(self.call, str(self.turn), self.who, language=self.language, **done)
        )
        spoken = compose(self.answer)
        asked = [choice for reply in self.answer.replies for choice in reply.choices]
        if spoken.listen is not None:
            said = [s for line in spoken.lines for s in sentences(line)]
            assert len(said) <= 2 + bool(asked), said  # the choices are a line of their own
            assert len(asked) <= 3
        assert not re.search(r"https?:|[A-Z]-\d{4}|[<>{}\[\]]", " ".join(spoken.lines))
        return spoken

    async def ring(self) -> Spoken:
        return await self.does(kind="start")

    async def say(self, words: str, confidence: float | None = 0.93) -> Spoken:
        return await self.does(speech=words, confidence=confidence)

    async def press(self, keys: str) -> Spoken:
        return await self.does(keys=keys)

    async def hush(self) -> Spoken:
        return await self.does()


@pytest.fixture
async def bot(context: Context, parser: BuiltinParser) -> Bot:
    return Bot(context, parser, await build_faq(context), build_channels(context))


@pytest.fixture
async def phone(bot: Bot) -> Phone:
    called = Phone(bot)
    await called.ring()
    return called


def text(spoken: Spoken) -> str:
    return " ".join(spoken.lines)


async def staffed(context: Context) -> None:
    """Let an agent take conversations."""
    await presence.here(context.redis, 1, taking=True)


async def state(sessions: db.Sessions, phone: Phone) -> str:
    async with sessions() as session:
        found = await session.get_one(Conversation, phone.answer.conversation)
        return found.state


async def texted(sessions: db.Sessions) -> list[str]:
    """Return what is promised by text message."""
    async with sessions() as session:
        found = await session.scalars(
            select(Message.text)
            .join(Delivery, Delivery.message_id == Message.id)
            .where(Delivery.channel == "sms")
        )
        return list(found)


async def test_a_call_begins_with_the_notice_and_three_choices(bot: Bot) -> None:
    spoken = await Phone(bot).ring()
    assert spoken.lines == (
        "안녕하세요, 서울시 응답이고 통화 내용은 녹음돼요. 편하게 말씀하시거나 번호를 눌러 주세요.",
        "민원 접수는 1번, 처리 상황은 2번, 상담원 연결은 3번.",
    )
    assert spoken.listen is not None
    assert (spoken.listen.speech, spoken.listen.one_key, spoken.slow) == (True, True, False)
    english = await Phone(bot, "+821022224444", "en").ring()
    assert "this call is recorded" in text(english)
    assert english.locale == "en-US"


async def test_silence_gets_the_question_slowly_and_then_a_person(
    phone: Phone, context: Context
) -> None:
    await staffed(context)
    asked = await phone.press("1")
    assert ASKS_MATTER in text(asked)
    again = await phone.hush()
    assert (again.lines, again.slow) == (asked.lines, True)
    handed = await phone.hush()
    assert handed.transfer
    async with context.sessions() as session:
        waits = (await session.scalars(select(Handoff))).one()
    assert waits.reason == "not_heard"


async def test_a_word_after_a_silence_begins_the_count_anew(phone: Phone) -> None:
    await phone.press("1")
    await phone.hush()
    await phone.say("가로등이 며칠째 꺼져 있어서 밤에 너무 어두워요")
    assert (await phone.hush()).slow


async def test_what_is_hardly_heard_is_asked_again_then_by_key_then_by_a_person(
    phone: Phone, context: Context
) -> None:
    await staffed(context)
    first = await phone.say("뭐라뭐라", 0.12)
    assert "천천히" in text(first)
    assert first.listen is not None
    assert first.listen.speech
    second = await phone.say("뭐라뭐라", 0.12)
    assert second.listen is not None
    assert not second.listen.speech
    assert second.lines == (
        "제가 잘 듣지 못하고 있어요. 번호를 눌러 주세요.",
        "민원 접수는 1번, 처리 상황은 2번, 상담원 연결은 3번.",
    )
    third = await phone.does(kind="unclear")
    assert third.transfer


async def test_keys_let_the_caller_say_it_again_where_words_are_needed(phone: Phone) -> None:
    asked = await phone.press("1")
    await phone.does(kind="unclear")
    keys = await phone.does(kind="unclear")
    assert "다시 말하기는 1번, 상담원 연결은 2번." in text(keys)
    again = await phone.press("1")
    assert again.lines == asked.lines
    assert again.listen is not None
    assert again.listen.speech


async def test_digits_are_asked_for_by_key_where_a_number_is_needed(phone: Phone) -> None:
    await phone.press("2")
    await phone.does(kind="unclear")
    keys = await phone.does(kind="unclear")
    assert "숫자를 누르고 우물정자를" in text(keys)
    assert keys.listen is not None
    assert (keys.listen.speech, keys.listen.one_key) == (False, False)


@pytest.mark.parametrize(
    ("words", "confidence", "heard_well"),
    [("마포구 망원시장 앞 가로등이 꺼졌어요", 0.4, True), ("그 저기 뭐냐 그거", 0.4, False),
     ("마포구 망원시장 앞 가로등이 꺼졌어요", 0.2, False),
     ("마포구 망원시장 앞 가로등이 꺼졌어요", None, True)],
)  # fmt: skip
async def test_words_of_doubt_count_where_they_make_sense(
    phone: Phone, words: str, confidence: float | None, heard_well: bool
) -> None:
    spoken = await phone.say(words, confidence)
    assert ("잘 듣지 못했어요" not in text(spoken)) == heard_well


async def test_danger_counts_however_badly_it_is_heard(phone: Phone) -> None:
    spoken = await phone.say("집에 불이 났어요 살려 주세요", 0.1)
    assert "일일구" in text(spoken)


@pytest.mark.parametrize(
    "again", ["*", "다시 말해 주세요", "뭐라고요?", "한 번 더 말씀해 주세요", "다시 한 번 들려줘"]
)
async def test_a_caller_may_have_it_said_again(phone: Phone, again: str) -> None:
    asked = await phone.press("2")
    repeated = await phone.does(**({"keys": "*"} if again == "*" else {"speech": again}))
    assert (repeated.lines, repeated.slow) == (asked.lines, True)


async def petition(phone: Phone) -> Spoken:
    """File a petition by voice; return how its receipt is read."""
    await phone.say("마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    return await phone.press("1")


async def test_place_and_matter_are_read_back_before_they_are_filed(phone: Phone) -> None:
    shown = await phone.say("마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    assert "포은로 87" in text(shown)
    assert "이렇게 접수할까요?" in text(shown)
    assert "네, 접수해 주세요, 1번, 고칠래요, 2번, 그만둘래요, 3번." in text(shown)


async def test_a_mobile_gets_its_receipt_in_groups_and_by_text(
    phone: Phone, sessions: db.Sessions
) -> None:
    receipt = await petition(phone)
    assert re.search(r"이공[공-힣]{2}, 공공공, 공[공-힣]{3}이에요\.", text(receipt))
    assert "문자로도 보내드릴게요" in text(receipt)
    (sms,) = await texted(sessions)
    assert re.search(r"P-\d{4}-\d{7}", sms)


@pytest.mark.parametrize("number", [LANDLINE, WITHHELD])
async def test_a_phone_that_takes_no_texts_hears_its_receipt_twice(
    bot: Bot, sessions: db.Sessions, number: str
) -> None:
    phone = Phone(bot, number)
    await phone.ring()
    receipt = text(await petition(phone))
    digits = re.findall(r"이공[공-힣]{2}, 공공공, 공[공-힣]{2}[일이삼사오육칠팔구공]", receipt)
    assert len(digits) == 2
    assert len(set(digits)) == 1
    assert "문자" not in receipt
    assert await texted(sessions) == []


async def test_a_transfer_that_nobody_answers_becomes_a_call_back(
    phone: Phone, context: Context, sessions: db.Sessions
) -> None:
    await staffed(context)
    handed = await phone.press("3")
    assert handed.transfer
    assert await state(sessions, phone) == "queued"  # on the desk before it rings
    back = await phone.does(kind="unanswered")
    assert "끝번호 삼삼삼삼 번호로 다시 전화드릴게요" in text(back)
    assert await state(sessions, phone) == "callback"
    assert len(await texted(sessions)) == 1
    assert ASKS_MATTER in text(await phone.press("1"))  # the bot goes on
    assert await state(sessions, phone) == "callback"


async def test_a_withheld_number_is_told_that_nobody_can_call_back(
    bot: Bot, context: Context, sessions: db.Sessions
) -> None:
    await staffed(context)
    phone = Phone(bot, WITHHELD)
    await phone.ring()
    assert (await phone.press("3")).transfer
    assert "다시 전화드릴 수 없어요" in text(await phone.does(kind="unanswered"))
    assert await state(sessions, phone) == "bot"


async def test_a_caller_whom_a_person_has_is_put_through(
    phone: Phone, context: Context, sessions: db.Sessions
) -> None:
    agent = await employee(sessions)
    await presence.here(context.redis, agent, taking=True)
    await phone.press("3")
    async with sessions() as session, session.begin():
        await handoff.claim(session, UUID(phone.answer.conversation), agent)
    again = Phone(phone.bot)
    assert (await again.ring()).transfer
    assert again.answer.owner == "agent"
    assert "일일구" in text(await again.say("집에 불이 났어요 살려 주세요"))
    lost = await again.does(kind="unanswered")
    assert "곧 거신 번호로 다시 전화드릴게요" in text(lost)
    assert lost.hangup
    assert await state(sessions, again) == "active"


async def vote(sessions: db.Sessions) -> None:
    async with sessions() as session, session.begin():
        now = datetime.now(UTC)
        await polls.create(
            session,
            title={"ko": "공원에서 무엇을 먼저 고칠까요?", "en": "What first?"},
            description={"ko": "하나를 골라 주세요.", "en": "Choose one."},
            options=[{"ko": option, "en": option} for option in OPTIONS],
            opens_at=now - timedelta(hours=1),
            closes_at=now + timedelta(days=1),
            actor="test",
        )


async def test_a_long_list_goes_on_with_9_and_keys_pick_what_was_read_out(
    phone: Phone, sessions: db.Sessions
) -> None:
    await vote(sessions)
    first = await phone.say("투표하고 싶어요")
    assert first.lines[-1] == "산책로 조명은 1번, 나무 그늘은 2번, 이어 듣기는 9번."
    second = await phone.press("9")
    assert second.lines[-1] == "놀이터 바닥은 1번, 화장실은 2번, 이어 듣기는 9번."
    third = await phone.say("더 들려주세요")
    assert third.lines[-1] == "의자는 1번, 이어 듣기는 9번."
    assert (await phone.press("9")).lines[-1] == first.lines[-1]
    await phone.press("9")
    done = await phone.press("2")
    assert "참여했어요" in text(done)
    async with sessions() as session:
        ballot = (await session.scalars(select(Ballot))).one()
    assert ballot.option_number == 4


async def test_a_spoken_vote_is_asked_for_by_key_and_leaves_no_trace(
    phone: Phone, sessions: db.Sessions
) -> None:
    await vote(sessions)
    await phone.say("투표하고 싶어요")
    asked = await phone.say("2번")
    assert asked.listen is not None
    assert not asked.listen.speech
    assert "눌러 주세요" in text(asked)
    assert "참여했어요" in text(await phone.press("2"))
    async with sessions() as session:
        said = await session.scalars(select(Message.text).where(Message.direction == "in"))
        assert not [words for words in said if "2번" in words]


async def test_a_long_answer_goes_on_with_9(phone: Phone, sessions: db.Sessions) -> None:
    long = ". ".join(f"망원동 골목 {n}번째 집 앞에 쓰레기가 쌓여 있어요" for n in "가나다라")
    await phone.press("1")
    heard_part = await phone.say(f"마포구 {long}")
    parts = [text(heard_part)]
    while "9번" in parts[-1] and len(parts) < 6:
        parts.append(text(await phone.press("9")))
    assert "이렇게 접수할까요?" in parts[-1]
    assert "1번" in parts[-1]
    assert all("집 앞에" in part for part in parts[:-1])
    assert "접수번호" in text(await phone.press("1"))


async def test_a_redelivered_turn_is_answered_as_before(phone: Phone) -> None:
    await phone.press("2")
    slow = await phone.hush()
    phone.turn -= 1
    assert await phone.hush() == slow


async def test_a_caller_who_wants_to_say_it_again_is_not_repeated_to(phone: Phone) -> None:
    await phone.press("1")
    assert not (await phone.say("다시 말할게요 마포구 망원시장 앞 가로등이 꺼졌어요")).slow
