"""Numbers follow one another: whoever tries one after the other is slowed down, on every door."""

import pytest

from backend.context import Context
from bot.conversation import Bot
from bot.flows import status
from tests.bot.talks import Talker

CHANNELS = ("sms", "web", "telegram", "voice")


async def _file(bot: Bot, context: Context) -> str:
    owner = Talker(bot, context, "sms")
    await owner.say("종로구 안국역 앞 가로등이 꺼졌고 제 자전거가 넘어졌어요")
    await owner.say("네")
    (petition,) = await owner.petitions()
    number: str = petition["number"]
    return number


@pytest.mark.parametrize("channel", CHANNELS)
async def test_guessing_numbers_is_slowed_down_and_shows_nothing(
    bot: Bot, context: Context, channel: str
) -> None:
    real = await _file(bot, context)
    guesser = Talker(bot, context, channel)
    if channel == "voice":
        await guesser.ring()
    year = real.split("-")[1]
    heard = [
        await guesser.say(f"P-{year}-{n:07d} 어떻게 됐어요")
        for n in range(9001, 9001 + status._TRIES)
    ]
    assert all("찾지 못" in answer for answer in heard), heard
    slowed = await guesser.say(f"{real} 어떻게 됐어요")
    assert "너무 자주" in slowed
    assert "자전거" not in slowed
    assert "단계" not in slowed
    # Whoever knows what is theirs is not kept from it, and neither is anybody else.
    other = Talker(bot, context, channel)
    if channel == "voice":
        await other.ring()
    stage = await other.say(f"{real} 어떻게 됐어요")
    assert "단계" in stage
    assert "자전거" not in stage
    assert "종로" not in stage


@pytest.mark.parametrize("wish", ["취하할게요", "덧붙일게요", "민원 장소 바꿀게요"])
async def test_changing_is_no_other_way_to_guess(bot: Bot, context: Context, wish: str) -> None:
    real = await _file(bot, context)
    guesser = Talker(bot, context, "web")
    year = real.split("-")[1]
    for n in range(status._TRIES):
        await guesser.say(f"P-{year}-{9001 + n:07d} {wish}")
    assert "너무 자주" in await guesser.say(f"{real} {wish}")
