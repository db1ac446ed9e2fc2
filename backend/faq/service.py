"""Answers to questions: the index kept fresh, and an article told with where it comes from."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import NotFound
from backend.faq import districts, store
from backend.faq.importer import source_named
from backend.faq.index import Hit, Index, Result, build
from backend.faq.passages import has_sentences
from backend.faq.units import Row
from backend.models import FaqArticle
from backend.petitions.working_days import calendar

log = logging.getLogger(__name__)

PHONE = "120"
_POLL = 1.0  # seconds between looks at the database
_ALIKE_AMONG = 5  # hits among which the same is looked for in other districts
_WAIT = 1.0  # seconds that a search waits for an edit to be read
_STAFF_SOURCE = {"ko": "담당 부서 작성", "en": "Written by the department"}
_STAFF_LICENSE = "KOGL Type 1"


class NoSuchArticle(NotFound):
    """There is no article with that id."""

    def __init__(self) -> None:
        super().__init__(
            "그 번호의 글이 없어요. 번호를 확인해 주세요.",
            "There is no article with that number. Please check it.",
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """A title to offer where the index is not sure."""

    article_id: int
    title: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say to a question.

    `answer` has everything but choices; `choices` has up to three titles; `districts` has articles
    that differ by district only, with its Korean name as title; `none` has neither.
    With `confirm_with_120` the text was imported without sentence ends, and numbers may be
    missing from it: the citizen is told to check with `phone`.
    """

    kind: Literal["answer", "choices", "districts", "none"]
    article_id: int | None = None
    language: str = "ko"
    title: str = ""
    passage: str = ""
    department: str | None = None
    source: str = ""
    as_of: date | None = None
    url: str | None = None
    confirm_with_120: bool = False
    phone: str = PHONE
    choices: tuple[Choice, ...] = ()


