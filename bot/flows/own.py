"""Withdrawing, supplementing and changing a petition of one's own, until it is finished."""

import re

from backend.errors import Conflict
from backend.models import Petition
from backend.petitions import own, routing, service
from backend.petitions.places import locate
from bot import naming, speech
from bot.corrections import plain, read
from bot.flow import Flow
from bot.flows import phone, status
from bot.flows.petition import words
from bot.misses import miss
from bot.turn import Turn, Waiting

NAME = "own"

_WITHDRAW = re.compile(
    r"취하|철회|(?:민원|접수|신고)(?:한\s*거|한\s*것|를|을|은|는|건|도|했던\s*거)?\s*(?:좀\s*)?(?:취소|없던)|취소하고\s*싶|"
    r"\bwithdraw|\btake (?:it |my \w+ )?back\b"
    r"|\bcancel (?:my|the|that) (?:petition|complaint|report)"
    r"|撤回|撤诉|取り下げ|rút lại",
    re.IGNORECASE,
)
_SUPPLEMENT = re.compile(
    r"덧붙|보완|사진\S{0,2}\s.{0,8}(?:추가|더\s*(?:보내|보낼|올릴|있))|(?:[다라냐]고|도|것도|내용도)\s*(?:좀\s*|더\s*|같이\s*)*추가\s*(?:로\s*)?(?:해|적|넣)"
    r"|추가(?:요|합니다|바랍니다|부탁\S*|입니다|할게요?)[.!~\s]*$|(?:민원|신고|접수)\S{0,4}\s.{0,14}더\s*(?:말|적|알려|넣|쓰고|쓸|얘기|보탤)|추가(?:로)?\s*(?:할|하고|말|알려|적|설명|내용)|내용\s*추가|더\s*적을|"
    r"\badd (?:something |more |a note |some |details? )*to (?:my|the|that|it)\b|\bsupplement"
    r"|\badditional (?:info|details?)|\bmore details? (?:on|for|about) my"
    r"|^\W*补充|(?:想|要)补充|追加(?:したい|で|が)|付け加え|\bbổ sung\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"(?:접수한|접수했던|넣은|낸|신고한|제)\s*(?:민원|거|것|신고)\S*.*(?:바꾸|바꿔|바꿀|변경|수정|고치|고쳐|고칠|정정)|"
    r"민원\s*(?:내용|장소)?\S*\s*(?:바꾸|바꿔|바꿀|변경|수정|고치|고쳐|고칠)|"
    r"\b(?:change|edit|correct|update|fix|amend|modify) "
    r"(?:(?:[a-z]+ ){0,6}?(?:petition|complaint|report)\b"
    r"|(?:the |my )?(?:place|location|address|details?|description|wording|text)"
    r" (?:of|on|in|for|to)\b)(?! the alert)",
    re.IGNORECASE,
)
_ASKED_HOW = re.compile(r"되나요|하나요|인가요|어떻게|할\s*수\s*있|가능|\bhow\b|\bcan i\b", re.I)
_TOLD = re.compile(
    r"^.*?(?:덧붙일게요|덧붙이고\s*싶어요|덧붙여\s*주세요|덧붙일\s*(?:게|것|말|내용)\S*|추가할게요|추가하고\s*싶(?:어요|습니다|은데요?)|추가할\s*(?:내용|게|것|거|말)\S*(?:\s*(?:있|생겼)\S*)?|보완할게요"
    r"|추가로\s*(?:말씀드리면|알려드리면|적으면)?|add to (?:my|the) \w+|to add)\s*[-:,.]?\s*",
    re.IGNORECASE,
)
# What is added may come first: "아까 민원에 옆 건물도 그렇다고 덧붙여 주세요".
_TOLD_FIRST = re.compile(
    r"^(?:(?:아까|방금|어제|제가|내가|그)\s*)*(?:(?:접수|신고|넣|낸|보낸)\S*\s*)?"
    r"(?:(?:민원|신고|접수|거기)\S{0,2}\s+)?(?P<said>\S.*?)\s*"
    r"(?:(?:라|다|이라|자|냐)?고|는\s*(?:거|것|내용|말)\S?|도)?\s*(?:좀\s*|더\s*)?"
    r"(?:(?:덧붙여|추가(?:로)?\s*(?:해|적어)|더?\s*적어|보완해)\s*(?:주세요|줘요?|주실래요|주십시오)"
    r"|추가(?:요|합니다|바랍니다|부탁\S*|할게요?))[.!~\s]*$"
)
_CALLS_OFF = re.compile(
    r"^\W*(?:네+|넵|예|응|ㅇㅇ|그래요?|맞아요?)[,.\s]*취소|취소\s*(?:해\s*(?:주세요|줘)|할게요?|하겠|부탁)"
    r"|^\W*(?:yes|ok(?:ay)?|please)[,.\s]*cancel|cancel it",
    re.IGNORECASE,
)
_WISHES = (("withdraw", _WITHDRAW), ("supplement", _SUPPLEMENT), ("change", _CHANGE))


