"""Whole talks in Telegram and KakaoTalk: their buttons, their lateness, their people."""

import base64
import re
from uuid import uuid4

from tests.city import City

NUMBER = re.compile(r"P-\d{4}-\d{7}")
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 2000


def _press(city: City, user: str, title: str) -> None:
    """Press the button called `title` under the newest Telegram message."""
    (found,) = [one for one in city.buttons(user) if one["title"] == title]
    city.act("telegram", user, found["id"], kind="button")


def _told(city: City, user: str, last: str) -> list[str]:
    """Ask in KakaoTalk for what came until `last` is among it; return all of that."""
    told: list[str] = []

    def ask() -> list[str]:
        said = city.kakao(user, "답변 보기")
        if "새 답변이 없어요" not in said[0]:
            told.extend(said)
        return told

    city.until(ask, lambda texts: any(last in text for text in texts))
    return told


def test_a_petition_is_filed_in_kakaotalk_by_its_buttons(city: City) -> None:
    first = city.act("kakao", "citizen1", "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    assert "이렇게 접수할까요" in first["texts"][-1]
    yes = next(one for one in city.buttons("citizen1") if one["title"].startswith("네"))
    receipt = city.act("kakao", "citizen1", yes["id"], kind="button")
    found = NUMBER.search(" ".join(receipt["texts"]))
    assert found
    status = city.kakao("citizen1", found.group())
    assert "접수" in " ".join(status)


def test_an_agents_words_reach_kakaotalk_with_the_next_message_and_once(
    city: City, passwords: dict[str, str]
) -> None:
    agent = city.staff("agent", passwords["agent"])
    city.kakao("citizen2", "상담원과 이야기하고 싶어요")
    conversation = agent.get("/api/v1/handoffs").json()["items"][0]["id"]
    assert agent.post(f"/api/v1/handoffs/{conversation}/claim").status_code == 200
    assert len(_told(city, "citizen2", "연결되었어요")) == 1
    assert "상담사에게 전했어요" in city.kakao("citizen2", "여보세요?")[0]
    reply = {"text": "안녕하세요, 상담원입니다.", "client_id": uuid4().hex}
    assert agent.post(f"/api/v1/handoffs/{conversation}/reply", json=reply).status_code == 200
    told = _told(city, "citizen2", "상담원입니다")
    assert told == ["안녕하세요, 상담원입니다."]
    assert "새 답변이 없어요" in city.kakao("citizen2", "답변 보기")[0]


def test_a_long_answer_comes_in_kakaotalk_over_several_messages(
    city: City, passwords: dict[str, str]
) -> None:
    agent = city.staff("agent", passwords["agent"])
    city.kakao("citizen3", "상담원과 이야기하고 싶어요")
    conversation = agent.get("/api/v1/handoffs").json()["items"][0]["id"]
    assert agent.post(f"/api/v1/handoffs/{conversation}/claim").status_code == 200
    lines = [f"{n}째 줄은 이렇게 길게 적어 드려요." for n in range(100)]
    words = [" ".join(lines[:90]), " ".join(lines[10:])]
    for text in words:
        reply = {"text": text, "client_id": uuid4().hex}
        assert agent.post(f"/api/v1/handoffs/{conversation}/reply", json=reply).status_code == 200
    told = _told(city, "citizen3", lines[-1])
    assert len(told) > 3  # more than one answer holds
    assert "".join(told[1:]) == "".join(words)


def test_a_phone_is_proven_in_kakaotalk_by_a_code(city: City) -> None:
    city.kakao("citizen4", "투표하고 싶어요")
    city.kakao("citizen4", "1")
    assert "휴대전화" in " ".join(city.kakao("citizen4", "1"))
    city.kakao("citizen4", "010-1111-7001")
    (text,) = city.wait_sent("+821011117001", 1)
    code = re.search(r"\d{6}", text)
    assert code
    assert "확인" in " ".join(city.kakao("citizen4", code.group()))


def test_an_old_button_does_not_answer_a_new_question(city: City) -> None:
    user = "7101"
    city.act("telegram", user, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    city.wait_sent(user, 1)
    old = city.buttons(user)
    _press(city, user, "고칠래요")
    city.wait_sent(user, 2)
    city.act("telegram", user, old[0]["id"], kind="button")  # 네, of the question before
    said = city.wait_sent(user, 4)
    assert "지난 질문의 버튼" in said[2]
    assert "무엇을 고칠까요" in said[3] or "이렇게 접수할까요" in said[3]
    assert not NUMBER.search(" ".join(said))


def test_a_button_of_a_talk_that_is_over_shows_what_can_be_done(city: City) -> None:
    user = "7102"
    city.act("telegram", user, "서대문구 연희로 24 앞 가로등이 꺼졌어요")
    city.wait_sent(user, 1)
    yes = city.buttons(user)[0]["id"]
    city.act("telegram", user, yes, kind="button")
    receipt = city.wait_sent(user, 2)[-1]
    assert NUMBER.search(receipt)
    city.act("telegram", user, yes, kind="button")
    assert "지난 질문의 버튼" in city.wait_sent(user, 3)[-1]
    assert "민원 접수" in [one["title"] for one in city.buttons(user)]


def test_a_changed_wording_is_explained_and_the_open_question_put_again(city: City) -> None:
    user = "7103"
    city.act("telegram", user, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    city.wait_sent(user, 1)
    city.act("telegram", user, "마포구 망원동 포은로 89 앞 도로에 큰 구멍이 났어요", kind="edit")
    said = city.wait_sent(user, 3)
    assert "새 메시지로 보내 주세요" in said[1]
    assert "이렇게 접수할까요" in said[2]
    assert "포은로 87" in said[2]


def test_a_change_that_speaks_of_danger_is_heard_at_once(city: City) -> None:
    city.act("telegram", "7104", "안녕하세요")
    city.wait_sent("7104", 1)
    city.act("telegram", "7104", "불이 났어요 사람이 갇혀 있어요 살려 주세요", kind="edit")
    assert "119" in city.wait_sent("7104", 2)[1]


def test_a_photo_or_a_place_alone_is_asked_about(city: City) -> None:
    photo = base64.b64encode(JPEG).decode()
    city.act("telegram", "7105", photo=photo)
    assert "사진" in city.wait_sent("7105", 1)[0]
    city.act("telegram", "7106", latitude=37.5665, longitude=126.978)
    assert "위치" in city.wait_sent("7106", 1)[0]
    city.act("telegram", "7107", photo=base64.b64encode(b"<svg/>").decode())
    assert "사진을 받지 못했어요" in city.wait_sent("7107", 1)[0]
