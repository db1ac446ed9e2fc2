"""What citizens rightly ask of a city and this service does not do yet: said plainly."""

import re

from backend.petitions import authorities, types
from bot import drafts, speech
from bot.flow import Flow
from bot.flows import petition
from bot.flows.person import hand_over
from bot.turn import Turn

NAME = "elsewhere"

_TEXTS = {
    "support_proposal": "elsewhere.proposal",
    "request_disclosure": "elsewhere.disclosure",
    "rate_service": "elsewhere.rating",
}
_IDEA = "submit_proposal"
_SUGGESTS = re.compile(r"건의|민원|신고|\bsuggest|建议|要望|góp ý", re.IGNORECASE)


async def begin(turn: Turn) -> None:
    """Say what can't be done here and where it can, and offer a person."""
    if turn.intent not in FLOW.intents and tell_of_authority(turn, turn.text):
        return
    if turn.intent == _IDEA:
        await _take_idea(turn)
        return
    turn.say(_TEXTS[turn.intent], choices=[("person:not_here_yet", turn.word("menu.person"))])
    turn.wait(NAME, "after")


def claims(turn: Turn) -> bool:
    """Tell whether a message is about what an agency of the state decides, such as unpaid wages."""
    waiting = turn.dialogue.waiting
    if waiting is not None and waiting.flow == petition.NAME and waiting.step != "name":
        return False
    asked = turn.intent in ("ask_faq", "file_petition", "out_of_scope", "help")
    return asked and authorities.of(turn.text, certain=True) is not None


def tell_of_authority(turn: Turn, text: str) -> bool:
    """Name the agency that deals with what `text` tells, if it is known; tell whether it is."""
    found = authorities.of(text)
    if found is None:
        return False
    turn.say(
        "elsewhere.authority",
        authority=found.name(turn.language),
        phone=found.phone,
        phone_spoken=speech.digits(found.phone, turn.language),
        choices=[("person:not_here_yet", turn.word("menu.person"))],
    )
    turn.wait(NAME, "after")
    return True


async def _take_idea(turn: Turn) -> None:
    """Take an idea as a suggestion: at once where it is called so, otherwise after a yes."""
    named = any(kind.words.found_in(turn.text) for kind in types.types().values())
    if named or _SUGGESTS.search(turn.text):
        await petition.begin(turn)
        return
    item = {"flow": petition.NAME, "parse": turn.parse.as_dict()}
    offered = [("yes", turn.word("common.yes_please")), ("no", turn.word("common.no_thanks"))]
    turn.say("elsewhere.idea", choices=offered)
    turn.wait(drafts.OFFER, "offer", item=item)


async def answer(turn: Turn) -> None:
    """Pass the wish on to a person, if that is wanted."""
    turn.done()
    if turn.intent == "affirm":
        await hand_over(turn, "not_here_yet")
    else:
        turn.say("greet.nothing_open")


FLOW = Flow(NAME, frozenset({_IDEA, *_TEXTS}), begin, answer, claims=claims)
