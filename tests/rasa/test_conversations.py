"""The builtin engine's journeys, word for word, understood by Rasa alone."""

from collections.abc import Iterator

import pytest

from tests.city import City, new_session
from tests.journeys.test_calls import (  # noqa: F401 - pytest collects them here, on Rasa
    test_a_call_from_the_notice_to_a_call_back,
    test_one_caller_is_one_person_at_every_gateway,
)
from tests.journeys.test_main_job import (  # noqa: F401 - as above
    test_a_citizen_asks_for_a_person_and_the_bot_is_silent_until_the_agent_returns,
    test_a_petition_is_filed_by_sms_a_word_at_a_time_in_at_most_five_messages,
    test_a_petition_is_filed_by_sms_in_two_messages_when_the_first_says_everything,
    test_a_question_is_answered_with_its_source,
    test_an_alert_reaches_exactly_the_registered_after_a_second_person_approved,
    test_an_english_petition_is_answered_in_english,
    test_nothing_is_filed_without_a_yes_and_cancel_ends_it,
    test_one_phone_votes_once_over_sms_voice_and_verified_web,
    test_status_is_told_on_telegram_by_number_and_by_phone_in_speech_and_keys,
    test_telegram_votes_after_the_phone_is_shared,
    test_the_place_can_be_corrected_before_it_is_filed,
)
from tests.rasa.conftest import engines, fallbacks

pytestmark = pytest.mark.rasa


@pytest.fixture(autouse=True)
def only_rasa_understood(city: City, database_url: str) -> Iterator[None]:
    """After each conversation: every Parse is Rasa's, and nothing fell back."""
    yield
    made = engines(database_url)
    assert set(made) == {"rasa"}, made
    assert fallbacks(city) == 0


def test_alerts_are_switched_on_moved_and_off_in_the_citizens_words(city: City) -> None:
    phone = "+821022220001"
    assert "마포구" in " ".join(city.sms(phone, "마포구 재난 알림 받고 싶어요"))
    assert "용산구" in " ".join(city.sms(phone, "용산구 재난 알림으로 바꿔 주세요"))
    assert city.sms(phone, "재난 알림 이제 그만 보내 주세요")


def test_a_danger_to_life_is_answered_with_119_before_anything_else(city: City) -> None:
    answer = city.web(new_session(), "지금 옆집에 불이 났어요 사람이 안에 있어요 살려주세요")
    assert "119" in answer["replies"][0]["text"]
