"""Reports that must not lead to who made them: the rules first, then a code and no trace."""

import re

from sqlalchemy import update

from backend.models import Message
from backend.petitions import sealed, types
from bot import speech
from bot.answers import orders_to_file, says_yes
from bot.flows.petition import words
from bot.flows.petition.slots import Slots, details, take_where
from bot.misses import miss
from bot.turn import Turn

NAME = "petition"
_SEALED = re.compile(
    r"\b(?:as )?sealed\b|비공개(?:로|신고)?|비밀로|保密|非公開で?|bí mật", re.IGNORECASE
)


async def begin(turn: Turn, slots: Slots) -> None:
    """Explain the rules, and ask for what is missing or for a yes."""
    kind = types.classify(str(slots.get("details") or turn.text))
    slots = {"kind": kind.id if kind.sealed else "corruption", **slots, "sealed": "1"}
    _hide(turn, slots)
    turn.say("sealed.rules", kind=types.types()[slots["kind"]].name(turn.language))
    await _ask(turn, slots)


async def _ask(turn: Turn, slots: Slots) -> None:
    if "details" not in slots:
        turn.say("sealed.ask_details")
        turn.wait(NAME, "sealed_details", **slots)
        return
    turn.say(
        "sealed.confirm",
        choices=[
            ("yes", turn.word("sealed.confirm_yes")),
            ("no", turn.word("petition.confirm_no")),
            ("person:sealed", turn.word("menu.person")),
        ],
    )
    turn.wait(NAME, "sealed_confirm", **slots)


def _hide(turn: Turn, slots: Slots) -> None:
    """Keep the words out of the transcript: they stand in the draft alone until they are sealed."""
    slots["told"] = list(dict.fromkeys([*slots.get("told", []), turn.message.id]))
    turn.message.text = turn.word("sealed.hidden")


async def answer(turn: Turn, slots: Slots) -> None:
    """Take the report itself, an addition to it, or the answer to the rules."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if turn.chosen is None and words.ASKS_WHO_LEARNS.search(turn.text):
        turn.say("sealed.rules", kind=types.types()[slots["kind"]].name(turn.language))
        await _ask(turn, slots)
    elif waiting.step == "sealed_details":
        if len(turn.text) < 4:
            await miss(turn, "sealed.ask_details")
            return
        slots["details"] = details(turn)
        take_where(turn, slots)
        _hide(turn, slots)
        await _ask(turn, slots)
    elif turn.chosen == "yes" or orders(turn.text):
        await _seal(turn, slots)
    elif turn.chosen == "no":
        await _wipe(turn, slots)
        turn.say("common.cancelled")
        turn.done()
    elif len(turn.text) > 10:
        slots["details"] = f"{slots['details']} {details(turn)}"
        take_where(turn, slots)
        _hide(turn, slots)
        await _ask(turn, slots)
    else:
        await miss(turn, "sealed.confirm_how")


def orders(text: str) -> bool:
    """Tell whether a message orders, and does no more, to file: "ok, file it sealed"."""
    bare = _SEALED.sub(" ", text)
    return bare != text and (says_yes(bare) or orders_to_file(bare))


async def again(turn: Turn, slots: Slots) -> None:
    """Ask once more."""
    await _ask(turn, slots)


async def _seal(turn: Turn, slots: Slots) -> None:
    code = await sealed.take_in(
        turn.session,
        kind=slots["kind"],
        language=turn.language,
        district=slots.get("district"),
        place=slots.get("place", ""),
        details=slots["details"],
    )
    await _wipe(turn, slots)
    turn.say("sealed.filed", code=code, code_spoken=speech.characters(code, turn.language))
    turn.done()


async def _wipe(turn: Turn, slots: Slots) -> None:
    """Take the words out of every message that they were told in."""
    await turn.session.execute(
        update(Message)
        .where(
            Message.id.in_(slots.get("told", [])),
            Message.conversation_id == turn.conversation.id,
            Message.direction == "in",
        )
        .values(text=turn.word("sealed.hidden"), parse=None)
    )