class FaqIndex:
    """The index of this process. It follows edits within a second and survives restarts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._index = Index({})
        self._fingerprint = ""
        self._looked = float("-inf")
        self._building: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def refresh(self, session: AsyncSession) -> Index:
        """Return the index over the articles as they are now, however long that takes."""
        async with self._lock:
            await self._look(session)
            if self._building:
                await self._building
        return self._index

    async def current(self, session: AsyncSession) -> Index:
        """Return the index, not more than about a second behind the database."""
        if not self._fingerprint:
            return await self.refresh(session)
        if time.monotonic() - self._looked >= _POLL:
            await self._look(session)
        if self._building:
            await asyncio.wait({self._building}, timeout=_WAIT)
        return self._index

    async def _look(self, session: AsyncSession) -> None:
        """Begin to build where articles changed and nobody is building yet."""
        self._looked = time.monotonic()
        if self._building:
            return
        fingerprint = await _fingerprint(session)
        if fingerprint == self._fingerprint:
            return
        name = store.key(fingerprint)
        stored = None
        if not self._fingerprint:
            stored = await asyncio.to_thread(store.load, self._directory, name)
        if stored is not None:
            self._index, self._fingerprint = stored, fingerprint
            return
        rows = await _rows(session)
        self._building = asyncio.create_task(self._build(rows, fingerprint, name))

    async def _build(self, rows: list[Row], fingerprint: str, name: str) -> None:
        try:
            self._index = await asyncio.to_thread(build, rows, self._index)
            self._fingerprint = fingerprint
            await asyncio.to_thread(store.save, self._index, self._directory, name)
        except OSError:
            log.warning("the index of articles can't be stored; the next start builds it again")
        finally:
            self._building = None


async def _fingerprint(session: AsyncSession) -> str:
    """Return what changes whenever an article is added, edited or deleted.

    The newest time alone would miss an edit that committed late under an earlier time.
    """
    moment = func.extract("epoch", FaqArticle.updated_at)
    found = (
        await session.execute(
            select(func.count(), func.max(moment), func.sum(moment), func.sum(FaqArticle.id))
        )
    ).one()
    return "|".join(str(value) for value in found)


async def _rows(session: AsyncSession) -> list[Row]:
    columns = select(
        FaqArticle.id,
        FaqArticle.external_id,
        FaqArticle.language,
        FaqArticle.title,
        FaqArticle.questions,
        FaqArticle.body,
        FaqArticle.sentences,
    ).order_by(FaqArticle.id)
    return [
        Row(a.id, a.external_id, a.language, a.title, tuple(a.questions), a.body, a.sentences)
        for a in await session.execute(columns)
    ]


async def search(
    session: AsyncSession, index: FaqIndex, text: str, language: str, k: int = 3
) -> Answer:
    """Answer `text`: with an article, with up to `k` titles to choose from, or with neither.

    Where articles differ by district only, and the question names none, the district is asked.
    """
    result = (await index.current(session)).search(text, language, max(k, _ALIKE_AMONG))
    if result.decision == "none":
        return Answer("none")
    if apart := districts.to_choose_from(text, result.hits[:_ALIKE_AMONG]):
        which = tuple(Choice(hit.article_id, district) for district, hit in apart)
        return Answer("districts", language=language, choices=which)
    if result.decision == "answer":
        found = await session.get(FaqArticle, result.hits[0].article_id)
        return _told(found, result.hits[0].passage) if found else Answer("none")
    titles = {hit.title: Choice(hit.article_id, hit.title) for hit in reversed(result.hits[:k])}
    return Answer("choices", language=language, choices=tuple(reversed(titles.values())))


async def article(
    session: AsyncSession, index: FaqIndex, article_id: int, text: str = ""
) -> Answer:
    """Tell the article that was picked, by what of it fits `text`; `none` where it is gone."""
    found = await session.get(FaqArticle, article_id)
    if found is None:
        return Answer("none")
    current = await index.current(session)
    return _told(found, current.passage(article_id, text) or found.body[:200])


def _told(found: FaqArticle, passage: str) -> Answer:
    return Answer(
        "answer",
        article_id=found.id,
        language=found.language,
        title=found.title,
        passage=passage,
        department=found.department,
        source=found.source.name,
        as_of=found.reviewed_on or found.source.as_of,
        url=found.url,
        confirm_with_120=not found.sentences,
    )


async def found_for(
    session: AsyncSession, index: FaqIndex, text: str, language: str, k: int
) -> tuple[Result, list[tuple[Hit, FaqArticle]]]:
    """Return what the index finds for `text`, each hit with its article."""
    result = (await index.current(session)).search(text, language, k)
    ids = [hit.article_id for hit in result.hits]
    known = {
        one.id: one
        for one in await session.scalars(select(FaqArticle).where(FaqArticle.id.in_(ids)))
    }
    hits = [(hit, known[hit.article_id]) for hit in result.hits if hit.article_id in known]
    return result, hits


async def page(
    session: AsyncSession, language: str | None, limit: int, offset: int
) -> tuple[Sequence[FaqArticle], int]:
    """Return articles in the order they came, and how many there are."""
    wanted = select(FaqArticle)
    if language:
        wanted = wanted.where(FaqArticle.language == language)
    total = await session.scalar(select(func.count()).select_from(wanted.subquery()))
    rows = await session.scalars(wanted.order_by(FaqArticle.id).limit(limit).offset(offset))
    return rows.all(), total or 0


async def get(session: AsyncSession, article_id: int) -> FaqArticle:
    """Return one article. Raises: NoSuchArticle."""
    found = await session.get(FaqArticle, article_id)
    if found is None:
        raise NoSuchArticle
    return found


async def write(
    session: AsyncSession,
    actor: str,
    *,
    language: str,
    category: str,
    title: str,
    body: str,
    questions: Sequence[str] = (),
    department: str | None = None,
    url: str | None = None,
) -> FaqArticle:
    """Add an article that a department wrote, reviewed today."""
    today = await _today(session)
    source_id = await source_named(
        session, _STAFF_SOURCE["en" if language == "en" else "ko"], today, _STAFF_LICENSE
    )
    made = FaqArticle(
        source_id=source_id,
        external_id=uuid4().hex,
        language=language,
        category=category,
        department=department,
        title=title,
        questions=list(questions),
        body=body,
        sentences=has_sentences(body),
        url=url,
        reviewed_on=today,
    )
    session.add(made)
    await session.flush()
    audit.record(session, actor, "faq.written", f"faq:{made.id}", language=language)
    await session.refresh(made)
    return made


async def revise(
    session: AsyncSession, actor: str, article_id: int, changes: dict[str, object]
) -> FaqArticle:
    """Change an article; whoever changes it has reviewed it. Raises: NoSuchArticle."""
    found = await session.get(FaqArticle, article_id, with_for_update={"of": FaqArticle})
    if found is None:
        raise NoSuchArticle
    for name, value in changes.items():
        setattr(found, name, value)
    found.sentences = has_sentences(found.body)
    found.reviewed_on = await _today(session)
    found.updated_at = await session.scalar(select(func.clock_timestamp())) or found.updated_at
    audit.record(session, actor, "faq.revised", f"faq:{found.id}", fields=sorted(changes))
    await session.flush()
    return found


async def _today(session: AsyncSession) -> date:
    """Return today's date in the city."""
    city = func.timezone(str(calendar().zone), func.now())
    today: date = (await session.execute(select(func.date(city)))).scalar_one()
    return today