# English verbs with a Korean ending: "아까 report한 거에 add 하고 싶어요".
_MIXED = {
    "추가": re.compile(r"\b(?:add|supplement)\s*(?=하|할|해)", re.IGNORECASE),
    "취소": re.compile(r"\b(?:cancel|delete)\s*(?=하|할|해)", re.IGNORECASE),
    "취하": re.compile(r"\bwithdraw\s*(?=하|할|해)", re.IGNORECASE),
    "수정": re.compile(r"\b(?:change|edit|update|modify|fix)\s*(?=하|할|해)", re.IGNORECASE),
    "신고": re.compile(
        r"\b(?:report|file|submit|petition|complain)\s*(?=하|한|했|할)", re.IGNORECASE
    ),
}


def _in_korean(text: str) -> str:
    for korean, mixed in _MIXED.items():
        text = mixed.sub(korean, text)
    return text


def _wish(text: str) -> str | None:
    said = _in_korean(text)
    return next((wish for wish, pattern in _WISHES if pattern.search(said)), None)


def _mends_the_receipt(turn: Turn) -> bool:
    """Tell whether a message mends what was filed a moment ago: "oh, the place is wrong"."""
    waiting = turn.dialogue.waiting
    if waiting is None or (waiting.flow, waiting.step) != ("petition", "name"):
        return False
    if turn.number is not None or "?" in turn.text or turn.intent == "check_status":
        return False
    if read(turn.text) is not None or words.FIELD.match(turn.text):
        return turn.intent != "subscribe_alerts" and words.name_in(turn.text) is None
    field = words.OF_PLACE.search(turn.text) or words.OF_DETAILS.search(turn.text)
    return bool(field and words.CORRECTS.search(turn.text))


def claims(turn: Turn) -> bool:
    """Tell whether the message wants to change what was filed before."""
    waiting = turn.dialogue.waiting
    if waiting is not None and (waiting.step.startswith("sealed") or waiting.flow == "petition"):
        passing = waiting.step == "name"
        if not passing:
            return False
    if turn.intent == "thank" and turn.parse.intent.confidence >= 0.75:
        return False  # "you mended it, thank you" wants nothing changed
    wish = _wish(turn.text) or ("change" if _mends_the_receipt(turn) else None)
    if wish is None:
        return False
    asked = turn.intent == "ask_faq" and turn.parse.intent.confidence >= 0.75
    if asked and turn.number is None and _ASKED_HOW.search(turn.text):
        return False
    text = _in_korean(turn.text)
    told = _TOLD.match(text) or _TOLD_FIRST.match(text)
    return wish != "supplement" or turn.intent != "file_petition" or told is not None


async def begin(turn: Turn) -> None:
    """Find the petition that is meant, and ask for what is missing."""
    wish = _wish(turn.text) or "change"
    waiting = turn.dialogue.waiting
    text, said = _in_korean(turn.text), ""
    if wish == "supplement" and (match := _TOLD_FIRST.match(text) or _TOLD.match(text)):
        rest = match["said"] if "said" in match.groupdict() else text[match.end() :].strip()
        said = rest if words.has_matter(rest) else ""
    number = turn.number
    if number is None and waiting is not None and "number" in waiting.slots:
        number = str(waiting.slots["number"])
    await _find(turn, wish, number, said)


