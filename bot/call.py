"""What only a call knows: silence, poor hearing, keys, "more" and "again", a transfer in vain.

A listener keeps two sentences and three choices in mind. `fit` says no more than that at once and
keeps the rest until the caller presses 9, which is one of the three, or asks for more; the written
record has all of it.
"""

import re
from dataclasses import replace
from typing import Any

from backend.handoff import service as handoff
from bot import speech, texts
from bot.answers import only_fillers
from bot.flows import BY_NAME, emergency, person
from bot.turn import Turn, Waiting
from channels.message import Choice, Incoming, Reply
from channels.render import sentences, words
from channels.voice import spoken_language
from nlu.parse import Parse

SENTENCES = 2
CHOICES = 3
MORE = "9"
AGAIN = "*"
# Where only digits are asked for, keys are the surer way to say them.
_DIGIT_STEPS = ("number", "phone", "code")
# So sure of a danger that it counts although the words were hardly heard.
_GRAVE = 0.75

_MORE = re.compile(
    r"^(?:더|다음|계속|이어서?)(?:\s*(?:말\S*|듣\S*|들려\S*|주\S*|해\S*|줘\S*|요))*[.?!]*$|"
    r"^(?:more|next|go on|continue|tell me more)(?: please)?[.?!]*$",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    # "다시 말할게요" is the caller's own wish to speak, and no wish to hear.
    r"^(?:(?:네|예|어|에|응|아)\s*\?\s*)?(?:그\s*)?(?:(?:접수|예약)?\s*번호\S{0,2}\s+)?(?:뭐라[고구]\S*|못\s*들었\S*|(?:다시|한\s*번\s*(?:더|만))(?:\s*(?:한\s*번만?|좀))?\s*"
    r"(?:말(?:씀)?\s*해|얘기\s*해|불러|알려|들려|듣고)\s*(?:주|줘|줄|봐|싶)\S*|한\s*번\s*더요?"
    r"|(?:뭐라고\S*\s*)?(?:잘\s*)?안\s*들(?:려|리)\S*(?:\s*(?:다시|크게|천천히)\s*\S*\s*\S{0,6})?"
    r"|(?:좀\s*)?(?:더\s*)?(?:크게|천천히)\s*(?:좀\s*)?(?:말|얘기|이야기)\S*\s*(?:해\s*)?(?:주\S*|줘\S*)?)(?:\s+(?:접수|예약)?\s*번호\S{0,2})?[.?!]*$|"
    r"^(?:(?:say (?:it|that) )?again|repeat(?: (?:it|that))?|pardon(?: me)?|what did you say)"
    r"(?: please)?[.?!]*$",
    re.IGNORECASE,
)


async def hear(turn: Turn) -> bool:
    """Answer what is about the call and not about its matter; False where it is about the matter.

    Nothing heard: the question again, slowly; then a person. Hardly heard: once more, please; then
    the keys; then a person. A transfer that nobody answered: a call-back is promised.
    """
    call, kind = turn.dialogue.call, turn.incoming.kind
    if kind == "speech" and only_fillers(turn.text):
        kind = "unclear"  # a caller who gathers their thoughts has said nothing yet
    grave = turn.intent == "life_emergency" and turn.parse.intent.confidence >= _GRAVE
    if kind == "unanswered":
        call.silences = call.unclear = 0
        await _call_back(turn)
    elif kind == "silence":
        call.silences += 1
        if call.silences > 1:
            call.silences = 0
            await person.hand_over(turn, "not_heard")
        else:
            _repeat(turn)
            return True
    elif kind == "unclear" and not grave:
        call.unclear += 1
        if call.unclear == 1:
            turn.say("call.unclear")
            return True  # what was said before stays what is repeated
        if call.unclear == 2:
            _ask_for_keys(turn)
        else:
            call.unclear = 0
            await person.hand_over(turn, "not_heard")
    else:
        call.silences = call.unclear = 0
        if turn.text == AGAIN or _AGAIN.match(turn.text):
            _repeat(turn)
            return True
        if _waits_for_more(turn) and (turn.text == MORE or _MORE.match(turn.text)):
            _go_on(turn)
            return True
        return False
    fit(turn)
    return True


def fit(turn: Turn) -> None:
    """Say two sentences and three choices of what was to be said; keep the rest for later.

    Words before a transfer or an end are all said: nobody could ask for the rest.
    """
    call = turn.dialogue.call
    call.unsaid, call.offers = [], any(reply.choices for reply in turn.replies)
    if not turn.replies or turn.ended or any(reply.transfer for reply in turn.replies):
        return
    if call.offers:
        call.page = 0
    language, room = spoken_language(turn.language), SENTENCES
    asks = bool(turn.replies[-1].choices) or words(turn.replies[-1], language).endswith("?")
    fitted: list[Reply] = []
    for reply in turn.replies:
        said = sentences(words(reply, language))
        # What stands before a question does not push it out.
        here = room - 1 if asks and reply is not turn.replies[-1] else room
        fitted.append(replace(reply, spoken=" ".join(said[:here]), choices=()))
        call.unsaid += said[here:]
        room -= min(here, len(said))
    turn.replies = fitted
    _offer(turn)


