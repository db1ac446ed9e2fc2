"""Going on elsewhere: whoever proves their phone finds here what they left on another channel."""

import re

from backend.contacts.service import phone_of
from backend.petitions import service
from bot import drafts
from bot.flow import Flow
from bot.flows import phone, status
from bot.turn import Turn

NAME = "resume"
_PROVES = re.compile(
    r"(?:전화\s*번호|휴대폰|본인)\S*\s*(?:확인|인증)\s*(?:할게|할래|해\s*줘|해\s*주세요|하고\s*싶|부탁)"
    r"|\bverify my (?:phone|number)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"(?:문자|전화|웹|텔레그램|카톡|다른\s*데)\S*\s*.*(?:이어서|이어\s*하|계속|마저)"
    r"|(?:쓰|하|적|말하|작성하)(?:다가?|던)\s*(?:만|말았던|그만둔|끊긴|못한)?\s*.{0,10}(?:이어|마저|마무리|계속)"
    r"|(?:전화|통화)\S{0,4}\s*(?:가|이|도중에|중에)?\s*끊(?:겼|어졌|어져)"
    r"|(?:아까|전에|어제)\s*(?:하던|쓰던|말하던|말씀드린)\s*.*(?:이어|계속|마저)"
    r"|\bcontinue (?:my|the|what|where|from)\b|\bpick up where\b"
    r"|\b(?:continue|finish|complete|go on|carry on)(?: with)?(?: it| this| that)?"
    r" (?:on |over )?here\b"
    r"|\b(?:started|began|begun|was (?:writing|filing|reporting))\b.*"
    r"\b(?:finish|continue|carry on|go on|complete)\b"
    r"|\b(?:got|get|was|were|been) (?:cut off|disconnected|dropped)\b"
    r"|\bcall (?:was )?dropped\b|\bhung up\b"
    r"|(?:继续|接着)\S{0,3}(?:刚才|之前|上次)|(?:刚才|之前|上次)\S*(?:继续|接着)|続き(?:から|を|が)"
    r"|tiếp tục .*(?:lúc nãy|hôm qua|trước đó)|" + _PROVES.pattern,
    re.IGNORECASE,
)


def claims(turn: Turn) -> bool:
    """Tell whether the message wants to go on with something from elsewhere, or to prove a phone.

    A phone may be proven in the middle of something else, which then goes on.
    """
    waiting = turn.dialogue.waiting
    if waiting is not None and (waiting.flow == NAME or waiting.step in ("phone", "code")):
        return False
    return (_WORDS if waiting is None else _PROVES).search(turn.text) is not None


def wants_on(text: str) -> bool:
    """Tell whether a message wants to go on with what was begun before."""
    short = len(text) <= 40
    return short and _WORDS.search(text) is not None and _PROVES.search(text) is None


async def begin(turn: Turn) -> None:
    """Go on where the person is known, else have them prove their phone first."""
    if await _found(turn):
        return
    if await phone_of(turn.session, turn.address.contact_id) is None:
        await phone.ask(turn, NAME, "resume.prove")
        return
    turn.say("resume.nothing" if turn.dialogue.held is None else "phone.proven")
    turn.done()


async def answer(turn: Turn) -> None:
    """Take a step of the proof; then show what there is."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if await phone.take(turn, NAME, **waiting.slots) is None:
        return
    turn.done()
    if not await _found(turn) and turn.dialogue.held is None:
        turn.say("resume.nothing")


async def _found(turn: Turn) -> bool:
    """Take up the draft that the person left here or elsewhere, or list what they filed.

    What is open at this moment comes first: it is taken up again by itself.
    """
    if turn.dialogue.held is not None:
        return False
    turn.dialogue.waiting = drafts.here(turn) or await drafts.elsewhere(turn)
    if turn.dialogue.waiting is not None:
        turn.preface("common.resumed")
        turn.dialogue.held, turn.dialogue.waiting = turn.dialogue.waiting, None
        return True
    if await service.latest(turn.session, turn.address.contact_id, 1):
        await status.show_own(turn)
        return True
    return False


async def again(turn: Turn) -> None:
    """Ask for the phone or the code once more."""
    phone.ask_again(turn, "resume.prove")


FLOW = Flow(NAME, frozenset(), begin, answer, again=again, claims=claims)
