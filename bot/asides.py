"""What comes beside words: changed wordings, buttons of old questions, lost pictures."""

from backend.messages import service as messages
from bot import texts
from bot.flow import Flow
from bot.flows import BY_NAME, is_passing, smalltalk
from bot.turn import Turn
from channels.message import Incoming


async def answer(turn: Turn) -> bool:
    """Answer what is no new message in itself; tell whether that was all there was to say.

    A new wording is not acted on: the old one has been, and what followed from it (a petition, a
    vote, a code) can't be called back by a change in the chat. A button counts for the question
    it stands under and for no later one.
    """
    incoming = turn.incoming
    if incoming.kind == "edit":
        turn.say("common.edited")
        await _put_again(turn)
        return True
    if incoming.pressed is not None and not await _still_asked(turn, incoming.pressed):
        turn.say("common.old_button", choices=_menu_unless_open(turn))
        await _put_again(turn)
        return True
    if incoming.photos_missed:
        turn.say("common.photo_missed")
        if not (turn.text or turn.photos or incoming.location):
            return True
    return False


def recorded(incoming: Incoming, language: str) -> str:
    """Return what is kept of a message as its text: an agent sees what went wrong beside the words.

    Photos that came through, and a place, are stored with the message by themselves.
    """
    parts = [texts.word(language, "common.edited_mark")] if incoming.kind == "edit" else []
    if incoming.text:
        parts.append(incoming.text)
    if incoming.photos_missed:
        parts.append(texts.word(language, "common.photo_mark", n=incoming.photos_missed))
    return " ".join(parts)


async def _still_asked(turn: Turn, pressed: int) -> bool:
    """Tell whether the delivery `pressed` holds the choices that the dialogue now waits for."""
    if not turn.dialogue.choices:
        return False
    return await messages.is_latest_offer(turn.session, turn.conversation.id, pressed)


def _menu_unless_open(turn: Turn) -> list[tuple[str, str]] | None:
    return None if _open_flow(turn) else smalltalk.menu(turn)


def _open_flow(turn: Turn) -> Flow | None:
    """Return the flow that waits for an answer it needs; a name after the receipt is none."""
    waiting = turn.dialogue.waiting
    return None if waiting is None or is_passing(waiting) else BY_NAME.get(waiting.flow)


async def _put_again(turn: Turn) -> None:
    """Put the open question once more, where there is one."""
    flow = _open_flow(turn)
    if flow is not None and flow.again is not None:
        await flow.again(turn)