async def _find(turn: Turn, wish: str, number: str | None, said: str) -> None:
    if number is not None:
        if not await status.may_look(turn):
            return
        petition = await service.find(turn.session, number)
        if petition is None:
            turn.say(
                "status.not_found",
                number=number,
                number_spoken=speech.digits(number, turn.language),
            )
            turn.wait(NAME, "number", wish=wish, said=said)
            return
        if petition.contact_id != turn.address.contact_id:
            turn.say("own.not_yours", number=number)
            await _prove(turn, wish, number, said)
            return
        await _do(turn, wish, petition, said)
        return
    mine = await service.latest(turn.session, turn.address.contact_id)
    open_ones = [p for p in mine if own.open_still(p)]
    if (meant := naming.named(turn.text, [[p.details] for p in open_ones])) is not None:
        open_ones = [open_ones[meant]]
    if len(open_ones) == 1 or (len(mine) == 1 and not open_ones):
        await _do(turn, wish, (open_ones or list(mine))[0], said)
    elif open_ones:
        turn.say("own.which", choices=[(p.number, status.title(p)) for p in open_ones])
        turn.wait(NAME, "number", wish=wish, said=said)
    else:
        turn.say("own.number_or_phone")
        turn.wait(NAME, "number", wish=wish, said=said)


async def _prove(turn: Turn, wish: str, number: str, said: str) -> None:
    """Ask for the phone that it was filed with, where this talk does not prove one already."""
    if turn.address.scheme in ("phone", "call"):
        turn.done()
        return
    await phone.ask(turn, NAME, "own.prove", wish=wish, number=number, said=said)


