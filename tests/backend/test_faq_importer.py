"""Files of articles: what is read, what is refused and how, and that twice never doubles."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import SetupError
from backend.faq import importer
from backend.faq.importer import FaqFileError, import_csv, import_own, read_csv, read_own
from backend.models import FaqArticle, FaqSource

HEADER = "번호,분류,제목,내용,내용번호\n"
ROWS = (
    "2,교통,따릉이 대여 방법,앱에서 빌려요. 천 원이에요.,900\n"
    '1,환경,"대형폐기물, 어떻게 버리나요?",구청에 신고하고   스티커를 붙입니다,901\n'
)


def csv_file(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "120.csv"
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_file_is_read_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    first, second = read_csv(csv_file(tmp_path, HEADER + ROWS, encoding))
    assert (first.external_id, first.category, first.sentences) == ("900", "교통", True)
    assert second.title == "대형폐기물, 어떻게 버리나요?"
    assert second.body == "구청에 신고하고 스티커를 붙입니다"
    assert not second.sentences


def test_columns_may_come_in_another_order_and_with_others(tmp_path: Path) -> None:
    content = "내용번호,제목,비고,분류,번호,내용\n7,제목이에요,메모,행정,1,내용이에요.\n"
    (article,) = read_csv(csv_file(tmp_path, content))
    assert (article.external_id, article.title) == ("7", "제목이에요")


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("", 1, "empty"),
        ("\n \n", 1, "empty"),
        (HEADER, 1, "no article"),
        ("번호,분류,제목,내용\n1,교통,가,나\n", 1, "내용번호 is missing"),
        ("번호;분류;제목;내용;내용번호\n", 1, "번호, 분류, 제목, 내용, 내용번호 is missing"),
        (HEADER + "1,교통,제목,내용\n", 2, "4 cells"),
        (HEADER + ROWS + "3,교통,제목,내용, 둘,902\n", 4, "6 cells"),
        (HEADER + ROWS + "3,교통,,내용,902\n", 4, "제목 is empty"),
        (HEADER + "1,교통,제목,내용, \n", 2, "내용번호 is empty"),
        (HEADER + ROWS + "3,교통,또,내용,900\n", 4, "already used in line 2"),
        (HEADER + '1,교통,"열린 따옴표,내용,903\n' + ROWS, 4, "quotation mark"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, content: str, line: int, says: str
) -> None:
    path = csv_file(tmp_path, content)
    with pytest.raises(FaqFileError) as refused:
        read_csv(path)
    message = str(refused.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert says in message
    assert "\n" not in message
    assert isinstance(refused.value, SetupError)


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "120.csv"
    path.write_bytes((HEADER + ROWS).encode() + b"3,\xff\xfe,x,y,902\n")
    with pytest.raises(FaqFileError, match="line 4: the text is neither UTF-8 nor CP949"):
        read_csv(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaqFileError, match=r"nowhere\.csv can't be read"):
        read_csv(tmp_path / "nowhere.csv")


async def _stored(session: AsyncSession) -> dict[str, FaqArticle]:
    found = await session.scalars(select(FaqArticle).execution_options(populate_existing=True))
    return {article.external_id: article for article in found}


async def test_importing_twice_changes_nothing(session: AsyncSession, tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER + ROWS)
    steps: list[tuple[int, int]] = []

    async def again() -> int:
        return await import_csv(
            session, path, "120", date(2021, 3, 1), "KOGL", lambda *step: steps.append(step)
        )

    assert await again() == 2
    before = {key: a.updated_at for key, a in (await _stored(session)).items()}
    assert await again() == 2
    assert {key: a.updated_at for key, a in (await _stored(session)).items()} == before
    assert steps == [(2, 2), (2, 2)]
    assert await session.scalar(select(func.count()).select_from(FaqSource)) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1: the file is empty"),
        ("번호,분류,제목,내용\n1,교통,가,나\n".encode(), "line 1: the column 내용번호 is missing"),
        ("번호,분류,제목,내용\n1,교통,가,나\n".encode("cp949"), "내용번호 is missing"),
        ((HEADER + ROWS).encode() + b"3,\xff\xfe,x,y,902\n", "line 4: the text is neither"),
        ((HEADER + "3,교통,새 제목,내용,902\n4,교통\n").encode(), "line 3: the row has 2 cells"),
    ],
)
async def test_after_a_file_that_cannot_be_used_the_old_answers_stay(
    session: AsyncSession, tmp_path: Path, content: bytes, says: str
) -> None:
    await import_csv(session, csv_file(tmp_path, HEADER + ROWS), "120", date(2021, 3, 1), "KOGL")
    before = {key: (a.title, a.updated_at) for key, a in (await _stored(session)).items()}
    broken = tmp_path / "broken.csv"
    broken.write_bytes(content)
    with pytest.raises(FaqFileError) as refused:
        await import_csv(session, broken, "120", date(2022, 1, 1), "KOGL")
    assert str(refused.value).startswith(f"{broken}, line ")
    assert says in str(refused.value)
    assert {key: (a.title, a.updated_at) for key, a in (await _stored(session)).items()} == before


async def test_importing_again_brings_what_changed(session: AsyncSession, tmp_path: Path) -> None:
    await import_csv(session, csv_file(tmp_path, HEADER + ROWS), "120", date(2021, 3, 1), "KOGL")
    before = {key: a.updated_at for key, a in (await _stored(session)).items()}
    changed = csv_file(tmp_path, HEADER + ROWS.replace("천 원", "이천 원"))
    await import_csv(session, changed, "120", date(2022, 1, 1), "KOGL")
    after = await _stored(session)
    assert after["900"].body == "앱에서 빌려요. 이천 원이에요."
    assert after["900"].updated_at > before["900"]
    assert after["901"].updated_at == before["901"]
    assert after["901"].source.as_of == date(2022, 1, 1)


async def test_a_day_that_was_not_said_is_unknown_or_stays(
    session: AsyncSession, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, HEADER + ROWS)
    await import_csv(session, path, "120", None, "KOGL")
    assert (await _stored(session))["900"].source.as_of is None
    await import_csv(session, path, "120", date(2022, 1, 1), "KOGL")
    await import_csv(session, path, "120", None, "KOGL")
    session.expire_all()
    assert (await _stored(session))["900"].source.as_of == date(2022, 1, 1)


async def test_batches_keep_every_row(
    session: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_BATCH", 3)
    rows = "".join(f"{n},행정,제목 {n},내용 {n}.,{n}\n" for n in range(1, 9))
    steps: list[tuple[int, int]] = []
    await import_csv(
        session,
        csv_file(tmp_path, HEADER + rows),
        "120",
        date(2021, 3, 1),
        "KOGL",
        lambda *step: steps.append(step),
    )
    assert steps == [(3, 8), (6, 8), (8, 8)]
    assert len(await _stored(session)) == 8


async def test_our_own_articles_come_in_both_languages_once(session: AsyncSession) -> None:
    files = len(list(importer.ARTICLES.glob("*.yml")))
    assert await import_own(session) == 2 * files
    assert await import_own(session) == 2 * files
    every = (await session.scalars(select(FaqArticle))).all()
    assert Counter(a.language for a in every) == {"ko": files, "en": files}
    assert {a.source.name for a in every} == set(importer.OWN_SOURCE.values())
    assert all(a.department and a.reviewed_on and a.sentences for a in every)


async def test_a_review_here_outlives_the_files(session: AsyncSession) -> None:
    await import_own(session)
    article = await session.scalar(select(FaqArticle).where(FaqArticle.language == "ko").limit(1))
    assert article is not None
    article.body, article.reviewed_on = "담당자가 고쳤어요.", date(2999, 1, 1)
    await session.flush()
    await import_own(session)
    await session.refresh(article)
    assert article.body == "담당자가 고쳤어요."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("id: [", "the YAML can't be read"),
        ("id: x\ncategory: 환경\n", "the key 'ko' is missing"),
        ("- 1\n", "missing or has the wrong form"),
    ],
)
def test_a_broken_article_is_named(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "broken.yml").write_text(content, encoding="utf-8")
    with pytest.raises(FaqFileError) as refused:
        read_own(tmp_path)
    assert "broken.yml" in str(refused.value)
    assert says in str(refused.value)


def test_a_folder_without_articles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaqFileError, match="holds no article"):
        read_own(tmp_path)
