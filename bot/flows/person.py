"""Talking to a person: the conversation goes to the desk, with what is known about it."""

import re
from typing import Any

from sqlalchemy import select

from backend.contacts.service import phone_of
from backend.handoff import hours, service
from backend.models import Handoff, Message
from bot import drafts, speech
from bot.flow import Flow
from bot.turn import Turn
from channels.phones import at_home

NAME = "person"

# Who is served before whom: see `Handoff.urgency`.
_LIFE = 2
_URGENCY = {
    "crisis": _LIFE, "emergency": _LIFE, "alert_help": _LIFE,
    "anger": 1, "sealed": 1,
}  # fmt: skip
_NOT_WANTED = re.compile(
    r"(?:상담원|상담사|사람)(?:은|는|이|하고는)?\s*(?:말고|아니고|필요\s*없|싫|안\s*불러)"
    r"|\b(?:no|not an?|don'?t (?:want|need)(?: an?)?) (?:agent|human|person)\b",
    re.IGNORECASE,
)
# Said of a call that was promised, or is being arranged: "그럼 예약해 줘요", "내일 전화 주세요".
_BOOKS = re.compile(
    r"예약\S{0,2}\s*(?:좀\s*)?(?:해|잡|부탁|할|걸어|넣어|주|바라|원해)|(?:전화|연락|콜백|통화)\S{0,2}\s*(?:좀\s*)?"
    r"(?:해\s*)?(?:주|줘|달라|부탁|바라|바랍|기다)|\bcall me\b|\bbook it\b",
    re.IGNORECASE,
)
_BRIEF = 30
# A call that speaks of danger is to be hung up and dialled anew, not held in a queue.
_HANGS_UP = frozenset({"emergency", "alert_help"})
_UNHEARD = frozenset({"not_heard"})


async def begin(turn: Turn) -> None:
    """Hand over because the citizen asked; what must stay sealed goes before other matters."""
    if _NOT_WANTED.search(turn.text):
        turn.say("greet.again")
        turn.done()
        return
    open_step = turn.dialogue.waiting or turn.dialogue.held
    secret = open_step is not None and drafts.is_sealed(open_step)
    await hand_over(turn, "sealed" if secret else "asked")


