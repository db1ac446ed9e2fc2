"""Mends small slips in Latin words ("hlep", "unsuscribe") towards words that are known."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

_SHORTEST = 4
_MUCH_COMMONER = 5
_CACHED = 20_000


class Speller:
    """Knows words and finds the one that is a single slip away."""

    def __init__(self, words: Mapping[str, int]) -> None:
        """`words` maps what is known to how common it is; only the common attract."""
        self._common = dict(words)
        self._by_deletion: dict[str, list[str]] = {}
        for word, times in words.items():
            if times > 1 and len(word) >= _SHORTEST:
                for shorter in _deletions(word):
                    self._by_deletion.setdefault(shorter, []).append(word)
        self.mend = lru_cache(maxsize=_CACHED)(self._mend)

    def _mend(self, word: str) -> str:
        """Return the known word that `word` was meant to be, or `word`."""
        if len(word) < _SHORTEST or self._common.get(word, 0) > 1:
            return word
        # A word met once may be a slip itself: it yields only to a much commoner one.
        floor = _MUCH_COMMONER if word in self._common else 1
        best = word
        for candidate in self._candidates(word):
            times = self._common[candidate]
            if times > max(floor, self._common.get(best, 0)) and _one_slip(word, candidate):
                best = candidate
        return best

    def _candidates(self, word: str) -> Iterable[str]:
        yield from self._by_deletion.get(word, ())
        for shorter in _deletions(word):
            if self._common.get(shorter, 0) > 1:
                yield shorter
            yield from self._by_deletion.get(shorter, ())


def _deletions(word: str) -> Iterable[str]:
    # In order, not a set: of two candidates that are as common the first is taken, in any process.
    return dict.fromkeys(word[:i] + word[i + 1 :] for i in range(len(word)))


def _one_slip(a: str, b: str) -> bool:
    """Say whether one letter was added, dropped, changed, or two neighbours swapped."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    i = 0
    while i < len(a) and a[i] == b[i]:
        i += 1
    if len(a) < len(b):
        return a[i:] == b[i + 1 :]
    return a[i + 1 :] == b[i + 1 :] or (
        a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :]
    )
