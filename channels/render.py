"""The forms a reply takes where there are no buttons: numbered lines, and words to be spoken."""

import re
from collections.abc import Sequence

from channels.inbound import clean_text
from channels.message import Choice, Outgoing, Reply
from channels.reading import read_aloud

_URL = re.compile(
    r"(?:https?://|www\.)[!-~]+|(?<![a-z0-9@.-])(?:[a-z0-9-]+\.)+(?:kr|com|net|org)(?![a-z0-9])"
    r"(?:/[!-~]*)?",
    re.IGNORECASE,
)
_LINK = re.compile(r"\[([^\]\n]+)\]\((?:https?:)?[^)\s]*\)")
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0e\ufe0f\u200d\u20e3"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f]"
)
_MARKUP = re.compile(r"[*_`#~|@^=\\<>\[\](){}「」『』【】※·•]|^\s*[-–—]\s+", re.MULTILINE)
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")

# Signs that voices leave out or read by another language's name.
_SIGNS = {
    "ko": {"℃": "도", "㎡": "제곱미터", "&": " 그리고 "},
    "en": {"℃": " degrees", "㎡": " square metres", "&": " and "},
}
_RANGE = re.compile(  # 9시~18시, 1–3, 월~금
    r"(?<=[\d시분월화수목금토일년])\s*[~∼–]\s*(?=[\d월화수목금토일])"
)

# A voice pauses at these; a longer stretch would be more than an ear keeps.
SENTENCE_MAX = 200
_END = re.compile(r"(?<=[.?!…])\s+")
_TWO_ENDS = re.compile(r"([?!])\.(?=\s|$)")
_TITLE_IS_SENTENCE = ("요", "다", "까")

# The digits whose Sino-Korean name ends in a consonant: 영 일 삼 육 칠 팔.
_CLOSED_DIGITS = "013678"


def keyed(choices: Sequence[Choice]) -> list[tuple[str, Choice]]:
    """Return each choice with the key a citizen types or presses for it.

    Where every id is a number it is that number, otherwise its place in the list from 1.
    """
    if all(choice.id.isascii() and choice.id.isdigit() for choice in choices):
        return [(choice.id, choice) for choice in choices]
    return [(str(place), choice) for place, choice in enumerate(choices, 1)]


def numbered(text: str, choices: Sequence[Choice]) -> str:
    """Return `text` followed by its choices as lines such as `1. 도로 파손`."""
    lines = [text] if text else []
    return "\n".join(lines + [f"{key}. {choice.title}" for key, choice in keyed(choices)])


def with_photo(message: Outgoing) -> str:
    """Return the text of a message with the link to its photo, for channels that carry none."""
    return "\n".join(part for part in (message.text, message.photo_url) if part)


def speakable(text: str, language: str) -> str:
    """Return `text` as a voice can read it: no addresses, markup, brackets, emoji or codes."""
    text = _LINK.sub(r"\1", clean_text(text))
    text = _URL.sub(" ", text)
    for sign, word in _SIGNS.get(language, {}).items():
        text = text.replace(sign, word)
    text = read_aloud(_RANGE.sub("에서 " if language == "ko" else " to ", text), language)
    text = _MARKUP.sub(" ", _EMOJI.sub(" ", text))
    lines = (_SPACES.sub(" ", line).strip(" :") for line in text.splitlines())
    # A line end is a pause; without a full stop the voice would run on.
    said = " ".join(line if line[-1] in ".?!,…。！？、" else f"{line}." for line in lines if line)
    return _TWO_ENDS.sub(r"\1", said)  # a title may be a question, and stand before a full stop


def sentences(said: str) -> list[str]:
    """Return what is said sentence by sentence; one too long for an ear is cut at a space."""
    found: list[str] = []
    for sentence in _END.split(said.strip()):
        rest = sentence
        while len(rest) > SENTENCE_MAX:
            cut = rest.rfind(" ", 1, SENTENCE_MAX)
            cut = cut if cut > 0 else SENTENCE_MAX
            found.append(rest[:cut].rstrip(",") + ".")
            rest = rest[cut:].lstrip()
        if rest:
            found.append(rest)
    return found


def words(reply: Reply, language: str) -> str:
    """Return what a voice says for `reply`, without its choices."""
    return speakable(reply.text if reply.spoken is None else reply.spoken, language)


def options(choices: Sequence[Choice], language: str) -> str:
    """Return how a voice offers `choices`, the key after the option; empty without any."""
    said = [(key, speakable(choice.title, language)) for key, choice in keyed(choices)]
    named = [(key, title.rstrip(".?!")) for key, title in said]
    if not named:
        return ""
    if language == "ko":
        return ", ".join(f"{_offered(title)} {key}번" for key, title in named) + "."
    return "; ".join(f"{title}, press {key}" for key, title in named) + "."


def spoken(reply: Reply, language: str) -> str:
    """Return what a voice says for `reply`, its choices last."""
    return f"{words(reply, language)} {options(reply.choices, language)}".strip()


def _offered(title: str) -> str:
    """Return a title as the first half of an offer: 불법주차는, or a whole sentence and a pause."""
    return f"{title}," if title.endswith(_TITLE_IS_SENTENCE) else title + topic_particle(title)


def topic_particle(word: str) -> str:
    """Return 은 or 는 as Korean needs it after `word`."""
    last = word[-1:]
    if "가" <= last <= "힣":
        return "은" if (ord(last) - 0xAC00) % 28 else "는"
    if last in _CLOSED_DIGITS and last:
        return "은"
    # Of the Latin letters only L, M, N and R are read with a consonant at the end.
    return "은" if last.lower() in ("l", "m", "n", "r") else "는"
