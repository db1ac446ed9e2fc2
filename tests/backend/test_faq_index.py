"""The index over our own articles: what it finds, when it is sure, and what it keeps on disk."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.faq import evidence, fitted, ranking, store
from backend.faq.channel import Channel, Saturation, Vocabulary
from backend.faq.importer import read_own
from backend.faq.index import NOTHING, Index, build
from backend.faq.units import Row


def rows() -> list[Row]:
    return [
        Row(number, a.external_id, a.language, a.title, a.questions, a.body, a.sentences)
        for number, a in enumerate(read_own(), start=1)
    ]


@pytest.fixture(scope="module")
def index() -> Index:
    """An index over the articles that ship with the project."""
    return build(rows())


@pytest.mark.parametrize(
    ("question", "language", "article"),
    [
        ("고장난 냉장고를 그냥 가져가 주나요?", "ko", "large-waste"),
        ("장롱버릴때스티커얼마에요", "ko", "large-waste"),
        ("층간 소음 때문에 잠을 못 자요", "ko", "neighbor-noise"),
        ("수도가 얼어서 물이 안 나와요", "ko", "water-leak-freeze"),
        ("따릉이 빌리는 법", "ko", "ttareungi"),
        ("지하철에 가방을 두고 내렸어요", "ko", "lost-property-transit"),
        ("How can I get rid of an old mattress?", "en", "large-waste"),
        ("My upstairs neighbours are very noisy", "en", "neighbor-noise"),
        ("I left my bag on the subway", "en", "lost-property-transit"),
        ("renewing a passport", "en", "passport"),
    ],
)
def test_citizens_find_our_articles(
    index: Index, question: str, language: str, article: str
) -> None:
    result = index.search(question, language)
    assert article in [hit.external_id for hit in result.hits]
    assert result.hits[0].language == language
    assert result.hits[0].passage
    assert result.decision in ("answer", "choices")


def test_an_article_is_found_once_however_many_ways_it_can_be_asked_for(index: Index) -> None:
    hits = index.search("대형폐기물 스티커 소파 매트리스 버리는 방법", "ko", 10).hits
    assert len({hit.article_id for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_only_the_first_hits_are_quoted(index: Index) -> None:
    hits = index.search("구청에 신고하려면", "ko", 8).hits
    assert [bool(hit.passage) for hit in hits[:4]] == [True, True, True, False]


@pytest.mark.parametrize("text", ["", "   ", "?!", "ㅁㄴㅇㄹ", "qwrtzpsdf", "🙂🙂"])
def test_what_cannot_be_searched_gives_nothing(index: Index, text: str) -> None:
    assert index.search(text, "ko").decision == "none"
    assert index.search(text, "en").decision == "none"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("비트코인 시세 알려줘", "ko"),
        ("파이썬에서 리스트를 정렬하는 방법", "ko"),
        ("Who won the World Cup final?", "en"),
    ],
)
def test_foreign_topics_are_not_answered(index: Index, text: str, language: str) -> None:
    assert index.search(text, language).decision != "answer"


def test_a_question_in_another_language_is_read_by_its_script(index: Index) -> None:
    assert index.search("대형폐기물 버리기", "vi").hits[0].external_id == "large-waste"
    assert index.search("mattress disposal", "ko").hits[0].external_id == "large-waste"


def test_a_very_long_question_is_cut(index: Index) -> None:
    result = index.search("대형폐기물 스티커 어디서 사요 " + "가나다라 " * 2_000, "ko")
    assert result.hits


def test_an_index_without_articles_finds_nothing() -> None:
    assert build([]).search("대형폐기물", "ko") == NOTHING
    assert build([]).search("waste", "en") == NOTHING


def test_an_edit_is_found_and_gives_the_same_as_a_new_index(index: Index) -> None:
    edited = [
        replace(row, title="공룡 박물관은 언제 여나요?", questions=(), body="매일 열어요.")
        if (row.external_id, row.language) == ("ttareungi", "ko")
        else row
        for row in rows()
        if row.external_id != "passport"
    ]
    after, anew = build(edited, index), build(edited)
    found = after.search("공룡 박물관 여는 시간", "ko")
    assert found.hits[0].external_id == "ttareungi"
    assert found.hits[0].passage == "매일 열어요."
    for question in ("공룡 박물관 여는 시간", "여권 다시 만들기", "따릉이 대여", "쓰레기봉투 값"):
        ours, theirs = after.search(question, "ko", 5), anew.search(question, "ko", 5)
        assert [h.article_id for h in ours.hits] == [h.article_id for h in theirs.hits]
        assert ours.decision == theirs.decision
        assert [h.score for h in ours.hits] == pytest.approx([h.score for h in theirs.hits])
    assert "passport" not in [h.external_id for h in after.search("여권", "ko", 10).hits]


def test_what_is_stored_comes_back_the_same(index: Index, tmp_path: Path) -> None:
    store.save(index, tmp_path, "one")
    again = store.load(tmp_path, "one")
    assert again is not None
    assert again.rows == index.rows
    for question, language in (("수도가 얼었어요", "ko"), ("parking fine", "en")):
        assert again.search(question, language, 5) == index.search(question, language, 5)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]


def test_only_the_newest_index_is_kept(index: Index, tmp_path: Path) -> None:
    store.save(index, tmp_path, "old")
    store.save(index, tmp_path, "new")
    assert store.load(tmp_path, "old") is None
    assert {path.stem for path in tmp_path.iterdir()} == {"new"}


@pytest.mark.parametrize("part", ["json", "npz"])
def test_a_broken_store_is_no_index(index: Index, tmp_path: Path, part: str) -> None:
    store.save(index, tmp_path, "one")
    path = tmp_path / f"one.{part}"
    path.write_bytes(path.read_bytes()[:100])
    assert store.load(tmp_path, "one") is None


def test_the_stored_name_follows_the_articles() -> None:
    assert store.key("a") == store.key("a")
    assert store.key("a") != store.key("b")


def test_bm25_prefers_rare_words_titles_and_short_texts() -> None:
    vocabulary = Vocabulary()
    texts = [
        (["수도", "요금"], ["물"]),
        (["공원"], ["수도", "요금"]),
        (["공원"], ["수도", "요금", *["나무"] * 40]),
        (["공원"], ["물"]),
    ]
    counts = [vocabulary.count(Counter(t), Counter(b)) for t, b in texts]
    channel = Channel.build(vocabulary, counts, Saturation())
    scores = channel.scores({"수도": 1.0, "요금": 1.0})
    assert scores[0] > scores[1] > scores[2] > scores[3] == 0
    assert channel.weight("나무") > channel.weight("공원")
    assert not channel.known("없는말")
    everywhere, in_title = channel.presence("수도", np.arange(4, dtype=np.int32))
    assert everywhere.tolist() == [True, True, True, False]
    assert in_title.tolist() == [True, False, False, False]


def test_the_fitted_weights_name_every_feature() -> None:
    found = fitted.weights()
    assert set(found.rank) == set(ranking.FEATURES)
    for decision in (found.korean, found.english):
        for model in (decision.right, decision.answerable):
            assert set(model) == {*evidence.CONFIDENCE, "intercept"}
        assert 0 < decision.offer_at < 1
    assert 0 < found.answer_at < 1
