"""Questions as the bot answers them: which district is meant, and where an answer is from."""

from datetime import date
from pathlib import Path

import pytest

from backend.context import Context
from backend.faq.importer import import_csv
from bot.conversation import Bot
from tests.bot.talks import Talker

CORPUS = """번호,분류,제목,내용,내용번호
1,건강,마포구 보건소 재활용품 나눔장터 운영 시간,마포 장터는 토요일 오전 운영,8801
2,건강,중랑구 보건소 재활용품 나눔장터 운영 시간,중랑 장터는 수요일 오후 운영,8802
3,문화,한강 뗏목 타기 대회 참가 신청,대회는 참가 신청서를 내면 됨,8803
"""


@pytest.fixture
async def asked(bot: Bot, context: Context, tmp_path: Path) -> Bot:
    """The bot, with answers that two districts give differently, and whose day nobody knows."""
    path = tmp_path / "120.csv"
    path.write_text(CORPUS, encoding="utf-8")
    async with context.sessions() as session, session.begin():
        await import_csv(session, path, "구청 질문", None, "KOGL Type 1")
    async with context.sessions() as session:
        await bot._faq.refresh(session)
    return bot


async def test_what_differs_by_district_is_asked_first(asked: Bot, context: Context) -> None:
    talk = Talker(asked, context)
    which = await talk.say("보건소 재활용품 나눔장터 운영 시간이 어떻게 되나요?")
    assert "어느 구" in which
    assert "마포구" in which
    assert "중랑구" in which
    told = await talk.say("중랑구요")
    assert "수요일" in told
    assert "토요일" not in told


async def test_who_names_the_district_is_answered(asked: Bot, context: Context) -> None:
    told = await Talker(asked, context).say("마포구 보건소 재활용품 나눔장터 운영 시간 알려 주세요")
    assert "어느 구" not in told
    assert "토요일" in told


async def test_a_day_that_nobody_knows_is_not_made_up(asked: Bot, context: Context) -> None:
    told = await Talker(asked, context).say("한강 뗏목 타기 대회 참가 신청은 어떻게 해요?")
    assert "구청 질문" in told
    assert "기준" not in told
    assert f"{date.today():%Y}" not in told  # noqa: DTZ011 - no day at all
