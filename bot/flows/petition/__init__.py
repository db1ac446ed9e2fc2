"""Filing a petition: what, where, a look at it, a yes, a receipt. One module a step:

`slots` fills and mends, `asking` asks and shows, `confirming` takes the answer, `receipt` files,
`sealing` takes what must stay sealed, `words` knows the words around it all.
"""

import re

from backend.petitions import routing, types
from backend.petitions.places import locate
from bot import several
from bot.corrections import plain, read
from bot.flow import Flow
from bot.flows.petition import confirming, receipt, sealing, words
from bot.flows.petition.asking import ask_border, ask_next, where
from bot.flows.petition.slots import (
    Slots,
    correct,
    details,
    forget,
    matter,
    names_only_a_subject,
    remember,
    subject,
    take_place,
    take_where,
)
from bot.misses import miss
from bot.turn import Turn

NAME = "petition"
_NOISE = 0.9
_ASKS = 0.75
_FORMAL = "question"
_A_PERSON = re.compile(
    r"상담|연결|사람|직원|바꿔|agent|operator|human being|real person"
    r"|(?:talk|speak) (?:to|with)|call me"
    r"|人工|客服|工作人员|担当|オペレーター|職員|nhân viên|tổng đài",
    re.IGNORECASE,
)


async def begin(turn: Turn) -> None:
    """Start with whatever the first message already says."""
    slots: Slots = {}
    remember(turn, slots)
    take_where(turn, slots)
    told = matter(turn) and not (words.announces(turn.text) and not subject(turn))
    if told or names_only_a_subject(turn):
        slots["details"] = details(turn)
    if types.classify(turn.text).sealed:
        if not words.has_matter(_without_type(turn.text)):
            slots.pop("details", None)
        await sealing.begin(turn, slots)
        return
    await ask_next(turn, slots)


def _without_type(text: str) -> str:
    """Return `text` without the words that only name the kind of report."""
    squeezed = "".join(words.MAY_REPORT.sub("", text.lower()).split())
    for kind in types.types().values():
        if kind.sealed:
            for word in kind.words.found_in(text):
                squeezed = squeezed.replace("".join(word.split()), " ")
    return squeezed.replace("익명", " ")


async def answer(turn: Turn) -> None:
    """Take the answer to the step that waits, then ask for what is still missing."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    slots = dict(waiting.slots)
    if waiting.step == "name":
        await receipt.take_name(turn, slots)
        return
    if waiting.step.startswith("sealed"):
        await sealing.answer(turn, slots)
        return
    remember(turn, slots)
    match waiting.step:
        case "confirm":
            await confirming.decide(turn, slots)
            return
        case "fix":
            await confirming.fix(turn, slots)
            return
    if not turn.text:
        await ask_next(turn, slots)
        return
    if "details" in slots and (anew := correct(turn, slots)) is not None:
        await _go_on(turn, slots, anew)
        return
    match waiting.step:
        case "details":
            before = str(slots.pop("before", ""))
            if before and words.leaves_it(turn.text, before):
                slots["details"] = before
                await ask_next(turn, slots)
                return
            if _names_place_alone(turn, slots):
                turn.wait(NAME, "details", **slots, before=before)
                await again(turn)
                return
            if _says_nothing(turn):
                await miss(turn, "petition.ask_details")
                turn.wait(NAME, "details", **slots)
                return
            _take_details(turn, slots)
        case "place":
            if not take_place(turn, slots):
                await miss(turn, "petition.place_how")
                turn.wait(NAME, "place", **slots)
                return
        case "border":
            _take_border(turn, slots)
        case "near":
            _take_near(turn, slots)
        case "district":
            _take_district(turn, slots)
    if "details" in slots and types.classify(slots["details"]).sealed:
        await sealing.begin(turn, slots)
        return
    await ask_next(turn, slots)


async def _go_on(turn: Turn, slots: Slots, anew: str) -> None:
    if anew:
        turn.say(f"petition.new_{anew}")
        turn.wait(NAME, anew, **slots)
    else:
        turn.preface("petition.corrected", what=_mended(turn, slots))
        await ask_next(turn, slots)


def _mended(turn: Turn, slots: Slots) -> str:
    named = slots.get("place") or slots.get("district")
    return f"{slots['details']} / {where(turn, slots)}" if named else str(slots["details"])


def _names_place_alone(turn: Turn, slots: Slots) -> bool:
    """Take "장소는 …" where the matter was asked for; tell whether it was that."""
    field = words.FIELD.match(turn.text)
    if field is None or not field["place"]:
        return False
    return take_where(turn, slots)


def _says_nothing(turn: Turn) -> bool:
    """Tell whether the message is neither a matter nor a place, but laughter or a slip."""
    sure = turn.intent == "out_of_scope" and turn.parse.intent.confidence >= _NOISE
    return sure and not matter(turn) and not turn.value("place") and not turn.value("district")


def _take_details(turn: Turn, slots: Slots) -> None:
    placed = take_where(turn, slots)
    if not (matter(turn) or subject(turn)) and ("details_asked" not in slots or placed):
        # A "네" or "여보세요" is no petition yet; whoever insists is taken at their word.
        slots["details_asked"] = "1"
    elif turn.text:
        found = read(turn.text)
        text = found.right if found is not None else None
        said = text or details(turn)
        slots["details"] = said if matter(turn) else plain(said)


def _take_border(turn: Turn, slots: Slots) -> None:
    between = slots.pop("between", [])
    if turn.chosen in between:
        slots["district"] = turn.chosen
    elif take_where(turn, slots):
        spot = locate(turn.text)
        if "district" not in slots and spot is not None and not spot.sure:
            slots["district_asked"] = "1"  # the same place again: it stays open
            slots.pop("between", None)
    elif words.UNKNOWN.search(turn.text) or "border_again" in slots:
        slots["district_asked"] = "1"
    else:
        slots["border_again"] = "1"
        slots["between"] = between
        slots["place"] = f"{slots.get('place', '')} {turn.text}".strip()[:200]


def _take_near(turn: Turn, slots: Slots) -> None:
    """Take a yes to the district that a point on the map proposed, or what is said instead."""
    near = slots.pop("near")
    if turn.chosen == "yes":
        slots["district"] = near
    elif turn.chosen != "no":
        _take_district(turn, slots)


def _take_district(turn: Turn, slots: Slots) -> None:
    named = take_where(turn, slots)
    bare = turn.text.strip().removesuffix("요").removesuffix("이")
    known = routing.directory().districts
    if not named and f"{bare}구" in known:
        slots["district"], named = f"{bare}구", True
    if named or "district_again" in slots or words.UNKNOWN.search(turn.text):
        slots["district_asked"] = "1"
    else:
        slots["district_again"] = "1"


async def again(turn: Turn) -> None:
    """Put the open question once more, in the language of now."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    slots = dict(waiting.slots)
    if waiting.step.startswith("sealed"):
        await sealing.again(turn, slots)
    elif waiting.step == "name":
        turn.say("petition.ask_name")
    elif waiting.step == "border" and slots.get("between"):
        ask_border(turn, slots)
    elif waiting.step in ("details", "place") and waiting.step not in slots:
        turn.say(f"petition.ask_{waiting.step}")
        turn.wait(NAME, waiting.step, **slots)
    else:
        await ask_next(turn, slots)


