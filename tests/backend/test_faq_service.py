"""Answers: told with where they come from, offered when unsure, and fresh after an edit."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db
from backend.faq import service, store
from backend.faq.importer import OWN_SOURCE, import_csv, import_own
from backend.faq.service import FaqIndex, NoSuchArticle
from backend.models import AuditEntry, FaqArticle

CORPUS = """번호,분류,제목,내용,내용번호
1,복지,취약가구 반려동물 중성화 지원,대상 기초생활수급자의 개 고양이 중성화 수술 신청 주민센터,71
2,환경,음식물쓰레기 종량기 위치,구분 내용 설치장소 아파트 단지 문의 청소행정과,72
"""


@pytest.fixture
async def filled(session: AsyncSession, tmp_path: Path) -> AsyncSession:
    """A database with our own articles and two imported ones."""
    path = tmp_path / "120.csv"
    path.write_text(CORPUS, encoding="utf-8")
    await import_own(session)
    await import_csv(session, path, "120 주요 질문", date(2021, 3, 1), "KOGL Type 1")
    await session.commit()
    return session


@pytest.fixture
def index(tmp_path: Path) -> FaqIndex:
    return FaqIndex(tmp_path / "index")


async def test_an_own_article_answers_with_its_sentence_and_source(
    filled: AsyncSession, index: FaqIndex
) -> None:
    answer = await service.search(filled, index, "침대 매트리스 버리려면 어떻게 해요", "ko")
    assert answer.kind == "answer"
    assert answer.title == "대형폐기물은 어떻게 버리나요?"
    assert answer.department == "구청 청소행정과"
    assert answer.source == OWN_SOURCE["ko"]
    assert answer.as_of == date(2026, 11, 22)
    assert answer.url == "https://www.seoul.go.kr"
    assert answer.passage.endswith("요.")
    assert not answer.confirm_with_120


async def test_english_is_answered_in_english(filled: AsyncSession, index: FaqIndex) -> None:
    answer = await service.search(filled, index, "How do I get rid of a mattress?", "en")
    assert (answer.kind, answer.language) == ("answer", "en")
    assert answer.source == OWN_SOURCE["en"]
    assert answer.passage.endswith(".")


async def test_imported_text_asks_to_be_checked_with_120(
    filled: AsyncSession, index: FaqIndex
) -> None:
    answer = await service.search(
        filled, index, "기초생활수급자 반려동물 중성화 수술 지원 신청", "ko"
    )
    assert answer.kind == "answer"
    assert answer.confirm_with_120
    assert answer.phone == "120"
    assert answer.as_of == date(2021, 3, 1)
    assert "중성화 수술" in answer.passage


async def test_an_unsure_search_offers_titles_and_the_pick_is_told(
    filled: AsyncSession, index: FaqIndex
) -> None:
    answer = await service.search(filled, index, "쓰레기", "ko")
    assert answer.kind == "choices"
    assert 1 <= len(answer.choices) <= 3
    assert len({choice.title for choice in answer.choices}) == len(answer.choices)
    picked = await service.article(filled, index, answer.choices[0].article_id, "1")
    assert picked.kind == "answer"
    assert picked.title == answer.choices[0].title
    assert picked.passage


async def test_nothing_is_made_up(filled: AsyncSession, index: FaqIndex) -> None:
    assert await service.search(filled, index, "비트코인 시세 알려줘", "ko") == service.Answer(
        "none"
    )


async def test_an_empty_database_answers_nothing(session: AsyncSession, index: FaqIndex) -> None:
    assert (await service.search(session, index, "대형폐기물", "ko")).kind == "none"


async def test_a_picked_article_that_is_gone_is_none(filled: AsyncSession, index: FaqIndex) -> None:
    assert (await service.article(filled, index, 999_999)).kind == "none"


async def test_an_edit_is_found_within_a_second(filled: AsyncSession, index: FaqIndex) -> None:
    assert (await service.search(filled, index, "공룡 박물관 여는 시간", "ko")).kind != "answer"
    written = await service.write(
        filled,
        "staff:1",
        language="ko",
        category="문화",
        title="공룡 박물관은 언제 여나요?",
        body="매일 아침 열 시에 열어요.",
        department="문화정책과",
    )
    await filled.commit()
    await asyncio.sleep(1.05)
    answer = await service.search(filled, index, "공룡 박물관 여는 시간", "ko")
    assert (answer.kind, answer.article_id) == ("answer", written.id)

    await service.revise(filled, "staff:1", written.id, {"body": "이제는 문을 닫았어요."})
    await filled.commit()
    await asyncio.sleep(1.05)
    assert (
        "닫았어요" in (await service.search(filled, index, "공룡 박물관 여는 시간", "ko")).passage
    )

    await filled.delete(written)
    await filled.commit()
    await asyncio.sleep(1.05)
    assert (await service.search(filled, index, "공룡 박물관 여는 시간", "ko")).kind != "answer"


async def test_the_database_is_looked_at_once_a_second(
    filled: AsyncSession, index: FaqIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = service._fingerprint

    async def counted(session: AsyncSession) -> str:
        nonlocal looks
        looks += 1
        return await look(session)

    await index.refresh(filled)
    monkeypatch.setattr(service, "_fingerprint", counted)
    for _ in range(20):
        await index.current(filled)
    assert looks <= 1


async def test_a_restart_reads_nothing_again(
    filled: AsyncSession, index: FaqIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await index.refresh(filled)

    async def never(session: AsyncSession) -> list[object]:
        raise AssertionError("articles were read although nothing changed")

    monkeypatch.setattr(service, "_rows", never)
    after = await FaqIndex(tmp_path / "index").refresh(filled)
    assert after.rows == before.rows


async def test_many_searches_at_once_build_one_index(
    filled: AsyncSession, sessions: db.Sessions, index: FaqIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []
    monkeypatch.setattr(store, "save", lambda *arguments: saved.append(arguments[2]))

    async def ask() -> str:
        async with sessions() as session:
            return (await service.search(session, index, "침대 매트리스 버리기", "ko")).kind

    assert set(await asyncio.gather(*(ask() for _ in range(8)))) <= {"answer", "choices"}
    assert len(saved) == 1


async def test_an_index_that_cannot_be_stored_still_answers(
    filled: AsyncSession, tmp_path: Path
) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    index = FaqIndex(tmp_path / "blocked")
    assert (await service.search(filled, index, "침대 매트리스 버리려면", "ko")).kind == "answer"


async def test_writing_and_revising_are_audited(filled: AsyncSession) -> None:
    written = await service.write(
        filled, "staff:7", language="en", category="culture", title="When?", body="Daily."
    )
    revised = await service.revise(filled, "key:3", written.id, {"title": "When is it open?"})
    assert revised.sentences
    assert revised.reviewed_on is not None
    deeds = (
        await filled.scalars(
            select(AuditEntry)
            .where(AuditEntry.subject == f"faq:{written.id}")
            .order_by(AuditEntry.id)
        )
    ).all()
    assert [(d.actor, d.action) for d in deeds] == [
        ("staff:7", "faq.written"),
        ("key:3", "faq.revised"),
    ]
    assert deeds[1].detail == {"fields": ["title"]}
    with pytest.raises(NoSuchArticle):
        await service.revise(filled, "key:3", 999_999, {"title": "x"})


async def test_a_staff_article_gets_an_id_of_its_own(filled: AsyncSession) -> None:
    made = [
        await service.write(
            filled, "staff:7", language="ko", category="문화", title="같은 제목", body="본문."
        )
        for _ in range(2)
    ]
    found = await filled.scalars(select(FaqArticle).where(FaqArticle.title == "같은 제목"))
    assert {a.id for a in found} == {a.id for a in made}
