"""What citizens rightly ask of a city and this service does not do yet: said plainly."""

from bot.flow import Flow
from bot.flows.person import hand_over
from bot.turn import Turn

NAME = "elsewhere"

_TEXTS = {
    "submit_proposal": "elsewhere.proposal",
    "support_proposal": "elsewhere.proposal",
    "request_disclosure": "elsewhere.disclosure",
    "rate_service": "elsewhere.rating",
}


async def begin(turn: Turn) -> None:
    """Say what can't be done here and where it can, and offer a person."""
    turn.say(_TEXTS[turn.intent], choices=[("person:not_here_yet", turn.word("menu.person"))])
    turn.wait(NAME, "after")


async def answer(turn: Turn) -> None:
    """Pass the wish on to a person, if that is wanted."""
    turn.done()
    if turn.intent == "affirm":
        await hand_over(turn, "not_here_yet")
    else:
        turn.say("greet.nothing_open")


FLOW = Flow(NAME, frozenset(_TEXTS), begin, answer)
