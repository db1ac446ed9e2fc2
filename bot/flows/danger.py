"""A second look at what sounds like danger in the languages that were taught with few sentences.

Taught mostly of fires and falls, the engine hears danger in a broken pavement, too. Without any of
these words, wide as they are, and without certainty, such a message is a report like others. That a
broken swing is "dangerous" makes it no emergency either: such words count only where nothing is
named that an office deals with.
"""

import re
from dataclasses import replace

from backend.petitions import routing
from bot.turn import Turn
from nlu.parse import Intent

_CERTAIN = 0.95
_TAKEN_FOR = 0.5
# What stands beside a report and is none itself.
_BESIDE = frozenset({"life_emergency", "greet", "thank", "goodbye", "affirm", "deny", "cancel"})
_WORDS = {
    "zh": re.compile(
        r"火|烧|着了|烟|爆|炸|煤气|燃气|瓦斯|救|命|死|血|伤|昏|晕|倒下|倒在|不省|呼吸|心脏|窒息|溺|落水"
        r"|掉进|掉到|坠|跳|困|刀|枪|凶|打人|打我|打架|杀|袭击|抢|劫|偷|绑|奸|性侵|骚扰|跟踪|跟着我|威胁|车祸"
        r"|撞|触电|中毒|地震|塌|报警|警察|救护|不想活|丢了|不见|走失|尖叫"
    ),
    "ja": re.compile(
        r"火|燃|煙|爆発|ガス|助け|救|命|死|血|怪我|けが|ケガ|負傷|意識|倒れ|息|呼吸|心臓|溺|落ち|飛び降り"
        r"|閉じ込|挟ま|刃物|ナイフ|包丁|銃|殴|叩|襲|殺|強盗|泥棒|誘拐|痴漢|暴|つけられ|ストーカー|脅|事故"
        r"|はねられ|ひかれ|感電|中毒|地震|崩|通報|警察|救急|悲鳴|迷子|行方不明"
    ),
    "vi": re.compile(
        r"cháy|lửa|khói|nổ|khí|cứu|giúp tôi|chết|máu|bị thương|thương nặng|ngất|bất tỉnh|thở|tim"
        r"|ngạt|đuối|rơi xuống|ngã từ|nhảy|kẹt|dao|súng|đánh|giết|tấn công|cướp|trộm|bắt cóc|hiếp"
        r"|quấy rối|theo dõi|đi theo|dọa|tai nạn|đâm|(?<!bê )tông|điện giật|ngộ độc|động đất|sập"
        r"|cảnh sát|công an|cấp cứu|tự tử|la hét|lạc|mất tích",
        re.IGNORECASE,
    ),
}
_GRAVE = {
    "zh": re.compile("泄漏|危险|急|怕"),
    "ja": re.compile("漏れ|危険|危な|怖|こわ"),
    "vi": re.compile("rò|nguy hiểm|sợ", re.IGNORECASE),
}


def look_again(turn: Turn) -> None:
    """Take the next likely intent where nothing but a doubtful guess speaks of danger."""
    parse = turn.parse
    words = _WORDS.get(parse.language)
    doubtful = parse.intent.name == "life_emergency" and parse.intent.confidence < _CERTAIN
    if words is None or not doubtful or words.search(turn.text):
        return
    if _GRAVE[parse.language].search(turn.text) and not routing.names_a_subject(turn.text):
        return
    others = (i.name for i in parse.intent_ranking if i.name not in _BESIDE)
    turn.parse = replace(parse, intent=Intent(next(others, "file_petition"), _TAKEN_FOR))
