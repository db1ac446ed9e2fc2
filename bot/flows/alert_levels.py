"""Which alerts a citizen leaves out, and the place whose alerts they want."""

import re

from backend.contacts import levels, places, subscriptions
from backend.contacts.levels import Silenced
from backend.petitions.routing import district_name
from bot.turn import Turn
from broadcasts import geometry

# "Emergency alerts" (긴급재난문자) is what people call all of them: a level has to be named as one.
_ADVISORY = re.compile(
    r"안전\s*안내|advisory (?:alerts?|level)|advisories|安全提示|安全案内|hướng dẫn an toàn",
    re.IGNORECASE,
)
_EMERGENCY = re.compile(
    r"긴급\s*(?:단계|등급|수준)|emergency[- ]level|紧急级|緊急レベル|mức khẩn cấp", re.IGNORECASE
)
_CRITICAL = re.compile(
    r"위급\s*(?:재난)?\s*(?:문자|알림|단계)|critical (?:alerts?|level)|危急(?:警报|级)"
    r"|危急のお知らせ|mức tối khẩn",
    re.IGNORECASE,
)
_OFF = re.compile(
    r"끄|꺼|빼|그만|안\s*받|받지\s*않|싫|차단|보내지|\boff\b|\bstop\b|\bmute\b|\bno\b|silence|关|停|不要"
    r"|止め|オフ|不要|tắt|dừng|không nhận",
    re.IGNORECASE,
)
_ON = re.compile(
    r"켜|켤|다시|\bon\b|resume|again|打开|恢复|再|オン|再開|bật|nhận lại", re.IGNORECASE
)


def wants(turn: Turn) -> bool:
    """Tell whether a message turns one level of alerts off or on."""
    named = any(each.search(turn.text) for each in (_ADVISORY, _EMERGENCY, _CRITICAL))
    if not named or len(turn.text) > 60:
        return False
    # With a district it is a wish for all the alerts of that district.
    on = _ON.search(turn.text) and turn.value("district") is None
    return bool(_OFF.search(turn.text) or on)


async def set_up(turn: Turn) -> None:
    """Leave one level out, or take it in again; the critical one is always sent."""
    off = _OFF.search(turn.text) is not None
    level: Silenced = "advisory" if _ADVISORY.search(turn.text) else "emergency"
    if _CRITICAL.search(turn.text) and level == "emergency":
        turn.say("alerts.level_critical")
    elif await levels.silence(turn.session, turn.address.contact_id, level, on=off):
        key = "alerts.level_off" if off else "alerts.level_on"
        turn.say(key, level=turn.word(f"alerts.level_{level}"))
    else:
        turn.say("alerts.none")


async def take_place(turn: Turn) -> bool:
    """Keep the place that was shared and begin the alerts of its district.

    False where no place came along, or alerts can't be sent to this address.
    """
    point = turn.location
    if point is None or turn.address.scheme not in subscriptions.ALERT_SCHEMES.values():
        return False
    district = geometry.district_at(point.latitude, point.longitude)
    if district is None:
        turn.say("alerts.place_outside")
        return True
    contact = turn.address.contact_id
    await subscriptions.subscribe(
        turn.session, contact_id=contact, address_id=turn.address.id,
        channel=turn.conversation.channel, district=district, language=turn.language,
    )  # fmt: skip
    await places.save(turn.session, contact, point.latitude, point.longitude)
    turn.say("alerts.place_saved", district=district_name(district, turn.language))
    return True
