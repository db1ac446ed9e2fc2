"""Words: how texts are read, and how a citizen's words meet those of an office."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from backend.faq import english, lexicon, passages, tokens, wording
from backend.faq.romanise import romanise

LISTS = Path(lexicon.__file__).parent


@pytest.mark.parametrize(
    ("korean", "latin"),
    [
        ("마포구", "mapogu"),
        ("종로구", "jongnogu"),
        ("신림", "sillim"),
        ("왕십리", "wangsimni"),
        ("길음", "gireum"),
        ("살곶이", "salgoji"),
        ("독립문", "dongnimmun"),
        ("압구정", "apgujeong"),
        ("청량리", "cheongnyangni"),
        ("강남 2호", "gangnam 2ho"),
    ],
)
def test_names_in_latin_letters(korean: str, latin: str) -> None:
    assert romanise(korean) == latin


def test_entities_mark_up_and_font_names_are_cleaned() -> None:
    text = "  &amp;amp;apos;부패행위&amp;amp;apos;란  <b>무엇</b>인가요\n돋움 돋움 돋움 네"
    assert tokens.clean(text) == "'부패행위'란 무엇 인가요 네"


def test_a_district_and_its_short_name_are_one_place() -> None:
    assert tokens.korean("마포구 보건소").places == {"마포"}
    assert "마포" in tokens.korean("마포 보건소").words
    assert tokens.korean("돈암1동으로 이사").places == {"돈암"}


def test_verbs_are_read_as_stems_and_particles_are_left_out() -> None:
    assert tokens.korean("강아지를 잃어버렸어요").words == Counter({"강아지": 1, "잃": 1})


def test_surface_pairs_do_not_depend_on_spaces() -> None:
    assert tokens.surface_pairs("소구제역걸리면") == tokens.surface_pairs("소 구제역 걸리면")


def test_a_slip_keeps_most_letters() -> None:
    right, slipped = tokens.letter_runs(["쓰레기"]), tokens.letter_runs(["쓰래기"])
    assert len(right & slipped) >= len(right) // 3


@pytest.mark.parametrize(
    ("forms", "stem"),
    [
        (("report", "reports", "reported", "reporting"), "report"),
        (("city", "cities"), "city"),
        (("apartment", "apartments"), "apart"),
        (("bus",), "bus"),
    ],
)
def test_forms_of_an_english_word_meet(forms: tuple[str, ...], stem: str) -> None:
    assert {english.stem(form) for form in forms} == {stem}


@pytest.mark.parametrize("name", ["synonyms.yml", "glossary.yml"])
def test_no_entry_hides_another(name: str) -> None:
    lines = [
        line.split(":")[0]
        for line in (LISTS / name).read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert [left for left, count in Counter(lines).items() if count > 1] == []


def test_the_glossary_is_broad_and_every_entry_leads_somewhere() -> None:
    entries = lexicon.glossary()
    assert len(entries) >= 2_000
    assert all(entries.values())
    assert all(synonyms for synonyms in lexicon.synonyms().values())


def test_office_words_are_added_to_the_citizens_own() -> None:
    query = lexicon.korean_query("강아지 중성화 공짜로 되나요")
    assert {"강아지", "중성", "공짜"} <= set(query.words)
    assert {"동물", "무료"} <= set(query.extra)
    assert not set(query.words) & set(query.extra)


def test_a_phrase_means_more_than_its_words() -> None:
    assert "인원" in lexicon.korean_query("위원은 몇 명이에요").extra
    assert "인원" not in lexicon.korean_query("위원은 몇 시에 와요").extra


def test_english_finds_phrases_names_and_abbreviations() -> None:
    names = {"donamdong": ("돈암", "동")}
    query = lexicon.translated_query("Is there CCTV near the Donam 1-dong tennis court?", names, {})
    assert {"테니스장"} <= set(query.extra) | {"".join(query.extra)}
    assert {"돈암", "동"} <= set(query.extra)
    assert query.places == {"돈암", "동"}
    assert set(query.words) <= {"cctv"}


def test_an_unread_name_is_remembered_as_one() -> None:
    query = lexicon.translated_query("What time does the Starbucks open?", {}, {})
    assert query.names == {"starbucks"}
    assert not query.words


def test_a_question_without_content_is_empty() -> None:
    assert lexicon.korean_query("?!").empty
    assert lexicon.translated_query("is it so?", {}, {}).empty


def _always(term: str) -> float:
    return 1.0 if term else 0.0


def test_a_text_with_sentences_answers_with_the_sentence_that_does() -> None:
    body = (
        "사는 구에 먼저 신고하고 수수료를 낸 뒤 내놓아 주세요.\n"
        "신고는 구청 누리집이나 전화로 할 수 있어요.\n"
        "냉장고 같은 큰 가전제품은 무료로 방문 수거해요.\n"
        "가전제품 수거 예약은 1599-0903에서 받아요."
    )
    query = lexicon.korean_query("안 쓰는 냉장고 공짜로 가져가나요")
    passage = passages.best_passage(body, True, "ko", query, _always)
    assert passage.startswith("냉장고 같은 큰 가전제품은")
    assert len(passage) <= passages.WINDOW


def test_a_text_without_sentences_gives_a_window_cut_at_words() -> None:
    words = [f"낱말{n}" for n in range(200)]
    words[120:123] = ["반려동물", "중성화", "지원"]
    query = lexicon.korean_query("중성화 지원")
    passage = passages.best_passage(" ".join(words), False, "ko", query, _always)
    assert passage.startswith("… ")
    assert passage.endswith(" …")
    assert "중성화 지원" in passage
    assert set(passage.strip("… ").split()) <= set(words)
    assert len(passage) <= passages.WINDOW + 8


def test_a_short_text_is_shown_whole() -> None:
    query = lexicon.korean_query("수수료")
    assert passages.best_passage("수수료 없음", False, "ko", query, _always) == "수수료 없음"


@pytest.mark.parametrize(
    ("text", "has"),
    [("그래요. 네", True), ("Yes. No", True), ("업무개요 대상 서울시민 신청방법", False)],
)
def test_sentence_ends(text: str, has: bool) -> None:
    assert passages.has_sentences(text) is has


def test_words_written_as_one_are_remembered_as_one() -> None:
    query = lexicon.korean_query("택시 분실물은 어디에 있나요")
    pairs = {(query.concepts[a].own, query.concepts[b].own) for a, b in query.together}
    assert pairs == {("분실", "물")}
    weight = np.ones(len(query.concepts))
    share = 2 / len(query.concepts)
    assert wording.compounds(query, weight, "택시분실물안내", "") == (0, 0)
    assert wording.compounds(query, weight, "택시안내", "분실물을찾는곳") == (share, 0)
    assert wording.compounds(query, weight, "지정부착물", "카드분실") == (share, share)
    assert wording.syllables(query, weight) > 0
