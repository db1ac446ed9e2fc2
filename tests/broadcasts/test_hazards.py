"""The hazards' own words: complete in five languages, short enough, and never a number made up."""

import re

import httpx
import pytest
from fastapi import FastAPI

from broadcasts import content, hazards, preview
from broadcasts.cap import structure
from broadcasts.districts import allowed
from broadcasts.preview import PreviewIn
from channels.charset import for_korea

TYPICAL = {"time": "14:30", "contact": "120"}
ALL = list(hazards.book().hazards)
# domain: what a city of Korea warns of.
KINDS = (
    "민방공 대피 방사성 테러 화학 화재 붕괴 지진 지진해일 호우 태풍 대설 한파 폭염 강풍 홍수 "
    "산사태 산불 미세먼지 감염병 정전 단수 통신장애 교통통제 지하철_운행중단 실종자 인파밀집"
)


def made(name: str, districts: list[str] | None = None) -> dict[str, dict[str, str]]:
    hazard = hazards.find(name)
    assert hazard is not None
    return hazards.compose(
        hazard, hazards.complete(hazard, {"ko": TYPICAL}, districts or ["마포구"])
    )


def test_every_kind_is_there() -> None:
    names = [hazard.names["ko"].replace(" ", "_") for hazard in hazards.book().hazards.values()]
    assert names == KINDS.split()
    assert len(names) == 27


@pytest.mark.parametrize("name", ALL)
def test_every_word_stands_in_every_language(name: str) -> None:
    hazard = hazards.book().hazards[name]
    assert tuple(hazard.names) == content.LANGUAGES
    assert tuple(hazard.facts) == content.LANGUAGES
    for language in content.LANGUAGES:
        assert set(hazard.facts[language]) == set(hazards.OF_THE_EVENT)
        assert all(hazard.facts[language].values())
    words = made(name)
    assert set(words) == set(hazards.FORMS)
    for texts in words.values():
        assert tuple(texts) == content.LANGUAGES
        for text in texts.values():
            assert "{" not in text
            assert content.clean(text) == text


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("environment", content.ENVIRONMENTS)
@pytest.mark.parametrize("form", ["short", "correction", "all_clear"])
def test_the_korean_words_have_at_most_ninety_characters(
    name: str, environment: str, form: str
) -> None:
    """With the mark of a drill, and with two districts in the place of one where it is live."""
    districts = ["마포구", "용산구"] if environment == "live" else ["마포구"]
    text = content.marked(environment, made(name, districts)[form])["ko"]
    assert content.characters(text) <= content.SHORT_LIMIT, text


@pytest.mark.parametrize("name", ALL)
def test_korean_goes_out_on_domestic_sms_as_it_is(name: str) -> None:
    for form, texts in made(name).items():
        written = for_korea(texts["ko"])
        assert (written.text, written.lost) == (texts["ko"], 0), form
        assert for_korea(texts["en"]).lost == 0


@pytest.mark.parametrize("name", ALL)
def test_the_english_word_stands_beside_what_is_urgent(name: str) -> None:
    hazard = hazards.book().hazards[name]
    assert hazard.level in ("critical", "emergency", "advisory")
    assert re.search(r"[A-Za-z]{3,}", made(name)["short"]["ko"])


@pytest.mark.parametrize("name", ALL)
def test_cap_knows_its_words(name: str) -> None:
    hazard = hazards.book().hazards[name]
    assert hazard.cap.category in structure.CATEGORIES
    assert hazard.cap.urgency in structure.URGENCIES
    assert hazard.cap.severity in structure.SEVERITIES
    assert hazard.cap.certainty in structure.CERTAINTIES
    assert hazard.cap.response in structure.RESPONSES
    assert 1 <= hazard.hours <= 48
    assert hazard.ending in hazards.book().endings


@pytest.mark.parametrize("name", ALL)
def test_no_number_is_made_up(name: str) -> None:
    """What only the moment knows has to be written by a person: a magnitude, a depth, a street."""
    for facts in hazards.book().hazards[name].facts.values():
        numbers = re.findall(r"\d+", " ".join(facts.values()))
        assert set(numbers) <= {"112", "119", "182", "2", "5"}, facts
        assert "PM2.5" in " ".join(facts.values()) or not {"2", "5"} & set(numbers)


