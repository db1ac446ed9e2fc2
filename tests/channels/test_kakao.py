"""KakaoTalk: skill requests as its bot system posts them, answers within its limits and time."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from channels import kakao, kakao_skill
from channels.base import Retryable
from channels.kakao import PATH, Kakao, Mailbox
from channels.message import Answer, Incoming, Outgoing, Photo, Reply, Sent
from channels.signatures import KAKAO_HEADER
from tests.channels.conftest import KAKAO_SECRET, Door, Provider, settings_for
from tests.channels.kakao_room import HEADERS, TEXT, USER, Box, payload, said
from tests.channels.tables import Heard, hear

ID = UUID(int=7)


@pytest.fixture
def box() -> Box:
    return Box([Reply("네.", delivery=7)])


@pytest.fixture
async def door(box: Box, provider: Provider) -> AsyncIterator[Door]:
    channel = Kakao(settings_for(kakao_origin=provider.url), box.mailbox())
    yield Door(channel)
    await channel.close()


def heard(text: str, **changed: Any) -> Incoming:
    return Incoming("kakao", "kakao", USER, ID.hex, text, **{"language": "ko", **changed})


def row(name: str, body: dict[str, Any], expected: Incoming) -> Heard:
    return Heard(name, PATH, json=body, messages=(expected,))


REQUESTS = [
    row("words", payload(), heard(TEXT)),
    row("what can't be stored is left out", payload(" nul\x00 😀\n"), heard("nul 😀")),
    row("a phone in English", payload("hi", lang="en"), heard("hi", language="en")),
    row("an older word for Korean", payload(lang="kr"), heard(TEXT, language="ko")),
    row("no language", payload(lang=None), heard(TEXT, language=None)),
    row("the welcome block", payload("  "), heard("", kind="start")),
    row("no more than is needed", {"userRequest": {"utterance": "안녕", "user": {"id": USER}}},
        heard("안녕", language=None)),
    row("another site's address", payload("https://example.com/a.jpg"),
        heard("https://example.com/a.jpg")),
    row("parameters of other plugins", payload(action={"params": {"date": '{"value": 1}'}}),
        heard(TEXT)),
    row("pictures of another site", payload(action={"params": {"secureimage": json.dumps(
        {"secureUrls": "List(https://example.com/a.jpg)"})}}), heard(TEXT)),
    row("a list that is none", payload(action={"params": {"secureimage": '{"secureUrls": '}}),
        heard(TEXT)),
]  # fmt: skip


def sign(_: Heard) -> dict[str, str]:
    return HEADERS


@pytest.mark.parametrize("case", REQUESTS, ids=str)
async def test_a_request_comes_in(door: Door, case: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kakao_skill, "uuid4", lambda: ID)
    response = await hear(door, case, sign)
    assert response.json() == said("네.")


async def test_the_same_words_twice_are_two_messages(door: Door) -> None:
    for _ in range(2):
        await door.post(PATH, json=payload("네"), headers=HEADERS)
    first, second = door.messages
    assert first.external_id != second.external_id


@pytest.mark.parametrize(
    "headers", [{}, {KAKAO_HEADER: ""}, {KAKAO_HEADER: KAKAO_SECRET + "x"},
                {"Authorization": KAKAO_SECRET}]
)  # fmt: skip
async def test_a_stranger_hears_nothing(door: Door, headers: dict[str, str]) -> None:
    response = await door.post(PATH, json=payload(), headers=headers)
    assert response.status_code == 403
    assert door.messages == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b"\xff", b'{"userRequest": 3}', b"[" * 50_000,
             json.dumps(payload(None)).encode(), json.dumps(payload(user={"id": 5})).encode(),
             json.dumps(payload(user={"id": "a b"})).encode(),
             json.dumps(payload(user={"id": ""})).encode(),
             json.dumps(payload(user={"id": "k" * 129})).encode()]
)  # fmt: skip
async def test_a_broken_body_is_a_400(door: Door, body: bytes) -> None:
    response = await door.post(PATH, content=body, headers=HEADERS)
    assert response.status_code == 400
    assert door.messages == []


JPEG = b"\xff\xd8\xff\xe0" + b"j" * 60


async def test_a_photo_comes_as_its_address(door: Door, provider: Provider) -> None:
    provider.answers(200, JPEG)
    utterance = f"{provider.url}/dna/abc/i_1.jpg?credential=zf3&expires=1786&signature=7n%3D"
    await door.post(PATH, json=payload(utterance), headers=HEADERS)
    (message,) = door.messages
    assert (message.text, message.kind) == ("", "text")
    assert message.photos == (Photo(JPEG, "image/jpeg"),)
    assert provider.calls[0].path == utterance.removeprefix(provider.url)


async def test_photos_of_the_plugin_come_as_a_list(door: Door, provider: Provider) -> None:
    urls = ", ".join(f"{provider.url}/{n}.jpg" for n in range(7))
    secure = {"privacyAgreement": "Y", "imageQuantity": "7", "secureUrls": f"List({urls})"}
    for _ in range(4):
        provider.answers(200, JPEG)
    provider.answers(404, b"")
    action = {"params": {"secureimage": json.dumps(secure)}}
    await door.post(PATH, json=payload("사진 보내기", action=action), headers=HEADERS)
    (message,) = door.messages
    assert message.text == "사진 보내기"
    assert (len(message.photos), message.photos_missed) == (4, 1)


@pytest.mark.parametrize(
    ("origin", "url", "ours"),
    [
        (None, "https://talk.kakaocdn.net/dna/x.jpg", True),
        (None, "http://dn-m.talk.kakao.com/talkm/x.jpg", True),
        (None, "https://bot-api.kakao.com/v1/bots/1!/callback/x", True),
        (None, "https://kakao.com.example.org/x", False),
        (None, "https://talk.kakaocdn.net@example.org/x", False),
        (None, "https://talk.kakaocdn.net:8443/x", False),
        (None, "ftp://talk.kakaocdn.net/x", False),
        (None, "https://[x/", False),
        (None, "http://127.0.0.1:8000/x", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:80001/x", False),
        ("http://127.0.0.1:8000", "https://talk.kakaocdn.net/x", False),
    ],
)
async def test_only_kakaos_addresses_are_called(origin: str | None, url: str, ours: bool) -> None:
    channel = Kakao(settings_for(kakao_origin=origin), Box().mailbox())
    assert channel._is_kakaos(url) is ours
    await channel.close()


def test_a_picture_is_never_fetched_in_the_clear() -> None:
    assert kakao._safe("http://dn-m.talk.kakao.com/a") == "https://dn-m.talk.kakao.com/a"
    assert kakao._safe("https://talk.kakaocdn.net/a") == "https://talk.kakaocdn.net/a"
    assert kakao._safe("http://127.0.0.1:8000/a") == "http://127.0.0.1:8000/a"


async def test_with_a_person_the_citizen_hears_where_answers_will_be(door: Door, box: Box) -> None:
    box.waiting = []
    door.answer = Answer("c1", "en", "agent")
    response = await door.post(PATH, json=payload(), headers=HEADERS)
    words = kakao_skill.WORDS["en"]
    assert response.json()["template"]["outputs"] == [{"simpleText": {"text": words["agent"]}}]


async def test_an_agents_words_wait_in_the_mailbox(door: Door, box: Box) -> None:
    assert await door.channel.send(Outgoing(31, USER, "확인했어요.")) == Sent(("31",))
    assert box.put == [31]

    async def away(_: int) -> None:
        raise OSError

    broken = Kakao(settings_for(), Mailbox(away, box.mailbox().take, box.mailbox().leave,
                                           box.mailbox().lose))  # fmt: skip
    with pytest.raises(Retryable):
        await broken.send(Outgoing(31, USER, "확인했어요."))
    await broken.close()
