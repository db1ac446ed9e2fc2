"""Emergency alerts: on and off by district, in which language, and when to be left alone."""

import re
from dataclasses import replace
from datetime import time

from backend.contacts import quiet, subscriptions
from backend.petitions import routing
from bot import clocks, dates, texts
from bot.corrections import read
from bot.flow import Flow
from bot.flows import alert_levels
from bot.turn import Turn, Waiting
from channels.phones import takes_texts

NAME = "alerts"
_CLEAR = 0.75

_OF_ALERTS = re.compile(
    r"알림|재난\s*문자|订阅|alert|notif|警报|警報|提醒|通知|アラート|cảnh báo|thông báo",
    re.IGNORECASE,
)
_WHOLE_CITY = re.compile(
    r"서울\s*(?:시\s*)?(?:전체|전역|전부|모두|다\b|모든)|모든\s*구|전체\s*구"
    r"|스물다섯\s*개?\s*구|25개\s*구"
    r"|(?:all|whole|entire)(?: (?:of|over|the))*\s*(?:seoul|city|districts)|every district"
    r"|everywhere|全首尔|首尔(?:全|所有|整)|所有区|全市|全部|ソウル(?:市)?(?:全|すべて)|全区"
    r"|すべての区"
    r"|(?:toàn|cả|khắp) (?:bộ )?(?:seoul|thành phố)|tất cả",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"목록|뭐|무슨|무엇|어느|어떤|어디|확인|보여|켜져|신청한|신청했|받고\s*있|상태"
    r"|\bmy\b.*alerts|which|what|list|show|signed up|哪些|我的|查看|列表|一覧|確認|どの|どれ"
    r"|của tôi|những|danh sách|nào",
    re.IGNORECASE,
)
_QUIET = re.compile(
    r"자는\s*(?:동안|시간|데)|(?:잠\s*)?잘\s*(?:때|시간|땐)|취침|수면|(?:잠|자)\s*(?:자야|야\s*(?:하|되|돼)|니까)|무음|"
    r"조용한\s*시간|조용히|방해\s*금지|방해하지|야간|밤|새벽|quiet|do not disturb|at night"
    r"|overnight"
    r"|免打扰|静音|晚上|夜间|おやすみ|夜間|夜|サイレント|yên lặng|im lặng|ban đêm",
    re.IGNORECASE,
)
_JUST_QUIET = re.compile(
    r"\W*(?:조용한\s*시간|방해\s*금지|quiet(?: hours?)?|免打扰|おやすみ時間|giờ yên lặng)"
    r"[^가-힣a-z]*(?:\d.*)?$",
    re.IGNORECASE,
)
_LOUD = re.compile(
    r"조용한\s*시간.*(?:해제|꺼|끄|취소|없애)|방해\s*금지.*(?:해제|꺼|끄|취소)"
    r"|밤에도\s*(?:보내|받)"
    r"|(?:no|stop|end|cancel|remove|turn off)\s.*quiet|quiet\s.*\boff\b|取消免打扰|关闭免打扰"
    r"|静音.*解除|おやすみ.*解除|サイレント.*解除|tắt.*yên lặng",
    re.IGNORECASE,
)
_THAT_TIME = re.compile(
    r"(?:시간|설정|조용)\S{0,3}\s*(?:설정|제한)?\S{0,2}\s*(?:없애|해제|취소|풀어|지워|꺼|끄|빼)"
)
# Said with hours, this is about us: a builder is told to be quiet in other words.
_SPARE_ME = re.compile(
    r"(?:보내|전화|연락|문자|알림|울리|깨우|오).{0,6}(?:마(?:세요|라|요)?|말(?:아|고)|안\s*(?:했|하|돼|되|왔|오)|않|못\s*오)"
    r"|안\s*(?:보내|울리|울렸|깨우|받|오게|왔으면)|조용히\s*(?:해|하|좀)"
    r"|(?:don'?t|do not|no|stop|without)\s+"
    r"(?:call|text|send|wake|messag|disturb|bother|ring|ping|buzz|alert)"
    r"|(?:不要|别|勿)再?(?:打扰|发|吵|通知|提醒)|(?:送ら|鳴らさ|起こさ|知らせ)ないで|邪魔しないで"
    r"|(?:đừng|không) (?:gửi|gọi|làm phiền|nhắn|báo)",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"도\s*(?:같이|함께|추가|켜|받|신청|해\s)|도요|추가|\b(?:also|too|as well)\b", re.I
)
_MOVES = re.compile(r"바꿔|바꾸|바꿀|변경|이사|옮[겨기길]|\b(?:change|moved|moving|switch)\b", re.I)
_OFF_AGAIN = re.compile(
    r"취소|빼|제외|꺼(?!\s*(?:받|보내|신청|켜|도|만|를|로|알))|끄|말고|필요\s*없|안\s*받"
    r"|\b(?:off|remove|delete|without|drop|leave out)\b"
    r"|\btake (?:out|away)\b|去掉|删|除了|不要|不用|不需要|取消|关掉|关闭|退订"
    r"|外して|除いて|いらない|いりません|要りません|不要です|やめて|解除|止めて"
    r"|\bbỏ\b|không cần|\btắt\b|\bhủy\b|\bxóa\b",
    re.I,
)
_RECEIVED = re.compile(
    r"받고|받는|켜져|켜\s*둔|신청(?:한|된|했)|signed up|do i get|am i getting", re.I
)
_NEWS = re.compile(r"문자|소식|정보|경보|연락|신청|구독|받을|받고|받게|등록")
_INSTEAD = re.compile(r"\W*(?:아니|아뇨|아 참|no\b|sorry|i mean)", re.IGNORECASE)
# What is said of alerts a moment after them names them no more: "which ones are on?".
_OF_THEM = re.compile(
    r"\b(?:them|those|ones?)\b|\bon\W*$|켜져|받고\s*있|보내|那些|发给|届|送って|nhận|gửi",
    re.IGNORECASE,
)
_GETS = re.compile(
    r"\b(?:how (?:do|can|to)|can|could|want to|like to)\b.{0,8}"
    r"\b(?:get|receive|sign up|subscribe)\b"
    r"|받으려면|받고\s*싶|받을\s*수",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:off|stop|rid|no|not|cancel|end|unsubscribe|fewer|less)\b|n't|끄|꺼|그만|해지|취소|안\s|않|말"
    r"|싫",
    re.IGNORECASE,
)
_ASKS_HOW = re.compile(r"\bhow\b|어떻게|방법|怎么|どうやって|làm sao|thế nào", re.IGNORECASE)


