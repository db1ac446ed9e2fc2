"""Replies as KakaoTalk's texts, cards and buttons: any reply, within every limit, none lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import kakao_skill
from channels.kakao_skill import render
from channels.message import Choice, Reply
from channels.segments import utf16_units
from channels.simulator.kakao_api import problems
from tests.channels.any_text import MESSAGES, TEXTS, marked


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


LINKS = st.builds(
    lambda word, times: word * times,
    st.sampled_from(["쓰레기 ", "https://a.kr/ ", "ab. "]),
    st.integers(0, 3000),
)


@marked
@given(
    text=MESSAGES | LINKS,
    titles=st.lists(st.text(max_size=60), max_size=12),
    language=st.sampled_from(["ko", "en", "vi"]),
)
@TEXTS
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
