"""The retrieval index over the articles: built in this process, searched in a few milliseconds.

Korean questions search Korean articles; English questions search English articles, and through
the glossary Korean ones too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from backend.faq import lexicon, tokens
from backend.faq.lexicon import Query
from backend.faq.passages import best_passage
from backend.faq.ranking import Ranked, Ranking, rank, weights
from backend.faq.units import Row, Units, analyse

Decision = Literal["answer", "choices", "none"]
_QUESTION = 500  # characters of a question that are read
_QUOTED = 3  # hits that get a passage: no page shows more
_IN_TITLE = 0.3
_OWN_LANGUAGE = 0.1  # an English article is worth this much more to who asks in English


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found for a question; the first three have the passage that answers best."""

    article_id: int
    external_id: str
    language: str
    title: str
    passage: str
    sentences: bool
    score: float


@dataclass(frozen=True, slots=True)
class Result:
    """Hits, best first, and what to do with them: answer, offer up to three titles, or neither.

    `right` is how sure the index is of the first hit, `answerable` that any article answers (0..1).
    """

    hits: list[Hit]
    decision: Decision
    right: float
    answerable: float


NOTHING = Result([], "none", 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Index:
    """Articles of every language, searchable. It never changes; an edit makes a new one."""

    languages: dict[str, Units]

    @property
    def rows(self) -> list[Row]:
        """All articles held."""
        return [row for units in self.languages.values() for row in units.rows]

    def search(self, text: str, language: str = "ko", k: int = 3) -> Result:
        """Return what is found for `text`, asked in `language` (ko, en; others by their script)."""
        text = tokens.clean(text)[:_QUESTION]
        if language == "en" or not tokens.is_korean(text):
            return self._english(text, k)
        return self._best([self._rank("ko", lexicon.korean_query(text), k)], k)

    def passage(self, article_id: int, text: str) -> str | None:
        """Return the part of one article that fits `text` best; None where it is not held."""
        for language, units in self.languages.items():
            for row in units.rows:
                if row.id == article_id:
                    query = (
                        lexicon.english_query(text)
                        if language == "en"
                        else lexicon.korean_query(tokens.clean(text)[:_QUESTION])
                    )
                    return _quoted(units, query, row)
        return None

    def _english(self, text: str, k: int) -> Result:
        korean = self.languages.get("ko")
        names = korean.names if korean else {}
        return self._best(
            [
                self._rank("en", lexicon.english_query(text), k),
                self._rank("ko", lexicon.translated_query(text, names), k),
            ],
            k,
        )

    def _rank(self, language: str, query: Query, k: int) -> tuple[Units, Query, Ranking] | None:
        units = self.languages.get(language)
        return (units, query, rank(units, query, k)) if units else None

    @staticmethod
    def _best(found: Sequence[tuple[Units, Query, Ranking] | None], k: int) -> Result:
        """Merge rankings of several languages; the surest one leads and decides."""
        rankings = [entry for entry in found if entry and entry[2].ranked]
        if not rankings:
            return NOTHING
        bonus = _OWN_LANGUAGE if len(found) > 1 else 0.0
        rankings.sort(key=lambda e: e[2].answerable + bonus * (e[0].language == "en"), reverse=True)
        chosen = [
            (units, query, one) for units, query, ranking in rankings for one in ranking.ranked
        ][:k]
        leading = rankings[0][2]
        fitted = weights()
        decision: Decision = "none"
        if leading.answerable >= fitted.offer_at:
            decision = "answer" if leading.right >= fitted.answer_at else "choices"
        hits = [_hit(*found, quoted=place < _QUOTED) for place, found in enumerate(chosen)]
        return Result(hits, decision, leading.right, leading.answerable)


def _hit(units: Units, query: Query, one: Ranked, *, quoted: bool) -> Hit:
    row = units.rows[one.row]
    passage = _quoted(units, query, row) if quoted else ""
    return Hit(row.id, row.external_id, row.language, row.title, passage, row.sentences, one.score)


def _quoted(units: Units, query: Query, row: Row) -> str:
    """Return the passage of `row` for `query`; what the title says tells sentences little apart."""
    titled: frozenset[str] = frozenset()
    if row.sentences:
        read = tokens.english if row.language == "en" else tokens.korean
        titled = frozenset(read(row.title).words)

    def weight(term: str) -> float:
        if not units.words.known(term):
            return 0.0
        return units.words.weight(term) * (_IN_TITLE if term in titled else 1.0)

    return best_passage(row.body, row.sentences, row.language, query, weight)


def build(rows: Iterable[Row], previous: Index | None = None) -> Index:
    """Return an index over `rows`; articles that `previous` holds unchanged are not read again."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault("en" if row.language == "en" else "ko", []).append(row)
    before = previous.languages if previous else {}
    return Index(
        {
            language: analyse(language, kept, before.get(language))
            for language, kept in grouped.items()
        }
    )
