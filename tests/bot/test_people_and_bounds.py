"""Who is served first, what is said when somebody is there, and bounds that let danger through."""

import asyncio

from redis.asyncio import Redis

from backend.attachments.links import Links
from backend.db import Sessions
from backend.handoff import presence, queries
from bot import attention
from tests.city import City

CALM, UPSET, CRISIS = "+821055550001", "+821055550002", "+821055550003"


async def test_a_life_at_risk_is_first_and_anger_before_the_rest(
    city: City, sessions: Sessions
) -> None:
    for phone, said in (
        (CALM, "상담원 연결해 주세요"), (UPSET, "아 진짜 답답하네 말귀를 못 알아들어"),
        (CRISIS, "너무 힘들어서 죽고 싶어요"),
    ):  # fmt: skip
        await asyncio.to_thread(city.sms, phone, said)
    async with sessions() as session:
        items, total = await queries.list_conversations(session, handed_over=True)
        whole = await queries.transcript(session, items[0].id, 0, Links.of(city.settings))
    assert total == 3
    assert [(item.reason, item.urgency) for item in items] == [
        ("crisis", 2), ("anger", 1), ("asked", 0),
    ]  # fmt: skip
    assert whole.callback_phone == CRISIS
    assert whole.packet is not None
    assert (whole.packet["reason"], whole.packet["channel"]) == ("crisis", "sms")
    assert whole.packet["understood"][0]["intent"] == "life_emergency"
    assert 0 < whole.packet["understood"][0]["confidence"] <= 1


async def test_the_packet_knows_what_was_said_before(city: City, sessions: Sessions) -> None:
    await asyncio.to_thread(city.sms, CALM, "마포구 망원시장 앞 가로등이 꺼져 있어요")
    await asyncio.to_thread(city.sms, CALM, "상담원")
    async with sessions() as session:
        items, _ = await queries.list_conversations(session, handed_over=True)
        packet = (await queries.transcript(session, items[0].id, 0, Links.of(city.settings))).packet
    assert packet is not None
    assert (packet["flow"], packet["step"]) == ("petition", "confirm")
    assert "가로등" in packet["slots"]["details"]
    assert packet["earlier"][0]["intent"] == "file_petition"
    assert packet["language"] == "ko"


async def test_with_somebody_there_the_talk_is_passed_on(city: City, redis: Redis) -> None:
    await presence.here(redis, 1, taking=True)
    (said,) = await asyncio.to_thread(city.sms, CALM, "상담원")
    assert "넘겨 드렸어요" in said
    assert "상담 시간" not in said
    said = " ".join(await asyncio.to_thread(city.sms, CRISIS, "불이 났어요 살려주세요"))
    assert "119" in said
    assert "가장 먼저" in said


def test_too_many_messages_are_told_once_and_danger_is_always_answered(
    city: City,
) -> None:
    most = attention.MESSAGES[0][0]
    answers = [city.sms(CALM, f"안녕하세요 {n}") for n in range(most + 3)]
    assert all(answers[:most])
    assert "쉬어 갈게요" in " ".join(answers[most])
    assert answers[most + 1 :] == [[], []]
    assert "119" in " ".join(city.sms(CALM, "불이 났어요 살려주세요"))
    assert "109" in " ".join(city.sms(CALM, "죽고 싶어요"))
    assert city.sms(UPSET, "안녕하세요")
