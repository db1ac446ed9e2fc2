"""Asking for what is still missing, and showing all of it before a yes."""

import re

from backend.petitions import own, routing, types
from bot import dates
from bot.answers import without_fillers
from bot.flows.petition.slots import Slots
from bot.turn import Turn

NAME = "petition"
_HEARD = 55
# Where a long sentence may be cut in two: behind the endings that go on.
_CLAUSES = re.compile(
    r"(?<=[다요죠네][.!?])\s+|(?<=는데)\s+|(?<=[은인던]데)\s+|(?<=는데요)\s+|(?<=인데요)\s+|(?<=니까)\s+|(?<=라고요)\s+"
    r"|(?<=[하되있없졌났렸]고)\s+|(?<=[해돼어아서]서)\s+|(?<=거든요)\s+|(?<=더니)\s+|,\s+|(?<=[.!?])\s+"
)
# What callers say before they come to the point.
_OPENING = re.compile(
    r"^(?:(?:네+|예+|아+|저기요?|여기|여보세요|안녕\S*|수고\S*|실례\S*|hello|hi|yes|good \w+)"
    r"[,.!\s]+)+",
    re.IGNORECASE,
)


async def ask_next(turn: Turn, slots: Slots) -> None:
    """Ask for the first thing that is missing, or show it all and ask for a yes."""
    if "details" not in slots:
        alone = "common.photo_alone" if turn.pictures else "common.place_alone"
        shown = not turn.text and (turn.pictures or turn.location is not None)
        turn.say(alone if shown else "petition.ask_details")
        turn.wait(NAME, "details", **slots)
        return
    wanted = "place" in types.classify(slots["details"]).needs
    if wanted and not any(k in slots for k in ("place", "district", "place_asked", "between")):
        turn.say("petition.ask_place")
        turn.wait(NAME, "place", **slots)
    elif slots.get("between"):
        ask_border(turn, slots)
    elif wanted and "district" not in slots and "district_asked" not in slots:
        ask_district(turn, slots)
    else:
        await show(turn, slots)


def ask_district(turn: Turn, slots: Slots) -> None:
    """Ask for the district; a point on the map proposes one."""
    near = slots.pop("near", None)
    if near:
        turn.say(
            "petition.ask_near",
            district=routing.district_name(near, turn.language),
            choices=[
                ("yes", turn.word("petition.near_yes")),
                ("no", turn.word("petition.near_no")),
            ],
        )
        turn.wait(NAME, "near", **slots, near=near)
        return
    turn.say("petition.ask_district" if near is None else "petition.outside")
    turn.wait(NAME, "district", **slots)


def ask_border(turn: Turn, slots: Slots) -> None:
    """Ask in which of its districts a place on a border lies."""
    offered = [(d, routing.district_name(d, turn.language)) for d in slots["between"]]
    turn.say(
        "petition.ask_border",
        place=slots.get("place") or turn.word("petition.no_place"),
        districts=", ".join(title for _, title in offered),
        choices=offered[:3] if turn.voice else offered,
    )
    turn.wait(NAME, "border", **slots)


async def show(turn: Turn, slots: Slots) -> None:
    """Show what would be filed, with similar petitions to join, and ask for a yes."""
    choices = [
        ("yes", turn.word("petition.confirm_yes")),
        ("fix", turn.word("petition.confirm_fix")),
        ("no", turn.word("petition.confirm_no")),
    ]
    extra = ""
    if slots.get("photos"):
        extra += turn.word("petition.photos", count=slots["photos"])
    if not slots.get("place") and "place" in types.classify(slots["details"]).needs:
        extra += turn.word("petition.place_helps") + "\n"
    if not turn.voice and "alone" not in slots:
        similar = await own.nearby(
            turn.session, turn.address.contact_id, slots["details"],
            slots.get("place", ""), slots.get("district"),
        )  # fmt: skip
        if similar:
            one = similar[0]
            category = routing.directory().categories[one.category]
            extra += turn.word(
                "petition.similar",
                count=len(similar),
                category=category.names.get(turn.language, category.names["en"]),
                day=dates.day(one.received_at, turn.language),
            )
            choices.append((f"join-{one.id}", turn.word("petition.join")))
    turn.say(
        "petition.confirm",
        details=slots["details"],
        where=where(turn, slots),
        told=_told(turn, slots),
        department=department(turn, slots),
        extra=f"\n{extra.strip()}" if extra else "",
        choices=choices,
    )
    turn.wait(NAME, "confirm", **slots)


def _told(turn: Turn, slots: Slots) -> str:
    """Return matter and place as a caller is told them: no greeting, nothing twice, not at length.

    The written record has all of it.
    """
    said = without_fillers(_OPENING.sub("", str(slots["details"])))
    if len(said) > _HEARD:
        said = _gist(said)
    said = said.rstrip(".!? ")
    place, district = str(slots.get("place", "")), slots.get("district")
    named = routing.district_name(district, turn.language) if district else ""
    both = bool(place and named) and named.lower() in place.lower()
    new = [p for p in ("" if both else named, place) if p and p.lower() not in said.lower()]
    if turn.language == "ko":
        return ", ".join(filter(None, (" ".join(new), said)))
    return ", at ".join(filter(None, (said, ", ".join(reversed(new)))))


def _gist(said: str) -> str:
    """Return of a long story the part that tells what it is about, and no more than one hears out.

    That is where its subject is named, or what is broken; otherwise how it begins.
    """
    directory = routing.directory()
    parts = [part for part in _CLAUSES.split(said) if part.strip()]
    of_it = [
        routing.names_a_subject(part) or bool(directory.broken.found_in(part)) for part in parts
    ]
    first = of_it.index(True) if True in of_it else 0
    told = parts[first]
    for part in parts[first + 1 :]:
        if len(told) + len(part) >= _HEARD:
            break
        told = f"{told} {part}"
    return told if len(told) <= _HEARD else told[:_HEARD].rsplit(" ", 1)[0]


def where(turn: Turn, slots: Slots) -> str:
    """Return place and district as one reads them."""
    district = slots.get("district")
    place = str(slots.get("place", ""))
    named = routing.district_name(district, turn.language) if district else ""
    if district and (district in place or named.lower() in place.lower()):
        return place
    parts = (named, place) if turn.language == "ko" else (place, named)
    between = " " if turn.language == "ko" else ", "
    return between.join(p for p in parts if p) or turn.word("petition.no_place")


def department(turn: Turn, slots: Slots) -> str:
    """Return the office that this would go to."""
    category = routing.classify(slots["details"])
    return routing.department(category, slots.get("district"), turn.language)
