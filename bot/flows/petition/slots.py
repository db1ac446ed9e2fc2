"""Filling what a petition needs from whatever a message says, in any order, and mending it."""

import re
from typing import Any

from backend.petitions import routing
from backend.petitions.places import Spot, locate
from bot.answers import without_fillers
from bot.corrections import Correction, plain, read
from bot.flows.petition import words
from bot.turn import Turn
from broadcasts import geometry
from nlu.numbers import house_number, sino

Slots = dict[str, Any]
MAX_DETAILS = 2000
MAX_PLACE = 200
_WHERE = (
    "place", "district", "between", "district_asked", "district_again", "place_asked", "near",
)  # fmt: skip
_NOISE = 0.9
_BARE = 8
_OUTSIDE = ""
_SYLLABLES = re.compile(r"[가-힣]{2}|[a-z]{3,} [a-z]{3,}", re.IGNORECASE)
# "At Hapjeong station": where it is said, "at" is said by us; "in front of" says more.
_AT = re.compile(
    r"^(?:at|in|on|by)\s(?!front\b|the\s(?:corner|middle|back)\b)(?=\S)", re.IGNORECASE
)
_GATE = re.compile(r"\s?(?:\d{1,2}\s?번\s?)?(?:[정후동서남북]문|출구|입구|앞|뒤|옆|건너편|맞은편)")
_VERB = re.compile(
    r"(?<!이)(?<!에)(?:[가-힣](?:어요|아요|워요|여요|해요|돼요|줘요|세요|네요|데요|거든요|구요|고요|습니다|니다|ㅂ니다|려고요?|려구요?))"
    r"|[았었였했졌났렸]|(?:하|되|있|없|많)\s?(?:는|은|고|다|음|게|지|니까)|[?？]"
)
_BESIDE_A_DISTRICT = re.compile(
    r"\b(?:it'?s|it is|that'?s|in|at|no|yes|sorry|i (?:guess|think|mean)|district|gu|seoul"
    r"|actually|the|of|please)\b|서울시?|이에요|예요|이요|요|입니다|아니|쪽|\W",
    re.IGNORECASE,
)
_GU = re.compile(r"(?<![출입])구청?(?:에서|에|으로|로|이요|요|예요|입니다)?$")


def matter(turn: Turn) -> bool:
    """Tell whether the message says what is wrong, beyond the place it names."""
    return words.has_matter(_beside_places(turn))


def _beside_places(turn: Turn) -> str:
    """Return the message with the places it names as blanks."""
    text = turn.text
    for entity in turn.parse.entities:  # a district stands within its place
        if entity.entity in ("district", "place"):
            blank = " " * (entity.end - entity.start)
            text = text[: entity.start] + blank + text[entity.end :]
    return text


def names_only_a_subject(turn: Turn) -> bool:
    """Tell whether a message has a word for what it is about and, beside places, no more."""
    return subject(turn) and len(_beside_places(turn).strip()) <= _BARE


def subject(turn: Turn) -> bool:
    """Tell whether the message names at least what it is about: "the street lamp"."""
    return routing.names_a_subject(turn.text)


def details(turn: Turn) -> str:
    """Return the message as it is kept, without other people's data; the citizen is told."""
    said = without_fillers(turn.text) if turn.voice else turn.told
    masked, found = words.without_persons(said)
    if found:
        turn.message.text = words.without_persons(turn.message.text)[0]
        turn.say("petition.others_masked")
    return masked[:MAX_DETAILS]


def remember(turn: Turn, slots: Slots) -> None:
    """Note the message itself: its photos and its point on the map belong to the petition."""
    slots["told"] = [*slots.get("told", []), turn.message.id][-20:]
    if turn.pictures:
        slots["photos"] = int(slots.get("photos", 0)) + turn.pictures
    point = turn.incoming.location
    if point is not None:
        slots["location"] = {
            "latitude": point.latitude, "longitude": point.longitude, "name": point.name,
        }  # fmt: skip
        # Which district it is near is a guess from its centre: proposed, and not taken for sure.
        slots["near"] = geometry.district_at(point.latitude, point.longitude) or _OUTSIDE
        if "place" not in slots:
            slots["place"] = point.name or turn.word("petition.point_on_map")


