"""What became of a petition: the stage for whoever has the number, the rest for its owner."""

import re
from datetime import datetime

from backend.models import Petition
from backend.petitions import own, routing, service
from bot import dates, drafts, limits, speech
from bot.flow import Flow
from bot.misses import miss
from bot.turn import Turn

NAME = "status"
# Numbers of e-People and of the Safety Report service: known, and not ours.
_OTHERS = (
    (
        re.compile(r"\b1AA-?\d{4}-?\d{6,7}\b", re.I),
        "국민신문고", "e-People", "110", "epeople.go.kr",
    ),
    (
        re.compile(r"\bSPP-?\d{4}-?\d{6,8}\b", re.I),
        "안전신문고", "Safety Report", "1588-8650", "safetyreport.go.kr",
    ),
)  # fmt: skip
# Named in words, or by what their numbers begin with as one says it.
_NAMED = (
    re.compile(r"국민\s*신문고|권익위|e-?people|[일원]\s*에이\s*에이|1\s*a\s*a", re.I),
    re.compile(r"안전\s*신문고|안전\s*신고\s*앱|safety report|에스\s*피\s*피", re.I),
)
_HERE = re.compile(r"여기|이쪽|말고|아니라|\bhere\b|\bnot\b", re.I)
_SEALED = re.compile(r"(?<![a-z0-9])S-[A-Z2-9]{12}(?![a-z0-9])", re.I)
_KEYED = re.compile(r"\d{1,11}")
_LATEST = re.compile(
    r"최근|마지막|방금|가장\s*나중|아까\s*(?:접수|신고|넣은|낸)"
    r"|\b(?:latest|last|most recent|newest)\b",
    re.IGNORECASE,
)
_BRIEF = 24
_MINE = re.compile(
    r"(?:내|제|저의)\s*(?:민원|신고|접수)|(?:내|제)가\s*(?:접수|신고|넣|낸)|(?:접수|신고)(?:한|했던)\s*(?:거|것|민원)"
    r"|민원\s*목록|\bmy (?:petitions?|reports?|complaints?|list)\b",
    re.IGNORECASE,
)
# Asked while something waits for a yes, this is about what waits.
_WENT_THROUGH = re.compile(
    r"(?:접수|신고|등록|처리|전달)\s*(?:가|이)?\s*(?:다\s*)?(?:된|됐|되었|되신|완료|끝난|한\s*거)"
    r"|들어[갔간]|올라[갔간]"
    r"|go through|gone through|went through|(?:is|was) it (?:filed|sent|submitted|done|received)"
    r"|(?:did|have) you (?:file|get|sen[dt]|submit|receive)",
    re.IGNORECASE,
)
# Numbers follow one another: whoever tries one after the other is slowed down.
_TRIES, _TRIES_IN = 10, 600
# Characters of a petition in a list, and where it is shown alone to who filed it.
_TITLE, _SHOWN = 40, 160


async def begin(turn: Turn) -> None:
    """Answer at once where the message holds a number; else with the citizen's own petitions.

    Whether "it" went through, or will, is said of the petition that is open, if one is.
    """
    asked = turn.number is None and drafts.is_draft(turn.dialogue.held)
    if asked and (_WENT_THROUGH.search(turn.text) or not await has_own(turn)):
        turn.say("petition.not_yet")
        turn.done()
    elif not await _by_number(turn):
        await show_own(turn)


async def has_own(turn: Turn) -> bool:
    """Tell whether the citizen filed anything."""
    return bool(await service.latest(turn.session, turn.address.contact_id, 1))


async def show_own(turn: Turn) -> None:
    """Show the citizen's only petition or the latest where that is meant; else let them pick."""
    mine = await service.latest(turn.session, turn.address.contact_id)
    if len(mine) == 1 or (mine and _LATEST.search(turn.text)):
        await _tell(turn, mine[0])
        turn.done()
    elif mine:
        shown = mine[:3] if turn.voice else mine
        turn.say("status.pick", choices=[(p.number, _listed(turn, p)) for p in shown])
        turn.wait(NAME, "number")
    elif joined := await own.joined(turn.session, turn.address.contact_id):
        await _tell(turn, joined[0])
        turn.done()
    elif drafts.is_draft(turn.dialogue.held):
        turn.say("petition.not_yet")  # the only petition there is, and it waits for a yes
        turn.done()
    else:
        turn.say("status.none" if turn.chosen is None else "status.ask_number")
        turn.wait(NAME, "number")


async def answer(turn: Turn) -> None:
    """Take a number, said, typed or keyed, or a pick from the list."""
    if turn.chosen:
        found = await service.find(turn.session, turn.chosen)
        if found is not None:
            await _tell(turn, found)
            turn.done()
            return
    if await _by_number(turn):
        return
    if _MINE.search(turn.text):
        await show_own(turn)
        return
    mine = await service.latest(turn.session, turn.address.contact_id, 1)
    if mine and _LATEST.search(turn.text):
        await _tell(turn, mine[0])
        turn.done()
        return
    await miss(turn, "status.ask_number")
    if turn.conversation.state != "queued":
        turn.wait(NAME, "number")


