"""Words that are orders, not language: they are looked at before anything is understood."""

import re
from typing import Literal

from channels.message import Opted
from channels.twilio_sms import RESERVED

Command = Literal[
    "stop", "start", "provider_help", "menu", "person", "cancel", "alerts_on", "alerts_off"
]

# STOP, START and HELP on SMS belong to the provider, which closes and opens the door by itself:
# we mirror it, and never advertise them. Our own words are of two purposes, each with its way
# back: 알림끄기 / 알림켜기, ALERTS OFF / ALERTS ON for emergency alerts, and 문자끄기 / 문자켜기,
# MESSAGES OFF / MESSAGES ON for whatever we would send of our own accord. None of them is a word
# of Twilio's.
_MIRRORED: dict[Opted, Command] = {"stop": "stop", "start": "start", "help": "provider_help"}
_PROVIDER: dict[str, Command] = {
    word.lower(): _MIRRORED[order] for word, order in RESERVED.items() if word != "YES"
}
_OURS: dict[str, Command] = {
    **dict.fromkeys(("menu", "메뉴", "처음", "처음으로", "처음부터", "홈", "/start"), "menu"),
    **dict.fromkeys(("0", "0번", "상담원", "상담사", "agent", "/agent"), "person"),
    **dict.fromkeys(("취소", "그만", "그만할래", "그만할게요", "/cancel"), "cancel"),
    **dict.fromkeys(("알림켜기", "알림켜", "재난알림", "alertson"), "alerts_on"),
    **dict.fromkeys(("알림끄기", "알림꺼", "수신거부", "alertsoff"), "alerts_off"),
}
_SMS: dict[str, Command] = {
    **dict.fromkeys(
        ("문자끄기", "문자꺼", "문자거부", "문자수신거부", "모두거부", "전체거부", "전체수신거부",
         "messagesoff", "alloff"),
        "stop",
    ),
    **dict.fromkeys(
        ("문자켜기", "문자켜", "문자받기", "수신동의", "모두받기", "messageson", "allon"), "start"
    ),
}  # fmt: skip
_EDGES = re.compile(r"[\s.!~?,]+")


def read(text: str, channel: str, *, stopped: bool = False) -> Command | None:
    """Return the order that `text` is as a whole, if it is one.

    Provider words count on SMS only: elsewhere "cancel" is an ordinary answer. "yes" opens the
    door again for somebody who had closed it (`stopped`), and is an answer from everybody else.
    """
    word = _EDGES.sub("", text).lower()
    if channel == "sms" and word == "yes" and stopped:
        return "start"
    if channel == "sms" and (word in _PROVIDER or word in _SMS):
        return _PROVIDER.get(word) or _SMS[word]
    if channel == "voice" and word == "0":
        return "person"
    return _OURS.get(word)