async def answer(turn: Turn) -> None:
    """Take the number to call back; what is none is asked for once more, then left."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    handoff = await service.open_handoff(turn.session, turn.conversation.id)
    number = at_home(turn.value("phone") or turn.text)
    if handoff is None:
        await hand_over(turn, "asked")
    elif number is None and "again" not in waiting.slots:
        turn.say("person.which_number")
        turn.wait(NAME, "phone", again="1")
    elif number is None:
        turn.say("person.answer_here", hours=hours.words(turn.language))
        turn.done()
    else:
        await service.promise_call(turn.session, handoff, number)
        turn.say("person.number_kept", phone=_shown(number), ticket=service.ticket(handoff))
        turn.done()


async def again(turn: Turn) -> None:
    """Ask for the number to call once more."""
    turn.say("person.which_number")


async def hand_over(turn: Turn, reason: str, **more: str) -> None:
    """Put the conversation into the desk's queue, with a packet that says why and what is known.

    `reason` is a word such as asked, not_understood, rejected, anger, sealed, crisis, emergency.
    The citizen is told truthfully whether somebody is there, and otherwise when, and which number
    will be called.
    """
    packet = await _packet(turn, reason) | more
    urgency = _URGENCY.get(reason, 0)
    on_duty = await service.agents_on_duty(turn.context.redis)
    if on_duty or urgency < _LIFE:
        kept = drafts.keep(turn)
        turn.done()  # else what was open stays open, for when it is over
    else:
        kept = False
    handoff = await service.request(turn.session, turn.conversation, reason, packet, urgency)
    turn.handed_over = True
    if kept and not turn.voice:
        turn.say("person.draft_kept" if on_duty else "person.draft_waits")
    if not on_duty:
        await _promise_call(turn, handoff, reason)
    elif reason in _HANGS_UP:
        turn.say("person.alerted")
    else:
        turn.say("person.queued", transfer=True)


async def _promise_call(turn: Turn, handoff: Handoff, reason: str) -> None:
    """Say when people are there, and which number they will call; ask for one where none is known.

    Without a number nothing is promised but an answer here. A call goes on after the promise, for
    there may be more to say, unless nobody is heard in it.
    """
    urgent = _URGENCY.get(reason) == _LIFE
    known = await phone_of(turn.session, turn.address.contact_id)
    given = at_home(turn.value("phone") or "")
    number = given or handoff.callback_phone or (known.address if known is not None else None)
    await service.promise_call(turn.session, handoff, number)
    now = turn.message.created_at
    slots: dict[str, Any] = {
        "away": turn.word("person.away" if hours.is_open(now) else "person.after_hours"),
        "hours": hours.words(turn.language),
        "hours_spoken": hours.words(turn.language, spoken=True),
    }
    if number is not None:
        spoken = speech.digits(number.replace("+82", "0"), turn.language)
        turn.say(
            "person.will_call", **slots, ticket=service.ticket(handoff),
            phone=_shown(number), phone_spoken=spoken,
        )  # fmt: skip
        turn.ended = turn.voice and reason in _UNHEARD
    elif turn.address.scheme == "call":
        turn.say("person.nobody_to_call", **slots)
        turn.ended = reason in _UNHEARD
    elif urgent and turn.dialogue.waiting is not None:
        turn.say("person.nobody_urgent", **slots)
    else:
        turn.say("person.ask_number", **slots, ticket=service.ticket(handoff))
        turn.wait(NAME, "phone")


async def _packet(turn: Turn, reason: str) -> dict[str, Any]:
    """Return what an agent needs to know: why, what was understood and how surely, what was said.

    What somebody chooses in a vote, a phone that is being proven, and the words of a sealed report
    are not for the desk.
    """
    waiting = turn.dialogue.waiting or turn.dialogue.held
    parses = await turn.session.scalars(
        select(Message.parse)
        .where(
            Message.conversation_id == turn.conversation.id,
            Message.direction == "in",
            Message.id < turn.message.id,
            Message.parse.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(2)
    )
    earlier = [
        {"intent": str(top[0][0]), "confidence": top[0][1]}
        for parse in parses
        if parse and (top := parse.get("top"))
    ]
    return {
        "reason": reason,
        "understood": [
            {"intent": i.name, "confidence": round(i.confidence, 2)}
            for i in turn.parse.intent_ranking[:3]
        ],
        "earlier": earlier,
        "flow": waiting.flow if waiting else None,
        "step": waiting.step if waiting else None,
        "slots": waiting.slots if waiting is not None and drafts.is_draft(waiting) else {},
        "answered": turn.dialogue.answered[-5:],
        "misses": turn.dialogue.misses,
        "language": turn.language,
        "channel": turn.conversation.channel,
    }


def _shown(number: str) -> str:
    """Return a number without its middle: enough for its owner to know it."""
    local = "0" + number.removeprefix("+82") if number.startswith("+82") else number
    return f"{local[:3]}-****-{local[-4:]}"


def _books(turn: Turn) -> bool:
    brief = len(turn.text) <= _BRIEF and turn.intent not in ("file_petition", "life_emergency")
    return brief and _BOOKS.search(turn.text) is not None


def claims(turn: Turn) -> bool:
    """Tell whether a message asks for the call that was promised in this talk."""
    promised = turn.conversation.state == "callback"
    return promised and turn.dialogue.waiting is None and _books(turn)


def fits(turn: Turn) -> bool | None:
    """Take the wish to be called for an answer, where the number is still wanted."""
    waiting = turn.dialogue.waiting
    return True if waiting is not None and waiting.flow == NAME and _books(turn) else None


FLOW = Flow(
    NAME,
    frozenset({"talk_to_agent"}),
    begin,
    answer,
    again=again,
    claims=claims,
    fits=fits,
    passing=frozenset({"phone"}),
)
