"""Which of several things a citizen names, when they say it in part: "the playground one"."""

import re
from collections.abc import Sequence

# Words of questions and of voting, which name nothing.
_COMMON = (
    "어디", "무엇", "어떤", "우리", "먼저", "투표", "참여", "하나", "골라", "좋을", "좋겠", "서울",
    "시민", "동네", "가장", "지금", "이번", "새로", "should", "what", "where", "which", "first",
    "vote", "voting", "poll", "would", "with", "your", "seoul", "like", "want", "take", "part",
    "please", "投票", "首尔", "哪里", "什么", "ソウル", "どこ", "phiếu", "muốn",
)  # fmt: skip
_WORD = re.compile(r"[가-힣]+|[a-zà-ỹđ]+|[一-鿿぀-ヿ]+|\d+")
_LAST = re.compile(r"마지막|맨\s*끝|맨\s*아래|last\s+(?:one|option)|the\s+last|最后|最後|cuối")


_SPOKEN = {
    "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9,
    "첫": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "first": 1, "second": 2, "third": 3, "fourth": 4,
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5,
    "một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5,
}  # fmt: skip
_SPOKEN_NUMBER = re.compile(
    r"\W*(?:number |the |第|số )?(" + "|".join(sorted(_SPOKEN, key=len, reverse=True)) + ")"
    r"\s*(?:번째|번|번이요|번요|번이에요|one|个|番|番目)?\s*(?:거|것|걸로|으로|이요|요|할게요|please)?\W*",
    re.IGNORECASE,
)


def number(text: str) -> int | None:
    """Return the number that a short answer says in words: "이번", "number two", "第二个"."""
    said = _SPOKEN_NUMBER.fullmatch(text)
    if said is None or said[0].strip() in ("이", "네", "오", "세", "구", "사"):
        return None  # a word of its own, "yes" above all
    return _SPOKEN[said[1].lower()]


_PLACED = re.compile(
    r"(?<![\d-])(\d{1,2})\s*번(?!\s*출구)|(?<![가-힣])(첫|두|세|네|다섯|일|이|삼|사|오)\s*번\s*째?(?!\s*출구)",
)


def placed(text: str) -> int | None:
    """Return the place in a list that `text` speaks of: "2번 설명 좀", "첫 번째 거 뭐예요"."""
    found = _PLACED.search(text)
    if found is None:
        return None
    return int(found[1]) if found[1] else _SPOKEN[found[2]]


def numbered(text: str, nouns: str) -> int | None:
    """Return the number that stands beside one of `nouns`, an expression: "poll 2", "2번 투표"."""
    words = "|".join(sorted(_SPOKEN, key=len, reverse=True))
    said = re.search(
        rf"(?:{nouns})\s*(?:number|no\.?|#|số)?\s*(?P<after>\d{{1,2}}|(?:{words})(?![a-z가-힣]))"
        rf"|(?P<before>\d{{1,2}}|(?<![a-z가-힣])(?:{words}))\s*(?:번째?|st|nd|rd|th|个|番目?)?의?\s*(?:{nouns})",
        text,
        re.IGNORECASE,
    )
    if said is None:
        return None
    found = (said["after"] or said["before"]).lower()
    return int(found) if found.isdigit() else _SPOKEN[found]


def is_last(text: str) -> bool:
    """Tell whether `text` picks the last of a list."""
    return len(text) <= 20 and _LAST.search(text.lower()) is not None


def named(text: str, candidates: Sequence[Sequence[str]]) -> int | None:
    """Return the place of the one candidate that `text` names, or None where it is not clear.

    A candidate is known by several titles, one a language. What counts are words that only one of
    them has; Korean words count without their endings, as long as two syllables are left.
    """
    heard = _squeeze(text)
    spoken = set(_WORD.findall(text.lower()))
    found = [
        max((_weight(words, heard, spoken) for words in _telling(candidates, place)), default=0)
        for place in range(len(candidates))
    ]
    best = max(found, default=0)
    return found.index(best) if best and found.count(best) == 1 else None


def _telling(candidates: Sequence[Sequence[str]], place: int) -> list[list[str]]:
    """Return for each title of a candidate the words that no other candidate's title has."""
    others = {
        word
        for n, titles in enumerate(candidates)
        if n != place
        for title in titles
        for word in _words(title)
    }
    return [[w for w in _words(title) if w not in others] for title in candidates[place]]


def _words(title: str) -> list[str]:
    return [w for w in _WORD.findall(title.lower()) if not any(w.startswith(c) for c in _COMMON)]


def _weight(words: list[str], heard: str, spoken: set[str]) -> int:
    weight = 0
    for word in words:
        if "가" <= word[0] <= "힣":
            # 놀이터를, 놀이터에서: the stem is what is said as well.
            stems = (word[:end] for end in range(len(word), 1, -1))
            found = max((len(stem) for stem in stems if stem in heard), default=0)
            # "버스 투표" for 심야버스: what it is stands last.
            head = re.sub(r"[은는이가을를의과와]$", "", word)[2:]
            weight += found or (len(head) if len(head) >= 2 and head in heard else 0)
        elif word[0] >= "぀":
            pairs = {word[n : n + 2] for n in range(len(word) - 1)}
            weight += sum(2 for pair in pairs if pair in heard)
        elif len(word) > 3:
            stem = word.rstrip("s")[:6]
            weight += len(stem) if any(s.startswith(stem) for s in spoken) else 0
    return weight


def _squeeze(text: str) -> str:
    return "".join(text.lower().split())