def take_where(turn: Turn, slots: Slots) -> bool:
    """Fill place and district from the message; tell whether it named any."""
    spot = locate(turn.text)
    named, said = _fuller(_place_named(turn), spot), _district_said(turn)
    if named:
        _set_place(slots, named)
    if said is not None:
        slots["district"] = said
        slots.pop("between", None)
    elif spot is not None:
        if not named and "place" not in slots:
            _set_place(slots, spot.name)
        _set_spot(slots, spot)
    elif named and (within := _district_within(named)) is not None:
        slots["district"], slots["district_from"] = within, "place"
    elif named:
        slots.pop("district", None) if slots.get("district_from") == "place" else None
    return bool(named or said or spot)


def _district_within(place: str) -> str | None:
    """Return the district that an English name of a place holds: "Yongsan Family Park"."""
    spoken = place.lower().split()
    known = routing.directory().districts
    return next((ko for ko, en in known.items() if en.removesuffix("-gu").lower() in spoken), None)


def _fuller(named: str | None, spot: Spot | None) -> str | None:
    """Return the whole of a name that was found in part: "gwang hwa moon station"."""
    if named is None or spot is None or len(spot.name) <= len(named):
        return named
    return spot.name if named.lower() in spot.name.lower() else named


def _place_named(turn: Turn) -> str | None:
    """Return the last place that the message names and does not take back."""
    correction = read(turn.text)
    for place in reversed(turn.parse.values("place")):
        if correction is None or place.lower() not in correction.wrong.lower():
            return place
    return None


def _district_said(turn: Turn) -> str | None:
    known = routing.directory().districts
    correction = read(turn.text)
    for entity in reversed(turn.parse.entities):
        if entity.entity != "district" or entity.value not in known:
            continue
        if correction is None or entity.text.lower() not in correction.wrong.lower():
            return entity.value
    return None


def _set_place(slots: Slots, place: str) -> None:
    slots["place"] = house_number(_AT.sub("", place))[:MAX_PLACE]


def _set_spot(slots: Slots, spot: Spot) -> None:
    if spot.sure:
        slots["district"], slots["district_from"] = spot.districts[0], "place"
        slots.pop("between", None)
    elif slots.get("district") not in spot.districts:
        slots["between"] = list(spot.districts)
        slots.pop("district", None)


def take_place(turn: Turn, slots: Slots) -> bool:
    """Take the whole answer as the place: the citizen was asked where. False for what is none."""
    if take_where(turn, slots):
        if "place" not in slots and not _GU.search(turn.text.strip()):
            if named := _said_plainly(turn):
                _set_place(slots, named)
        elif slots.get("place") and _tells_none(turn):
            # "합정역 3번 출구 앞이요": the answer says more than the name that was found in it.
            _set_place(slots, _said_plainly(turn))
        slots["place_asked"] = "1"
        vague = not routing.names_a_subject(str(slots["details"]))
        if vague and turn.intent == "file_petition" and matter(turn) and subject(turn):
            add_details(turn, slots)  # where it is, and the whole story once more
        return True
    if words.UNKNOWN.search(turn.text):
        slots["place_asked"] = "1"
        return True
    if not any(c.isalnum() for c in turn.text):
        return False
    reports = turn.intent == "file_petition"
    says_more = reports and matter(turn)
    tells = words.TELLS.search(turn.text) or (reports and words.NOTED.search(turn.text))
    if (says_more or tells) and not words.PLACE_LIKE.search(turn.text):
        add_details(turn, slots)
        return True
    if says_more and _VERB.search(turn.text) and turn.leans_to("file_petition") >= _NOISE:
        add_details(turn, slots)  # a sentence about the matter, although it has "길" in it
        return True
    vague = not routing.names_a_subject(str(slots["details"]))
    if says_more and vague and subject(turn) and not turn.value("place"):
        add_details(turn, slots)  # what it is about at last, beside something that has no name
        return True
    noise = turn.intent == "out_of_scope" and turn.parse.intent.confidence >= _NOISE
    if noise and not words.PLACE_LIKE.search(turn.text) and not _SYLLABLES.search(turn.text):
        return False
    if turn.intent in ("affirm", "deny", "thank", "greet") and len(turn.text) <= 12:
        return False
    _set_place(slots, plain(turn.text) or turn.text)
    return True


