"""What a call says of numbers, and which telephones can read as well."""

from channels.phones import takes_texts
from channels.reading import digits

__all__ = ["characters", "digits", "takes_texts"]

_LETTERS_KO = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [
            "에이",
            "비",
            "씨",
            "디",
            "이",
            "에프",
            "지",
            "에이치",
            "아이",
            "제이",
            "케이",
            "엘",
            "엠",
            "엔",
            "오",
            "피",
            "큐",
            "알",
            "에스",
            "티",
            "유",
            "브이",
            "더블유",
            "엑스",
            "와이",
            "제트",
        ],
        strict=True,
    )
)


def characters(code: str, language: str) -> str:
    """Return a code of letters and digits for a voice, one by one, with pauses after every four."""
    names = _LETTERS_KO if language == "ko" else {}
    spoken = [digits(c, language) if c.isdigit() else names.get(c, c) for c in code if c.isalnum()]
    groups = [" ".join(spoken[i : i + 4]) for i in range(0, len(spoken), 4)]
    return ", ".join(groups)
