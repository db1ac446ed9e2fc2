"""Words that are orders, not language: they are looked at before anything is understood."""

import re
from typing import Literal

from channels.message import Opted
from channels.twilio_sms import RESERVED

Command = Literal[
    "stop",
    "start",
    "provider_help",
    "menu",
    "person",
    "cancel",
    "alerts_on",
    "alerts_off",
    "back",
    "restart",
    "resume",
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
    **dict.fromkeys(("menu", "메뉴", "처음", "처음으로", "홈", "/start", "mainmenu"), "menu"),
    **dict.fromkeys(("0", "0번", "상담원", "상담사", "agent", "/agent"), "person"),
    **dict.fromkeys(("취소", "그만", "그만할래", "그만할게요", "/cancel"), "cancel"),
    **dict.fromkeys(
        (
            "뒤로",
            "뒤로가기",
            "이전",
            "이전으로",
            "이전단계",
            "이전단계로",
            "아까로",
            "아까로돌아가",
            "되돌리기",
            "되돌려",
            "되돌려줘",
            "돌아가",
            "전단계로",
            "back",
            "goback",
            "undo",
            "previous",
            "/back",
        ),
        "back",
    ),
    **dict.fromkeys(
        (
            "처음부터",
            "처음부터다시",
            "다시처음부터",
            "처음부터할래",
            "처음부터할게",
            "다시시작",
            "처음부터다시할래",
            "처음부터다시할게",
            "restart",
            "startover",
            "startagain",
            "fromthebeginning",
        ),
        "restart",
    ),
    **dict.fromkeys(
        (
            "이어서",
            "이어서하기",
            "이어하기",
            "이어서할게",
            "이어서할래",
            "계속하기",
            "이어서접수",
            "아까하던거",
            "아까하던거이어서",
            "아까하던민원이어서",
            "continue",
            "resume",
        ),
        "resume",
    ),
    **dict.fromkeys(("알림켜기", "알림켜", "재난알림", "alertson"), "alerts_on"),
    **dict.fromkeys(("알림끄기", "알림꺼", "수신거부", "alertsoff"), "alerts_off"),
}
# The words that our texts name in the other languages.
_ABROAD: dict[str, Command] = {
    **dict.fromkeys(
        ("菜单", "主菜单", "回到开始", "メニュー", "最初に戻る", "最初から", "vềđầu"), "menu"
    ),
    **dict.fromkeys(
        ("人工", "转人工", "客服", "人工客服", "工作人员", "担当者", "担当者と話す", "オペレーター",
         "nhânviên", "gặpnhânviên"),
        "person",
    ),
    **dict.fromkeys(("继续", "接着办", "続き", "続ける", "tiếptục"), "resume"),
    **dict.fromkeys(
        ("取消", "不办了", "キャンセル", "やめる", "やめます", "hủy", "huỷ", "dừng"), "cancel"
    ),
    **dict.fromkeys(
        ("开启提醒", "打开提醒", "通知オン", "bậtcảnhbáo", "bậtthôngbáo"), "alerts_on"
    ),
    **dict.fromkeys(
        ("关闭提醒", "取消提醒", "通知オフ", "tắtcảnhbáo", "tắtthôngbáo"), "alerts_off"
    ),
}  # fmt: skip
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
_EDGES = re.compile(r"[\s.!~?,。！？、，]+")
# Orders are given politely too: "처음부터 다시 할게요", "뒤로 가 주세요".
_POLITE = re.compile(
    r"(?:가\s*)?(?:해\s*)?(?:주세요|주실래요|줘요|줘|갈게요|갈래요|갈래|갈게|가주세요|가줘|볼게요|요|please)$"
)


# "됐고 사람 바꿔 줘요": who wants a person says little else.
_NO_FIRST = re.compile(
    r"^(?:ㄴㄴ+|아니(?:요|야|다)?|아뇨|아+|앗|잠깐만?요?|잠시만요?|저기요?|근데|한단계|한번)+(?=.)"
)
_PERSON = re.compile(
    r"(?:아+|야|어|에이|하|됐고|됐으니까?|됐어요?|그냥|이제|그럼|그러면|저기요?|좀|빨리|얼른|당장|일단|말고|기계말고|봇말고|로봇말고)*"
    r"(?:(?:진짜|실제|담당|아무|거기|딴|다른)*(?:사람|상담원|상담사|상담직원|직원|담당자|안내원)(?:분|님)?)"
    r"(?:이랑|랑|하고|한테|에게|으로|과|와|을|를|좀|이라도|나|한명|하나)*"
    r"(?:(?:직접)?(?:통화|얘기|이야기|말|대화|상담|연결|바꿔|바꾸|불러|부르|대|나와|나오라|붙여|돌려)\S{0,8})?"
)


_NO_PERSON = re.compile(
    r"안|말고(?!.)|싫|없|지마|지말|못|왜|[었았였했]|대체|대신|대해|나오는|나와서"
)


# The same in English, with what people say around it: "undo that", "let's start again please".
_AROUND_ENGLISH = (
    r"^(?:(?:ok(?:ay)?|oh|oops|wait|no|sorry|please|(?:can|could) (?:you|we|i)"
    r"|i want to|i'?d like to|let'?s|let me|just|hold on)[\s,.!]+)*(?:{})"
    r"(?:[\s,.!]+(?:please|now|thanks|for me|ok(?:ay)?|then|sorry))*[\s.!?]*$"
)
_IN_ENGLISH: dict[Command, str] = {
    "back": r"undo(?: (?:it|that|this|the last (?:one|step|change)|my last \w+))?"
    r"|(?:go|step|take me|move|get) back(?: (?:one|a) step)?"
    r"(?: to (?:the )?(?:previous|last) (?:step|question|one))?"
    r"|back (?:up|one step)|(?:the )?previous (?:step|question|one)",
    "restart": r"(?:start|begin|do (?:it|this)|go) "
    r"(?:(?:it )?(?:all )?over(?: again)?|again|afresh|anew)"
    r"|(?:start|begin)(?: again)? from (?:scratch|the (?:start|beginning|top))"
    r"|from the (?:top|start)|restart(?: (?:it|this|the (?:petition|report|form)))?",
    "menu": r"(?:the |main |show (?:me )?(?:the )?)*menu"
    r"|(?:go |take me )?(?:back )?to the (?:main )?menu"
    r"|(?:go |take me )?home",
}
_ENGLISH = {
    order: re.compile(_AROUND_ENGLISH.format(said), re.IGNORECASE)
    for order, said in _IN_ENGLISH.items()
}
_POLITELY = {
    word for word, order in _OURS.items() if order in ("menu", "back", "restart", "resume")
}


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
    plain = _POLITE.sub("", _NO_FIRST.sub("", word)).removesuffix("가")
    politely = _OURS.get(plain) if plain in _POLITELY else None
    english = next((order for order, said in _ENGLISH.items() if said.match(text.strip())), None)
    found = _OURS.get(word) or politely or _ABROAD.get(word) or english
    if (
        found is None
        and len(word) <= 20
        and _PERSON.fullmatch(word)
        and not _NO_PERSON.search(word)
    ):
        return "person"
    return found
