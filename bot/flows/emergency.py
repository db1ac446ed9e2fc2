"""Danger to life: the numbers to call, before anything else, and then a person."""

import re

from bot.flow import Flow
from bot.flows.person import hand_over
from bot.turn import Turn

NAME = "emergency"

_CRISIS = re.compile(
    r"죽고\s*싶|자살|살기\s*싫|살고\s*싶지\s*않|죽어\s*버리|목숨을?\s*끊|자해|뛰어내리고|"
    r"사라지고\s*싶|suicid|kill(?:ing)? myself|end my life|want to die|wanna die|"
    r"hurt(?:ing)? myself|don'?t want to live|no reason to live",
    re.IGNORECASE,
)


async def begin(turn: Turn) -> None:
    """Say where to call. What was open stays open, for when it is over."""
    waiting = turn.dialogue.waiting
    crisis = bool(_CRISIS.search(turn.text))
    turn.say(
        "emergency.crisis" if crisis else "emergency.danger",
        choices=[("person:emergency", turn.word("menu.person"))],
    )
    if crisis:
        await hand_over(turn, "crisis")
    elif waiting is None:
        turn.wait(NAME, "after")


async def answer(turn: Turn) -> None:
    """Pass on to a person: whatever comes after an emergency is not for a bot to guess at."""
    await hand_over(turn, "emergency")


FLOW = Flow(NAME, frozenset({"life_emergency"}), begin, answer)
