"""The words of an alert: what is counted, and which marks it must and must not carry.

Rules: 90 characters is the length of a Korean disaster text; an exercise says so first (a drill
text without a mark alarmed people in 2014), and a correction lies ready before the alert goes out
(Hawaii, 13 January 2018: 38 minutes without one).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.models import Broadcast

LANGUAGES = ("ko", "en", "zh", "ja", "vi")
ENVIRONMENTS = ("live", "exercise", "test")
SHORT_LIMIT = 90
LONG_LIMIT = 1000
LONGEST_LIFE = timedelta(hours=48)
UNKNOWN = "other"  # an event of no kind that the hazards know
# What every alert has to tell, as its author calls it.
FACTS = {
    "sender": ("보내는 기관", "sender"),
    "time": ("언제", "when"),
    "what": ("무엇이", "what"),
    "where": ("어디서", "where"),
    "why": ("왜 위험한지", "why it is dangerous"),
    "action": ("어떻게 할지", "what to do"),
    "where_to_go": ("어디로 갈지", "where to go"),
    "contact": ("문의처", "contact"),
}
# Louder than advice: a Korean text then has the English word beside the type.
URGENT = ("critical", "emergency")
_ENGLISH = re.compile(r"[A-Za-z]{3,}")

# Environment → language → the tag and the sentence that stand first in every such message.
MARKS: dict[str, dict[str, tuple[str, str]]] = {
    "exercise": {
        "ko": ("[훈련]", "실제 상황 아님."),
        "en": ("[EXERCISE]", "Not a real event."),
        "zh": ("[演习]", "非真实情况。"),
        "ja": ("[訓練]", "実際の状況ではありません。"),
        "vi": ("[DIỄN TẬP]", "Không phải tình huống thật."),
    },
    "test": {
        "ko": ("[시험]", "실제 상황 아님."),
        "en": ("[TEST]", "Not a real event."),
        "zh": ("[测试]", "非真实情况。"),
        "ja": ("[テスト]", "実際の状況ではありません。"),
        "vi": ("[THỬ NGHIỆM]", "Không phải tình huống thật."),
    },
}
# What makes an exercise look real: refused wherever the message is none.
_SEEMS_REAL = (
    "실제 상황입니다", "실제상황입니다", "훈련이 아닙니다", "훈련 아님", "훈련 상황이 아닙니다",
    "not a drill", "not an exercise", "this is real", "不是演习", "訓練ではありません",
    "không phải diễn tập",
)  # fmt: skip

CORRECTIONS = {
    "ko": "[정정] 방금 보낸 안내는 잘못 보낸 것입니다. 안내대로 하지 않으셔도 됩니다. "
    "혼란을 드려 죄송합니다. 문의 120",
    "en": "[CORRECTION] The alert you just got was sent by mistake. "
    "You do not need to do anything. We are sorry. Questions: call 120.",
    "zh": "[更正] 刚才发送的信息有误，您无需采取任何行动。对造成的混乱深表歉意。咨询：120",
    "ja": "[訂正] 先ほどのお知らせは誤って送信されたものです。対応は必要ありません。"
    "ご迷惑をおかけして申し訳ありません。お問い合わせ 120",
    "vi": "[ĐÍNH CHÍNH] Thông báo vừa gửi là nhầm lẫn. Quý vị không cần làm gì. "
    "Chúng tôi xin lỗi. Liên hệ: 120",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message can't go to approval yet: the field, and a sentence in both languages.

    `missing` names what of the field is missing, as the API calls it.
    """

    field: str
    ko: str
    en: str
    missing: tuple[str, ...] = ()


def clean(text: str) -> str:
    """Return `text` as it will be sent: composed (NFC), no invisible characters, trimmed.

    macOS sends Hangul decomposed, and each syllable would then count two or three times.
    """
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).split("\n")
    seen = ("".join(c for c in line.replace("\t", " ") if _seen(c)) for line in lines)
    return "\n".join(line.rstrip() for line in seen).strip()


