"""Fewer levels, and a place of one's own: said in plain words, kept where the siren looks."""

import pytest
from sqlalchemy import text

from backend.context import Context
from bot.conversation import Bot
from broadcasts import geometry
from channels.message import Location
from tests.bot.talks import Talker


async def kept(context: Context) -> list[list[str]]:
    async with context.sessions() as session:
        return list(await session.scalars(text("SELECT silenced FROM subscriptions ORDER BY id")))


@pytest.mark.parametrize(
    ("off", "on", "level"),
    [
        ("안전안내문자는 그만 보내 주세요", "안전안내 다시 켜줘", "advisory"),
        ("긴급 단계 알림은 꺼줘", "긴급 단계 켜기", "emergency"),
        ("turn off advisory alerts", "advisory alerts on", "advisory"),
    ],
)
async def test_a_level_is_left_out_and_taken_in_again(
    bot: Bot, context: Context, off: str, on: str, level: str
) -> None:
    citizen = Talker(bot, context)
    await citizen.say("마포구 재난 알림 켜줘")
    said = await citizen.say(off)
    assert await kept(context) == [[level]], said
    await citizen.say(off)
    assert await kept(context) == [[level]]
    await citizen.say(on)
    assert await kept(context) == [[]]


async def test_the_critical_level_is_not_left_out_but_everything_can_be(
    bot: Bot, context: Context
) -> None:
    citizen = Talker(bot, context)
    await citizen.say("마포구 재난 알림 켜줘")
    said = await citizen.say("위급 알림 꺼줘")
    assert "알림끄기" in said
    assert await kept(context) == [[]]
    await citizen.say("알림끄기")
    assert await kept(context) == []


@pytest.mark.parametrize("said", ["긴급재난문자 꺼줘", "turn off emergency alerts"])
async def test_what_people_call_all_of_them_ends_all_of_them(
    bot: Bot, context: Context, said: str
) -> None:
    citizen = Talker(bot, context)
    await citizen.say("마포구 재난 알림 켜줘")
    await citizen.say(said)
    assert await kept(context) == []


async def test_who_gets_no_alerts_is_told_so(bot: Bot, context: Context) -> None:
    said = await Talker(bot, context).say("안전안내문자 꺼줘")
    assert "알림켜기" in said


async def test_a_place_begins_the_alerts_of_its_district(bot: Bot, context: Context) -> None:
    citizen = Talker(bot, context, "telegram")
    await citizen.say("재난 알림 받고 싶어요")
    said = await citizen.say("", location=Location(37.55912, 126.90812, ""))
    assert "마포구와" in said
    async with context.sessions() as session:
        row = (
            await session.execute(
                text(
                    "SELECT s.district, c.latitude, c.longitude FROM subscriptions s "
                    "JOIN contacts c ON c.id = s.contact_id"
                )
            )
        ).one()
    assert tuple(row) == ("마포구", 37.5591, 126.9081)
    await citizen.say("알림끄기")
    async with context.sessions() as session:
        places = (await session.scalars(text("SELECT latitude FROM contacts"))).all()
    assert set(places) == {None}


async def test_a_place_outside_the_city_is_said_to_be_outside(bot: Bot, context: Context) -> None:
    citizen = Talker(bot, context, "telegram")
    await citizen.say("재난 알림 받고 싶어요")
    said = await citizen.say("", location=Location(35.1796, 129.0756, "부산"))
    assert "서울 밖" in said
    assert await kept(context) == []
    assert geometry.district_at(35.1796, 129.0756) is None
