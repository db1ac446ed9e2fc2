"""What comes after: the step that a digression left open, and wishes voiced beside another."""

from typing import Any

from bot import drafts, orders, several, telling, texts, tongues
from bot.flows import BY_INTENT, BY_NAME, is_passing, own
from bot.flows.petition import slots, words
from bot.picks import CLEAR
from bot.turn import Turn, Waiting
from nlu.parse import Entity, Intent, Parse

NAME = drafts.OFFER
_SHORT = frozenset({"question", "status"})
_BOT_OWNS = ("bot", "offered", "callback")


def set_aside(turn: Turn) -> None:
    """Keep to the first wish of a message that voices several; the others wait their turn."""
    if turn.chosen is not None or len(turn.parts) < 2:
        return
    _answer_in(turn)
    groups = several.wishes(turn.parts)
    if len(groups) == 1 and _drowned(turn, groups[0]):
        turn.hear(_joined(groups[0], turn.parse.language))
        return
    if len(groups) < 2 or several.in_confidence(turn.parts) or own.tells_more(turn):
        return
    first, *others = groups
    waiting = turn.dialogue.waiting
    language = turn.parse.language
    turn.hear(_joined(first, language))
    soon = waiting is None and BY_INTENT[turn.intent].name in _SHORT
    for group in others:
        parse = _joined(group, language)
        drafts.queue(turn, BY_INTENT[parse.intent.name].name, parse, quietly=soon)


def _drowned(turn: Turn, group: list[Parse]) -> bool:
    """Tell whether a sentence voices a wish that the message as a whole no longer sounds like:
    "the road is broken! What on earth are you doing?"
    """
    waiting = turn.dialogue.waiting
    if turn.intent in several.WISHES or not (waiting is None or is_passing(waiting)):
        return False
    return any(p.intent.name in several.WISHES and p.intent.confidence >= CLEAR for p in group)


def _answer_in(turn: Turn) -> None:
    """Take a sentence that only wants another language out of a message that wants more."""
    others = [p for p in turn.parts if p.intent.name != "change_language"]
    asked = [
        v for p in turn.parts if p.intent.name == "change_language" for v in p.values("language")
    ]
    wants_more = any(p.intent.name in several.WISHES for p in others)
    if asked and wants_more and asked[-1] in texts.LANGUAGES:
        turn.conversation.language = tongues.spoken(asked[-1], turn.incoming.channel)
        turn.hear(_joined(others, turn.parse.language))
        turn.parts = tuple(others)


def _joined(group: list[Parse], language: str) -> Parse:
    """Return one Parse for the sentences of a wish; its first sentence says what it is."""
    lead = max(group, key=lambda p: (p.intent.name in several.WISHES, p.intent.confidence))
    text, entities = "", []
    for part in group:
        shift = len(text) + bool(text)
        text = f"{text} {part.text}".strip()
        entities += [
            Entity(e.entity, e.value, e.start + shift, e.end + shift, e.text) for e in part.entities
        ]
    return Parse(
        lead.engine, lead.model, text, language, lead.intent, lead.intent_ranking, tuple(entities)
    )


async def carry_on(turn: Turn) -> None:
    """Once nothing waits: take up what was held, or else offer the next wish that was voiced."""
    memory = turn.dialogue
    if turn.ended or turn.handed_over or turn.conversation.state not in _BOT_OWNS:
        return
    if memory.held is not None and (memory.waiting is None or is_passing(memory.waiting)):
        memory.waiting, memory.held = memory.held, None
        await orders.ask_again(turn)
    waiting = memory.waiting
    if (waiting is not None and not is_passing(waiting)) or not memory.queue:
        return
    item = memory.queue.pop(0)
    memory.waiting = None
    if item["flow"] in _SHORT and "parse" in item and waiting is None and _ended_at_once(turn):
        await _begin(turn, item)
    else:
        drafts.offer(turn, item)


def _ended_at_once(turn: Turn) -> bool:
    """Tell whether the wish before was voiced in this very message."""
    return turn.parse.text != turn.message.text and not turn.dialogue.trail


async def settle(turn: Turn) -> bool:
    """Take the answer to an offer; tell whether it was one. If not, it is offered again later."""
    waiting = turn.dialogue.waiting
    if waiting is None and _wants_the_draft(turn):
        await orders.obey(turn, "resume")
        return True
    if (waiting is None or is_passing(waiting)) and _answers_the_draft(turn):
        turn.dialogue.waiting = drafts.here(turn)
        await BY_NAME["petition"].answer(turn)
        return True
    if waiting is None or waiting.flow != NAME:
        return False
    item = waiting.slots["item"]
    chosen = turn.chosen
    turn.done()
    if chosen == "yes":
        await _begin(turn, item)
    elif chosen == "no":
        turn.say("greet.nothing_open")
    elif not item.get("offered"):
        turn.dialogue.queue.insert(0, item | {"offered": True})
    return chosen in ("yes", "no")


def _wants_the_draft(turn: Turn) -> bool:
    """Tell whether a message asks to file what was begun and put aside: "아까 그거 접수해요"."""
    drafts_kept = (i["waiting"]["slots"] for i in turn.dialogue.queue if "waiting" in i)
    kept = next(drafts_kept, None)
    if kept is None:
        return False
    return words.asks_to_file(turn.text, f"{kept.get('details', '')} {kept.get('place', '')}")


def _answers_the_draft(turn: Turn) -> bool:
    """Tell whether a message says where, and no more, of what was begun and put aside."""
    kept = next((i["waiting"] for i in turn.dialogue.queue if "waiting" in i), None)
    if kept is None or kept["step"] not in ("place", "district", "border"):
        return False
    return telling.names_a_place(turn) and not slots.matter(turn)


async def _begin(turn: Turn, item: dict[str, Any]) -> None:
    if "waiting" in item:
        turn.dialogue.waiting = Waiting(**item["waiting"])
        await orders.ask_again(turn)
        return
    turn.hear(_parse(item["parse"]))
    await BY_NAME[item["flow"]].begin(turn)


def _parse(stored: dict[str, Any]) -> Parse:
    return Parse(
        engine=stored["engine"],
        model=stored["model"],
        text=stored["text"],
        language=stored["language"],
        intent=Intent(**stored["intent"]),
        intent_ranking=tuple(Intent(**i) for i in stored["intent_ranking"]),
        entities=tuple(Entity(**e) for e in stored["entities"]),
    )
