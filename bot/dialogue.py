"""Choosing what a message is for: an order, the flow that waits, a new wish, or not understood."""

import re

from backend.contacts import service as contacts
from backend.contacts import subscriptions
from bot import asides, call, commands
from bot.flows import BY_INTENT, BY_NAME, alerts, emergency, person, question, smalltalk
from bot.turn import Turn, Waiting

SURE = 0.45
# While the citizen tells us something in their own words, only a clear wish leads elsewhere.
CLEAR = 0.75
_LEADS_AWAY = frozenset(
    {"talk_to_agent", "change_language", "ask_faq", "check_status", "list_polls", "help",
     "subscribe_alerts", "unsubscribe_alerts", "request_disclosure"}
)  # fmt: skip
_DIGRESSIONS = frozenset({"question", "language", "smalltalk"})
# What kind of entity answers a step, where its name does not say so.
_ASKS_FOR = {"number": "petition_id", "option": "choice", "poll": "choice"}
_YES = re.compile(r"^(?:네+|넵+|넹|예+|응+|어|ㅇㅇ+|ㅇㅋ|그래요?|맞아요?|맞습니다|좋아요?|콜|"
                  r"yes|yep|yeah|yup|ok(?:ay)?|sure|right|correct|y)[.!~\s]*$", re.I)  # fmt: skip
_NO = re.compile(
    r"^(?:아니+요?|아뇨|아닙니다|ㄴㄴ+|싫어요?|안\s*해요?|no+|nope|nah|n)[.!~\s]*$", re.I
)
_DIGIT = re.compile(r"\d")
_NUMBERED = re.compile(r"^\s*(\d{1,2})\s*(?:번|번이요|번요|\.|\)|#)?\s*$")


async def respond(turn: Turn) -> None:
    """Fill `turn.replies` with the answer to its message, and move the dialogue on."""
    if turn.voice and await call.hear(turn):
        return
    await _understand(turn)
    held = turn.dialogue.held
    if held is not None and turn.dialogue.waiting is None:
        # The digression is over: back to the step that was open.
        turn.dialogue.waiting, turn.dialogue.held = held, None
        again = BY_NAME[held.flow].again
        if again is not None:
            await again(turn)
    if turn.voice:
        call.fit(turn)


async def obey_anyway(turn: Turn) -> bool:
    """Obey an order that counts whoever owns the talk: STOP, START, alerts off. False if none."""
    stopped = turn.address.stopped_at is not None
    command = commands.read(turn.text, turn.conversation.channel, stopped=stopped)
    if command == "start":
        await contacts.restart(turn.session, turn.address)
    elif command in ("stop", "alerts_off"):
        await _obey(turn, command)
    else:
        return False
    return True


async def _understand(turn: Turn) -> None:
    if _in_danger(turn):
        turn.dialogue.misses = 0
        await emergency.begin(turn)
        return
    if turn.incoming.kind == "start":
        turn.done()
        turn.say("call.hello" if turn.voice else "greet.hello", choices=smalltalk.menu(turn))
        return
    if await asides.answer(turn):
        return
    if not turn.text and turn.incoming.kind != "contact":
        await _missed(turn, "common.only_words")
        return
    command = commands.read(
        turn.text, turn.conversation.channel, stopped=turn.address.stopped_at is not None
    )
    if command is not None:
        turn.dialogue.misses = 0
        await _obey(turn, command)
        return
    turn.chosen = _choice(turn)
    if turn.chosen and turn.chosen.startswith("flow:"):
        turn.dialogue.misses = 0
        await _open(turn, turn.chosen.removeprefix("flow:"))
        return
    if turn.chosen and turn.chosen.startswith("person:"):
        await person.hand_over(turn, turn.chosen.removeprefix("person:"))
        return
    waiting = turn.dialogue.waiting
    if turn.chosen == "call:again":
        await call.ask_again(turn, waiting)
        return
    if waiting is not None and _is_for(turn, waiting):
        turn.dialogue.misses = 0
        if turn.voice and call.wants_a_key(turn, waiting):
            return
        await BY_NAME[waiting.flow].answer(turn)
        return
    await _begin(turn, waiting)


def _in_danger(turn: Turn) -> bool:
    """Tell whether the message speaks of danger; a bare answer to what was asked does not."""
    if turn.intent != "life_emergency" or turn.incoming.kind not in (
        "text", "edit", "speech", "unclear",
    ):  # fmt: skip
        return False
    named = sum(e.end - e.start for e in turn.parse.entities)
    bare = named >= 0.6 * len(turn.text) and turn.parse.intent.confidence < SURE
    return not (turn.dialogue.waiting is not None and bare)


