"""Which language a talk is in: what was chosen stays, else the language of whole sentences."""

import re

from bot import texts

_HANGUL = re.compile("[가-힣]")
_HAN_OR_KANA = re.compile("[一-鿿぀-ヿ]")
# Fewer signs say as much in these scripts.
_ENOUGH = {"ko": 4, "zh": 2, "ja": 3, "vi": 6, "en": 12}
# So short a sentence is one all the same, and no name: "I want to vote".
_SENTENCE = re.compile(
    r"\W*(?:i|we|my|can|could|please|what|where|how|is|are|do|the|there)(?:'\w+)?\b(?:\W+\w+){2,}",
    re.I,
)
# Nor are these two words of a place: "agent please", "sorry, English".
_COURTEOUS = re.compile(
    r"(?=.*\b(?:please|thanks|thank you|sorry|excuse me|hello|hi)\b)"
    r"[a-z',.!? ]*[a-z][\s,]+[a-z]+[.!?\s]*",
    re.I,
)
# "Yes" and "no" in so few letters that they are taken for something else, and the politeness
# around them: "好的，请提交吧", "はい、それでお願いします", "dạ vâng, gửi đi ạ".
_YES = re.compile(
    r"是的?|对的?|好的?|嗯+|可以|行|没错|没问题|同意|确认|确定|就这样|提交|受理"
    r"|はい|ええ|うん|そうです|その通りです?|お願い(?:いた)?します|よろしく(?:お願いします)?|大丈夫です?|いいです"
    r"|(?:受け付け|提出し|登録し|送っ|出し)て(?:ください)?"
    r"|vâng|dạ|có|đúng|ừ|được|đồng ý|(?:hãy )?gửi(?: đi)?|nộp"
)
_NO = re.compile(r"不用|不要|不行|不是|不|いいえ|いえ|ううん|違います|không(?: phải)?")
_FILES = re.compile(r"提交|受理|受け付け|提出|登録|送っ|gửi|nộp")
_AROUND = re.compile(
    r"[\s.!?~,。！？、，]+|请|那就|吧|啊|呀|了|谢谢|麻烦您?|それで|これで|この内容で|では|ありがとうございます|です|ね"
    r"|rồi|nhé|ạ|ok|cảm ơn|hãy|giúp tôi|dạ"
)
# A greeting is understood everywhere, but whoever begins with this one wants an answer in it.
_ENGLISH_HELLO = re.compile(
    r"\W*(?:(?:hello+|hi+|hey+|yo|hiya|heya|howdy|sup|greetings|g'?day"
    r"|good (?:morning|afternoon|evening|day))(?: there| all| guys| everyone)?\b\W*)+",
    re.I,
)


def short_answer(text: str) -> str | None:
    """Return "yes" or "no" where `text` is only that in Chinese, Japanese or Vietnamese."""
    text = text.strip().lower()
    if _made_of(_NO, text):
        return "no"
    return "yes" if _made_of(_YES, text) else None


def orders_to_file(text: str) -> bool:
    """Tell whether a yes in Chinese, Japanese or Vietnamese orders to file: "好的，提交吧"."""
    return short_answer(text) == "yes" and _FILES.search(text.lower()) is not None


def _made_of(words: re.Pattern[str], text: str) -> bool:
    at, found = 0, False
    while at < len(text):
        match = words.match(text, at)
        found = found or match is not None
        match = match or _AROUND.match(text, at)
        if match is None:
            return False
        at = match.end()
    return found


def letters(text: str) -> int:
    """Return how many letters speak for a language: those of words, not of a number like P-12."""
    return sum(c.isalpha() for word in text.split() if not word[-1].isdigit() for c in word)


def spoken(language: str, channel: str) -> str:
    """Return the language to answer in: on the phone one that the voices speak."""
    if channel == "voice" and language not in texts.SPOKEN:
        return "en"
    return language


def first(chosen: str | None, said: str, text: str, hint: str | None) -> str:
    """Return the language to begin a talk in.

    `chosen` is what the citizen chose before, `said` the language of this `text` as understood,
    and `hint` that of the browser or app.
    """
    if chosen:
        return chosen
    if _ENGLISH_HELLO.fullmatch(text):
        return "en"
    if said in texts.LANGUAGES and letters(text) >= min(3, _ENOUGH[said]):
        return said
    return hint if hint in texts.LANGUAGES else "ko"


def follows(current: str, said: str, text: str, *, understood: bool) -> bool:
    """Tell whether the talk goes over from `current` to the language of `text`, `said`.

    A name or a word does not change it; a sentence does. Chinese characters alone do not take a
    Japanese talk away, and a Latin sentence has to be understood: it may be an address.
    """
    if said not in texts.LANGUAGES or said == current:
        return False
    if said == "ko":
        return len(_HANGUL.findall(text)) >= _ENOUGH["ko"]
    if said in ("zh", "ja"):
        if current == "ja" and said == "zh" and len(text) < 6:
            return False
        return len(_HAN_OR_KANA.findall(text)) >= _ENOUGH[said]
    enough = letters(text) >= _ENOUGH[said]
    courteous = len(text) <= 40 and _COURTEOUS.fullmatch(text)
    sentence = _SENTENCE.match(text) or courteous
    return understood and (enough or (said == "en" and bool(sentence)))
