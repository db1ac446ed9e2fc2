"""What is looked at before a message is understood as a wish: danger, tone, and short cuts.

None of it takes away what was open: after it the open step is taken up again.
"""

import re

from bot import about, call, limits, naming, orders, telling, tongues
from bot.corrections import read
from bot.flows import (
    alert_reply,
    alerts,
    emergency,
    is_passing,
    person,
    shelter,
    smalltalk,
    vote,
)
from bot.misses import miss
from bot.turn import Turn

# A person types no faster, however upset; the first figure lets a burst of one sentence through.
MESSAGES = ((40, 60), (400, 3600))

_ABUSE = re.compile(
    r"(?<![가-힣])[씨시쓰]이?[발빨](?=$|[\s,.!?~ㅋ새놈년아같])|씨이?[발빨]|ㅅㅂ|ㅆㅂ|[병븅]신"
    r"|ㅂㅅ|개새끼|개새|새끼야|미친\s*(?:놈|년|새)|지랄|ㅈㄹ"
    r"|좆|존나|^\W*꺼져(?:라|버려)?\W*$|닥쳐(?![올온오])|엿\s*먹|쓰레기\s*같은\s*(?:놈|년|새"
    r"|봇|기계)|멍청|(?<![가-힣])바보|(?<![가-힣])등신|또라이"
    r"|\bf+u+c+k\w*|\bshit\b|\bbitch|\basshole|\bbastard|\bidiot|\bstupid|\bmoron|\bretard"
    r"|shut up|stfu|go to hell|screw you|drop dead|damn (?:you|bot|machine|robot)"
    r"|\b(?:dumb|brainless)\W*"
    r"(?:ass|bot|machine|robot|thing|idiot)|piece of (?:junk|crap|garbage|trash|rubbish)|you suck"
    r"|(?:bot|machine|thing) sucks"
    r"|\byou(?:'re| are)? (?:a |an |such a )?(?:loser|clown|joke|jerk|imbecile|trash)\b"
    r"|傻[逼比子瓜]|他妈|操你|滚蛋|混蛋|笨蛋|バカ|馬鹿|くそ|死ね|đồ ngu|đồ khốn|địt|đụ|ngu ngốc",
    re.IGNORECASE,
)
_ANGER = re.compile(
    r"짜증|열\s*받|화가?\s*나|답답|미치겠|환장|장난\s*(?:하|치)|몇\s*번을?\s*말|말귀"
    r"|말이?\s*안\s*통|뭐\s*하는\s*거"
    r"|도대체|제대로\s*(?:좀|하)|책임자|너무\s*하네|어이가?\s*없|useless|ridiculous|fed up"
    r"|frustrat|so angry"
    r"|waste of time|how many times|not helping|生气|气死|没用|烦死|イライラ|ふざけ|役に立た"
    r"|bực|tức|vô dụng",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"사람|상담|직원|담당|책임자|바꿔|연결|통화|전화|agent|human|person|someone|somebody|staff|manager"
    r"|人工|客服|人|担当|nhân viên|người",
    re.IGNORECASE,
)
_NOT_THAT = re.compile(
    r"^\W*(?:아니[,\s]*)?(?:그게\s*아니|그거\s*(?:말고|아니)|그것\s*말고|그\s*말이?\s*아니"
    r"|그런\s*(?:말|뜻|거)이?\s*아니"
    r"|이게\s*아니|이거\s*(?:말고|아니)|틀렸어|엉뚱한|딴\s*소리|딴소리|잘못\s*알아|아니라니까"
    r"|아니\s*그거\s*말고"
    r"|no,?\s*not that|not that|that'?s not (?:it|what)|that is not what|not what i|wrong answer"
    r"|不是这个|不是这|不对|そうじゃな|それじゃな|違います|ちがう|không phải (?:cái|điều|vậy"
    r"|thế))",
    re.IGNORECASE,
)
# Letters struck at random; not laughter, nor tears, nor a word's first letters.
_GIBBERISH = re.compile(r"^\W*(?=(?:\w\s*){3})(?![ㅋㅎㅠㅜㅡㅇㄱㄴㄷ\s]+$)[ㄱ-ㅎㅏ-ㅣ\s]+\W*$")
_MEANT = frozenset(
    {"ㄱㅅㄱㅅ", "ㅅㄱㅇ", "ㅅㄱㅅㄱ", "ㅂㅂㅇ", "ㅎㅇㅎㅇ", "ㅈㅅㅈㅅ", "ㄹㅇㄹㅇ", "ㅇㅈㅇㅈ"}
)
# Where these flows wait, "no, not that" mends what they showed.
_MENDS = frozenset({"petition"})
_SERIOUS = frozenset({"file_petition", "check_status", "life_emergency", "request_disclosure"})


def _is_gibberish(text: str) -> bool:
    """Tell whether a message is made of single letters that stand for nothing: "ㅁㄴㅇㄹ"."""
    return _GIBBERISH.match(text) is not None and text.strip(" .!~") not in _MEANT


