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
_VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
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
    "en": r"영어|영문|잉글리[시쉬]|영아로|(?<![a-z])(?:eng(?:lish|lsh|rish)?|en|yeongeo)(?![a-z])",
    "zh": r"중국[어말거]|중문|chin[ea]se|mandarin|中文|汉语|漢語|普通话|junggugeo"
    r"|(?<![a-z])zh(?![a-z])",
    "ja": r"일본[어말거]|일어|일문|japan+e+se|日本語|日语|日文|ilboneo|(?<![a-z])ja?p(?![a-z])",
    "vi": r"베트남[어말]?|월남말|vietnam(?:e?se)?|tiếng việt|tieng viet|beteunameo"
    r"|(?<![a-z])viet(?![a-z])",
    "ko": r"한국[어말거]|한글|우리말|국어|korean?|hangul|hangu(?:k|g)eo|韩语|韓国語|tiếng hàn",
}
_NAME = re.compile("|".join(f"(?P<{code}>{pattern})" for code, pattern in _NAMES.items()))
_NOT_WANTED = re.compile(
    r"(?:만|은|는|이|가|을|를|로|으로)?\s?(?:"
    + any_of(
        """말고 아니고 아니라 못 잘_못 잘못 모르 몰라 서툴 서툰 어려 힘들 싫 나와 나오는데 이해
        대신"""
    )
    + r")|\s(?:is hard|is difficult|is bad|to me|no good|not good)"
)
_KNOW = "(?:speak|read|understand|know|get)"
_NOT_WANTED_BEFORE = re.compile(
    rf"(?:not|instead of|don'?t {_KNOW}|do not {_KNOW}|can'?t {_KNOW}|cannot {_KNOW}|no|from|stop"
    r"|why (?:are you|is it|is this)(?: talking| in)?)\s(?:any |in |the |much )?$"
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


def find_language_names(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, code) of the languages a message asks for, without those it rejects."""
    named = [(m.start(), m.end(), str(m.lastgroup)) for m in _NAME.finditer(text)]
    return [
        (start, end, code)
        for start, end, code in named
        if not _NOT_WANTED.match(text, end)
        and not _NOT_WANTED_BEFORE.search(text, max(0, start - 32), start)
    ]


def _hangul_words(text: str) -> int:
    return sum(bool(_HANGUL.search(word)) for word in text.split())
