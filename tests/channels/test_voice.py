"""The neutral turn: what a caller did becomes a message, an answer becomes what a call does."""

from typing import Any

import pytest

from channels.message import Answer, Choice, Incoming, Reply
from channels.voice import (
    Caller,
    Listen,
    Spoken,
    asked_language,
    caller,
    certainty,
    compose,
    heard,
    slowly,
    spoken_language,
    take,
)
from tests.channels.conftest import CITIZEN

WHO = Caller("phone", CITIZEN)


@pytest.mark.parametrize(
    ("number", "who"),
    [
        (CITIZEN, Caller("phone", CITIZEN)),
        ("01029876543", Caller("phone", CITIZEN)),
        ("010-2987-6543", Caller("phone", CITIZEN)),
        ("02-120-0000", Caller("phone", "+8221200000")),
        ("+14155550123", Caller("phone", "+14155550123")),
        ("+266696687", Caller("call", "c1")),
        ("anonymous", Caller("call", "c1")),
        ("sip:kim@example.org", Caller("call", "c1")),
        ("112", Caller("call", "c1")),
        ("", Caller("call", "c1")),
    ],
)
def test_who_calls(number: str, who: Caller) -> None:
    assert caller(number, "c1") == who
    assert who.phone == (who.address if who.scheme == "phone" else None)


@pytest.mark.parametrize(
    ("done", "kind", "text", "confidence"),
    [
        ({"kind": "start"}, "start", "", None),
        ({}, "silence", "", None),
        (
            {"speech": " 가로등이\x00 꺼졌어요 ", "confidence": 0.8},
            "speech",
            "가로등이 꺼졌어요",
            0.8,
        ),
        ({"speech": "  "}, "silence", "", None),
        ({"keys": "20260000123#"}, "keys", "20260000123", None),
        ({"keys": "1", "speech": "일번", "confidence": 0.9}, "keys", "1", None),
        ({"keys": "*"}, "keys", "*", None),
        ({"keys": "#"}, "silence", "", None),
        ({"keys": "A1B"}, "keys", "1", None),
        ({"kind": "unclear", "speech": "거기", "confidence": 0.1}, "unclear", "거기", 0.1),
        ({"kind": "unanswered"}, "unanswered", "", None),
        ({"kind": "hangup", "speech": "네"}, "hangup", "", None),
    ],
)
def test_what_a_caller_did(
    done: dict[str, Any], kind: str, text: str, confidence: float | None
) -> None:
    message = heard("c1", "7", WHO, language="ko", **done)
    assert message == Incoming(
        "voice", "phone", CITIZEN, "c1:7", text, kind=kind,  # type: ignore[arg-type]
        confidence=confidence, phone=CITIZEN, language="ko",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "certain"),
    [("0.87", 0.87), (1, 1.0), ("", None), (None, None), ("high", None), ("nan", None),
     (0, None), ("0.0", None), (1.5, None), (-1, None), ([], None)],
)  # fmt: skip
def test_how_sure_a_recogniser_is(value: object, certain: float | None) -> None:
    assert certainty(value) == certain


ASK = Listen(speech=True, one_key=False, hints=())
ROADS = (Choice("1", "도로 파손"), Choice("2", "불법주차, 견인"), Choice("9", "이어 듣기"))


@pytest.mark.parametrize(
    ("answer", "spoken"),
    [
        (Answer("c", "ko", "bot", (Reply("어디인가요?"),)),
         Spoken("ko", ("어디인가요?",), listen=ASK)),
        (Answer("c", "ko", "bot", (Reply("P-1", spoken="공공공 일"), Reply("더요?"))),
         Spoken("ko", ("공공공 일.", "더요?"), listen=ASK)),
        (Answer("c", "ko", "bot", (Reply("글", spoken=""),)),
         Spoken("ko", ("잠시만 기다려 주세요.",), listen=ASK)),
        (Answer("c", "ko", "bot", (Reply("무엇인가요?", ROADS),)),
         Spoken("ko", ("무엇인가요?", "도로 파손은 1번, 불법주차, 견인은 2번, 이어 듣기는 9번."),
                listen=Listen(True, True, ("도로 파손", "불법주차  견인", "이어 듣기")))),
        (Answer("c", "ko", "bot", (Reply("눌러 주세요.", ROADS[:1], keys_only=True),)),
         Spoken("ko", ("눌러 주세요.", "도로 파손은 1번."),
                listen=Listen(False, True, ("도로 파손",)))),
        (Answer("c", "en", "bot", (Reply("Where?", slow=True),)),
         Spoken("en", ("Where?",), slow=True, listen=ASK)),
        (Answer("c", "vi", "bot", (Reply("Where?", (Choice("10", "here"),)),)),
         Spoken("en", ("Where?", "here, press 10."), listen=Listen(True, False, ("here",)))),
        (Answer("c", "ko", "bot"), Spoken("ko", ("잠시만 기다려 주세요.",), listen=ASK)),
        (Answer("c", "ko", "queue", (Reply("연결할게요.", transfer=True),), ended=True),
         Spoken("ko", ("연결할게요.",), transfer=True)),
        (Answer("c", "ko", "bot", (Reply("안녕히 가세요."),), ended=True),
         Spoken("ko", ("안녕히 가세요.",))),
        (Answer("c", "ko", "agent", (), ended=True), Spoken("ko", ())),
    ],
)  # fmt: skip
def test_what_a_call_says(answer: Answer, spoken: Spoken) -> None:
    assert compose(answer) == spoken
    assert spoken.hangup == (spoken.listen is None and not spoken.transfer)
    assert spoken.locale == ("ko-KR" if spoken.language == "ko" else "en-US")


@pytest.mark.parametrize(
    ("given", "voice", "short"),
    [("ko-KR", "ko", "ko"), ("en-GB", "en", "en"), ("vi", "en", "vi"), (None, "ko", None),
     ("", "ko", None)],
)  # fmt: skip
def test_languages(given: str | None, voice: str, short: str | None) -> None:
    assert spoken_language(given) == voice
    assert asked_language(given) == short


@pytest.mark.parametrize(
    ("line", "slow"),
    [("어디에서 생긴 일인가요?", "어디에서 생긴, 일인가요?"), ("네.", "네."), ("", ""),
     ("Where is it? Name a building nearby.", "Where is, it? Name a, building nearby."),
     ("공공공, 공일이삼", "공공공, 공일이삼"), ("하나 둘", "하나 둘")],
)  # fmt: skip
def test_slow_words_have_pauses(line: str, slow: str) -> None:
    assert slowly(line) == slow


async def test_a_transfer_without_a_number_to_ring_is_answered_by_the_bot() -> None:
    asked: list[Incoming] = []

    async def bot(message: Incoming) -> Answer:
        asked.append(message)
        reply = Reply("연결할게요.", transfer=True)
        return Answer("c", "ko", "queue", (reply,), ended=len(asked) > 1)

    speech = heard("c1", "3", WHO, speech="상담원", confidence=0.9, language="ko")
    assert (await take(bot, speech, CITIZEN)).transfer
    spoken = await take(bot, speech, None)
    assert (spoken.transfer, spoken.hangup) == (False, True)
    assert asked[-1] == Incoming(
        "voice", "phone", CITIZEN, "c1:3:nobody", "", kind="unanswered", phone=CITIZEN,
        language="ko",
    )  # fmt: skip
