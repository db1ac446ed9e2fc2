"""A talk through the domestic gateway: heard by push, answered by messages, closed and reopened."""

import pytest

from backend.config import Settings
from tests.city import City


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """The settings of the tests, with a domestic gateway beside Twilio."""
    korea = {
        "korea_sms_app_key": "test-app-key",
        "korea_sms_secret_key": "test-secret-key",
        "korea_sms_from_number": "0212345678",
        "korea_sms_webhook_secret": "test-webhook-secret",
    }
    return settings.model_copy(update=korea)


def write(city: City, phone: str, text: str) -> None:
    act = {"provider": "korea", "from": phone, "text": text}
    response = city.client.post("/simulator/incoming", json=act)
    assert response.json()["status"] == 200, response.text


def told(city: City, phone: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = city.client.get("/simulator/sent", params={"to": phone}).json()[
        "items"
    ]
    return items


def test_a_citizen_is_answered_by_message(city: City) -> None:
    phone = "+821040000001"
    write(city, phone, "안녕하세요")
    (answer,) = city.until(lambda: told(city, phone), lambda items: len(items) == 1)
    assert answer["provider"] == "korea"
    assert "1. " in answer["text"]
    done = city.until(lambda: told(city, phone)[0]["status"], lambda status: status == "delivered")
    assert done == "delivered"


def test_each_purpose_is_closed_and_opened_by_its_own_words(city: City) -> None:
    phone = "+821040000002"
    write(city, phone, "마포구 재난 알림 신청할게요")
    write(city, phone, "알림끄기")
    texts = city.wait_sent(phone, 2)
    assert "알림켜기" in texts[1]
    write(city, phone, "문자끄기")
    texts = city.wait_sent(phone, 3)
    assert "문자켜기" in texts[2]  # the last word, with the way back
    write(city, phone, "안녕하세요")
    write(city, phone, "문자켜기")
    texts = city.wait_sent(phone, 4)
    assert "다시" in texts[3]  # and nothing in between


def test_english_words_of_twilio_are_answered_where_nobody_else_does(city: City) -> None:
    phone = "+821040000003"
    write(city, phone, "STOP")
    (closed,) = city.wait_sent(phone, 1)
    assert "문자켜기" in closed or "MESSAGES ON" in closed
    write(city, phone, "START")
    assert len(city.wait_sent(phone, 3)) == 3  # open again, and which district's alerts
    assert city.sms("+821040000004", "STOP") == []  # Twilio has answered that by itself
    assert city.sms("+821040000005", "문자끄기") != []