async def again(turn: Turn) -> None:
    """Ask for the number once more."""
    turn.say("status.ask_number")


def keyed_number(keys: str, at: datetime) -> str | None:
    """Return the receipt number that keys on a phone mean: `123`, or the year and the number.

    One without a year is of the year that it is in the city at the moment `at`.
    """
    digits = keys.strip("#* ")
    if not _KEYED.fullmatch(digits):
        return None
    if len(digits) == 11:
        return f"P-{digits[:4]}-{digits[4:]}"
    return f"P-{dates.year(at)}-{int(digits):07d}" if len(digits) <= 7 else None


async def may_look(turn: Turn) -> bool:
    """Count a look at a number; tell the citizen and return False where it is one too many."""
    key = f"status:{turn.address.id}"
    if await limits.allow(turn.context.redis, key, _TRIES, _TRIES_IN):
        return True
    turn.say("status.slow_down")
    turn.done()
    return False


async def _by_number(turn: Turn) -> bool:
    if _elsewhere(turn):
        return True
    number = turn.number
    waiting = turn.dialogue.waiting
    if number is None and waiting is not None and waiting.flow == NAME:
        number = keyed_number(turn.text, turn.message.created_at)
    if number is None:
        return False
    found = await service.find(turn.session, number)
    mine = found is not None and found.contact_id == turn.address.contact_id
    if not mine and not await may_look(turn):
        return True
    if found is None:
        turn.say(
            "status.not_found", number=number, number_spoken=speech.digits(number, turn.language)
        )
        turn.wait(NAME, "number")
        return True
    await _tell(turn, found)
    turn.done()
    return True


def _elsewhere(turn: Turn) -> bool:
    """Explain a number of another system, or the code of a sealed report."""
    for pattern, ko, en, phone, site in _OTHERS:
        if other := pattern.search(turn.text):
            name = ko if turn.language == "ko" else en
            turn.say(
                "status.other_system",
                number=other.group().upper(),
                number_spoken=speech.digits(other.group()[3:], turn.language),
                system=name,
                phone=phone,
                site=site,
            )
            turn.done()
            return True
    if (named := _named_elsewhere(turn)) is not None:
        _, ko, en, phone, site = _OTHERS[named]
        turn.say(
            "status.named_system",
            system=ko if turn.language == "ko" else en,
            phone=phone,
            phone_spoken=speech.digits(phone, turn.language),
            site=site,
        )
        turn.done()
        return True
    if _SEALED.search(turn.text):
        turn.message.text = turn.word("sealed.hidden")
        turn.say("sealed.no_status")
        turn.done()
        return True
    return False


def _named_elsewhere(turn: Turn) -> int | None:
    """Return the place of the other system of which a message asks what became of something."""
    if turn.intent != "check_status" or _HERE.search(turn.text):
        return None
    return next((n for n, named in enumerate(_NAMED) if named.search(turn.text)), None)


def claims(turn: Turn) -> bool:
    """Tell whether the message asks after what another system or the sealed lane took in."""
    patterns = (*(pattern for pattern, *_ in _OTHERS), _SEALED)
    if any(pattern.search(turn.text) for pattern in patterns):
        return True
    return _named_elsewhere(turn) is not None


async def _tell(turn: Turn, petition: Petition) -> None:
    stage = service.stage_text(petition.stage, turn.language)
    spoken = speech.digits(petition.number, turn.language)
    if petition.contact_id != turn.address.contact_id:
        joined = await own.supported(turn.session, petition, turn.address.contact_id)
        turn.say(
            "status.joined" if joined else "status.stage_only",
            number=petition.number,
            number_spoken=spoken,
            stage=stage,
        )
        return
    due = petition.due_at
    key = "status.own" if due else "status.own_tip"
    turn.say(
        key if own.open_still(petition) else "status.own_closed",
        number=petition.number,
        number_spoken=spoken,
        details=title(petition, _SHOWN),
        stage=stage,
        department=office(turn, petition),
        due=dates.day(due, turn.language) if due else "",
        following=turn.word(f"status.next_{petition.stage}"),
    )


def office(turn: Turn, petition: Petition) -> str:
    """Return the office in charge, in the language of the talk."""
    category = routing.directory().categories.get(petition.category)
    if turn.language == "ko" or category is None:
        return petition.department
    return routing.department(category, petition.district, turn.language)


def _listed(turn: Turn, petition: Petition) -> str:
    stage = service.stage_text(petition.stage, turn.language)
    return f"{title(petition)} ({stage})"


def title(petition: Petition, most: int = _TITLE) -> str:
    """Return what a petition is about, on one line of `most` characters."""
    details = " ".join(petition.details.split())
    return details if len(details) <= most else details[: most - 1] + "…"


def fits(turn: Turn) -> bool | None:
    """Take "show me mine" and "the last one" for the number asked for, whatever they sound like."""
    picks = len(turn.text) <= _BRIEF and _LATEST.search(turn.text) is not None
    mine = _MINE.search(turn.text) is not None and turn.intent != "file_petition"
    return True if mine or picks else None


FLOW = Flow(NAME, frozenset({"check_status"}), begin, answer, again=again, claims=claims, fits=fits)
