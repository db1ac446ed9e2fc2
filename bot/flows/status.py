"""What became of a petition: the stage for whoever has the number, the rest for its owner."""

import re

from backend.models import Petition
from backend.petitions import routing, service
from bot import dates, limits, speech
from bot.flow import Flow
from bot.turn import Turn

NAME = "status"
# Numbers of e-People and of the Safety Report service: known, and not ours.
_OTHERS = (
    (re.compile(r"\b1AA-?\d{4}-?\d{7}\b", re.I), "국민신문고", "e-People", "110"),
    (re.compile(r"\bSPP-?\d{4}-?\d{7}\b", re.I), "안전신문고", "Safety Report", "1588-8650"),
)
_KEYED = re.compile(r"\d{1,11}")


async def begin(turn: Turn) -> None:
    """Answer at once where the message holds a number; else with the citizen's own petitions."""
    if await _by_number(turn):
        return
    own = await service.latest(turn.session, turn.address.contact_id)
    if len(own) == 1:
        await _tell(turn, own[0])
        turn.done()
    elif own:
        turn.say("status.pick", choices=[(p.number, _title(p)) for p in own])
        turn.wait(NAME, "number")
    else:
        turn.say("status.ask_number")
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
    turn.say("status.ask_number")
    turn.wait(NAME, "number")


async def again(turn: Turn) -> None:
    """Ask for the number once more."""
    turn.say("status.ask_number")


def keyed_number(keys: str, year: int) -> str | None:
    """Return the receipt number that keys on a phone mean: `123`, or the year and the number."""
    digits = keys.strip("#* ")
    if not _KEYED.fullmatch(digits):
        return None
    if len(digits) == 11:
        return f"P-{digits[:4]}-{digits[4:]}"
    return f"P-{year}-{int(digits):07d}" if len(digits) <= 7 else None


async def _by_number(turn: Turn) -> bool:
    for pattern, ko, en, phone in _OTHERS:
        if other := pattern.search(turn.text):
            name = ko if turn.language == "ko" else en
            turn.say("status.other_system", number=other.group(), system=name, phone=phone)
            turn.done()
            return True
    number = turn.value("petition_id")
    waiting = turn.dialogue.waiting
    if number is None and waiting is not None and waiting.flow == NAME:
        number = keyed_number(turn.text, turn.message.created_at.year)
    if number is None:
        return False
    if not await limits.allow(turn.context.redis, f"status:{turn.address.id}", 20, 600):
        turn.say("status.slow_down")
        turn.done()
        return True
    found = await service.find(turn.session, number)
    if found is None:
        turn.say(
            "status.not_found",
            number=number,
            number_spoken=speech.digits(number, turn.language),
        )
        turn.wait(NAME, "number")
        return True
    await _tell(turn, found)
    turn.done()
    return True


async def _tell(turn: Turn, petition: Petition) -> None:
    stage = service.stage_text(petition.stage, turn.language)
    spoken = speech.digits(petition.number, turn.language)
    if petition.contact_id != turn.address.contact_id:
        turn.say("status.stage_only", number=petition.number, number_spoken=spoken, stage=stage)
        return
    due = petition.due_at
    turn.say(
        "status.own" if due else "status.own_tip",
        number=petition.number,
        number_spoken=spoken,
        details=_title(petition),
        stage=stage,
        department=_department(turn, petition),
        due=dates.day(due, turn.language) if due else "",
    )


def _department(turn: Turn, petition: Petition) -> str:
    category = routing.directory().categories.get(petition.category)
    if turn.language == "ko" or category is None:
        return petition.department
    return routing.department(category, petition.district, turn.language)


def _title(petition: Petition) -> str:
    details = " ".join(petition.details.split())
    return details if len(details) <= 40 else details[:39] + "…"


FLOW = Flow(NAME, frozenset({"check_status"}), begin, answer, again=again)
