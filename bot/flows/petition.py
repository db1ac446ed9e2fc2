"""Filing a petition: what, where, a look at it, a yes, a receipt."""

import re

from backend.contacts.service import phone_of
from backend.delivery.service import notify
from backend.petitions import routing, service
from bot import dates, speech
from bot.flow import Flow
from bot.turn import Turn

NAME = "petition"
MAX_DETAILS = 2000

# What people say around the matter: "민원 넣고 싶어요" names no matter yet.
_ABOUT_FILING = re.compile(
    r"민원|신고|접수|제보|불편\s*사항|넣고\s*싶\w*|하고\s*싶\w*|하려고\w*|할게\w*|할래\w*|해\s*주\w*|"
    r"부탁\w*|좀|도와\w*|있어요|있는데\w*|안녕하세요|저기요|여기요|"
    r"\b(?:i|i'd|id|we|would|like|want|wanna|need|to|have|make|file|report|submit|lodge|a|an|the|"
    r"my|new|petition|complaint|problem|issue|something|please|pls|hello|hi|can|could|you|help|"
    r"with|me|there|is|about)\b|minwon|[^\w]+",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"아니(?:고|라|야|에요|예요|\s)|말고|정정|바꿔|바꿀|고쳐|고칠|틀렸|틀려|잘못(?:됐|되|적|썼|말)|"
    r"\bnot\b|\bno,|actually|instead|\bchange\b|\bwrong\b|correction",
    re.IGNORECASE,
)
_ADDS = re.compile(r"^(?:그리고|또|추가|아\s*그리고|게다가|also|and|plus)\b", re.IGNORECASE)
_OF_PLACE = re.compile(r"장소|주소|위치|place|where|address|location", re.IGNORECASE)
_OF_DETAILS = re.compile(r"내용|설명|문구|details|description|\bwhat\b", re.IGNORECASE)
_UNKNOWN_DISTRICT = re.compile(r"모름|모르|몰라|없음|unknown|don'?t know|not sure|no idea", re.I)


async def begin(turn: Turn) -> None:
    """Start with whatever the first message already says."""
    slots: dict[str, str] = {}
    _take_where(turn, slots)
    if _has_matter(turn):
        slots["details"] = _details(turn)
    await _ask_next(turn, slots)


async def answer(turn: Turn) -> None:
    """Take the answer to the step that waits, then ask for what is still missing."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    slots = dict(waiting.slots)
    match waiting.step:
        case "details":
            if not _has_matter(turn) and "details_asked" not in slots:
                # A "네" or "여보세요" is no petition yet; whoever insists is taken at their word.
                slots["details_asked"] = "1"
            elif turn.text:
                slots["details"] = _details(turn)
            _take_where(turn, slots)
        case "place":
            _take_place(turn, slots)
        case "district":
            named = _take_where(turn, slots)
            if named or "district_again" in slots or _UNKNOWN_DISTRICT.search(turn.text):
                slots["district_asked"] = "1"
            else:
                slots["district_again"] = "1"
        case "confirm":
            await _decide(turn, slots)
            return
        case "fix":
            await _decide(turn, slots)
            return
    await _ask_next(turn, slots)


async def again(turn: Turn) -> None:
    """Put the open question once more, in the language of now."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    await _ask_next(turn, dict(waiting.slots))


def _has_matter(turn: Turn) -> bool:
    """Tell whether the message says what is wrong, rather than only that something is."""
    text = turn.text
    for entity in sorted(turn.parse.entities, key=lambda e: -e.start):
        if entity.entity in ("district", "place"):
            text = text[: entity.start] + " " + text[entity.end :]
    left = _ABOUT_FILING.sub("", text)
    hangul = sum("가" <= c <= "힣" for c in left)
    return hangul >= 4 or len(left) - hangul >= 7


def _details(turn: Turn) -> str:
    return turn.text[:MAX_DETAILS]


def _take_where(turn: Turn, slots: dict[str, str]) -> bool:
    """Fill place and district from the message; tell whether it named any."""
    named = turn.value("place")
    district = turn.value("district")
    if named:
        slots["place"] = named
    if district is not None and district in routing.directory().districts:
        slots["district"] = district
    return bool(named or district in routing.directory().districts)


def _take_place(turn: Turn, slots: dict[str, str]) -> None:
    """Take the whole answer as the place: the citizen was asked where."""
    _take_where(turn, slots)
    if turn.value("place") is None:
        slots["place"] = turn.text[:200]