async def answer(turn: Turn) -> None:
    """Take the number, a step of proving the phone, the words, or the yes."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    slots = waiting.slots
    if _wishes_otherwise(turn):
        await begin(turn)
        return
    wish, said = str(slots.get("wish", "supplement")), str(slots.get("said", ""))
    if waiting.step in ("phone", "code"):
        if await phone.take(turn, NAME, **slots) is not None:
            turn.done()
            number = slots.get("number")
            petition = await service.find(turn.session, str(number)) if number else None
            if petition is not None and petition.contact_id != turn.address.contact_id:
                turn.say("own.still_not_yours", number=str(number))
                return
            await _find(turn, wish, str(number) if number else None, said)
        return
    if waiting.step == "number":
        await _take_number(turn, wish, said)
        return
    petition = await service.find(turn.session, str(slots["number"]))
    if petition is None or petition.contact_id != turn.address.contact_id:
        turn.say("own.nothing")
        turn.done()
        return
    match waiting.step:
        case "withdraw":
            await _withdraw(turn, petition)
        case "supplement":
            await _supplement(turn, petition, turn.text)
        case _:
            await _change(turn, petition)


def _wishes_otherwise(turn: Turn) -> bool:
    """Tell whether another thing is wanted than what is being asked about, in so many words."""
    waiting = turn.dialogue.waiting
    wish = _wish(turn.text) if turn.chosen is None else None
    if waiting is None or wish is None or waiting.step in ("phone", "code"):
        return False
    return wish not in (waiting.step, waiting.slots.get("wish"))


async def _take_number(turn: Turn, wish: str, said: str) -> None:
    number = turn.chosen or turn.number
    number = number or status.keyed_number(turn.text, turn.message.created_at)
    if number is not None:
        await _find(turn, wish, number, said)
    elif turn.address.scheme in ("web", "telegram") and "".join(filter(str.isdigit, turn.text)):
        turn.wait(NAME, "phone", wish=wish, said=said)
        await phone.take(turn, NAME, wish=wish, said=said)
    else:
        await miss(turn, "own.number_or_phone")


async def _do(turn: Turn, wish: str, petition: Petition, said: str) -> None:
    if not own.open_still(petition):
        turn.say(
            "own.finished",
            number=petition.number,
            number_spoken=speech.digits(petition.number, turn.language),
            stage=service.stage_text(petition.stage, turn.language),
        )
        turn.done()
    elif wish == "withdraw":
        _ask_withdraw(turn, petition)
    elif wish == "supplement" and said:
        await _supplement(turn, petition, said)
    elif wish == "change" and _says_how(turn, petition):
        await _change(turn, petition)
    else:
        turn.say(f"own.ask_{wish}", number=petition.number, details=status.title(petition))
        turn.wait(NAME, wish, number=petition.number, wish=wish)


def _says_how(turn: Turn, petition: Petition) -> bool:
    """Tell whether the message that wants a change says already what is right."""
    found = read(turn.text)
    if found is not None:
        return bool(found.mend(petition.details) or found.mend(petition.place))
    if words.EXIT.search(turn.text) and words.EXIT.search(petition.place):
        return True
    field = words.FIELD.match(turn.text)
    return field is not None and not words.says_only_wrong(field["said"])


def _ask_withdraw(turn: Turn, petition: Petition) -> None:
    turn.say(
        "own.ask_withdraw",
        number=petition.number,
        number_spoken=speech.digits(petition.number, turn.language),
        details=status.title(petition),
        choices=[("yes", turn.word("own.withdraw_yes")), ("no", turn.word("own.withdraw_no"))],
    )
    turn.wait(NAME, "withdraw", number=petition.number, wish="withdraw")


async def _withdraw(turn: Turn, petition: Petition) -> None:
    if turn.chosen == "no":
        turn.say("own.kept", number=petition.number)
        turn.done()
    elif turn.chosen == "yes" or _withdraws(turn):
        try:
            await service.withdraw(turn.session, petition, service.CITIZEN)
        except Conflict:
            await _do(turn, "withdraw", petition, "")
            return
        turn.say(
            "own.withdrawn",
            number=petition.number,
            number_spoken=speech.digits(petition.number, turn.language),
        )
        turn.done()
    else:
        await miss(turn, "own.yes_or_no")


def asks_whether(waiting: Waiting | None) -> bool:
    """Tell whether the open question is if a petition is to be withdrawn."""
    return waiting is not None and (waiting.flow, waiting.step) == (NAME, "withdraw")


def _withdraws(turn: Turn) -> bool:
    """Tell whether words mean yes to withdrawing: a bare "취소" might mean either."""
    if _WITHDRAW.search(turn.text):
        return True
    return _CALLS_OFF.search(turn.text) is not None and turn.intent != "deny"


async def _supplement(turn: Turn, petition: Petition, text: str) -> None:
    kept = _masked(turn, text)
    if not kept.strip() and not turn.pictures:
        await miss(turn, "own.ask_supplement_again")
        return
    await own.supplement(turn.session, petition, kept, turn.message.id)
    turn.say("own.supplemented", number=petition.number, office=status.office(turn, petition))
    turn.done()


async def _change(turn: Turn, petition: Petition) -> None:
    """Change the place where one is named, otherwise what it says."""
    text = _masked(turn, turn.text)
    found = read(text)
    details = found.mend(petition.details) if found is not None else None
    place = found.mend(petition.place) if found is not None else None
    district = turn.value("district")
    spot = locate(text)
    if district not in routing.directory().districts:
        district = spot.districts[0] if spot is not None and spot.sure else None
    field = words.FIELD.match(text)
    if field is not None and details is None and place is None:
        said = field["said"]
        details, place = (said, None) if field["details"] else (None, plain(said))
    elif details is None and place is None and _exits(text, petition.place):
        place = words.EXIT.sub(words.EXIT.findall(text)[-1], petition.place)
    elif details is None and place is None:
        named = turn.value("place") or (spot.name if spot else None)
        if named or district:
            place = named
        elif words.has_matter(text):
            details = text
        else:
            await miss(turn, "own.change_how")
            return
    await own.change(
        turn.session, petition, turn.message.id, details=details, place=place, district=district
    )
    turn.say("own.changed", number=petition.number, office=status.office(turn, petition))
    turn.done()


def _exits(text: str, place: str) -> bool:
    """Tell whether a message names an exit alone, and the place known is another one of it."""
    return bool(words.EXIT.search(text) and words.EXIT.search(place)) and locate(text) is None


def _masked(turn: Turn, text: str) -> str:
    kept, found = words.without_persons(text)
    if found:
        turn.message.text = words.without_persons(turn.message.text)[0]
        turn.say("petition.others_masked")
    return kept


async def again(turn: Turn) -> None:
    """Put the open question once more."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if waiting.step in ("phone", "code"):
        phone.ask_again(turn, "own.prove")
    elif waiting.step == "number":
        turn.say("own.number_or_phone")
    else:
        petition = await service.find(turn.session, str(waiting.slots["number"]))
        if petition is not None:
            await _do(turn, waiting.step, petition, "")


def fits(turn: Turn) -> bool | None:
    """Take nearly every word for the answer where words are asked for."""
    waiting = turn.dialogue.waiting
    if waiting is None or waiting.flow != NAME:
        return None
    if _wishes_otherwise(turn) or (waiting.step == "withdraw" and _withdraws(turn)):
        return True
    if waiting.step in ("supplement", "change") and (
        turn.intent == "file_petition" or words.FIELD.match(turn.text)
    ):
        return True
    return None


FLOW = Flow(
    NAME,
    frozenset(),
    begin,
    answer,
    free_text=frozenset({"supplement", "change"}),
    again=again,
    claims=claims,
    fits=fits,
)
