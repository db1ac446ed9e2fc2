"""KakaoTalk: skill requests as its bot system posts them, answers within its limits and time."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels import kakao, kakao_skill
from channels.base import Retryable
from channels.kakao import PATH, Kakao, Mailbox
from channels.kakao_skill import render
from channels.message import Answer, Choice, Incoming, Outgoing, Photo, Reply, Sent
from channels.segments import utf16_units
from channels.signatures import KAKAO_HEADER
from channels.simulator.kakao_api import problems
from tests.channels.conftest import KAKAO_SECRET, Door, Provider, eventually, settings_for
from tests.channels.tables import Heard, hear

USER = "0f5a1c6be2d94d07a3f8c1b2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d"
HEADERS = {KAKAO_HEADER: KAKAO_SECRET}
TEXT = "골목에 쓰레기 더미가 있어요"
ID = UUID(int=7)


def payload(utterance: Any = TEXT, **changed: Any) -> dict[str, Any]:
    """A SkillPayload; what is given goes into its userRequest, `action` into the action."""
    action = {"name": "응답", "clientExtra": None, "params": {}, "id": "a1", "detailParams": {}}
    action |= changed.pop("action", {})
    return {
        "intent": {"id": "5e4cbe2a", "name": "폴백 블록", "extra": {"reason": {"code": 1}}},
        "userRequest": {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend"},
            "block": {"id": "5e4cbe2a", "name": "폴백 블록"},
            "utterance": utterance,
            "lang": "ko",
            "user": {
                "id": USER,
                "type": "botUserKey",
                "properties": {"plusfriendUserKey": "Pt5qtfZJhnxp", "isFriend": True},
            },
            **changed,
        },
        "bot": {"id": "5e1bbea9", "name": "응답"},
        "action": action,
        "contexts": [],
    }


@dataclass
class Box:
    """A mailbox in memory, which remembers what was done to it."""

    waiting: list[Reply] = field(default_factory=list)
    put: list[int] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    lost: list[tuple[list[int], str]] = field(default_factory=list)
    slow: float = 0.0

    def mailbox(self) -> Mailbox:
        async def put(delivery: int) -> None:
            self.put.append(delivery)

        async def take(address: str) -> Sequence[Reply]:
            assert address == USER
            await asyncio.sleep(self.slow)
            taken, self.waiting = self.waiting, []
            return taken

        async def leave(delivery: int, shown: int) -> None:
            self.left.append((delivery, shown))

        async def lose(deliveries: Sequence[int], code: str) -> None:
            self.lost.append((list(deliveries), code))

        return Mailbox(put, take, leave, lose)


class Bot(Door):
    """A door whose bot takes its time, and keeps its answers in the mailbox as the service does."""

    box: Box
    seconds: float = 0.0
    fails: bool = False
    http: httpx.AsyncClient

    async def hears(self, message: Incoming) -> Answer:
        await asyncio.sleep(self.seconds)
        if self.fails:
            raise RuntimeError(TEXT)
        self.messages.append(message)
        number = len(self.messages)
        said = Reply(f"답 {number}", delivery=number)
        self.box.waiting.append(said)
        return Answer("c1", "ko", "bot", (said,))

    async def asks(self, utterance: str = TEXT, **changed: Any) -> dict[str, Any]:
        response = await self.http.post(PATH, json=payload(utterance, **changed), headers=HEADERS)
        assert response.status_code == 200
        body: dict[str, Any] = response.json()
        assert problems(body) == []
        return body


@pytest.fixture
def box() -> Box:
    return Box([Reply("네.", delivery=7)])


@pytest.fixture
async def door(box: Box, provider: Provider) -> AsyncIterator[Door]:
    channel = Kakao(settings_for(kakao_origin=provider.url), box.mailbox())
    yield Door(channel)
    await channel.close()


@pytest.fixture
async def bot(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setattr(kakao, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(kakao, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(kakao, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(kakao, "TAKE_SECONDS", 0.2)
    monkeypatch.setattr(kakao, "CALLBACK_SECONDS", 1.0)
    box = Box()
    channel = Kakao(settings_for(kakao_origin=provider.url), box.mailbox())
    bot = Bot(channel)
    bot.box = box
    app = bot.app()
    app.router.routes.clear()

    async def on_message(message: Incoming) -> Answer:
        return await bot.hears(message)

    async def on_status(_: object) -> None:
        raise AssertionError("Kakao reports nothing")

    app.include_router(channel.router(on_message, on_status))
    bot.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t")
    yield bot
    await bot.http.aclose()
    await channel.close()


def heard(text: str, **changed: Any) -> Incoming:
    return Incoming("kakao", "kakao", USER, ID.hex, text, **{"language": "ko", **changed})


def said(text: str) -> dict[str, Any]:
    return {"version": "2.0", "template": {"outputs": [{"simpleText": {"text": text}}]}}


def more(text: str) -> dict[str, Any]:
    button = {"label": "답변 보기", "action": "message", "messageText": "답변 보기"}
    return {
        "version": "2.0",
        "template": {"outputs": [{"simpleText": {"text": text}}], "quickReplies": [button]},
    }


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


# replies as cards and buttons


def choices(*titles: str) -> tuple[Choice, ...]:
    return tuple(Choice(str(n), title) for n, title in enumerate(titles, 1))


def quick(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"label": a, "action": "message", "messageText": b} for a, b in pairs]


def item(title: str) -> dict[str, str]:
    return {"title": title, "action": "message", "messageText": title}


LINKED = "자세한 내용은 https://www.seoul.go.kr/a?b=1 에서 볼 수 있어요."
TWO = "https://a.go.kr/1, https://b.go.kr/2."


@pytest.mark.parametrize(
    ("replies", "outputs", "buttons"),
    [
        ([Reply("네.")], [{"simpleText": {"text": "네."}}], None),
        ([Reply("뭘 할까요?", choices("민원 넣기", "상담원"))],
         [{"simpleText": {"text": "뭘 할까요?"}}],
         quick(("민원 넣기", "민원 넣기"), ("상담원", "상담원"))),
        ([Reply("하나?", choices("가")), Reply("둘?", choices("나"))],
         [{"simpleText": {"text": "하나?\n1. 가"}}, {"simpleText": {"text": "둘?"}}],
         quick(("나", "나"))),
        ([Reply("어느 안인가요?", choices("한강 공원에 그늘 쉼터 늘리기", "짧은 안"))],
         [{"simpleText": {"text": "어느 안인가요?"}},
          {"listCard": {"header": {"title": "골라 주세요"},
                        "items": [item("한강 공원에 그늘 쉼터 늘리기"), item("짧은 안")]}}], None),
        ([Reply("어느 것?", choices("가" * 37, "나"))],
         [{"simpleText": {"text": f"어느 것?\n1. {'가' * 37}\n2. 나"}}],
         quick(("1번", "1"), ("2번", "2"))),
        ([Reply("어느 것?", choices("같은 이름", "같은  이름"))],
         [{"simpleText": {"text": "어느 것?\n1. 같은 이름\n2. 같은  이름"}}],
         quick(("1번", "1"), ("2번", "2"))),
        ([Reply("구?", choices(*(f"{n}구" for n in range(11))))],
         [{"simpleText": {"text": "구?\n" + "\n".join(f"{n + 1}. {n}구" for n in range(11))}}],
         None),
        ([Reply(LINKED)],
         [{"textCard": {"description": LINKED, "buttons": [{
             "action": "webLink", "label": "누리집 열기",
             "webLinkUrl": "https://www.seoul.go.kr/a?b=1"}]}}], None),
        ([Reply(TWO)],
         [{"textCard": {"description": TWO, "buttons": [
             {"action": "webLink", "label": "누리집 열기 1", "webLinkUrl": "https://a.go.kr/1"},
             {"action": "webLink", "label": "누리집 열기 2", "webLinkUrl": "https://b.go.kr/2"}]}}],
         None),
        ([Reply(LINKED + "가" * 400)], [{"simpleText": {"text": LINKED + "가" * 400}}], None),
        ([Reply("http://a.go.kr/1")], [{"simpleText": {"text": "http://a.go.kr/1"}}], None),
        ([Reply("", choices("가"))], [{"simpleText": {"text": "골라 주세요"}}],
         quick(("가", "가"))),
        ([Reply("가" * 1000 + "나")],
         [{"simpleText": {"text": "가" * 1000}}, {"simpleText": {"text": "나"}}], None),
    ],
)  # fmt: skip
def test_a_reply_has_its_best_form(
    replies: list[Reply], outputs: list[dict[str, Any]], buttons: list[dict[str, str]] | None
) -> None:
    page = render(replies, "ko")
    assert problems(page.response) == []
    assert page.response["template"]["outputs"] == outputs
    assert page.response["template"].get("quickReplies") == buttons
    assert page.left == ()


def test_what_does_not_fit_is_left_for_the_next_answer() -> None:
    replies = [Reply(f"{n}", delivery=n) for n in range(1, 6)]
    page = render(replies, "ko")
    assert page.left == ((4, 0), (5, 0))
    assert page.response["template"]["quickReplies"] == quick(("답변 보기", "답변 보기"))
    page = render([Reply("가" * 3500, choices("나"), delivery=9), Reply("끝", delivery=10)], "en")
    assert page.left == ((9, 3000), (10, 0))


WORDS = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "가각ᄀ\u1161\u11a8ﾡ😀👨\u200d👩\u200d👧é\u0301\u202eاب\x00\n https://a.kr/ ."
        ),
    ),
    max_size=3500,
)


@given(
    text=WORDS | st.builds(lambda w, n: w * n, st.sampled_from(["쓰레기 ", "😀", "ab. "]),
                           st.integers(0, 3000)),
    titles=st.lists(st.text(max_size=60), max_size=12),
    language=st.sampled_from(["ko", "en", "vi"]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_reply_keeps_the_limits_and_loses_nothing(
    text: str, titles: list[str], language: str
) -> None:
    whole = kakao_skill.clean_text(text)
    rest, shown = Reply(whole, choices(*titles), delivery=1), ""
    for _ in range(40):
        page = render([rest], language)
        assert problems(page.response) == []
        for output in page.response["template"]["outputs"]:
            if "simpleText" in output:
                assert utf16_units(output["simpleText"]["text"]) <= 1000
                shown += output["simpleText"]["text"]
            elif "textCard" in output:
                shown += output["textCard"]["description"]
        if not page.left:
            break
        ((delivery, read),) = page.left
        assert delivery == 1
        rest = Reply(rest.text[read:], rest.choices, delivery=1)
    assert page.left == ()
    seen, wanted = "".join(shown.split()), "".join(whole.split())
    # Every word comes, in order; choices may be listed after them.
    assert seen.startswith(wanted) or not wanted


# five seconds


async def test_an_answer_in_time_is_the_response(bot: Bot) -> None:
    assert await bot.asks() == said("답 1")
    assert bot.box.waiting == []


async def test_a_late_answer_comes_with_the_next_message(bot: Bot) -> None:
    bot.seconds = 0.45
    assert (await bot.asks("하나"))["template"] == more(kakao_skill.WORDS["ko"]["wait"])["template"]
    bot.seconds = 0.0
    await eventually(lambda: _true(bot.box.waiting))
    answer = await bot.asks("둘")
    texts = [output["simpleText"]["text"] for output in answer["template"]["outputs"]]
    assert texts == ["답 1", "답 2"]
    assert await bot.asks("셋") == said("답 3")


async def test_a_late_answer_is_waited_for_by_who_asks_again(bot: Bot) -> None:
    bot.seconds = 0.4
    await bot.asks("하나")
    assert await bot.asks("답변 보기") == said("답 1")
    assert len(bot.messages) == 1  # asking again is no message
    nothing = kakao_skill.WORDS["ko"]["nothing"]
    assert await bot.asks("답변 보기") == more(nothing)


async def test_two_messages_at_once_are_each_answered_once(bot: Bot) -> None:
    bot.seconds = 0.1
    answers = await asyncio.gather(*(bot.asks(str(n)) for n in range(5)))
    texts = [
        output["simpleText"]["text"]
        for answer in answers
        for output in answer["template"]["outputs"]
    ]
    told = sorted(text for text in texts if text.startswith("답 "))
    late = len(bot.box.waiting) + len(bot.box.left)
    assert len(told) == len(set(told)) == 5 - late


async def test_where_a_callback_is_allowed_the_answer_goes_there(
    bot: Bot, provider: Provider
) -> None:
    bot.seconds = 0.45
    provider.answers(200, {"taskId": "1", "status": "SUCCESS", "message": "", "timestamp": 1})
    url = f"{provider.url}/v1/bots/5e1b!/callback/-damdd"
    assert await bot.asks(callbackUrl=url) == {
        "version": "2.0", "useCallback": True, "data": {"text": "답변을 준비하고 있어요."},
    }  # fmt: skip
    await eventually(lambda: _true(provider.calls))
    (call,) = provider.calls
    assert (call.method, call.path) == ("POST", "/v1/bots/5e1b!/callback/-damdd")
    assert call.headers["content-type"] == "application/json"
    assert call.json == said("답 1")
    await bot.channel.close()
    assert (bot.box.waiting, bot.box.left, bot.box.lost) == ([], [], [])


async def test_in_time_no_callback_is_used(bot: Bot, provider: Provider) -> None:
    assert await bot.asks(callbackUrl=f"{provider.url}/callback") == said("답 1")
    assert provider.calls == []


async def test_a_strangers_callback_is_not_called(bot: Bot) -> None:
    bot.seconds = 0.45
    answer = await bot.asks(callbackUrl="https://example.org/callback")
    assert "useCallback" not in answer
    await eventually(lambda: _true(bot.box.waiting))


@pytest.mark.parametrize(
    ("answer", "left", "lost"),
    [
        ((200, {"status": "FAIL", "message": "expired"}), [(1, 0)], []),
        ((404, {}), [(1, 0)], []),
        ((429, {}), [(1, 0)], []),
        ((503, "busy"), [(1, 0)], []),
        ((200, "ok"), [], []),
        ((500, "oops"), [], [([1], "500")]),
        ("drop", [], [([1], "connection-lost")]),
    ],
)
async def test_a_callback_that_fails_loses_and_doubles_nothing(
    bot: Bot, provider: Provider, answer: Any, left: list[Any], lost: list[Any]
) -> None:
    bot.seconds = 0.45
    provider.script.append("drop" if answer == "drop" else (*answer, {}))
    await bot.asks(callbackUrl=f"{provider.url}/callback")
    await eventually(lambda: _true(provider.calls))
    await bot.channel.close()
    assert (bot.box.left, bot.box.lost) == (left, lost)


async def test_an_answer_too_late_for_its_callback_waits(bot: Bot, provider: Provider) -> None:
    bot.seconds = 1.3
    await bot.asks(callbackUrl=f"{provider.url}/callback")
    await eventually(lambda: _true(bot.box.waiting))
    assert provider.calls == []


async def test_a_bot_that_breaks_says_so_politely(bot: Bot) -> None:
    broken = kakao_skill.WORDS["ko"]["broken"]
    bot.fails = True
    assert await bot.asks() == said(broken)
    bot.seconds = 0.4
    await bot.asks()
    assert await bot.asks("답변 보기") == said(broken)


async def test_a_mailbox_too_slow_for_this_answer_keeps_it(bot: Bot) -> None:
    bot.box.slow = 0.4
    assert (await bot.asks())["template"] == more(kakao_skill.WORDS["ko"]["wait"])["template"]
    await eventually(lambda: _true(bot.box.left))
    assert bot.box.left == [(1, 0)]


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


async def _true(value: object) -> bool:
    return bool(value)
