"""Talking to a person: the conversation goes to the desk, with what is known about it."""

from backend.handoff import service
from bot.flow import Flow
from bot.turn import Turn

NAME = "person"


async def begin(turn: Turn) -> None:
    """Hand over because the citizen asked."""
    await hand_over(turn, "asked")


async def answer(turn: Turn) -> None:
    """Hand over: nothing waits here but a yes."""
    await hand_over(turn, "asked")


async def hand_over(turn: Turn, reason: str) -> None:
    """Put the conversation into the desk's queue, with a packet that says why and what is known.

    The citizen is told truthfully whether somebody is there.
    """
    waiting = turn.dialogue.waiting
    packet = {
        "intents": [
            {"intent": i.name, "confidence": round(i.confidence, 2)}
            for i in turn.parse.intent_ranking[:3]
        ],
        "flow": waiting.flow if waiting else None,
        # What somebody chooses in a vote, and a phone that is being proven, are not for the desk.
        "slots": waiting.slots if waiting and waiting.flow == "petition" else {},
        "answers": turn.dialogue.answered[-5:],
    }
    await service.request(turn.session, turn.conversation, reason, packet)
    if await service.agents_on_duty(turn.context.redis):
        turn.say("person.queued", transfer=True)
    else:
        turn.say("person.nobody_to_call" if turn.address.scheme == "call" else "person.nobody")
        turn.ended = turn.voice
    turn.done()


FLOW = Flow(NAME, frozenset({"talk_to_agent"}), begin, answer)
