"""Changing the language of the talk."""

from backend.contacts.service import set_language
from bot import texts, tongues
from bot.flow import Flow
from bot.flows import smalltalk
from bot.turn import Turn

NAME = "language"

# Each language by its own name: whoever looks for theirs reads no other.
OWN_NAMES = (
    ("ko", "한국어"), ("en", "English"), ("zh", "中文"), ("ja", "日本語"), ("vi", "Tiếng Việt"),
)  # fmt: skip


async def begin(turn: Turn) -> None:
    """Switch to the language named, or ask which."""
    wanted = turn.value("language") or turn.chosen
    offered = OWN_NAMES[:2] if turn.voice else OWN_NAMES
    if wanted is None:
        turn.say("language.ask", choices=list(offered))
        turn.wait(NAME, "language")
        return
    if wanted in texts.LANGUAGES:
        await set_language(turn.session, turn.address, wanted)
        turn.conversation.language = tongues.spoken(wanted, turn.incoming.channel)
        nothing_open = turn.dialogue.held is None and not turn.dialogue.queue
        turn.say(
            "language.set" if turn.language == wanted else "language.not_spoken",
            choices=smalltalk.menu(turn) if nothing_open else None,
        )
        turn.dialogue.waiting = None
        return
    turn.say("language.not_yet", choices=list(offered))
    turn.wait(NAME, "language")


FLOW = Flow(NAME, frozenset({"change_language"}), begin, begin)