async def begin(turn: Turn) -> None:
    """Switch on for the districts named, or show what is on and ask which; switch off."""
    takes_off = _OFF_AGAIN.search(turn.text) and _districts(turn) and read(turn.text) is None
    ends = turn.intent == "unsubscribe_alerts" and not _asks_to_get(turn.text)
    if (ends or takes_off) and turn.chosen is None:
        await switch_off(turn)
    elif turn.chosen is None and _only_names(turn):
        turn.say("greet.again")  # a district alone, out of the blue, asks for nothing
        turn.done()
    elif turn.chosen is None and _districts(turn):
        await _on(turn)
    else:
        on = await subscriptions.districts_of(turn.session, turn.address.contact_id)
        if on:
            turn.say("alerts.ask_more", districts=_names(turn, on))
        else:
            turn.say("alerts.ask_district")
        turn.wait(NAME, "district")


def _only_names(turn: Turn) -> bool:
    return turn.names_only("district") and not _WHOLE_CITY.search(turn.text)


def _asks_to_get(text: str) -> bool:
    """Tell whether a message asks how to get alerts, and ends nothing."""
    return _GETS.search(text) is not None and _ENDS.search(text) is None


def means_a_thing(turn: Turn) -> bool:
    """Tell whether what is to be switched on is a lamp or a signal in a street, and no alert."""
    named = routing.names_a_subject(turn.text)
    of_alerts = _OF_ALERTS.search(turn.text) or _NEWS.search(turn.text)
    return named and not of_alerts


def answers_at_once(turn: Turn) -> bool:
    """Tell whether a wish for alerts can be met without asking anything back."""
    return turn.intent == "unsubscribe_alerts" or bool(_districts(turn))