def _seen(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def clean_all(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that hold anything, cleaned, in the order of LANGUAGES."""
    cleaned = {language: clean(texts.get(language, "")) for language in LANGUAGES}
    return {language: text for language, text in cleaned.items() if text}


def characters(text: str) -> int:
    """Return how many characters a reader counts in what `clean` made: code points."""
    return len(text)


def marked(environment: str, texts: dict[str, str]) -> dict[str, str]:
    """Return `texts` with the environment's mark first; it may follow the sender's `[agency]`."""
    if environment not in MARKS:
        return texts
    return {
        language: text if _carries(environment, language, text) else
        " ".join((*MARKS[environment][language], text))
        for language, text in texts.items()
    }  # fmt: skip


def _carries(environment: str, language: str, text: str) -> bool:
    tag, sentence = (re.escape(part) for part in MARKS[environment][language])
    return re.match(rf"(\[[^\]\n]{{1,20}}\]\s*)?{tag}\s*{sentence}", text) is not None


def misleading(
    environment: str, texts: dict[str, str], correction: dict[str, str]
) -> Problem | None:
    """Return what is wrong with the marks: a drill's on a live message, or a drill seeming real.

    A live correction may say that the event is not real; that is what it is for.
    """
    sent = "\n".join(texts.values()).casefold()
    corrected = "\n".join(correction.values()).casefold()
    if environment == "live":
        marks = [mark for by_language in MARKS.values() for mark in by_language.values()]
        if any(
            tag.casefold() in sent + corrected or sentence.rstrip(".。").casefold() in sent
            for tag, sentence in marks
        ):
            return Problem(
                "texts",
                "실제 발송 문구에는 훈련·시험 표시를 넣을 수 없어요. "
                "훈련이라면 종류를 '훈련'으로 바꿔 주세요.",
                "A live message can't carry the mark of an exercise or a test. "
                "If this is a drill, choose the environment exercise.",
            )
    elif any(phrase.casefold() in sent + corrected for phrase in _SEEMS_REAL):
        return Problem(
            "texts",
            "훈련·시험 문구에 실제 상황처럼 읽히는 말이 있어요. 그 말을 빼 주세요.",
            "This exercise or test says that it is real. Take those words out.",
        )
    return None


def problems(broadcast: Broadcast, now: datetime) -> list[Problem]:
    """Return what keeps `broadcast` from being submitted; an empty list when it is ready.

    `now` is the database's time.
    """
    found: list[Problem] = []
    if not broadcast.districts and not broadcast.polygons:
        found.append(
            Problem(
                "districts",
                "지역을 하나 이상 고르거나 지도에 그려 주세요.",
                "Choose at least one district, or draw an area.",
            )
        )
    for field, texts, ko, en in (
        ("texts", broadcast.texts, "보낼 문구", "message"),
        ("correction", broadcast.correction, "정정 문구", "correction"),
    ):
        korean = texts.get("ko", "")
        if not korean:
            found.append(Problem(field, f"한국어 {ko}를 써 주세요.", f"Write the {en} in Korean."))
        elif characters(korean) > SHORT_LIMIT:
            count = characters(korean)
            found.append(
                Problem(
                    field,
                    f"한국어 {ko}가 {count}자예요. {SHORT_LIMIT}자 이하로 줄여 주세요.",
                    f"The Korean {en} has {count} characters; at most {SHORT_LIMIT} are allowed.",
                )
            )
    uncorrected = [name for name in broadcast.texts if name not in broadcast.correction]
    if uncorrected and "ko" in broadcast.correction:
        names = ", ".join(uncorrected)
        found.append(
            Problem(
                "correction",
                f"정정 문구가 없는 언어가 있어요: {names}. 보낼 언어마다 써 주세요.",
                f"The correction is missing in: {names}. Every language sent needs one.",
            )
        )
    begins = broadcast.send_at or now
    if begins < now:
        found.append(
            Problem(
                "send_at",
                "보낼 시각이 이미 지났어요. 다시 골라 주세요.",
                "The time to send it has passed. Choose it again.",
            )
        )
    if not max(begins, now) < broadcast.expires_at <= begins + LONGEST_LIFE:
        found.append(
            Problem(
                "expires_at",
                "유효 시간은 보낼 때부터 48시간 안이어야 해요. 다시 골라 주세요.",
                "The expiry must lie within 48 hours after sending. Choose it again.",
            )
        )
    found += _untold(broadcast)
    wrong = misleading(broadcast.environment, broadcast.texts, broadcast.correction)
    return [*found, wrong] if wrong else found


def _untold(broadcast: Broadcast) -> list[Problem]:
    """Return what an alert lacks: a fact, the all-clear, the word in English.

    On 31 May 2023 a text without why and where to go sent a city into the street: an alert of no
    known kind, written by hand or by an API key, has to tell as much as the others. Only its name
    has no English word that the city could ask for. A test goes to the staff alone.
    """
    if broadcast.environment == "test":
        return []
    found: list[Problem] = []
    told = broadcast.facts.get("ko", {})
    missing = [name for name in FACTS if not str(told.get(name, "")).strip()]
    if missing:
        ko = ", ".join(FACTS[name][0] for name in missing)
        en = ", ".join(FACTS[name][1] for name in missing)
        found.append(
            Problem(
                "facts",
                f"빠진 내용이 있어요: {ko}. 써 주세요.",
                f"Fill these in, in Korean: {en}.",
                tuple(missing),
            )
        )
    clear = broadcast.all_clear.get("ko", "")
    if not clear or characters(clear) > SHORT_LIMIT:
        found.append(
            Problem(
                "all_clear",
                f"한국어 해제 문구를 {SHORT_LIMIT}자 이하로 준비해 주세요.",
                f"Prepare an all-clear in Korean, of at most {SHORT_LIMIT} characters.",
            )
        )
    korean = broadcast.texts.get("ko", "")
    named = broadcast.hazard != UNKNOWN and broadcast.level in URGENT
    if korean and named and not _ENGLISH.search(korean):
        found.append(
            Problem(
                "texts",
                "위급·긴급 문구에는 재난 이름 옆에 영어를 함께 써 주세요. 예: 호우(Heavy rain)",
                "Put the English word beside what happens, as in 호우(Heavy rain).",
            )
        )
    return found
