"""Articles from outside: the CSV of Seoul's 120 questions, and the articles that ship with us."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import SetupError
from backend.faq.passages import has_sentences
from backend.faq.tokens import clean
from backend.models import FaqArticle, FaqSource

COLUMNS = ("번호", "분류", "제목", "내용", "내용번호")
OWN_SOURCE = {"ko": "응답 (자체 작성)", "en": "Eungdap (written for this service)"}
OWN_LICENSE = "MIT"
ARTICLES = Path(__file__).with_name("articles")
_BATCH = 500
_CONTENT = ("category", "department", "title", "questions", "body", "sentences", "url")

Progress = Callable[[int, int], None]


class FaqFileError(SetupError):
    """A file of articles can't be used; the message names file and line and says what to do."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article in one language as a file has it. `external_id` is its id at the source."""

    external_id: str
    language: str
    category: str
    title: str
    body: str
    sentences: bool
    department: str | None = None
    questions: tuple[str, ...] = ()
    url: str | None = None
    reviewed_on: date | None = None


def read_csv(path: Path) -> list[Article]:
    """Read the articles of a CSV with the columns 번호, 분류, 제목, 내용, 내용번호.

    In: a file in UTF-8 (with or without BOM) or CP949; more columns and any order are fine.
    Raises: FaqFileError for a file that is missing, empty, in another encoding, without one of
    the columns, or with a broken row.
    """
    reader = csv.reader(io.StringIO(_decoded(path), newline=""), strict=True)
    articles: list[Article] = []
    seen: dict[str, int] = {}
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise FaqFileError(
                f"{path}, line 1: the column {', '.join(missing)} is missing; "
                f"the first line must name {','.join(COLUMNS)}."
            )
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                article = _article(path, line, header, cells)
                if article.external_id in seen:
                    raise FaqFileError(
                        f"{path}, line {line}: the 내용번호 {article.external_id} was already used "
                        f"in line {seen[article.external_id]}; each article needs its own."
                    )
                seen[article.external_id] = line
                articles.append(article)
            line = reader.line_num + 1
    except csv.Error as error:
        raise FaqFileError(
            f"{path}, line {reader.line_num}: the row can't be read ({error}); "
            "look for a quotation mark that is not closed."
        ) from None
    if not articles:
        raise FaqFileError(f"{path}, line 1: the file holds no article under its header.")
    return articles


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaqFileError(f"{path} can't be read: {error.strerror or error}.") from None
    if not content.strip():
        raise FaqFileError(f"{path}, line 1: the file is empty.")
    broken = 0
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            broken = max(broken, error.start)  # the one that read further is what was meant
    line = content[:broken].count(b"\n") + 1
    raise FaqFileError(
        f"{path}, line {line}: the text is neither UTF-8 nor CP949; save the file as UTF-8."
    )


