"""What a message picks among the choices that were shown last: by number, button or words."""

import re

from bot import answers, call, naming, tongues
from bot.turn import Turn

SURE = 0.45
CLEAR = 0.75
_DIGIT = re.compile(r"\d")
_NUMBERED = re.compile(
    r"^\s*(?:option |number |no\.? ?)?(\d{1,2})\s*(?:번(?:이?요|으로|이에요|입니다)?"
    r"(?:\s*(?:할게요|해\s*주세요|선택))?|\.|\)|#)?[.!\s]*$",
    re.IGNORECASE,
)
# Beside a number these make it something else: a sum, a formula, an address, a receipt's number.
_NO_WORDS = re.compile(
    r"[\d=+*/<>;_@#?-]|뭐|무엇|무슨|어떤|왜|설명|누구|뜻|말고|아니|\bwhat|\bwhich|\bwhy|\bnot\b|什么|何|gì",
    re.IGNORECASE,
)


def pick(turn: Turn) -> str | None:
    """Return the value of the choice that the message picks, or None."""
    offered = turn.dialogue.choices
    if not offered:
        return None
    values = [value for value, _ in offered]
    shown = [v for v, _ in call.read_out(turn)] if turn.voice else values
    if number := _NUMBERED.match(turn.text):
        index = int(number.group(1)) - 1
        return shown[index] if 0 <= index < len(shown) else None
    in_words = naming.number(turn.text)
    if in_words is not None and in_words <= len(shown):
        return shown[in_words - 1]
    said = _squeeze(turn.text)
    for value, title in offered:
        if said and said == _squeeze(title):
            return value
    if (short := tongues.short_answer(turn.text)) in values:
        return short
    if (answer := _yes_or_no(turn, values)) is not None:
        return answer
    picked = _number_said(turn)
    if picked is not None and 1 <= picked <= len(shown):
        return shown[picked - 1]
    # Part of one title alone: "내용", "the first poll's name", "상담원".
    near = [v for v, t in offered if 2 <= len(said) <= 20 and said in _squeeze(t)]
    return near[0] if len(near) == 1 else None


def _number_said(turn: Turn) -> int | None:
    """Return the number that the message picks within a few plain words: "그럼 2번 할게요"."""
    said = [e for e in turn.parse.entities if e.entity == "choice" and e.value.isdigit()]
    if not said or len(turn.text) > 16:
        return None
    around = turn.text[: said[-1].start] + turn.text[said[-1].end :]
    return None if _NO_WORDS.search(around) else int(said[-1].value)


def _yes_or_no(turn: Turn, values: list[str]) -> str | None:
    refuses = answers.says_no(turn.text) or (_sure_of(turn, "deny") and not _more(turn))
    if "no" in values and refuses:
        return "no"
    if "no" in values and "fix" not in values and answers.has_no_need(turn.text):
        return "no"
    agrees = (
        answers.says_yes(turn.text)
        or answers.agrees_at_length(turn.text)
        or (_sure_of(turn, "affirm") and not _more(turn))
    )
    return "yes" if "yes" in values and agrees else None


def _more(turn: Turn) -> bool:
    """Tell whether a yes or no comes with something else, as in "no, it is 89"."""
    return len(turn.text) > 14 or _DIGIT.search(turn.text) is not None or "?" in turn.text


def _sure_of(turn: Turn, intent: str) -> bool:
    return turn.intent == intent and turn.parse.intent.confidence >= CLEAR


def _squeeze(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