def test_no_text_is_made_while_a_fact_is_missing() -> None:
    hazard = hazards.find("fire")
    facts = hazards.complete(hazard, {"ko": {**TYPICAL, "why": " "}}, ["마포구"])
    words = hazards.compose(hazard, facts)
    assert "ko" not in words["short"]
    assert "ko" in words["correction"]
    assert "en" in words["short"]
    assert hazards.compose(hazard, hazards.complete(hazard, {}, []))["correction"] == {}


def test_an_event_of_no_kind_is_written_by_hand() -> None:
    written = {name: name.upper() for name in content.FACTS}
    words = hazards.compose(None, hazards.complete(None, {"ko": written}, ["중구"]))
    assert set(words["short"]) == {"ko"}
    assert "WHAT" in words["all_clear"]["ko"]


@pytest.mark.parametrize(
    ("districts", "language", "shown"),
    [
        (["마포구"], "ko", "마포구"),
        (["마포구", "용산구", "중구"], "ko", "마포·용산·중구"),
        (["마포구", "용산구"], "en", "Mapo-gu, Yongsan-gu"),
        (list(allowed("live"))[:7], "ko", "서울 7개 구"),
        (list(allowed("live")), "vi", "toàn Seoul"),
        ([], "ko", ""),
    ],
)
def test_a_place_is_named_as_people_say_it(districts: list[str], language: str, shown: str) -> None:
    assert hazards.place(districts, language) == shown


def in_preview(**values: object) -> dict[str, object]:
    body = {
        "environment": "live",
        "hazard": "heavy_rain",
        "districts": ["마포구"],
        "facts": {"ko": TYPICAL},
    } | values
    return PreviewIn.model_validate(body).model_dump()


async def test_the_preview_counts_what_each_channel_counts(
    clients: dict[str, httpx.AsyncClient],
) -> None:
    answer = await clients["author"].post("/api/v1/broadcasts/preview", json=in_preview())
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["level"], body["hours"]) == ("emergency", 6)
    by_language = {row["language"]: row for row in body["languages"]}
    assert list(by_language) == list(content.LANGUAGES)
    korean = by_language["ko"]
    assert korean["characters"] == len(korean["short"]) <= korean["limit"] == 90
    channels = {row["channel"]: row for row in korean["channels"]}
    assert channels["sms"]["form"] == "LMS"
    assert channels["sms"]["length"] == len(korean["short"].encode("cp949"))
    assert channels["telegram"]["text"] == korean["long"]
    for language in ("zh", "vi"):
        sms = by_language[language]["channels"][0]
        assert (sms["encodable"], sms["instead"]) == (False, "en")
        assert sms["text"].startswith(by_language["en"]["short"] + "\n")
        assert sms["text"].endswith("/" + language)
    assert by_language["en"]["channels"][0]["encodable"]


async def test_the_preview_knows_the_prices(
    app: FastAPI, clients: dict[str, httpx.AsyncClient]
) -> None:
    shared = app.state.context
    priced = shared.settings.model_copy(update={"sms_prices": "korea.sms=9.9,korea.lms=30"})
    app.state.context = type(shared)(priced, shared.sessions, shared.redis)
    answer = await clients["author"].post("/api/v1/broadcasts/preview", json=in_preview())
    assert answer.json()["languages"][0]["channels"][0]["won"] == "30"


async def test_words_by_hand_win_and_are_marked(clients: dict[str, httpx.AsyncClient]) -> None:
    asked = in_preview(environment="exercise", texts={"ko": "손으로 쓴 글", "en": " "})
    body = (await clients["author"].post("/api/v1/broadcasts/preview", json=asked)).json()
    korean, english = body["languages"][:2]
    assert korean["short"] == "[훈련] 실제 상황 아님. 손으로 쓴 글"
    assert english["short"].startswith("[EXERCISE] Not a real event. [Seoul City]")
    assert korean["correction"].startswith("[훈련] 실제 상황 아님. [서울특별시][정정]")


async def test_the_preview_is_for_who_writes_or_decides(
    clients: dict[str, httpx.AsyncClient],
) -> None:
    refused = await clients["nobody"].post("/api/v1/broadcasts/preview", json=in_preview())
    assert refused.status_code == 401
    unknown = in_preview() | {"facts": {"ko": {"what": "x" * 1001}}}
    answer = await clients["author"].post("/api/v1/broadcasts/preview", json=unknown)
    assert answer.status_code == 422


def test_the_provider_of_korean_numbers_follows_the_setting() -> None:
    assert preview.domestic_provider("+82=korea,*=twilio") == "korea"
    assert preview.domestic_provider("*=twilio") == "twilio"