def read_out(turn: Turn) -> list[list[str]]:
    """Return the choices that a key picks from: those that were read out last."""
    size = _page_size(turn)
    first = turn.dialogue.call.page * size
    return turn.dialogue.choices[first : first + size]


def wants_a_key(turn: Turn, waiting: Waiting) -> bool:
    """Ask for the key, where a word that was heard wrong could not be taken back; tell whether."""
    if turn.incoming.kind != "speech" or (waiting.flow, waiting.step) != ("vote", "option"):
        return False
    turn.message.text = turn.word("vote.hidden")
    turn.say("call.press_choice", choices=[(v, t) for v, t in turn.dialogue.choices])
    turn.replies[-1] = replace(turn.replies[-1], keys_only=True)
    return True


async def ask_again(turn: Turn, waiting: Waiting | None) -> None:
    """Let the caller say in words what keys can't: the open question once more."""
    turn.dialogue.choices = []
    flow = BY_NAME.get(waiting.flow) if waiting else None
    if flow is not None and flow.again is not None:
        await flow.again(turn)
    else:
        turn.say("greet.again")


def while_with_agent(language: str, incoming: Incoming, parse: Parse) -> tuple[list[Reply], bool]:
    """Return the fixed words for a caller whom a person has on the desk, and whether that is all.

    The bot keeps out of what a person owns: it names danger's numbers and rings the person.
    """
    if incoming.kind == "unanswered":
        text, spoken = texts.say(language, "call.agent_calls")
        return [Reply(text, spoken=spoken)], True
    if parse.intent.name == "life_emergency" and incoming.kind in ("speech", "unclear"):
        text, spoken = texts.say(language, emergency.text_for(incoming.text))
        return [Reply(text, spoken=spoken)], False
    text, spoken = texts.say(language, "person.queued")
    return [Reply(text, spoken=spoken, transfer=True)], False


async def _call_back(turn: Turn) -> None:
    """Promise a call back, where there is a number to call, and go on with the call."""
    go_on = [(f"flow:{name}", turn.word(f"menu.{name}")) for name in ("petition", "status")]
    if turn.address.scheme == "phone":
        if turn.conversation.state == "queued":
            await handoff.call_back_later(turn.session, turn.conversation.id)
        ending = speech.digits(turn.address.address[-4:], spoken_language(turn.language))
        turn.say("call.call_back", ending=ending, choices=go_on)
    else:
        await handoff.leave(turn.session, turn.conversation.id)
        turn.say("call.cannot_call_back", choices=go_on)


def _repeat(turn: Turn) -> None:
    """Say slowly what was said last."""
    if not turn.dialogue.call.said:
        turn.say("common.silence")
        return
    for said in turn.dialogue.call.said:
        choices = tuple(Choice(key, title) for key, title in said["choices"])
        turn.replies.append(
            Reply(said["text"], choices, said["spoken"], slow=True, keys_only=said["keys_only"])
        )


def _ask_for_keys(turn: Turn) -> None:
    """Ask for keys and listen to nothing else."""
    said, waiting = turn.dialogue.call.said, turn.dialogue.waiting
    if turn.dialogue.choices and said and said[-1]["choices"]:
        turn.say("call.press", choices=[(value, title) for value, title in turn.dialogue.choices])
    elif waiting is not None and waiting.step in _DIGIT_STEPS:
        turn.say("call.press_digits")
    else:
        turn.say(
            "call.press",
            choices=[
                ("call:again", turn.word("call.say_again")),
                ("flow:person", turn.word("menu.person")),
            ],
        )
    turn.replies[-1] = replace(turn.replies[-1], keys_only=True)


def _waits_for_more(turn: Turn) -> bool:
    call = turn.dialogue.call
    return bool(call.unsaid) or (call.offers and len(turn.dialogue.choices) > CHOICES)


def _page_size(turn: Turn) -> int:
    return CHOICES if len(turn.dialogue.choices) <= CHOICES else CHOICES - 1


def _go_on(turn: Turn) -> None:
    """Say the next two sentences; after the last of them, the choices page by page."""
    call = turn.dialogue.call
    if call.unsaid:
        text = " ".join(call.unsaid[:SENTENCES])
        call.unsaid = call.unsaid[SENTENCES:]
    else:
        pages = -(-len(turn.dialogue.choices) // _page_size(turn))
        call.page = (call.page + 1) % pages
        text = turn.word("call.next")
    turn.tell(text, text)
    _offer(turn)


def _offer(turn: Turn) -> None:
    """Give the last reply the choices to be read out now, and remember all that is said."""
    call, choices = turn.dialogue.call, []
    if call.offers and not call.unsaid:
        choices = [Choice(str(n), title) for n, (_, title) in enumerate(read_out(turn), 1)]
    if _waits_for_more(turn):
        choices.append(Choice(MORE, turn.word("call.more")))
    turn.replies[-1] = replace(turn.replies[-1], choices=tuple(choices))
    call.said = [_memory(reply) for reply in turn.replies]


def _memory(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        "spoken": reply.spoken,
        "choices": [[choice.id, choice.title] for choice in reply.choices],
        "keys_only": reply.keys_only,
    }