def _is_for(turn: Turn, waiting: Waiting) -> bool:
    """Tell whether the message answers the step that waits, rather than starting another wish."""
    if turn.chosen is not None or turn.incoming.kind in ("keys", "contact"):
        return True
    if turn.value(_ASKS_FOR.get(waiting.step, waiting.step)) is not None:
        return True
    flow = BY_NAME.get(waiting.flow)
    if flow is None:
        return False
    intent, sure = turn.intent, turn.parse.intent.confidence
    if flow.corrects is not None and flow.corrects.search(turn.text):
        return True
    if intent == "cancel" and sure >= SURE:
        return False
    if waiting.step in ("phone", "code", "number"):
        # These ask for digits: what has none is another wish, or a way out.
        return _DIGIT.search(turn.text) is not None or sure < SURE
    if intent in flow.intents or waiting.step == "district":
        return not (intent in _LEADS_AWAY - flow.intents and sure >= CLEAR)
    if waiting.step in flow.free_text:
        return not (intent in _LEADS_AWAY and sure >= CLEAR)
    return sure < SURE or intent in ("affirm", "deny")


async def _begin(turn: Turn, waiting: Waiting | None) -> None:
    """Start what the message asks for; a question leaves what was open standing."""
    if turn.parse.intent.confidence < SURE and turn.intent != "out_of_scope":
        await _missed(turn, "common.not_understood")
        return
    turn.dialogue.misses = 0
    if turn.intent == "cancel":
        await _obey(turn, "cancel")
        return
    flow = BY_INTENT[turn.intent]
    if flow.name == "language" and not turn.value("language") and turn.value("district"):
        flow = alerts.FLOW  # "종로구로 바꿔 주세요" changes a district, and no language
    if waiting is not None and flow.name in _DIGRESSIONS and turn.intent != "goodbye":
        turn.dialogue.held = turn.dialogue.held or waiting
        turn.dialogue.waiting = None
        await flow.begin(turn)
        return
    drafted = waiting is not None and "details" in waiting.slots
    turn.dialogue.held = waiting if drafted else None  # a petition that was begun is not lost
    turn.done()
    await flow.begin(turn)


async def _obey(turn: Turn, command: commands.Command) -> None:
    turn.dialogue.held = None
    match command:
        case "stop":
            turn.done()
            await subscriptions.forget_address(turn.session, turn.address.id)
            if turn.incoming.opted is None:
                turn.say("opted.out")
                turn.closes = True
            else:
                # The provider has answered by itself; whatever we sent would be refused.
                await contacts.stop(turn.session, turn.address)
        case "provider_help":
            if turn.incoming.opted is None:  # else answered by the provider already
                turn.say("help.text", choices=smalltalk.menu(turn))
        case "start":
            await contacts.restart(turn.session, turn.address)
            turn.say("alerts.restarted")
            await _open(turn, "alerts")
        case "menu":
            turn.done()
            turn.say("greet.hello", choices=smalltalk.menu(turn))
        case "person":
            await person.begin(turn)
        case "cancel":
            was_open = turn.dialogue.waiting is not None
            turn.done()
            turn.say("common.cancelled" if was_open else "common.nothing_to_cancel")
        case "alerts_on":
            await _open(turn, "alerts")
        case "alerts_off":
            await alerts.switch_off(turn)


async def _open(turn: Turn, name: str) -> None:
    """Begin a flow from the menu: the message itself says nothing more."""
    turn.done()
    turn.dialogue.held = None
    match name:
        case "petition":
            turn.say("petition.ask_details")
            turn.wait(name, "details")
        case "question":
            turn.say("menu.ask_question")
            turn.wait(name, "ask")
        case "alerts":
            turn.say("alerts.ask_district")
            turn.wait(name, "district")
        case _:
            await BY_NAME[name].begin(turn)


async def _missed(turn: Turn, key: str) -> None:
    """Say that it was not understood; the second time in a row, offer ways out."""
    turn.dialogue.misses += 1
    if turn.dialogue.misses < 2:
        if turn.dialogue.waiting is None and key == "common.not_understood" and len(turn.text) > 7:
            await question.respond(turn, turn.text)
            return
        turn.say(key)
    elif turn.dialogue.misses == 2:
        turn.say("common.still_not_understood", choices=smalltalk.menu(turn))
    else:
        await person.hand_over(turn, "not_understood")


def _choice(turn: Turn) -> str | None:
    """Return the value of the choice that the message picks among those last shown."""
    offered = turn.dialogue.choices
    if not offered:
        return None
    shown = call.read_out(turn) if turn.voice else offered
    if number := _NUMBERED.match(turn.text):
        index = int(number.group(1)) - 1
        return shown[index][0] if 0 <= index < len(shown) else None
    said = _squeeze(turn.text)
    for value, title in offered:
        if said == _squeeze(title):
            return value
    values = [value for value, _ in offered]
    if "yes" in values and (_YES.match(turn.text) or _sure_of(turn, "affirm")):
        return "yes"
    if "no" in values and (_NO.match(turn.text) or (_sure_of(turn, "deny") and not _more(turn))):
        return "no"
    picked = turn.value("choice")
    if picked and picked.isdigit() and len(turn.text) <= 12 and 1 <= int(picked) <= len(shown):
        return shown[int(picked) - 1][0]
    return None


def _more(turn: Turn) -> bool:
    """Tell whether a no comes with something else: "no, it is 89" corrects and does not refuse."""
    return len(turn.text) > 12 or _DIGIT.search(turn.text) is not None


def _sure_of(turn: Turn, intent: str) -> bool:
    return turn.intent == intent and turn.parse.intent.confidence >= CLEAR


def _squeeze(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
