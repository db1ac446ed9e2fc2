"""What a citizen takes back and what they say instead: "10번이 아니라 12번 출구", "not Mapo"."""

import re
from dataclasses import dataclass

from bot import texts

_KOREAN = re.compile(
    r"^(?:아니(?:요|야)?|아뇨|앗|아)?[,.\s]*(?P<wrong>\S.*?)(?:이|가|은|는|을|를)?\s*"
    r"(?:아니라요?|아니고요?|아니구요?|아닌데요?|아니에요|아니예요|아니야|아녜요|아닙니다|말고요?|빼고)[,.!\s]+(?P<right>\S.*)$"
)
_KOREAN_CHANGE = re.compile(
    r"^(?P<wrong>\S.*?)(?:을|를)\s+(?P<right>\S.*?)(?:으로|로)\s*(?:바꿔|바꾸|고쳐|정정|수정|변경)"
)
# "내용이 틀렸네, 불법주차가 아니라 노점상이요": what is wrong is said before it is mended.
_FIELD_WRONG = re.compile(
    r"^(?:(?:아+|어|앗|저기|잠깐만?요?|아니)[,.\s]+)*(?:장소|내용|주소|위치)\S{0,2}\s*(?:틀렸|틀려|잘못)\S*[,.!\s]+(?=\S)"
)
_SORRY = (
    r"^(?:(?:no+|nope|sorry|actually|please|can you|could you|oh|oops|wait|hang on|hold on|my bad"
    r"|my mistake|um+|uh+|well|i mean|ok(?:ay)?)[,.!…]*\s+)*"
)
_ENGLISH = (
    re.compile(
        _SORRY + r"(?:it'?s |it is |it was |that'?s )?not (?:in |at |on )?(?P<wrong>[^,.;]+?)"
        r"(?:[,.;]\s*(?:but |it'?s |it is |it was )?|\s+but |\s+it'?s )"
        r"(?:in |at |on )?(?P<right>\S.*)$",
        re.IGNORECASE,
    ),
    re.compile(
        _SORRY + r"(?:it'?s |it is |it was |i meant? )?(?:in |at |on )?(?P<right>\S.*?),?"
        r"\s+(?:not|instead of|rather than)\s+(?:in |at |on )?(?P<wrong>[^,.;]+)[.!]*$",
        re.IGNORECASE,
    ),
    re.compile(
        _SORRY + r"(?:change|replace|correct)\s+(?:the )?(?P<wrong>.+?)"
        r"\s+(?:to|with|into)\s+(?P<right>\S.*)$",
        re.IGNORECASE,
    ),
)
# What is said before the right word: "oh my, I said it wrong, it's Yongsan Family Park".
_ENGLISH_LEAD = re.compile(
    r"^(?:.*?[\s,.])?(?:it'?s|it is|it was|i meant?|i mean|should be|should have been|that'?s"
    r"|make (?:it|that)|it should say)"
    r"(?: (?:actually|really|supposed to be))?\s+(?:in |at |on )?(?=\S)",
    re.IGNORECASE,
)
# What is said behind it: a second sentence, an apology, a reason.
_ENGLISH_TAIL = re.compile(
    r"(?:[.!;]\s+\S.*|[\s,]+(?:lol|haha+|sorry|my bad|my mistake|oops"
    r"|i (?:got|mixed|said|typed|wrote)|(?:because|since|as) i)\b.*)$",
    re.IGNORECASE,
)
_ABROAD = (
    re.compile(
        r"^(?:(?:不对?|啊|哦|等等|等一下|抱歉|对不起|不好意思|说错了|写错了|我?搞错了)[,，.。!！\s]*)*"
        r"不是(?:在)?(?P<wrong>\S.*?)[,，]?\s*(?:而?是|应该是)(?:在)?(?P<right>\S.*)$"
    ),
    re.compile(r"^(?:请)?(?:把)?(?P<wrong>\S.*?)(?:改成|改为|换成)(?P<right>\S.*)$"),
    re.compile(
        r"^(?:(?:いいえ|いや|あ+|えっと|すみません|ごめんなさい|間違えました|違います|違う)[、,。.!！\s]*)*"
        r"(?P<wrong>\S.*?)(?:では|じゃ)な(?:く|い)(?:て|です)?[、,。]?\s*(?P<right>\S.*)$"
    ),
    re.compile(
        r"^(?:(?:không|à|ồ|ơ|xin lỗi|nhầm rồi|tôi nhầm|em nhầm|khoan)(?: ạ)?[,.!]?\s+)*"
        r"không phải (?:là |ở )?(?P<wrong>\S.*?),?\s+"
        r"(?:mà )?(?:là|ở|phải là)\s+(?P<right>\S.*)$",
        re.IGNORECASE,
    ),
)
_TAIL = re.compile(
    r"\s*(?:(?:이었(?:어요?|네요?|음|습니다|는데요?)|였(?:어요?|네요?|음|습니다|는데요?)|이에요|예요|에요|이요|입니다|인데요|이고요|이야|(?<=[가-힣])(?<![어아여해져려워와줘쳐켜펴죠나까네데세지돼])요|(?<=[가-힣])임)"
    r"|(?:으로|로)\s*(?:해|바꿔|고쳐|정정|수정|변경)\S*(?:\s*(?:주세요|줘요?|주실래요))?|맞아요|please|です|吧|ạ|nhé)?"
    r"(?:[.!~。！\s]*(?:ㅈㅅ+|죄송\S*|미안\S*|ㅋ+|ㅎ+|ㅠ+|ㅜ+))?[.!~。！\s]*$"
)
_HEAD = re.compile(
    r"^(?:(?:네+|예|응|ㅇㅇ|아니(?:요|야)?|아뇨|근데|그런데|그리고|그게|저기?요?|아+|어+|음+|앗|참|아차|맞다|잠깐만?요?|잠시만요?"
    r"|죄송\S*|미안\S*|실수\S*|yes|yeah|ok(?:ay)?|but|well"
    r"|it'?s|it is|in|at)[,.\s]+)+",
    re.IGNORECASE,
)

