"""Words that are orders, not language: they are looked at before anything is understood."""

import re
from typing import Literal

Command = Literal[
    "stop", "start", "provider_help", "menu", "person", "cancel", "alerts_on", "alerts_off"
]

# STOP, START and HELP on SMS belong to the provider, which closes and opens the door by itself:
# we mirror it. Our own words are 알림끄기 / 알림켜기, ALERTS OFF / ALERTS ON, MENU and numbers.
_PROVIDER: dict[str, Command] = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), "stop"
    ),
    **dict.fromkeys(("start", "unstop"), "start"),
    **dict.fromkeys(("help", "info"), "provider_help"),
}
_OURS: dict[str, Command] = {
    **dict.fromkeys(("menu", "메뉴", "처음", "처음으로", "처음부터", "홈", "/start"), "menu"),
    **dict.fromkeys(("0", "0번", "상담원", "상담사", "agent", "/agent"), "person"),
    **dict.fromkeys(("취소", "그만", "그만할래", "그만할게요", "/cancel"), "cancel"),
    **dict.fromkeys(("알림켜기", "알림켜", "재난알림", "alertson"), "alerts_on"),
    **dict.fromkeys(("알림끄기", "알림꺼", "수신거부", "alertsoff"), "alerts_off"),
}
_EDGES = re.compile(r"[\s.!~?,]+")


def read(text: str, channel: str, *, stopped: bool = False) -> Command | None:
    """Return the order that `text` is as a whole, if it is one.

    Provider words count on SMS only: elsewhere "cancel" is an ordinary answer. "yes" opens the
    door again for somebody who had closed it (`stopped`), and is an answer from everybody else.
    """
    word = _EDGES.sub("", text).lower()
    if channel == "sms" and word == "yes" and stopped:
        return "start"
    if channel == "sms" and word in _PROVIDER:
        return _PROVIDER[word]
    if channel == "voice" and word == "0":
        return "person"
    return _OURS.get(word)
