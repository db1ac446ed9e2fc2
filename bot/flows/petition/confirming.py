"""The look before filing: a yes files, anything else mends, adds, joins another's, or stops."""

import re

from backend.models import Petition
from backend.petitions import own, routing, service
from bot import drafts, speech, tongues
from bot.answers import (
    gives_up,
    orders_to_file,
    says_yes,
    says_yes_and_more,
    says_yes_in_passing,
)
from bot.flows.petition import receipt, words
from bot.flows.petition.asking import ask_next, show
from bot.flows.petition.slots import Slots, add_details, correct, details, forget, matter, new_where
from bot.misses import miss
from bot.turn import Turn

NAME = "petition"
_SORRY = re.compile(r"^\W*(?:so )?sorry\b[\s,.!]*", re.IGNORECASE)
# What the rest of a message may sound like, where one of its sentences is a yes.
_BESIDE_A_YES = frozenset({"affirm", "thank", "goodbye", "greet", "out_of_scope"})


async def decide(turn: Turn, slots: Slots) -> None:
    """Take what the citizen says to the whole petition."""
    chosen = turn.chosen or ""
    apart = bool(_joinable(turn)) and words.APART.search(turn.text) is not None
    mends = words.CORRECTS.search(turn.text) and not says_yes(turn.text)  # "sure, why not" is a yes
    if apart or (chosen == "yes" and not mends):
        await receipt.file(turn, slots)
    elif chosen == "no" and (
        turn.text.strip().rstrip(".") in _keys(turn, "no") or gives_up(turn.text)
    ):
        turn.say("common.cancelled")
        turn.done()
    elif chosen.startswith("join-"):
        await _join(turn, slots, int(chosen.removeprefix("join-")))
    elif chosen == "no" and not _says_what(turn):
        # A bare no to "shall I file this?" may mean that something in it is wrong.
        _ask_fix(turn, slots)
    elif chosen in ("details", "place"):
        _ask_anew(turn, slots, chosen)
    elif chosen == "fix":
        _ask_fix(turn, slots)
    else:
        await _other_words(turn, slots)


def _says_what(turn: Turn) -> bool:
    """Tell whether a no comes with what is right: "아니다 서대문구다"."""
    rest = turn.text.removeprefix("아니").lstrip("요 ")
    named = turn.value("district") is not None or turn.value("place") is not None
    return named or words.CORRECTS.search(rest) is not None


def _joinable(turn: Turn) -> list[str]:
    return [value for value, _ in turn.dialogue.choices if value.startswith("join-")]


def wants_to_join(turn: Turn) -> bool:
    """Tell whether the message takes the offer to join a similar petition."""
    return bool(_joinable(turn)) and words.JOINS.search(turn.text) is not None


def _keys(turn: Turn, value: str) -> tuple[str, ...]:
    """Return the ways of picking a choice for certain: its number, and its title."""
    found = [(str(n), t) for n, (v, t) in enumerate(turn.dialogue.choices, 1) if v == value]
    return tuple(w for n, t in found for w in (n, f"{n}번", t, t.lower()))


async def _other_words(turn: Turn, slots: Slots) -> None:
    before = str(slots["details"])
    anew = correct(turn, slots)
    if anew == "details":
        slots["details"] = before  # what was there counts until something else is said
    if wants_to_join(turn):
        await _join(turn, slots, int(_joinable(turn)[0].removeprefix("join-")))
    elif anew == "details" and (more := words.added(turn.text)):
        add_details(turn, slots, more)
        await ask_next(turn, slots)
    elif anew:
        _ask_anew(turn, slots, anew)
    elif anew == "":
        slots["alone"] = "1"
        await ask_next(turn, slots)
    elif words.asks_to_file(
        turn.text, f"{slots['details']} {slots.get('place', '')}"
    ) or _agrees_in_passing(turn):
        await receipt.file(turn, slots)
    elif _another_matter(turn, slots):
        drafts.queue(turn, NAME, turn.parse)
        await show(turn, slots)
    elif more := words.added(turn.text):
        add_details(turn, slots, more)
        await ask_next(turn, slots)
    elif (
        words.ADDS.search(turn.text)
        or words.TELLS.search(turn.text)
        or (turn.pictures and turn.text)
    ):
        add_details(turn, slots)
        await ask_next(turn, slots)
    elif turn.pictures or turn.incoming.location or new_where(turn, slots):
        await ask_next(turn, slots)
    elif what := _field_named(turn):
        _ask_anew(turn, slots, what)
    elif turn.intent == "file_petition" and matter(turn) and not says_yes_and_more(turn.text):
        add_details(turn, slots)
        await ask_next(turn, slots)
    elif words.CORRECTS.search(turn.text) or turn.intent == "deny":
        _ask_fix(turn, slots)
    else:
        await miss(turn, "petition.confirm_how", choices=_three(turn))
        turn.wait(NAME, "confirm", **slots)