async def first(turn: Turn) -> None:
    """Go back from a petition that was told in one message: say anew what it is about."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    slots = dict(waiting.slots)
    if (
        waiting.step in ("confirm", "fix", "district", "border", "near", "place")
        and "details" in slots
    ):
        what = "place" if waiting.step != "place" else "details"
        forget(slots, what)
        turn.say(f"petition.new_{what}")
        turn.wait(NAME, what, **slots)
    else:
        turn.say("petition.first_step")
        await again(turn)


def fits(turn: Turn) -> bool | None:
    """Tell whether a message is for the step that waits, where that is not a matter of intents."""
    waiting = turn.dialogue.waiting
    if waiting is None or waiting.flow != NAME:
        return None
    if waiting.step == "name":
        no_need = turn.intent == "deny" and len(turn.text) <= 12
        bare = turn.intent == "out_of_scope" and words.bare_name(turn.text) is not None
        return no_need or bare or words.name_in(turn.text) is not None
    if waiting.step == "border" and turn.value("district"):
        return True
    if waiting.step == "confirm" and confirming.wants_to_join(turn):
        return True
    if waiting.step == "confirm" and words.added_abroad(turn.text) is not None:
        return True
    if waiting.step.startswith("sealed") and (
        words.ASKS_WHO_LEARNS.search(turn.text) or sealing.orders(turn.text)
    ):
        return True
    if waiting.step in ("confirm", "fix") and turn.number is None:
        found = read(turn.text)  # "9번 말고 8번" mends what is shown, whatever it sounds like
        shown = (str(waiting.slots.get("place", "")), str(waiting.slots.get("details", "")))
        if found is not None and any(found.mend(said) is not None for said in shown):
            return True
    return None


def claims(turn: Turn) -> bool:
    """Tell whether a message is a report for the sealed lane, or a question put to an office in
    form, whatever else it sounds like."""
    waiting = turn.dialogue.waiting
    if waiting is not None and waiting.flow == NAME and waiting.step != "name":
        return False
    sure = turn.intent == "ask_faq" and turn.parse.intent.confidence >= _ASKS
    asks = sure and not several.in_confidence(turn.parts)
    wants_person = turn.intent == "talk_to_agent" and _A_PERSON.search(turn.text) is not None
    elsewhere = wants_person or turn.intent in ("check_status", "cancel", "life_emergency")
    kind = types.classify(turn.text)
    if waiting is None and kind.id == _FORMAL:
        return not elsewhere  # who wants a written answer of an office has read the rest
    if asks and kind.sealed and words.MAY_REPORT.search(turn.text):
        return True  # who asks whether a bribe may be reported is told how it stays in confidence
    return not asks and not elsewhere and kind.sealed


FLOW = Flow(
    NAME,
    frozenset({"file_petition"}),
    begin,
    answer,
    free_text=frozenset({"details", "place", "border", "near", "sealed_details", "sealed_confirm"}),
    again=again,
    corrects=words.CORRECTS,
    claims=claims,
    fits=fits,
    passing=frozenset({"name"}),
    first=first,
)
