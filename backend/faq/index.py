"""The retrieval index over the articles: built in this process, searched in a few milliseconds.

Korean questions search Korean articles; English questions search English articles, and through
the glossary Korean ones too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from backend.faq import lexicon, tokens
from backend.faq.characters import is_chinese, is_japanese
from backend.faq.fitted import weights
from backend.faq.lexicon import Query
from backend.faq.passages import best_passage
from backend.faq.ranking import Ranking, rank
from backend.faq.units import Row, Units, analyse

Decision = Literal["answer", "choices", "none"]
_QUESTION = 500  # characters of a question that are read
_QUOTED = 3  # hits that get a passage: no page shows more
_IN_TITLE = 0.3


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


@dataclass(frozen=True)
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
        queries = {"ko": self.query(text, language)}
        if language_of(text, language) == "en":
            queries["en"] = lexicon.english_query(text)
        return self._best(queries, k)

    def query(self, text: str, language: str) -> Query:
        """Return `text`, asked in `language`, as a query over the Korean articles."""
        spoken = language_of(text, language)
        if spoken == "ko":
            return lexicon.korean_query(text)
        if spoken in ("zh", "ja"):
            return lexicon.character_query(text, spoken)
        korean = self.languages.get("ko")
        names, spellings = (korean.names, korean.spellings) if korean else ({}, {})
        return lexicon.translated_query(text, names, spellings)

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

    def _best(self, queries: Mapping[str, Query], k: int) -> Result:
        """Merge the rankings of several languages; the surest one leads and decides."""
        rankings = [
            (units, rank(units, queries[language], k))
            for language, units in self.languages.items()
            if language in queries
        ]
        rankings.sort(key=lambda found: (found[1].offered, found[1].answerable), reverse=True)
        chosen: dict[int, tuple[Row, float]] = {}
        for units, ranking in rankings:
            for one in ranking.ranked:
                row = units.rows[one.row]
                if "en" in queries:
                    row = self._in_english.get(row.external_id, row)
                chosen.setdefault(row.id, (row, one.score))
        if not chosen:
            return NOTHING
        hits = []
        for place, (row, score) in enumerate(list(chosen.values())[:k]):
            written = "en" if row.language == "en" else "ko"
            units, query = self.languages[written], queries[written]
            passage = _quoted(units, query, row) if place < _QUOTED else ""
            hits.append(
                Hit(row.id, row.external_id, row.language, row.title, passage, row.sentences, score)
            )
        leading = rankings[0][1]
        return Result(hits, _decision(leading), leading.right, leading.answerable)

    @cached_property
    def _in_english(self) -> dict[str, Row]:
        """English articles by their id at the source: who asks in English is shown those."""
        english = self.languages.get("en")
        return {row.external_id: row for row in english.rows} if english else {}


def _decision(leading: Ranking) -> Decision:
    if not leading.offered:
        return "choices" if leading.keyword else "none"
    return "answer" if leading.right >= weights().answer_at else "choices"


def language_of(text: str, language: str) -> str:
    """Return in which way a question is read (ko, en, zh, ja): English as such, else by script."""
    if language != "en" and tokens.is_korean(text):
        return "ko"
    if is_japanese(text):
        return "ja"
    return "zh" if is_chinese(text) else "en"


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