async def heed(turn: Turn) -> bool:
    """Answer what comes before all wishes; False where there is nothing of the kind."""
    incoming = turn.incoming
    if incoming.kind not in ("text", "speech") or not turn.text or incoming.pressed is not None:
        return False
    if await alert_reply.take(turn):
        return True
    if emergency.speaks_of_crisis(turn) or emergency.goes_on(turn):
        await emergency.begin(turn)
        return True
    if emergency.is_troubled(turn):
        turn.say("emergency.listening")
        return True
    if emergency.will_call(turn):
        turn.say("emergency.calling")
        return True
    if emergency.is_over(turn):
        emergency.take_over(turn)
        await orders.ask_again(turn)
        return True
    if _in_danger(turn):
        return False
    if not await _within_bounds(turn):
        return True
    return await _tone(turn) or await _short_cut(turn)


def _in_danger(turn: Turn) -> bool:
    """Tell whether the dialogue is to answer danger: no bare "no", and no "the last one"."""
    waiting = turn.dialogue.waiting
    voting = waiting is not None and waiting.flow == vote.NAME
    answers = tongues.short_answer(turn.text) is not None
    return turn.intent == "life_emergency" and not (
        answers or emergency.is_matter(turn) or (voting and naming.is_last(turn.text))
    )


async def _within_bounds(turn: Turn) -> bool:
    """Count the message; tell the first time in a window that it is one too many, then be silent.

    Danger has been answered before this counts anything.
    """
    windows = {f"messages:{seconds}:{turn.address.id}": seconds for _, seconds in MESSAGES}
    used = await limits.count(turn.context.redis, windows) or [0] * len(MESSAGES)
    for (most, _), (what, seconds), times in zip(MESSAGES, windows.items(), used, strict=True):
        if times > most:
            if await limits.allow(turn.context.redis, f"told:{what}", 1, seconds):
                turn.say("common.slow_down")
            turn.silent = not turn.replies
            return False
    return True


async def _tone(turn: Turn) -> bool:
    """Set a boundary to abuse, bring a person to whoever is angry or is misread twice."""
    serious = turn.intent in _SERIOUS and turn.parse.intent.confidence >= 0.5
    waiting = turn.dialogue.waiting
    asked = waiting is not None and waiting.step in ("details", "place")
    nothing_told = asked and len(turn.text) <= 20 and read(turn.text) is None
    rejects = _NOT_THAT.search(turn.text) is not None
    mends = waiting is not None and waiting.flow in _MENDS and not nothing_told
    filing = waiting is not None and waiting.flow == "petition" and not (rejects and nothing_told)
    if serious or filing or turn.chosen is not None:
        return False
    counts = turn.dialogue.counts
    if _ABUSE.search(turn.text):
        counts["abuse"] = counts.get("abuse", 0) + 1
        if counts["abuse"] == 1:
            turn.say("safety.abuse", choices=_menu(turn))
        elif counts["abuse"] == 2:
            turn.say("safety.abuse_again")
        else:
            turn.say("safety.abuse_still", choices=[_a_person(turn)])
        return True
    if rejects and not mends:
        counts["rejected"] = counts.get("rejected", 0) + 1
        if counts["rejected"] >= 2:
            counts["rejected"] = 0
            await person.hand_over(turn, "rejected")
            return True
        if len(turn.text) <= 20:
            turn.say("common.not_that", choices=_menu(turn))
            return True
        return False
    # "How often must I say it?" sounds like the wish for a person, and names none.
    vents = turn.intent == "talk_to_agent" and not _PERSON.search(turn.text)
    reports = telling.tells_of_damage(turn)
    if (turn.intent == "out_of_scope" or vents) and _ANGER.search(turn.text) and not reports:
        turn.say("safety.sorry")
        await person.hand_over(turn, "anger")
        return True
    return False


async def _short_cut(turn: Turn) -> bool:
    """Answer from anywhere: shelters, who may vote, which alerts are on; and back to what waits."""
    waiting = turn.dialogue.waiting
    if waiting is None and turn.chosen is None and _is_gibberish(turn.text):
        await miss(turn, "common.not_understood")
        return True
    if waiting is not None and await vote.is_answer(turn):
        if not call.wants_a_key(turn, waiting):
            await vote.answer(turn)
        return True
    if about.asks_of_data(turn):
        _put_aside(turn)
        about.tell_of_data(turn)
        return True
    if about.asks_of_hours(turn):
        person_waits = waiting is not None and waiting.flow == person.NAME
        _put_aside(turn)
        turn.dialogue.held = turn.dialogue.held or (waiting if person_waits else None)
        about.tell_of_hours(turn)
        return True
    if waiting is not None and about.asks_of_filing(turn):
        _put_aside(turn)
        await about.tell_of_filing(turn, waiting)
        return True
    if shelter.asks(turn):
        _put_aside(turn)
        await shelter.begin(turn)
        return True
    if vote.asks_who_may(turn):
        _put_aside(turn)
        await vote.tell_who_may(turn)
        return True
    if alerts.wants_set_up(turn):
        if waiting is not None and waiting.flow == alerts.NAME:
            turn.done()  # this is its answer
        _put_aside(turn)
        await alerts.set_up(turn)
        return True
    return False


def _put_aside(turn: Turn) -> None:
    waiting = turn.dialogue.waiting
    turn.dialogue.misses = 0
    if waiting is not None and not is_passing(waiting):
        turn.dialogue.held = turn.dialogue.held or waiting
    turn.dialogue.waiting = None


def _menu(turn: Turn) -> list[tuple[str, str]] | None:
    return smalltalk.menu(turn) if turn.dialogue.waiting is None else None


def _a_person(turn: Turn) -> tuple[str, str]:
    return ("person:abuse", turn.word("menu.person"))
