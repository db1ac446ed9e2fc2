"""Whole calls through every gateway: a petition, its receipt, a person, and nobody there."""

import re
from typing import Any

import pytest

from tests.city import City

GATEWAYS = ("voice", "audiocodes", "jambonz")


def call(city: City, gateway: str, phone: str, said: str = "", **more: Any) -> str:
    """Let a caller do something; return what they hear."""
    body = {"provider": gateway, "from": phone, "text": said, **more}
    response = city.client.post("/simulator/incoming", json=body)
    assert response.status_code == 200, response.text
    outcome = response.json()
    assert outcome["status"] in (200, 204), outcome
    return " ".join(outcome["texts"])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_call_from_the_notice_to_a_call_back(
    city: City, passwords: dict[str, str], gateway: str
) -> None:
    phone = f"+82103333000{GATEWAYS.index(gateway)}"
    assert "녹음" in call(city, gateway, phone)
    shown = call(city, gateway, phone, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    assert "이렇게 접수할까요?" in shown
    receipt = call(city, gateway, phone, "네")
    assert re.search(r"이공[공-힣]{2}, 공공공, 공공공일이에요", receipt)
    assert re.search(r"P-\d{4}-0000001", city.wait_sent(phone, 1)[-1])

    agent = city.staff("agent", passwords["agent"])
    assert agent.post("/api/v1/presence", json={"taking": True}).json()["on_duty"] == 1
    city.client.post("/simulator/faults", json={"rate_no_answer": 1}).raise_for_status()
    heard = call(city, gateway, phone, "상담원")
    assert "연결해 드릴게요" in heard
    assert "다시 전화드릴게요" in heard
    waits = agent.get("/api/v1/handoffs").json()["items"]
    assert [(item["state"], item["channel"]) for item in waits] == [("callback", "voice")]
    told = call(city, gateway, phone, "아까 접수한 민원은 어떻게 됐나요")
    assert "공공공일, 현재" in told  # the bot goes on in the same call
    call(city, gateway, phone, kind="hangup")


def test_one_caller_is_one_person_at_every_gateway(city: City) -> None:
    phone = "+821033330009"
    call(city, "voice", phone, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    call(city, "voice", phone, "1")
    call(city, "voice", phone, kind="hangup")
    for gateway in ("audiocodes", "jambonz"):
        told = call(city, gateway, phone, "제 민원 어떻게 됐는지 알고 싶은데요")
        assert "공공공일, 현재" in told
        call(city, gateway, phone, kind="hangup")
