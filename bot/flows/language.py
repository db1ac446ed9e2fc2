"""Changing the language of the talk."""

from backend.contacts.service import set_language
from bot import texts
from bot.flow import Flow
from bot.turn import Turn

NAME = "language"


async def begin(turn: Turn) -> None:
    """Switch to the language named, or ask which."""
    wanted = turn.value("language") or turn.chosen
    if wanted is None:
        turn.say("language.ask", choices=[("ko", "한국어"), ("en", "English")])
        turn.wait(NAME, "language")
        return
    if wanted in texts.LANGUAGES:
        await set_language(turn.session, turn.address, wanted)
        turn.conversation.language = wanted
        turn.say("language.set")
    else:
        turn.say("language.not_yet")
    turn.done()


FLOW = Flow(NAME, frozenset({"change_language"}), begin, begin)