def _tells_none(turn: Turn) -> bool:
    """Tell whether an answer is all of it a place: "목동 신시가지 칠단지요" has no verb."""
    verbless = len(turn.text) <= 30 and not _VERB.search(turn.text) and not turn.text.isascii()
    return verbless or (len(turn.text) <= 60 and not matter(turn))


def _said_plainly(turn: Turn) -> str:
    """Return the answer as a place, with the district's name as it is written."""
    text = turn.text
    for entity in reversed(turn.parse.entities):
        if entity.entity != "district":
            continue
        if entity.text.endswith("구"):
            text = text[: entity.start] + entity.value + text[entity.end :]
        elif not text[: entity.start].strip() and not text[entity.end : entity.end + 1].strip():
            text = text[entity.end :]  # "관악 봉천동": the district is told beside the place
    return plain(text)


def add_details(turn: Turn, slots: Slots, more: str | None = None) -> None:
    """Put the message, or what of it is `more`, behind what was said before."""
    before = slots.get("details", "")
    whole = details(turn)
    added = whole if more is None else words.without_persons(more)[0]
    slots["details"] = f"{before} {added}".strip()[:MAX_DETAILS]


def forget(slots: Slots, what: str) -> None:
    """Forget the place or the details, so that they are asked for anew."""
    for key in _WHERE if what == "place" else ("details", "details_asked"):
        slots.pop(key, None)


def correct(turn: Turn, slots: Slots) -> str | None:
    """Mend the slots as the message says; return what it leaves to be asked anew, or "" for none.

    None: the message corrects nothing that is known.
    """
    text = turn.text
    found = read(text)
    if found is not None and (field := _field_of(found)) is not None:
        return _take_field(turn, slots, *field)
    if match := words.FIELD.match(text):
        what = "place" if match["place"] else "details"
        if found is not None and found.mend(str(slots.get(what, ""))):
            return "" if _mend(slots, found, turn) else None
        return _take_field(turn, slots, what, match["said"])
    if found is not None and _mend(slots, found, turn):
        return ""
    if (found is not None or words.CORRECTS.search(text)) and _new_where(turn, slots):
        return ""
    if words.CORRECTS.search(text) and _new_exit(turn, slots):
        return ""
    return None


def _new_exit(turn: Turn, slots: Slots) -> bool:
    """Take another exit of the same station: "아니 7번출구" names no station of its own."""
    named = words.EXIT.findall(turn.text)
    place = str(slots.get("place", ""))
    if not named or not place:
        return False
    if words.EXIT.search(place):
        slots["place"] = words.EXIT.sub(named[-1], place)[:MAX_PLACE]
    else:
        slots["place"] = f"{place} {named[-1]}"[:MAX_PLACE]
    slots["details"] = words.EXIT.sub(named[-1], str(slots.get("details", "")))
    return True


def _field_of(found: Correction) -> tuple[str, str] | None:
    """Return the field that "장소가 아니라 내용이 …" names, and what is said of it."""
    for what, pattern, other in (
        ("details", words.OF_DETAILS, words.OF_PLACE),
        ("place", words.OF_PLACE, words.OF_DETAILS),
    ):
        if other.search(found.wrong) and pattern.match(found.right):
            said = re.sub(r"^\S+?(?:이|가|은|는|을|를)?(?:\s+|$)", "", found.right, count=1)
            return what, said
    return None