def _agrees_in_passing(turn: Turn) -> bool:
    """Tell whether a yes stands beside words that change and add nothing, such as an excuse."""
    if turn.intent not in _BESIDE_A_YES or "?" in turn.text or turn.pictures:
        return False
    named = any(turn.value(what) is not None for what in ("place", "district", "choice", "phone"))
    said = _SORRY.sub("", turn.text)  # who only excuses a silence corrects nothing
    changes = words.CORRECTS.search(said) or words.added(said) is not None
    return not named and not changes and says_yes_in_passing(turn.text)


def _another_matter(turn: Turn, slots: Slots) -> bool:
    """Tell whether the message reports something else, somewhere else.

    The same words with another place are no second report: somebody types theirs anew.
    """
    if turn.intent != "file_petition" or not matter(turn):
        return False
    place = turn.value("place") or turn.value("district")
    if not place or not routing.names_a_subject(turn.text):
        return False
    old, new = str(slots["details"]), turn.text
    if routing.classify(old).id != routing.classify(new).id:
        return True
    here = str(slots.get("place", ""))
    elsewhere = bool(here) and place not in old and place not in here
    return elsewhere and new.replace(place, "").split() != old.replace(here, "").split()


def _field_named(turn: Turn) -> str | None:
    if len(turn.text) > 30:
        return None
    if words.OF_PLACE.search(turn.text):
        return "place"
    return "details" if words.OF_DETAILS.search(turn.text) else None


def _ask_anew(turn: Turn, slots: Slots, what: str) -> None:
    turn.say(f"petition.new_{what}")
    if what == "details":
        slots["before"] = slots.get("details", "")
    forget(slots, what)
    turn.wait(NAME, what, **slots)


def _ask_fix(turn: Turn, slots: Slots) -> None:
    turn.say(
        "petition.ask_fix",
        choices=[
            ("details", turn.word("petition.fix_details")),
            ("place", turn.word("petition.fix_place")),
            ("no", turn.word("petition.confirm_no")),
        ],
    )
    turn.wait(NAME, "fix", **slots)


async def fix(turn: Turn, slots: Slots) -> None:
    """Take what is to be changed: named, said anew at once, or the wish to stop."""
    if turn.chosen == "no":
        turn.say("common.cancelled")
        turn.done()
    elif turn.chosen in ("details", "place"):
        _ask_anew(turn, slots, turn.chosen)
    elif turn.chosen is None and (orders_to_file(turn.text) or tongues.orders_to_file(turn.text)):
        await receipt.file(turn, slots)
    elif turn.chosen is None and (
        says_yes(turn.text)
        or tongues.short_answer(turn.text) == "yes"
        or (turn.intent == "affirm" and len(turn.text) <= 10)
    ):
        await show(turn, slots)
    else:
        await _said_anew(turn, slots)


async def _said_anew(turn: Turn, slots: Slots) -> None:
    anew = correct(turn, slots)
    if anew:
        _ask_anew(turn, slots, anew)
    elif anew == "" or new_where(turn, slots):
        await ask_next(turn, slots)
    elif what := _field_named(turn):
        _ask_anew(turn, slots, what)
    elif matter(turn):
        slots["details"] = details(turn)
        await ask_next(turn, slots)
    else:
        await miss(turn, "petition.fix_how")
        if not turn.dialogue.choices or turn.dialogue.misses < 2:
            _ask_fix(turn, slots)


def _three(turn: Turn) -> list[tuple[str, str]]:
    return [(v, turn.word(f"petition.confirm_{v}")) for v in ("yes", "fix", "no")]


async def _join(turn: Turn, slots: Slots, petition_id: int) -> None:
    """Join somebody's petition instead of filing another of the same."""
    petition = await turn.session.get(Petition, petition_id)
    if petition is None or not own.open_still(petition):
        slots["alone"] = "1"
        await show(turn, slots)
        return
    count = await own.join(turn.session, petition, turn.address.contact_id)
    turn.say(
        "petition.joined",
        number=petition.number,
        number_spoken=speech.digits(petition.number, turn.language),
        count=count,
        stage=service.stage_text(petition.stage, turn.language),
    )
    turn.done()