# A particle behind what is replaced takes the form that fits the new word: 의자가, 난간이.
_FORMS = {
    "이": "이", "가": "이", "을": "을", "를": "을", "은": "은", "는": "은", "과": "과", "와": "과",
    "으로": "으로", "로": "으로",
}  # fmt: skip
_PARTICLE = re.compile(r"(?:으로|[이가을를은는과와로])(?=\s)")


@dataclass(frozen=True, slots=True)
class Correction:
    """Words taken back and the words that replace them."""

    wrong: str
    right: str

    def mend(self, text: str) -> str | None:
        """Return `text` with the right words for the wrong ones; None where they do not occur."""
        at = text.lower().find(self.wrong.lower())
        if at < 0:
            return None
        before, after = text[:at], text[at + len(self.wrong) :]
        # "10번" of "10번 출구 앞" becomes "12번 출구": what follows is not doubled.
        words = self.right.split()
        for count in range(len(words) - 1, 0, -1):
            tail = " ".join(words[-count:])
            if after.lstrip().lower().startswith(tail.lower()):
                after = after.lstrip()[len(tail) :]
                break
        if particle := _PARTICLE.match(after):
            after = after[particle.end() :]
            return before + texts.with_particle(self.right, _FORMS[particle[0]]) + after
        return f"{before}{self.right}{after}"


def read(text: str) -> Correction | None:
    """Return what `text` corrects, if it is of that form: not X but Y, Y and not X."""
    text = _FIELD_WRONG.sub("", text.strip())
    for pattern in (_KOREAN, _KOREAN_CHANGE, *_ENGLISH, *_ABROAD):
        if match := pattern.match(text.strip()):
            wrong, right = _HEAD.sub("", match["wrong"]).strip(), plain(match["right"])
            if pattern in _ENGLISH:
                right = _ENGLISH_TAIL.sub("", _ENGLISH_LEAD.sub("", right))
            if wrong and right and len(wrong) <= 60:
                return Correction(wrong, right)
    return None


def plain(text: str) -> str:
    """Return words without what makes them a sentence: "12번 출구예요" becomes "12번 출구"."""
    return _TAIL.sub("", _HEAD.sub("", text.strip())).strip(" ,.")
