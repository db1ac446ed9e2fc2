"""The part of an article that answers: a sentence, or a window where a text has no sentences."""

import re
from collections import Counter
from collections.abc import Callable

from backend.faq import tokens
from backend.faq.lexicon import Query

WINDOW = 120  # characters of a passage where a text has no sentence ends
_ENDS = re.compile(r"(?<=[.!?。])\s+|\n+")
_FIRST = 1.0
_LONGER = 12  # characters by which one long word may stretch a window
_TEXT = 6_000  # characters in which a window is looked for
_SENTENCE_END = re.compile(r"[가-힣a-z0-9)][.!?](?:\s|$)")


def has_sentences(text: str) -> bool:
    """Tell whether `text` has sentence ends, so that a sentence of it can be quoted."""
    return bool(_SENTENCE_END.search(text))


def best_passage(
    body: str,
    sentences: bool,
    language: str,
    query: Query,
    weight: Callable[[str], float],
) -> str:
    """Return the passage of `body` that holds most of `query`.

    `weight` says how telling a term is. A text with sentence ends gives whole sentences; one
    without gives about 120 characters, cut at word bounds and marked where it was cut.
    """
    worth = {
        **{term: 0.6 * weight(term) for term in query.extra},
        **{term: weight(term) for term in query.words},
    }
    if sentences:
        return _sentence(body, language, worth)
    return _window(tokens.clean(body), worth)


def _sentence(body: str, language: str, worth: dict[str, float]) -> str:
    """Return the best sentence, and what follows it as far as a short message holds."""
    parts = [part.strip() for part in _ENDS.split(body) if part.strip()]
    if len(parts) < 2:
        return " ".join(parts)
    analysed = (
        [tokens.english(part) for part in parts]
        if language == "en"
        else list(tokens.korean_all(parts))
    )
    # The first sentence of an answer usually is the answer: it wins when the rest is as good.
    scores = [
        sum(worth.get(word, 0.0) for word in terms.words) + (_FIRST if i == 0 else 0.0)
        for i, terms in enumerate(analysed)
    ]
    best = max(range(len(parts)), key=scores.__getitem__)
    chosen = parts[best]
    for part in parts[best + 1 :]:
        if len(chosen) + 1 + len(part) > WINDOW:
            break
        chosen += " " + part
    return chosen


def _window(text: str, worth: dict[str, float]) -> str:
    if len(text) <= WINDOW:
        return text
    words = text[:_TEXT].split(" ")
    telling = sorted(((v, term) for term, v in worth.items() if v > 0), reverse=True)
    found = [next((pair for pair in telling if pair[1] in word), None) for word in words]
    best, bounds = -1.0, (0, len(words))
    held: Counter[str] = Counter()
    size = end = 0
    score = 0.0
    for start, word in enumerate(words):  # each term counts once in a window
        while end < len(words) and (end == start or size + len(words[end]) <= WINDOW):
            size += len(words[end]) + 1
            pair = found[end]
            if pair:
                score += pair[0] if not held[pair[1]] else 0.0
                held[pair[1]] += 1
            end += 1
        if score > best + 1e-6:
            best, bounds = score, (start, end)
        if end == len(words):
            break
        size -= len(word) + 1
        pair = found[start]
        if pair:
            held[pair[1]] -= 1
            score -= pair[0] if not held[pair[1]] else 0.0
    first, last = bounds
    passage = " ".join(words[first:last])[: WINDOW + _LONGER]
    return ("… " if first else "") + passage + (" …" if last < len(words) else "")
