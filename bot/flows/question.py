"""Answering what citizens ask 120, with where the answer comes from."""

from backend.faq import service
from backend.petitions import routing
from bot.flow import Flow
from bot.flows.person import hand_over
from bot.flows.petition import words
from bot.turn import Turn

NAME = "question"
_UNSURE = 0.45
_COURTESIES = frozenset({"affirm", "deny", "thank"})


async def begin(turn: Turn) -> None:
    """Answer, offer titles when unsure, or say honestly that there is no sure answer."""
    await respond(turn, turn.text)


async def respond(turn: Turn, text: str) -> None:
    """Look `text` up and answer in the form that fits how sure the search is."""
    result = await service.search(turn.session, turn.faq, text, turn.language)
    if result.kind == "answer":
        _show(turn, result)
        turn.done()
    elif result.kind == "choices" and turn.dialogue.held is not None and not turn.voice:
        # What was open is put again at once; its numbers and these would be mixed up.
        titles = " / ".join(hit.title for hit in result.choices[:3])
        turn.say("question.related", titles=titles)
        turn.done()
    elif result.kind == "choices" and turn.dialogue.held is None:
        offered = [(str(hit.article_id), hit.title) for hit in result.choices[:3]]
        turn.say(
            "question.choices",
            choices=[*offered, ("none", turn.word("question.none_of_these"))],
        )
        turn.wait(NAME, "pick", asked=text)
    elif result.kind == "districts":
        which = [
            (str(one.article_id), routing.district_name(one.title, turn.language))
            for one in result.choices
        ]
        turn.say(
            "question.which_district",
            choices=[*which, ("none", turn.word("question.none_of_these"))],
        )
        turn.wait(NAME, "pick", asked=text)
    elif turn.dialogue.held is not None or turn.dialogue.queue:
        turn.say("question.no_answer")
        turn.done()
    else:
        turn.say("question.no_answer", choices=[("person:no_answer", turn.word("menu.person"))])
        turn.wait(NAME, "no_answer")


async def answer(turn: Turn) -> None:
    """Show the article picked; a new question is simply asked again."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if turn.dialogue.held is not None and turn.chosen is None and turn.intent in _COURTESIES:
        turn.done()  # a yes or no is for what was open before the question
    elif waiting.step == "no_answer" and turn.intent == "affirm":
        await hand_over(turn, "no_answer")
    elif turn.chosen == "none":
        turn.say("question.no_answer", choices=[("person:no_answer", turn.word("menu.person"))])
        turn.wait(NAME, "no_answer")
    elif waiting.step == "pick" and turn.chosen and turn.chosen.isdigit():
        asked = waiting.slots.get("asked", turn.text)
        result = await service.article(turn.session, turn.faq, int(turn.chosen), asked)
        _show(turn, result)
        turn.done()
    elif waiting.step == "pick" and turn.value("district") and turn.intent != "ask_faq":
        await respond(turn, f"{turn.text} {waiting.slots.get('asked', '')}")
    else:
        await respond(turn, turn.text)


def _show(turn: Turn, result: service.Answer) -> None:
    body = result.passage
    if result.confirm_with_120:
        body = turn.word("question.confirm", answer=body, phone=result.phone)
    source = _source(turn, result)
    link = f"\n{result.url}" if result.url else ""
    turn.tell(f"[{result.title}]\n{body}\n\n{source}{link}", spoken=_two_sentences(result.passage))
    turn.dialogue.answered = [*turn.dialogue.answered, result.title][-5:]


def _source(turn: Turn, result: service.Answer) -> str:
    """Return who answers for what was said, and of which day it is where that is known."""
    named = {"department": result.department, "source": result.source}
    if result.as_of is None:
        short = result.department is None
        key = "question.source_short_undated" if short else "question.source_undated"
        return turn.word(key, **named)
    key = "question.source" if result.department else "question.source_short"
    return turn.word(key, as_of=result.as_of.isoformat(), **named)


def _two_sentences(text: str) -> str:
    parts = text.replace("\n", " ").split(". ")
    return ". ".join(parts[:2]).rstrip(".") + "."


def fits(turn: Turn) -> bool | None:
    """Tell whether a message goes on with a question that found no answer or several."""
    waiting = turn.dialogue.waiting
    if waiting is None or waiting.flow != NAME or waiting.step == "ask":
        return None
    if words.WANTS_TO_FILE.search(turn.text):
        return False
    if waiting.step == "pick" and turn.names_only("district"):
        return True
    unsure = turn.parse.intent.confidence < _UNSURE
    return unsure or turn.intent in ("ask_faq", "affirm", "deny")


FLOW = Flow(NAME, frozenset({"ask_faq"}), begin, answer, free_text=frozenset({"ask"}), fits=fits)
