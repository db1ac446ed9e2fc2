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


def text_for(said: str) -> str:
    """Return the key of the text that answers `said`: of danger, or of a person in crisis."""
    return "emergency.crisis" if _CRISIS.search(said) else "emergency.danger"


async def begin(turn: Turn) -> None:
    """Say where to call. What was open stays open, for when it is over."""
    waiting = turn.dialogue.waiting
    key = text_for(turn.text)
    turn.say(
        key,
        choices=[("person:emergency", turn.word("menu.person"))],
    )
    if key == "emergency.crisis":
        await hand_over(turn, "crisis")
    elif waiting is None:
        turn.wait(NAME, "after")


async def answer(turn: Turn) -> None:
    """Pass on to a person: whatever comes after an emergency is not for a bot to guess at."""
    if turn.intent == "deny":
        turn.done()
        turn.say("greet.nothing_open")
    else:
        await hand_over(turn, "emergency")


FLOW = Flow(NAME, frozenset({"life_emergency"}), begin, answer)