def _take_field(turn: Turn, slots: Slots, what: str, said: str) -> str:
    """Set a field to what is said of it; return it where only "it is wrong" was said."""
    if not said or words.says_only_wrong(said):
        forget(slots, what)
        return what
    inner = read(said)
    if inner is not None and _mend(slots, inner, turn):
        return ""
    right = plain(inner.right if inner is not None else said)
    if what == "details":
        slots["details"] = words.without_persons(right)[0][:MAX_DETAILS]
    else:
        _replace_place(slots, right)
    return ""


def _mend(slots: Slots, found: Correction, turn: Turn) -> bool:
    """Put the right words where the wrong ones stand, in place and details alike."""
    known = routing.directory().districts
    said = _district_said(turn)
    mended = False
    spot_before = locate(str(slots.get("place", "")))
    for what in ("place", "details"):
        new = found.mend(str(slots.get(what, ""))) or _mend_digits(slots, found, what)
        if new is not None:
            slots[what] = new[: MAX_PLACE if what == "place" else MAX_DETAILS]
            mended = True
    if said is not None and said in known:
        mended = mended or slots.get("district") != said
        slots["district"] = said
        slots.pop("between", None)
    elif mended:
        spot = locate(str(slots.get("place", "")))
        if spot is None and spot_before is not None and slots.get("district_from") == "place":
            slots.pop("district", None)  # where the new place lies, nobody said yet
            if (within := _district_within(str(slots["place"]))) is not None:
                slots["district"] = within
        elif spot is not None and spot != spot_before:
            # Another house in the same street stays in the district that was said.
            _set_spot(slots, spot)
    return mended


def _mend_digits(slots: Slots, found: Correction, what: str) -> str | None:
    """Mend a number that was said in words and is kept in digits: "백십 아니고 백십오"."""
    wrong, right = sino(found.wrong), sino(found.right)
    if not wrong or not right:
        return None
    return Correction(str(wrong), str(right)).mend(str(slots.get(what, "")))


def _new_where(turn: Turn, slots: Slots) -> bool:
    """Take a new place or district in place of the old one."""
    old = str(slots.get("place", ""))
    district = slots.get("district")
    said, spot = _district_said(turn), locate(turn.text)
    place = _fuller(_place_named(turn), spot)
    if said is not None and _names_only_districts(turn):
        place = spot = None
    if not (place or said or spot):
        return False
    if place or spot is not None:
        corrects = words.CORRECTS.search(turn.text)
        whole = len(turn.text) <= 40 and not corrects and not matter(turn)
        found = place or (spot.name if spot else "")
        _replace_place(slots, plain(turn.text) if whole else _with_gate(turn.text, found))
    if said is not None:
        slots["district"] = said
        slots.pop("between", None)
        if not place and spot is None and (district and district in old):
            slots["place"] = old.replace(district, said)
    return True


def _with_gate(text: str, place: str) -> str:
    """Return a place with what stands right behind it in `text`: "중앙대후문" has no space."""
    at = text.find(place)
    behind = _GATE.match(text, at + len(place)) if place and at >= 0 else None
    return place + behind[0] if behind is not None else place


def _names_only_districts(turn: Turn) -> bool:
    """Tell whether a message says a district and no more: "it's in jongno gu"."""
    left = turn.text
    for entity in turn.parse.entities:
        if entity.entity == "district":
            left = left.replace(entity.text, " ")
    return not re.sub(_BESIDE_A_DISTRICT, "", left)


def _replace_place(slots: Slots, new: str) -> None:
    old = str(slots.get("place", ""))
    forget(slots, "place")
    _set_place(slots, new)
    told = str(slots.get("details", ""))
    if old and old in told and new not in told:
        slots["details"] = told.replace(old, new)
    if (spot := locate(new)) is not None:
        _set_spot(slots, spot)
    for district in routing.directory().districts:
        if district in new:
            slots["district"] = district
            slots.pop("between", None)


def new_where(turn: Turn, slots: Slots) -> bool:
    """Take a place or district that the message names in place of the old one, if it names any."""
    return _new_where(turn, slots)
