"""What a voice says of names that come from data: offices, kinds, stages, dates, polls."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from backend.handoff import hours
from backend.models.petition import STAGES
from backend.petitions import routing, service, types
from backend.seed import DEMO_POLLS
from bot import dates, speech, texts
from channels.message import Choice, Reply
from channels.render import options, speakable, words

# What a voice would spell out, sign by sign.
_SPELLED = re.compile(r"https?:|www\.|[\[\]<>{}()*_#•@/\\|]|[\U0001f000-\U0001faff\u2600-\u27bf]")
_LATIN = re.compile(r"[A-Za-z]")


def _check(said: str, language: str) -> None:
    assert said.strip(), "nothing is said"
    assert not _SPELLED.search(said), said
    if language == "ko":
        assert not _LATIN.search(said), said
    else:
        assert not re.search("[가-힣]", said), said


def _offices(language: str) -> set[str]:
    found = routing.directory()
    return {
        routing.department(category, district, language)
        for category in (*found.categories.values(), found.default)
        for district in (None, *found.districts)
    }


@pytest.mark.parametrize("language", texts.SPOKEN)
def test_offices_districts_kinds_and_stages_are_words(language: str) -> None:
    names = _offices(language)
    names |= {routing.district_name(d, language) for d in routing.directory().districts}
    names |= {kind.name(language) for kind in types.types().values()}
    names |= {service.stage_text(stage, language) for stage in STAGES}
    for name in names:
        _check(speakable(name, language), language)


@pytest.mark.parametrize("language", texts.SPOKEN)
def test_dates_and_hours_are_words(language: str) -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    for days in range(0, 366, 5):
        said = dates.day(start + timedelta(days=days), language).split("(")[0]
        _check(speakable(said, language), language)
    _check(speakable(hours.words(language, spoken=True), language), language)
    _check(speech.digits("P-2026-0000123", language), language)
    _check(speech.characters("S-ABCDEFGHJKLM", "ko"), "ko")


@pytest.mark.parametrize("language", texts.SPOKEN)
def test_polls_and_their_options_are_words(language: str) -> None:
    for poll in DEMO_POLLS:
        titles = [option[language] for option in poll.options]
        offered = tuple(Choice(str(n), title) for n, title in enumerate(titles, 1))
        text, spoken = texts.say(
            language, "vote.options", title=poll.title[language], closes="",
            description=poll.description[language],
        )  # fmt: skip
        _check(words(Reply(text, offered, spoken), language), language)
        _check(options(offered, language), language)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("GS25 앞 (2층) https://a.example/x", "앞"),
        ("😀 합정역 [3번 출구] <앞> #긴급", "합정역"),
        ("PC방 A동 앞 CCTV 고장", "고장"),
        ("=1+1 회기역", "회기역"),
        ("LED 등 앞 *긴급* _신고_", "앞"),
    ],
)
def test_what_citizens_wrote_is_read_without_signs(written: str, said: str) -> None:
    text, spoken = texts.say(
        "ko",
        "petition.confirm",
        details=written,
        where="마포구",
        told=f"마포구, {written}",
        department="",
        extra="",
    )
    heard = words(Reply(text, (), spoken), "ko")
    assert said in heard
    _check(heard, "ko")
