"""Withdrawing, supplementing and changing a petition of one's own, until it is finished."""

import re

from backend.errors import Conflict
from backend.models import Petition
from backend.petitions import own, routing, service
from backend.petitions.places import locate
from bot import naming, speech
from bot.corrections import plain, read
from bot.flow import Flow
from bot.flows import own_words, phone, status
from bot.flows.petition import words
from bot.misses import miss
from bot.turn import Turn, Waiting

NAME = "own"
# What is to be called off was done before, and is named or pointed at.
_BEFORE = re.compile(
    r"아까|방금|어제|그거|그것|그건|그때|전에|저번|지난|(?:접수|신고|등록|제출|넣|올린|보낸|말한|낸)\S*\s*(?:거|것|건|걸)"
    r"|\b(?:that|the|my|last|earlier|previous) (?:one|report|thing|petition|complaint)\b"
    r"|\bwhat i (?:filed|sent|reported)\b",
    re.IGNORECASE,
)


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
    wish = own_words.wish(turn.text) or ("change" if _mends_the_receipt(turn) else None)
    if wish is None:
        return False
    asked = turn.intent == "ask_faq" and turn.parse.intent.confidence >= 0.75
    if asked and turn.number is None and own_words.asks_how(turn.text):
        return False
    told = own_words.added(turn.text) is not None
    return wish != "supplement" or turn.intent != "file_petition" or told


def points_back(text: str) -> bool:
    """Tell whether a wish to cancel speaks of something done before: "아까 그거 취소할게요"."""
    return _BEFORE.search(text) is not None


async def offer_to_withdraw(turn: Turn) -> bool:
    """Ask whether the petition of one's own is to be withdrawn; False where there is none."""
    mine = await service.latest(turn.session, turn.address.contact_id)
    if not any(own.open_still(p) for p in mine):
        return False
    await _find(turn, "withdraw", turn.number, "")
    return True


def tells_more(turn: Turn) -> bool:
    """Tell whether the message says what is to be added to what was filed, and that it is."""
    supplements = claims(turn) and own_words.wish(turn.text) == "supplement"
    return supplements and bool(own_words.added(turn.text))


async def begin(turn: Turn) -> None:
    """Find the petition that is meant, and ask for what is missing."""
    wish = own_words.wish(turn.text) or "change"
    waiting = turn.dialogue.waiting
    said = (own_words.added(turn.text) or "") if wish == "supplement" else ""
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
    wish = own_words.wish(turn.text) if turn.chosen is None else None
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
    wanted = own_words.wish(turn.text) == "withdraw"
    return wanted or (own_words.calls_off(turn.text) and turn.intent != "deny")


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
    named = petition.district and routing.district_name(petition.district, turn.language)
    turn.say(
        "own.changed",
        number=petition.number,
        office=status.office(turn, petition),
        details=status.title(petition),
        place=petition.place or named or turn.word("petition.no_place"),
    )
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