async def answer(turn: Turn) -> None:
    """Take the districts, a place, the hours to be quiet in, or what is said in place of those."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if await alert_levels.take_place(turn):
        turn.done()
        return
    if waiting.step == "switched":
        await _change(turn, [str(d) for d in waiting.slots["districts"]])
    elif waiting.step == "quiet":
        await set_up(turn)
    elif turn.intent == "unsubscribe_alerts":
        await switch_off(turn)
    else:
        await _on(turn)


async def again(turn: Turn) -> None:
    """Ask for the district, or the hours, once more."""
    waiting = turn.dialogue.waiting
    quiet_step = waiting is not None and waiting.step == "quiet"
    turn.say("alerts.ask_quiet" if quiet_step else "alerts.ask_district")


def wants_set_up(turn: Turn) -> bool:
    """Tell whether a message asks what is on, for quiet hours, a language, or fewer levels."""
    waiting = turn.dialogue.waiting
    if waiting is not None and waiting.flow == NAME and waiting.step == "quiet":
        return clocks.span(turn.text) is not None
    elsewhere = waiting is not None and waiting.flow != NAME
    if turn.intent == "file_petition" and (elsewhere or turn.value("place") is not None):
        return False  # "parked there from ten to twelve" tells no hours to be quiet in
    if _ends_quiet(turn) or alert_levels.wants(turn):
        return True
    if _SPARE_ME.search(turn.text) and clocks.span(turn.text) is not None:
        return turn.value("place") is None
    if waiting is not None and waiting.flow == NAME and clocks.span(turn.text) is not None:
        return True  # hours, said beside alerts, are hours to be quiet in
    if waiting is not None and waiting.flow == NAME and _RECEIVED.search(turn.text):
        return bool(_LIST.search(turn.text)) and not _districts(turn)
    if _QUIET.search(turn.text) and (clocks.span(turn.text) or _JUST_QUIET.match(turn.text)):
        about_alerts = _OF_ALERTS.search(turn.text) or turn.intent.endswith("subscribe_alerts")
        return bool(about_alerts or _JUST_QUIET.match(turn.text))
    at_night = _QUIET.search(turn.text) is not None and not _districts(turn)
    if at_night and turn.intent == "unsubscribe_alerts":
        return True  # "not at night" is no wish for none at all
    reports = turn.leans_to("file_petition") >= _CLEAR
    if at_night and not reports and turn.value("place") is None:
        spoke_of_it = _switched(waiting) or _OF_ALERTS.search(turn.text) or waiting is None
        if spoke_of_it and _SPARE_ME.search(turn.text):
            return True  # "새벽엔 울리지 않게 해 줘"
    talked_of = _OF_ALERTS.search(turn.text) or (_switched(waiting) and _OF_THEM.search(turn.text))
    if not talked_of or _ASKS_HOW.search(turn.text):
        return False
    if turn.intent == "change_language" or turn.value("language"):
        return True
    return bool(_LIST.search(turn.text)) and not _districts(turn)


def _ends_quiet(turn: Turn) -> bool:
    """Tell whether a message ends the quiet hours: by name, or as "that time" right after them."""
    if _LOUD.search(turn.text):
        return True
    spoke_of_them = _switched(turn.dialogue.waiting) and clocks.span(turn.text) is None
    return spoke_of_them and _THAT_TIME.search(turn.text) is not None


def _switched(waiting: Waiting | None) -> bool:
    return waiting is not None and (waiting.flow, waiting.step) == (NAME, "switched")


async def set_up(turn: Turn) -> None:
    """Keep quiet hours or a language for alerts, or list what is on."""
    contact = turn.address.contact_id
    language = turn.value("language")
    span = clocks.span(turn.text)
    if alert_levels.wants(turn):
        await alert_levels.set_up(turn)
    elif _LOUD.search(turn.text) or (span is None and _THAT_TIME.search(turn.text)):
        await quiet.keep(turn.session, contact, None)
        turn.say("alerts.quiet_off")
    elif span is not None:
        await quiet.keep(turn.session, contact, span)
        turn.say("alerts.quiet_on", begins=_at(turn, span[0]), ends=_at(turn, span[1]))
    elif _QUIET.search(turn.text):
        turn.say("alerts.ask_quiet")
        turn.wait(NAME, "quiet")
        return
    elif language in texts.LANGUAGES and not _LIST.search(turn.text):
        if await subscriptions.speak(turn.session, contact, language):
            turn.say("alerts.language_set", language=turn.word(f"language.{language}"))
        else:
            turn.say("alerts.none")
    else:
        await _list(turn)
    _done(turn)


async def switch_off(turn: Turn) -> None:
    """End the alerts for the districts named, or all of them."""
    districts = [] if _WHOLE_CITY.search(turn.text) else _districts(turn)
    ended = await subscriptions.unsubscribe(
        turn.session, turn.address.contact_id, districts or None
    )
    if not ended and await subscriptions.districts_of(turn.session, turn.address.contact_id):
        await _list(turn)  # none of those named was on, and these are
    elif not ended:
        turn.say("alerts.none")
    elif districts:
        turn.say("alerts.switched_off_one", district=_names(turn, ended))
    else:
        turn.say("alerts.switched_off")
    _done(turn)


async def _on(turn: Turn) -> None:
    districts = _districts(turn)
    if not districts:
        turn.say("alerts.no_such_district")
        turn.wait(NAME, "district")
        return
    if turn.address.scheme not in subscriptions.ALERT_SCHEMES.values():
        turn.say("alerts.no_address")
        turn.done()
        return
    for district in districts:
        await subscriptions.subscribe(
            turn.session,
            contact_id=turn.address.contact_id,
            address_id=turn.address.id,
            channel="voice" if turn.voice else turn.conversation.channel,
            district=district,
            language=turn.language,
        )
    key = "alerts.switched_on"
    if turn.voice:
        by_text = takes_texts(turn.address.address)
        key = "alerts.switched_on_sms" if by_text else "alerts.switched_on_call"
    turn.say(key, district=_names(turn, districts))
    _done(turn, districts)


def _done(turn: Turn, switched_on: list[str] | None = None) -> None:
    """Wait for nothing, but know that what is said next may still be about alerts."""
    turn.done()
    turn.wait(NAME, "switched", districts=switched_on or [])


async def _change(turn: Turn, before: list[str]) -> None:
    """Put the district that is meant in place of the one that was switched on a moment ago."""
    before = before or await subscriptions.districts_of(turn.session, turn.address.contact_id)
    named = _districts(turn)
    if named and _OFF_AGAIN.search(turn.text) and read(turn.text) is None:
        await switch_off(turn)
        left = [d for d in before if d not in named]
        turn.wait(NAME, "switched", districts=left)
        return
    instead = _INSTEAD.match(turn.text) or _MOVES.search(turn.text)
    if read(turn.text) is None and instead is None:
        await _on(turn)  # another one beside those before
        return
    wrong = [d for d in before if d not in named] if len(before) == 1 else _taken_back(turn, named)
    right = [d for d in named if d not in wrong]
    turn.parse = replace(
        turn.parse,
        entities=tuple(
            e for e in turn.parse.entities if e.entity != "district" or e.value in right
        ),
    )
    if wrong:
        await subscriptions.unsubscribe(turn.session, turn.address.contact_id, wrong)
        turn.say("alerts.switched_off_one", district=_names(turn, wrong))
    await _on(turn)


def _taken_back(turn: Turn, named: list[str]) -> list[str]:
    found = read(turn.text)
    return [d for d in named if found is not None and d.removesuffix("구") in found.wrong]


async def _list(turn: Turn) -> None:
    on = await subscriptions.districts_of(turn.session, turn.address.contact_id)
    if not on:
        turn.say("alerts.none")
        return
    turn.say("alerts.list", districts=_names(turn, on))
    span = await quiet.of(turn.session, turn.address.contact_id)
    if span is not None:
        turn.say("alerts.list_quiet", begins=_at(turn, span[0]), ends=_at(turn, span[1]))


def _districts(turn: Turn) -> list[str]:
    """Return the districts that a message names, or every one of them for the whole city."""
    known = routing.directory().districts
    if _WHOLE_CITY.search(turn.text):
        return list(known)
    return [name for name in dict.fromkeys(turn.parse.values("district")) if name in known]


def _names(turn: Turn, districts: list[str]) -> str:
    if len(districts) == len(routing.directory().districts):
        return turn.word("alerts.whole_city")
    names = [routing.district_name(district, turn.language) for district in districts]
    return texts.listed(names, turn.language)


def _at(turn: Turn, clock: time) -> str:
    return dates.hour(f"{clock:%H:%M}", turn.language)


def _fits(turn: Turn) -> bool | None:
    """Take "all of Seoul" for the district that was asked for, whatever else it sounds like.

    After districts were switched on, only what is said in their place is for this flow.
    """
    waiting = turn.dialogue.waiting
    if _switched(waiting):
        signs = (_INSTEAD.match, _OFF_AGAIN.search, _MOVES.search, _ALSO.search)
        instead = read(turn.text) is not None or any(sign(turn.text) for sign in signs)
        more = _only_names(turn) and waiting is not None and bool(waiting.slots["districts"])
        meant = instead and bool(_districts(turn)) and not means_a_thing(turn)
        return more or (meant and turn.intent != "file_petition")
    return True if _WHOLE_CITY.search(turn.text) else None


FLOW = Flow(
    NAME,
    frozenset({"subscribe_alerts", "unsubscribe_alerts"}),
    begin,
    answer,
    again=again,
    fits=_fits,
    passing=frozenset({"switched"}),
)
