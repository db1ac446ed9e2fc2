"""Where to go in danger: the shelters of a district."""

import re

from backend.petitions import routing
from backend.petitions.places import locate
from backend.shelters import service
from bot import drafts
from bot.flow import Flow
from bot.turn import Turn

NAME = "shelter"

_SHELTER = re.compile(
    r"대피소|대피\s*(?:할\s*(?:곳|데)|장소)|피난처|방공호|어디로\s*(?:대피|피난|피신|피해|도망|숨)"
    r"|(?:사이렌|경보|공습|지진|미사일|폭격|대피|민방위|전쟁).{0,20}어디(?:로|에|를)?\s*(?:가|피|숨)"
    r"|\bshelters?\b"
    r"|(?:siren|air raid|earthquake|missile).{0,40}where\b|where (?:can|do|should)"
    r" (?:i|we) evacuate|避难所|避难场所|庇护所|防空洞|避難所|避難場所|シェルター|(?:nơi|hầm"
    r"|chỗ) trú ẩn"
    r"|nơi sơ tán|daepiso",
    re.IGNORECASE,
)
# A shelter whose sign is broken is a petition, and one for dogs or the homeless a question.
_OTHERWISE = re.compile(
    r"고장|부서|부러|파손|더러|냄새|쓰레기|잠겨|민원|신고|동물|유기|노숙|쉼터|broken|dirty"
    r"|animal|dog|cat"
    r"|homeless|women'?s|report|\bbus\b|loose|damaged|smashed|missing|graffiti|leak|rust|wobbl|stinks?"
    r"|smells?|litter|trash",
    re.IGNORECASE,
)


def asks(turn: Turn) -> bool:
    """Tell whether a message asks where to take shelter."""
    if len(turn.text) > 80 or not _SHELTER.search(turn.text):
        return False
    broken = routing.directory().broken.found_in(turn.text)
    return not broken and not _OTHERWISE.search(turn.text)


async def begin(turn: Turn) -> None:
    """Name the shelters of the district in the message, or ask which."""
    district = turn.chosen or turn.value("district")
    spot = locate(turn.text) if district is None else None
    if district is None and spot is None and drafts.is_draft(turn.dialogue.held):
        assert turn.dialogue.held is not None
        district = turn.dialogue.held.slots.get("district")  # where they report from
    if spot is not None and spot.sure:
        district = spot.districts[0]
    elif spot is not None:
        offered = [(d, routing.district_name(d, turn.language)) for d in spot.districts]
        turn.say("shelter.ask_district", choices=offered[:3] if turn.voice else offered)
        turn.wait(NAME, "district")
        return
    known = service.in_district(district) if district is not None else ()
    if not known or district is None:
        turn.say("shelter.ask_district")
        turn.wait(NAME, "district")
        return
    names = {shelter.kind: shelter.name(turn.language) for shelter in reversed(known)}
    where = routing.district_name(district, turn.language)
    as_of = service.table().as_of.isoformat()
    if len(names) > 1:
        turn.say(
            "shelter.there", district=where, as_of=as_of,
            underground=names["underground"], open=names["open"],
        )  # fmt: skip
    else:
        turn.say("shelter.one", district=where, as_of=as_of, place=next(iter(names.values())))
    turn.done()


async def again(turn: Turn) -> None:
    """Ask for the district once more."""
    turn.say("shelter.ask_district")


def fits(turn: Turn) -> bool | None:
    """Take a place for the district it lies in."""
    return True if turn.value("place") is not None and locate(turn.text) is not None else None


FLOW = Flow(NAME, frozenset(), begin, begin, again=again, fits=fits)
