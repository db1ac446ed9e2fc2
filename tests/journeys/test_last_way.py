"""An alert that no text carries: the phone rings, says it, and a key brings help."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from bench.siren_city import CLEAR, FACTS
from tests.city import City

API = "/api/v1/broadcasts"
_PHONES = itertools.count(55_000_000)
WORDS = "[서울특별시] 14:30 마포구 홍제천 범람. 즉시 대피하세요. 문의 120 https://seoul.go.kr/a"


def call_to(city: City, phone: str) -> dict[str, Any] | None:
    """The newest call that the city placed to a phone."""
    items = city.client.get(f"/simulator/sent?to={quote(phone)}").json()["items"]
    calls: list[dict[str, Any]] = [item for item in items if item["channel"] == "call"]
    return calls[-1] if calls else None


def wait_for_words(city: City, phone: str) -> str:
    """What the phone hears once somebody has taken the call."""
    found = city.until(lambda: call_to(city, phone), lambda call: bool(call and call["text"]))
    return str(found["text"])


class Officials:
    """An author and an approver, and what they send."""

    def __init__(self, city: City, passwords: dict[str, str]) -> None:
        self.city = city
        self.author = city.staff("author", passwords["author"])
        self.approver = city.staff("approver", passwords["approver"])
        self.agent = city.staff("agent", passwords["agent"])

    def send(self, **changes: Any) -> str:
        """Write, submit and approve an alert; return its id."""
        draft = {
            "environment": "live", "title": "홍제천 범람", "level": "emergency",
            "texts": {"ko": WORDS}, "correction": {"ko": "[정정] 잘못 보냈어요."},
            "facts": FACTS, "all_clear": CLEAR, "districts": ["마포구"],
            "expires_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat(), **changes,
        }  # fmt: skip
        made = self.done(self.author.post(API, json=draft))
        where = f"{API}/{made['id']}"
        self.done(self.author.post(f"{where}/submit", json={"version": 1}))
        self.review = self.done(self.approver.get(f"{where}/review"))
        seen = {
            "version": 1, "content_hash": self.review["broadcast"]["content_hash"],
            "audience": self.review["audience"]["people"],
        }  # fmt: skip
        self.done(self.approver.post(f"{where}/approve", json=seen))
        return str(made["id"])

    def counts(self, broadcast: str) -> dict[str, int]:
        """How many people there are in each state; they sum to the audience."""
        found = self.done(self.author.get(f"{API}/{broadcast}/outcomes"))
        (event,) = (event for event in found["events"] if event["kind"] == "alert")
        counts: dict[str, int] = {name: n for name, n in event["counts"].items() if n}
        assert sum(counts.values()) == event["audience"]
        return counts

    @staticmethod
    def done(response: httpx.Response) -> dict[str, Any]:
        assert response.is_success, response.text
        found: dict[str, Any] = response.json()
        return found


@pytest.fixture
def officials(city: City, passwords: dict[str, str]) -> Officials:
    return Officials(city, passwords)


def faults(city: City, **faults: Any) -> None:
    assert city.client.post("/simulator/faults", json=faults).status_code == 200


def by_text(city: City) -> str:
    """Register a mobile phone that has no KakaoTalk."""
    phone = f"+8210{next(_PHONES)}"
    assert "마포구" in " ".join(city.sms(phone, "마포구 재난 알림 켜줘"))
    city.act("alimtalk", phone, kind="block")
    return phone


def by_landline(city: City) -> str:
    """Register a landline, which can't be texted, by a call from it."""
    phone = f"+822{next(_PHONES)}"
    call = city.call(phone)
    call.ring()
    assert "전화드릴게요" in call.say("마포구 재난 알림 켜 줘")
    call.end()
    return phone


def test_text_refused_call_taken_and_key_2_brings_help_to_the_front(
    city: City, officials: Officials
) -> None:
    mobile, home = by_text(city), by_landline(city)
    city.sms(f"+8210{next(_PHONES)}", "상담원")  # somebody who waits already
    faults(city, rate_undelivered=1, key_wait_ms=30_000)
    broadcast = officials.send()
    (takes,) = (time for time in officials.review["times"] if time["channel"] == "call")
    assert (takes["people"], takes["per_second"]) == (1, 1.0)
    assert officials.review["last_way"]["people"] == 2

    heard = wait_for_words(city, mobile)
    assert heard == wait_for_words(city, home)
    assert heard.split("\n")[0] == "안녕하세요. 서울특별시 재난 안내 전화예요."
    assert "오후 두 시 30분 마포구 홍제천 범람" in heard
    assert "일이공" in heard
    assert not any(sign in heard for sign in "[]()<>/:")
    assert "http" not in heard
    assert "도움이 필요하면 2번" in heard

    city.act("voice", home, "1")
    helped = city.act("voice", mobile, "2")["texts"]
    assert "일일구" in " ".join(helped)
    found = city.until(
        lambda: officials.done(officials.author.get(f"{API}/{broadcast}/answers"))["items"],
        lambda items: bool(items and items[0]["help"] and items[0]["safe"]),
    )
    assert (found[0]["help"], found[0]["safe"], found[0]["silent"]) == (1, 1, 0)
    city.until(lambda: officials.counts(broadcast), lambda counts: counts == {"delivered": 2})
    queue = officials.done(officials.agent.get("/api/v1/handoffs"))["items"]
    assert [(item["reason"], item["urgency"], item["channel"]) for item in queue] == [
        ("alert_help", 2, "voice"), ("asked", 0, "sms"),
    ]  # fmt: skip
    assert officials.counts(broadcast) == {"delivered": 2}


def test_nobody_takes_the_call_and_the_truth_says_so(city: City, officials: Officials) -> None:
    by_text(city)
    busy = by_landline(city)
    faults(city, rate_undelivered=1, rate_busy=1)
    broadcast = officials.send()
    city.until(lambda: officials.counts(broadcast), lambda counts: counts == {"failed": 2})
    call = call_to(city, busy)
    assert call is not None
    assert (call["status"], call["text"]) == ("busy", "")


def test_an_exercise_says_so_first_and_last_and_advice_calls_nobody(
    city: City, officials: Officials
) -> None:
    home = by_landline(city)
    faults(city, key_wait_ms=50)
    officials.send(environment="exercise")
    city.until(lambda: call_to(city, home), lambda c: bool(c and c["status"] == "completed"))
    call = call_to(city, home)
    assert call is not None
    lines = call["text"].split("\n")
    assert lines[0] == lines[-1] == "이 전화는 훈련이에요. 실제 상황이 아니에요."
    assert sum("홍제천" in line for line in lines) == 2
    mobile = by_text(city)
    faults(city, rate_undelivered=1)
    broadcast = officials.send(level="advisory", title="안내")
    assert officials.review["audience"]["by_channel"] == {"sms": 1}  # and no landline
    assert officials.review["last_way"] is None
    city.until(lambda: officials.counts(broadcast), lambda counts: counts == {"failed": 1})
    assert call_to(city, mobile) is None
