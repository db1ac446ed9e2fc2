"""Which language a message is in, judged by its own letters and words.

Never by a name, a number or a phone prefix: many Chinese citizens of Seoul write Korean.
"""

import re

from nlu.patterns import any_of, words
from nlu.romanised import to_hangul

LANGUAGES = ("ko", "en", "zh", "ja", "vi")
_HANGUL = re.compile("[가-힣ㄱ-ㅣ]")
_KANA = re.compile("[぀-ヿｦ-ﾟ]")
_HAN = re.compile("[一-鿿]")
_LATIN_WORD = re.compile(r"[a-zà-ỹđ]+(?:['’][a-z]+)?")
# Letters and words that only Vietnamese has among the five.
_VIETNAMESE = re.compile("[àáăâãđèêìíòóôõùúýơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
_VIETNAMESE_WORDS = words(
    """toi khong xin chao cam on giup voi duoc muon nguoi nha duong rac viet tieng cho hoi lam
    sao bao nhieu dau gi chay cuu ban cua trong ngoai nuoc benh vien"""
)
_JAPANESE_ONLY = frozenset("駅円図対応広実検変働発経験続様込辻畑届払売読帰気歩渋浜桜県")
# Words that people of every language type to a machine: they do not change the language of a talk.
_INTERNATIONAL = words(
    """ok okay yes no hi hello stop help menu bye thanks thank you start alerts on off poll vote
    cancel english korean chinese japanese vietnamese p i d a b c ddp cctv wifi ktx gs pls plz"""
)
_NAMES = {
    "en": r"영어|영문|잉글리[시쉬]|yeongeo|english|englsh|engrish|英語|英语|英文|tiếng anh",
    "zh": r"중국어|중국말|중문|chin[ea]se|mandarin|中文|汉语|漢語|普通话|中国語|zhongwen"
    r"|jungguge?-?o?|tiếng (?:trung|hoa)",
    "ja": r"일본어|ireobon-?eo|일본말|일어(?![나난날났남선서섰])|일문|japan+e+se|日本語"
    r"|日语|日文|ilboneo|nihongo|tiếng nhật",
    "vi": r"[베배]트남어|[베배]트남\s?말|월남말|vietnam(?:e?se)|tiếng việt|tieng viet|beteunameo"
    r"|越南语"
    r"|ベトナム語",
    "ko": r"한국어|한국말|한글|우리말|(?<![가-힣])국어|korean|hangul|hangu[kn]?g?(?:eo|mal)"
    r"|韩语|韓国語|tiếng hàn",
}
# Shorter and looser, where the message asks to change the language.
_CODES = {
    "en": r"영아로|(?<![a-z])eng?(?![a-z])",
    "zh": r"중국거|(?<![a-z])(?:zh|cn)(?![a-z])|china(?= language)",
    "ja": r"일본거|(?<![a-z])(?:ja|jp|jap)(?![a-z])",
    "vi": r"베트남(?=\s?(?:으?로|요))|vietnam(?= language)|(?<![a-z])(?:vi|viet|vn)(?![a-z])",
    "ko": r"한국거|(?<![a-z])(?:ko|kr|kor)(?![a-z])",
}
_NAME = re.compile("|".join(f"(?P<{code}>{pattern})" for code, pattern in _NAMES.items()))
_ANY_NAME = re.compile(
    "|".join(f"(?P<{code}>{pattern}|{_CODES[code]})" for code, pattern in _NAMES.items())
)
# "My Korean roommate", "Chinese food": a name of people and things too, unless it is spoken.
_SPOKEN = re.compile(r"(?:in|into|to|speaks?|speaking|learn|know|knows|read|write|write in)\s$")
_SPOKEN_AFTER = re.compile(
    r"\s(?:speaking|speakers?|language|class|classes|lesson|version|interpret|translat|guide|signs?"
    r"|course|support|menu|page|text)"
)
_PEOPLE_TOO = re.compile(r"korean|chin[ea]se|japan|vietnam")
_NOT_WANTED = re.compile(
    r"\s?(?:→|->|➡)|(?:만|은|는|이|가|을|를|로|으로)?\s?(?:(?:아직|잘|전혀|하나도|별로)\s?)?(?:"
    + any_of(
        """말고 아니고 아니라 하는데 할_줄은 되는데 못 잘_못 읽을_줄_몰 읽을_줄은_몰 쓸_줄_몰
        잘못 모르 몰라 서툴 서툰 어려 힘들 싫 나와
        나오는데 이해
        대신"""
    )
    + r")|\s(?:is (?:very |so |really |too |still )?(?:hard|difficult|bad|weak|poor"
    r"|terrible|awful|rusty|limited|not)|to me|no good|not good|again"
    r"|language difficult)|, not me"
    r"|(?:が|は)?(?:読め|分から|わから|話せ|難し)|看不懂|不会|不懂|难"
)
_ASKED_AFTER = re.compile(
    r"\s?(?:으?로(?!\s?된)|(?:을|를)?\s?바꿔|버전|판(?!매)|please|pls|plz|version|で|に)"
)
_ASKED_BEFORE = re.compile(
    r"(?:switch|change|set|put|turn|back)\b[^.?!]{0,16}\b(?:to|in|into)\s$"
    r"|\b(?:use|prefer|want|need|reply in|answer in|write in|talk in|speak in|continue in|in)\s$"
    r"|\b(?:only|just) (?:read|speak|understand|know|get|talk|write|can read|have)\s$"
    r"|(?:请用|说|用|改成|换成|切换到)$|(?:sang|bằng|nói)\s$"
)
_KNOW = "(?:speak|read|understand|know|get)"
_NOT_WANTED_BEFORE = re.compile(
    rf"(?:not|instead of|rather than|word of|no understand|stop \w+ing in|except|don'?t {_KNOW}"
    rf"|do not {_KNOW}|can'?t {_KNOW}|cannot {_KNOW}|no|from|stop"
    r"|husband is|wife is|went|became?|become|why (?:are you|is it|is this)(?: talking| in)?)"
    r"\s(?:any |in |the |much )?$"
)


def identify(text: str, hint: str | None = None) -> str:
    """Return the language of a normalised message: ko, en, zh, ja or vi.

    `hint` (the conversation's language) decides only where the message does not, such as "2", "ok"
    or a receipt number.
    """
    fallback = hint if hint in LANGUAGES else "ko"
    hangul = len(_HANGUL.findall(text))
    latin = [w for w in _LATIN_WORD.findall(text) if w not in _INTERNATIONAL]
    if hangul:
        # Mixed: the grammar is Korean unless Hangul is only a name or two in a Latin sentence.
        return "en" if len(latin) >= 4 and len(latin) > 2 * _hangul_words(text) else "ko"
    if _KANA.search(text):
        return "ja"
    han = _HAN.findall(text)
    if han:
        return "ja" if any(c in _JAPANESE_ONLY for c in han) else "zh"
    if _VIETNAMESE.search(text) or (
        len(latin) > 1 and sum(w in _VIETNAMESE_WORDS for w in latin) > len(latin) / 2
    ):
        return "vi"
    if to_hangul(text):
        return "ko"
    if latin or (hint is None and re.search("[a-z]{2}", text)):
        return "en"
    return fallback


def find_language_names(
    text: str, asked_for: bool, only_asked: bool = False
) -> list[tuple[int, int, str]]:
    """Return (start, end, code) of the languages that a message names.

    `asked_for`: the message wants its language changed; then codes count too ("lang=ja"), and a
    language that it rejects ("not Korean, English") does not. `only_asked`: nor does one that is
    merely named ("the page is only in Korean").
    """
    if not asked_for:
        return [
            (m.start(), m.end(), str(m.lastgroup))
            for m in _NAME.finditer(text)
            if not _PEOPLE_TOO.match(m[0])
            or _SPOKEN.search(text, max(0, m.start() - 12), m.start())
            or _SPOKEN_AFTER.match(text, m.end())
        ]
    named = [
        (m.start(), m.end(), str(m.lastgroup))
        for m in _ANY_NAME.finditer(text)
        if not _NOT_WANTED.match(text, m.end())
        and not _NOT_WANTED_BEFORE.search(text, max(0, m.start() - 32), m.start())
    ]
    # One language is wanted: the one that is asked for in so many words, else the last.
    asked = [
        n
        for n in named
        if _ASKED_AFTER.match(text, n[1]) or _ASKED_BEFORE.search(text, max(0, n[0] - 24), n[0])
    ]
    return (asked if only_asked else asked or named)[-1:]


def _hangul_words(text: str) -> int:
    return sum(bool(_HANGUL.search(word)) for word in text.split())