def _forget(slots: dict[str, str], what: str) -> None:
    place = ("place", "district", "district_asked", "district_again")
    for key in place if what == "place" else ("details",):
        slots.pop(key, None)


async def _ask_next(turn: Turn, slots: dict[str, str]) -> None:
    """Ask for the first thing that is missing, or show it all and ask for a yes."""
    if "details" not in slots:
        turn.say("petition.ask_details")
        turn.wait(NAME, "details", **slots)
    elif "place" not in slots and "district" not in slots:
        turn.say("petition.ask_place")
        turn.wait(NAME, "place", **slots)
    elif "district" not in slots and "district_asked" not in slots:
        turn.say("petition.ask_district")
        turn.wait(NAME, "district", **slots)
    else:
        turn.say(
            "petition.confirm",
            details=slots["details"],
            where=_where(turn, slots),
            department=_department(turn, slots),
            choices=[
                ("yes", turn.word("petition.confirm_yes")),
                ("fix", turn.word("petition.confirm_fix")),
                ("no", turn.word("petition.confirm_no")),
            ],
        )
        turn.wait(NAME, "confirm", **slots)


def _where(turn: Turn, slots: dict[str, str]) -> str:
    district = slots.get("district")
    place = slots.get("place", "")
    named = routing.district_name(district, turn.language) if district else ""
    if district and (district in place or named in place):
        return place
    parts = (named, place) if turn.language == "ko" else (place, named)
    between = " " if turn.language == "ko" else ", "
    return between.join(p for p in parts if p) or turn.word("petition.no_place")


def _department(turn: Turn, slots: dict[str, str]) -> str:
    category = routing.classify(slots["details"])
    return routing.department(category, slots.get("district"), turn.language)


async def _decide(turn: Turn, slots: dict[str, str]) -> None:
    if turn.chosen == "yes" and not _CORRECTS.search(turn.text):
        await _file(turn, slots)
    elif turn.chosen == "no":
        turn.say("common.cancelled")
        turn.done()
    elif turn.chosen != "fix" and _correct(turn, slots):
        await _ask_next(turn, slots)
    elif what := _what_to_fix(turn):
        turn.say(f"petition.new_{what}")
        _forget(slots, what)
        turn.wait(NAME, what, **slots)
    else:
        turn.say(
            "petition.ask_fix",
            choices=[
                ("details", turn.word("petition.fix_details")),
                ("place", turn.word("petition.fix_place")),
            ],
        )
        turn.wait(NAME, "fix", **slots)


def _correct(turn: Turn, slots: dict[str, str]) -> bool:
    """Take a new place, or what begins with "also"; tell whether there was any."""
    if _take_where(turn, slots):
        if turn.value("place") is None:
            slots["place"] = routing.district_name(slots["district"], turn.language)
        return True
    if _ADDS.match(turn.text):
        slots["details"] = f"{slots['details']} {turn.text}"[:MAX_DETAILS]
        return True
    return False


def _what_to_fix(turn: Turn) -> str | None:
    """Return what the citizen wants to say anew: `place`, `details`, or None where that is open."""
    if turn.chosen in ("details", "place"):
        return turn.chosen
    if _OF_PLACE.search(turn.text):
        return "place"
    return "details" if _OF_DETAILS.search(turn.text) else None


async def _file(turn: Turn, slots: dict[str, str]) -> None:
    phone = await phone_of(turn.session, turn.address.contact_id)
    petition = await service.file(
        turn.session,
        contact_id=turn.address.contact_id,
        message_id=turn.message.id,
        channel=turn.conversation.channel,
        language=turn.language,
        place=slots.get("place", ""),
        district=slots.get("district"),
        details=slots["details"],
        identified=phone is not None,
    )
    department = _department(turn, slots)
    turn.say(
        "petition.filed" if petition.due_at else "petition.filed_tip",
        number=petition.number,
        number_spoken=speech.digits(petition.number, turn.language),
        department=department,
        due=dates.day(petition.due_at, turn.language) if petition.due_at else "",
    )
    if turn.voice and (phone is None or not speech.takes_texts(phone.address)):
        turn.say("petition.write_down", number=speech.digits(petition.number, turn.language))
    elif turn.voice and phone is not None:
        text = turn.word("petition.receipt_sms", number=petition.number, department=department)
        await notify(turn.session, phone, "sms", turn.language, text)
        turn.say("petition.sms_follows")
    turn.done()


FLOW = Flow(
    NAME,
    frozenset({"file_petition"}),
    begin,
    answer,
    free_text=frozenset({"details", "place"}),
    again=again,
    corrects=_CORRECTS,
)
