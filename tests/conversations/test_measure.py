"""How many messages it takes to file: for who says everything at once, and over all scripts."""

import sys
from statistics import median

import pytest

from tests.city import City
from tests.conversations.citizens import DOORS, Records
from tests.conversations.scripts import load

# What says everything. Only everyday reports may be filed by speech alone.
COMPLETE = (
    "마포구 망원시장 앞 가로등이 꺼졌어요",
    "노원구 상계동 1002번지 앞 도로에 큰 구멍이 났어요 빨리 고쳐 주세요",
    "성동구 뚝섬역 5번 출구 앞에 쓰레기가 며칠째 쌓여 있어요",
    "안녕하세요 신림역 3번 출구 앞 보도블록이 깨져서 신고합니다",
    "영등포구청역 앞 신호등이 고장났습니다",
    "The street light in front of Hapjeong station exit 3 is broken",
)
WRITTEN = (
    "종로구 안국동 밤마다 공사 소음이 너무 심해서 잠을 못 자요",
    "강동구 천호대로에 자전거 도로를 만들어 주세요",
    "Please fix the potholes on Itaewon-ro in Yongsan-gu",
)


@pytest.mark.parametrize("door", ["sms", "telegram", "web"])
@pytest.mark.parametrize("said", COMPLETE + WRITTEN)
def test_who_says_everything_at_once_has_filed_with_the_second_message(
    town: tuple[City, Records], door: str, said: str
) -> None:
    citizen = DOORS[door](*town)
    citizen.say(said)
    assert "P-" in citizen.say("1"), said


@pytest.mark.parametrize("said", COMPLETE)
def test_on_the_phone_it_takes_four_turns_at_most(town: tuple[City, Records], said: str) -> None:
    caller = DOORS["voice"](*town)
    heard = [caller.say(said)]
    while len(heard) < 4 and "접수번호" not in heard[-1] and "receipt" not in heard[-1].lower():
        heard.append(caller.say("네" if "가" <= said[-1] <= "힣" else "yes"))
    assert "접수번호" in heard[-1] or "receipt" in heard[-1].lower(), heard


def test_the_median_script_files_within_four_messages() -> None:
    """Messages of the citizen up to the first receipt, digressions and all."""
    taken = []
    for script in load():
        if script.end.get("petitions"):
            said = [t for t in script.talk if not t.get("again")]
            told = (n for n, t in enumerate(said, 1) if {"P-", "접수번호"} & set(t.get("bot", ())))
            taken += [n for n in [next(told, None)] if n is not None]
    measured = f"{len(taken)} scripts file; median {median(taken)} messages, most {max(taken)}"
    sys.stdout.write(measured + "\n")
    assert median(taken) <= 4