def _article(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> Article:
    if len(cells) != len(header):
        raise FaqFileError(
            f"{path}, line {line}: the row has {len(cells)} cells where the header has "
            f"{len(header)}; look for a missing or unquoted comma."
        )
    row = dict(zip(header, cells, strict=True))
    title, body, number = clean(row["제목"]), clean(row["내용"]), row["내용번호"].strip()
    if not title or not number:
        empty = "제목" if not title else "내용번호"
        raise FaqFileError(f"{path}, line {line}: {empty} is empty; every article needs one.")
    return Article(
        external_id=number,
        language="ko",
        category=clean(row["분류"]) or "기타",
        title=title,
        body=body,
        sentences=has_sentences(body),
    )


async def import_csv(
    session: AsyncSession,
    path: Path,
    source: str,
    as_of: date | None,
    license: str,  # noqa: A002 - the field's own name
    progress: Progress | None = None,
) -> int:
    """Put the articles of a CSV into the database; again never doubles, and changes what changed.

    In: the source's name, the day its content is from (None where nobody said, which leaves a
    day that is known), its licence; `progress(done, total)` is called after each batch.
    Out: the number of articles in the file. The caller commits.
    Raises: FaqFileError.
    """
    articles = read_csv(path)
    source_id = await source_named(session, source, as_of, license)
    done = 0
    for batch in _batches(articles):
        await _upsert(session, source_id, batch, newer_only=False)
        done += len(batch)
        if progress:
            progress(done, len(articles))
    return len(articles)


async def import_own(session: AsyncSession, folder: Path = ARTICLES) -> int:
    """Put the articles that ship with this project into the database, in both languages.

    An article that was reviewed here later than the file's review date is left as it is.
    Out: the number of articles by language. The caller commits. Raises: FaqFileError.
    """
    articles = read_own(folder)
    for language, name in OWN_SOURCE.items():
        kept = [a for a in articles if a.language == language]
        newest = max(a.reviewed_on for a in kept if a.reviewed_on)
        source_id = await source_named(session, name, newest, OWN_LICENSE)
        for batch in _batches(kept):
            await _upsert(session, source_id, batch, newer_only=True)
    return len(articles)


def read_own(folder: Path = ARTICLES) -> list[Article]:
    """Read the YAML articles of `folder`: one article for each language a file holds.

    Raises: FaqFileError for a file that can't be read or lacks a key.
    """
    articles: list[Article] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise FaqFileError(f"{path}, line {line}: the YAML can't be read.") from None
        try:
            articles.extend(_own(content))
        except (KeyError, TypeError, AttributeError) as error:
            raise FaqFileError(
                f"{path}, line 1: the key {error} is missing or has the wrong form."
            ) from None
    if not articles:
        raise FaqFileError(f"{folder} holds no article (*.yml).")
    return articles


def _own(content: dict[str, Any]) -> Iterator[Article]:
    for language in ("ko", "en"):
        text = content[language]
        body = text["answer"].strip()
        yield Article(
            external_id=content["id"],
            language=language,
            category=content["category"],
            title=text["title"].strip(),
            body=body,
            sentences=has_sentences(body),
            department=content["department"][language],
            questions=tuple(text["questions"]),
            url=content.get("url"),
            reviewed_on=content["reviewed"],
        )


def _batches(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    for at in range(0, len(articles), _BATCH):
        yield articles[at : at + _BATCH]


async def source_named(
    session: AsyncSession,
    name: str,
    as_of: date | None,
    license: str,  # noqa: A002 - the field's own name
) -> int:
    """Return the id of the source called `name`, made or brought up to date."""
    statement = insert(FaqSource).values(name=name, as_of=as_of, license=license)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "as_of": func.coalesce(statement.excluded.as_of, FaqSource.as_of),
            "license": statement.excluded.license,
        },
    )
    found: int = (await session.execute(statement.returning(FaqSource.id))).scalar_one()
    return found


async def _upsert(
    session: AsyncSession, source_id: int, articles: Sequence[Article], *, newer_only: bool
) -> None:
    values = [
        {
            "source_id": source_id,
            "external_id": a.external_id,
            "language": a.language,
            "category": a.category,
            "department": a.department,
            "title": a.title,
            "questions": list(a.questions),
            "body": a.body,
            "sentences": a.sentences,
            "url": a.url,
            "reviewed_on": a.reviewed_on,
        }
        for a in articles
    ]
    statement = insert(FaqArticle).values(values)
    new = statement.excluded
    if newer_only:
        condition = or_(FaqArticle.reviewed_on.is_(None), FaqArticle.reviewed_on < new.reviewed_on)
    else:
        # rows that did not change keep their time, so that the index has nothing to read again
        condition = or_(
            *(getattr(FaqArticle, name).is_distinct_from(new[name]) for name in _CONTENT)
        )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["source_id", "external_id", "language"],
            set_={
                **{name: new[name] for name in (*_CONTENT, "reviewed_on")},
                "updated_at": func.clock_timestamp(),
            },
            where=condition,
        )
    )
