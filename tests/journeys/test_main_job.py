"""The main job, end to end, through every door, with real signatures and real servers."""

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from backend.db import libpq_url
from bench.siren_city import CLEAR, FACTS
from tests.city import City, new_session

NUMBER = re.compile(r"P-\d{4}-\d{7}")


def _file_by_sms(city: City, phone: str) -> str:
    """File a petition whose first message says everything; return its number."""
    asked = city.sms(phone, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    assert "이렇게 접수할까요" in asked[-1]
    receipt = city.sms(phone, "1")
    found = NUMBER.search(" ".join(receipt))
    assert found, receipt
    return found.group()


def test_a_petition_is_filed_by_sms_in_two_messages_when_the_first_says_everything(
    city: City,
) -> None:
    number = _file_by_sms(city, "+821011110001")
    assert number == f"P-{datetime.now(UTC) + timedelta(hours=9):%Y}-0000001"


def test_a_petition_is_filed_by_sms_a_word_at_a_time_in_at_most_five_messages(city: City) -> None:
    phone = "+821011110002"
    said = [
        "민원 넣고 싶어요",
        "가로등이 며칠째 꺼져 있어서 밤에 너무 어두워요",
        "서교동 잔다리로 30 앞",
        "마포구요",
        "네",
    ]
    for count, text in enumerate(said, 1):
        answer = " ".join(city.sms(phone, text))
        if NUMBER.search(answer):
            assert count <= 5
            return
    pytest.fail(f"no receipt after {len(said)} messages; last answer: {answer}")


def test_an_english_petition_is_answered_in_english(city: City) -> None:
    phone = "+821011110003"
    asked = city.sms(phone, "There is a big pothole on the road in front of 87 Poeun-ro, Mapo-gu")
    assert "Shall I file this?" in asked[-1]
    receipt = " ".join(city.sms(phone, "1"))
    assert "receipt number" in receipt
    assert NUMBER.search(receipt)


def test_nothing_is_filed_without_a_yes_and_cancel_ends_it(city: City, database_url: str) -> None:
    phone = "+821011110004"
    city.sms(phone, "마포구 합정역 3번 출구 앞에 쓰레기가 쌓여 있어요")
    assert "접수하지 않았어요" in " ".join(city.sms(phone, "취소"))
    with psycopg.connect(libpq_url(database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM petitions").fetchone() == (0,)


def test_the_place_can_be_corrected_before_it_is_filed(city: City) -> None:
    phone = "+821011110005"
    city.sms(phone, "마포구 합정역 3번 출구 앞에 쓰레기가 쌓여 있어요")
    city.sms(phone, "2")
    city.sms(phone, "2")
    shown = city.sms(phone, "용산구 이태원역 1번 출구 앞")
    assert "용산구" in shown[-1]
    assert "마포구" not in shown[-1].split("장소:")[1]


def test_status_is_told_on_telegram_by_number_and_by_phone_in_speech_and_keys(city: City) -> None:
    phone = "+821011110006"
    number = _file_by_sms(city, phone)
    city.telegram(7001, number)
    told = " ".join(city.wait_sent(7001, 1))
    assert number in told
    assert "접수" in told
    assert "포은로" not in told, "whoever holds only the number learns the stage alone"

    call = city.call(phone)
    assert "응답" in call.ring()
    spoken = call.say("제 민원 어떻게 됐는지 알고 싶은데요")
    assert "단계" in spoken or "현재" in spoken
    assert "http" not in spoken

    stranger = city.call("+821099990000")
    stranger.ring()
    asked = stranger.press("2")
    assert "접수번호" in asked
    keyed = stranger.press(str(int(number[-7:])))
    assert "현재 단계" in keyed


def test_one_phone_votes_once_over_sms_voice_and_verified_web(city: City) -> None:
    phone = "+821011110007"
    listed = city.sms(phone, "투표")
    assert "1." in listed[-1]
    options = city.sms(phone, "1")
    assert "번호로 골라" in options[-1]
    done = city.sms(phone, "2")
    assert "참여했어요" in done[-1]

    city.sms(phone, "투표")
    city.sms(phone, "1")
    assert "이미 참여" in " ".join(city.sms(phone, "1"))

    call = city.call(phone)
    call.ring()
    call.say("투표하고 싶어요")
    call.press("1")
    assert "이미 참여" in call.press("3")

    session = new_session()
    city.web(session, "투표하고 싶어요")
    city.web(session, "1")
    asked = city.web(session, "1")
    assert "전화번호" in asked["replies"][-1]["text"]
    city.web(session, "010-1111-0007")
    code = re.search(r"\d{6}", city.wait_sent(phone, 1)[-1])
    assert code
    answer = city.web(session, code.group())
    assert "이미 참여" in " ".join(r["text"] for r in answer["replies"])


def test_telegram_votes_after_the_phone_is_shared(city: City) -> None:
    city.telegram(7002, "투표하고 싶어요")
    city.wait_sent(7002, 1)
    city.telegram(7002, "1")
    city.wait_sent(7002, 2)
    city.telegram(7002, "2")
    assert "전화번호" in city.wait_sent(7002, 3)[-1]
    city.share_contact(7002, "+821011110008")
    assert any("참여했어요" in text for text in city.wait_sent(7002, 5))


def test_a_question_is_answered_with_its_source(city: City) -> None:
    answer = city.web(new_session(), "대형폐기물은 어떻게 버리나요?")
    text = answer["replies"][0]["text"]
    assert "폐기물" in text
    assert "기준" in text


def test_a_citizen_asks_for_a_person_and_the_bot_is_silent_until_the_agent_returns(
    city: City, passwords: dict[str, str]
) -> None:
    agent = city.staff("agent", passwords["agent"])
    phone = "+821011110009"
    city.sms(phone, "상담원과 이야기하고 싶어요")
    waiting = agent.get("/api/v1/handoffs").json()
    assert waiting["total"] == 1
    conversation = waiting["items"][0]["id"]
    assert agent.post(f"/api/v1/handoffs/{conversation}/claim").status_code == 200
    assert city.sms(phone, "여보세요? 민원 넣고 싶어요") == [], (
        "a person owns it: the bot is silent"
    )
    reply = {"text": "안녕하세요, 상담원입니다.", "client_id": uuid4().hex}
    for _ in range(2):
        assert agent.post(f"/api/v1/handoffs/{conversation}/reply", json=reply).status_code == 200
    texts = city.until(
        lambda: city.sent(phone), lambda sent: any("상담원입니다" in text for text in sent)
    )
    assert sum("상담원입니다" in text for text in texts) == 1
    assert agent.post(f"/api/v1/handoffs/{conversation}/return").status_code == 200
    assert city.sms(phone, "안녕하세요") != []


def _draft() -> dict[str, Any]:
    ko = "14:30 호우경보. 마포구 한강변 출입 금지. 지하는 바로 높은 곳으로 대피하세요. 문의 120"
    en = "14:30 heavy rain warning. Keep away from the river in Mapo-gu. Call 120."
    return {
        "environment": "live",
        "title": "호우 경보",
        "districts": ["마포구"],
        "texts": {"ko": f"[서울특별시] {ko}", "en": f"[Seoul] {en}"},
        "correction": {
            "ko": "[서울특별시][정정] 14:30 호우 문자는 잘못 보낸 것입니다. 죄송합니다. 문의 120",
            "en": "[Seoul][Correction] The 14:30 rain message was sent in error. Sorry.",
        },
        "facts": FACTS,
        "all_clear": CLEAR,
        "expires_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat(),
    }


def test_an_alert_reaches_exactly_the_registered_after_a_second_person_approved(
    city: City, passwords: dict[str, str], database_url: str
) -> None:
    mapo_sms, yongsan_sms = "+821011110010", "+821011110011"
    assert "마포구" in " ".join(city.sms(mapo_sms, "마포구 재난 알림 켜 주세요"))
    assert "용산구" in " ".join(city.sms(yongsan_sms, "용산구 재난 알림 켜 주세요"))
    session = new_session()
    city.web(session, "마포구 재난문자 받고 싶어요")
    city.telegram(7003, "마포구 재난 알림 신청할게요")
    city.wait_sent(7003, 1)
    city.sms("+821011110012", "안녕하세요")

    author, approver = (city.staff(who, passwords[who]) for who in ("author", "approver"))
    draft = author.post("/api/v1/broadcasts", json=_draft())
    assert draft.status_code == 201, draft.text
    alert = draft.json()
    where = f"/api/v1/broadcasts/{alert['id']}"
    submitted = author.post(f"{where}/submit", json={"version": alert["version"]})
    assert submitted.status_code == 200, submitted.text
    seen = submitted.json()
    approval = {
        "version": seen["version"], "content_hash": seen["content_hash"], "audience": 3,
    }  # fmt: skip
    assert author.post(f"{where}/approve", json=approval).status_code in (403, 409)
    assert city.sent(mapo_sms) == []
    approved = approver.post(f"{where}/approve", json=approval)
    assert approved.status_code == 200, approved.text

    assert any("호우경보" in text for text in city.wait_sent(mapo_sms, 1))
    assert any("호우경보" in text for text in city.wait_sent(7003, 2))
    later = city.until(
        lambda: city.later(session), lambda seen: any("호우경보" in m["text"] for m in seen)
    )
    assert [m["author"] for m in later if "호우경보" in m["text"]] == ["alert"]
    assert city.sent(yongsan_sms) == []
    assert city.sent("+821011110012") == []
    with psycopg.connect(libpq_url(database_url)) as connection:
        counts = connection.execute(
            "SELECT count(*), count(DISTINCT contact_id) FROM deliveries WHERE event_id IS NOT NULL"
        ).fetchone()
    assert counts == (3, 3)


@pytest.mark.parametrize("signature", ["", "Zm9yZ2Vk"])
def test_a_forged_or_missing_signature_is_403_and_changes_nothing(
    city: City, database_url: str, signature: str
) -> None:
    form = {"MessageSid": "SM1", "From": "+821011110013", "To": "+15005550006", "Body": "안녕"}
    assert city.twilio("/channels/twilio/sms", form, signature).status_code == 403
    assert city.twilio("/channels/twilio/voice", form, signature).status_code == 403
    assert city.twilio("/channels/twilio/status", form, signature).status_code == 403
    assert city.update({"message": {}}, secret=signature).status_code == 403
    with psycopg.connect(libpq_url(database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM contacts").fetchone() == (0,)


def test_the_same_message_ten_times_at_once_has_one_effect_and_one_answer(
    city: City, database_url: str
) -> None:
    phone, session = "+821011110014", new_session()
    answers: dict[str, list[Any]] = {"sms": [], "web": []}

    def sms() -> None:
        answers["sms"].append(city.sms(phone, "안녕하세요", sid="SM" + "a" * 32))

    def web() -> None:
        answers["web"].append(city.web(session, "안녕하세요", "same-id"))

    def telegram() -> None:
        assert city.telegram(7004, "안녕하세요", update_id=424242).status_code == 200

    threads = [threading.Thread(target=work) for work in (sms, web, telegram) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers["sms"]) == len(answers["web"]) == 10
    assert all(a == answers["sms"][0] != [] for a in answers["sms"])
    assert all(a == answers["web"][0] for a in answers["web"])
    city.wait_sent(7004, 1)
    with psycopg.connect(libpq_url(database_url)) as connection:
        rows = connection.execute(
            "SELECT channel, direction, count(*) FROM messages GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    assert rows == [(c, d, 1) for c in ("sms", "telegram", "web") for d in ("in", "out")]
    assert len(city.sent(7004)) == 1
