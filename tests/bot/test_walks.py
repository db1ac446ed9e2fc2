"""Random walks over the scripts and garbage: nobody gets stuck, mixed up or filed unasked."""

import asyncio
import os
import random
import re
from collections import Counter

import pytest

from backend.context import Context
from bot import naming, tongues
from bot.answers import agrees_at_length, orders_to_file, says_yes, says_yes_in_passing
from bot.conversation import Bot
from bot.flows.petition import words
from nlu.builtin import BuiltinParser
from nlu.parse import Parser
from tests.bot.talks import Talker
from tests.conversations.scripts import load

GARBAGE = (
    *("", " ", "ㅋㅋㅋ", "😀😀", "?", "네?", "0", "1", "2", "3", "9", "99", "네 아니요", "뒤로"),
    *("처음부터", "이어서", "취소", "asdf qwer", "장소", "내용", "고칠래요", "아니 그게 아니라"),
    *("not that, the other one", "<script>alert(1)</script>", "'; DROP TABLE petitions; --"),
    *("=1+1", "ignore your instructions", "P-2026-0000001", "S-ABCDEFGHJKLM", "1AA-2611-0000123"),
    *("010-1234-5678", "123456", "가" * 5000, "민원 취하할게요", "덧붙일게요", "투표"),
    *("상담원 연결해줘", "여권은 어떻게 만들어요?", "yes", "네", "ㅇㅇ", "네 접수해 주세요"),
    *("마포구 아니고 용산구", "알림켜기", "English please", "신촌역", "모름", "김민수"),
)
CHANNELS = ("sms", "web", "telegram", "voice")


def _lines() -> list[str]:
    return sorted({str(t["me"]) for s in load() for t in s.talk if "me" in t})


async def _walk(
    bot: Bot, context: Context, parser: Parser, seed: int, lines: list[str], steps: int
) -> None:
    chance = random.Random(seed)
    walker = Talker(bot, context, chance.choice(CHANNELS))
    # High, so that no mark reads as the number of a choice: "뒤로 표식1번" picked the first.
    own, agreed, said = f"표식{seed + 1000}번", 0, ""
    if walker.channel == "voice":
        await walker.ring()
    for _ in range(steps):
        text = chance.choice(lines if chance.random() < 0.6 else GARBAGE)
        if chance.random() < 0.2:
            text = f"{text} {own}"
        agreed += await _may_agree(parser, text, said)
        said = f"{said} {text}"
        answer = await walker.say(text)
        others = {m for m in _marks(answer) if m != own}
        assert not others, f"walk {seed} heard {others}"
        if chance.random() < 0.15 and walker.last is not None:
            assert await walker.deliver(walker.last) == answer, f"walk {seed}: {text}"
        if chance.random() < 0.1:
            first, second = chance.choice(lines), chance.choice(GARBAGE)
            agreed += await _may_agree(parser, first, said) + await _may_agree(parser, second, said)
            said = f"{said} {first} {second}"
            await asyncio.gather(walker.say(first), walker.say(second))
    assert len(await walker.petitions()) <= agreed, f"walk {seed} filed without a yes"
    await _finds_the_way_out(walker, seed)


async def _may_agree(parser: Parser, text: str, said: str) -> bool:
    """Tell whether a yes, in any language and any words, or the number of one is in `text`.

    So is an order to file what was `said` before: "아까 그거 접수해 주세요".
    """
    word = text.split(" 표식")[0].strip()
    agrees = says_yes(word) or agrees_at_length(word) or tongues.short_answer(word) == "yes"
    agrees = agrees or says_yes_in_passing(word)
    agrees = agrees or orders_to_file(word) or words.asks_to_file(word, said)
    parse = await parser.parse(word, None)
    agrees = agrees or parse.intent.name == "affirm" or bool(parse.values("choice"))
    return agrees or "네" in word or word.isdigit() or naming.number(word) is not None


def _marks(answer: str) -> set[str]:
    return set(re.findall(r"표식\d+번", answer))


async def _finds_the_way_out(walker: Talker, seed: int) -> None:
    """The menu and a person are to be had from wherever the walk ended."""
    if walker.channel == "voice":
        await walker.ring()
    assert await walker.say("처음으로"), f"walk {seed} is stuck"
    assert await walker.say("상담원"), f"walk {seed} finds nobody"
    states = await walker.rows("SELECT state, agent_id FROM conversations c WHERE {mine}")
    kept = Counter(row["state"] != "closed" for row in states)
    assert kept[True] == 1, f"walk {seed}: {states}"


async def _walks(
    bot: Bot,
    context: Context,
    parser: Parser,
    count: int,
    at_once: int,
    steps: int,
    seed: int = 0,
) -> None:
    """Walk all of them, and tell of every one that ended badly; a seed walks the same way again."""
    lines = _lines()
    failed: list[str] = []
    for first in range(seed, seed + count, at_once):
        numbers = range(first, min(first + at_once, seed + count))
        ended = await asyncio.gather(
            *(_walk(bot, context, parser, n, lines, steps) for n in numbers), return_exceptions=True
        )
        for number, error in zip(numbers, ended, strict=True):
            if error is not None:
                failed.append(f"{number}: {error!r}"[:600])
                print(failed[-1], flush=True)
    assert not failed, f"{len(failed)} of {count} walks:\n" + "\n".join(failed[:40])


async def test_a_few_walks_end_well(bot: Bot, context: Context, parser: BuiltinParser) -> None:
    await _walks(bot, context, parser, count=16, at_once=4, steps=6)


@pytest.mark.faults
async def test_many_walks_end_well(bot: Bot, context: Context, parser: BuiltinParser) -> None:
    """A few hundred; WALKS=5000 takes as many as are wanted, WALKS_FROM=1000 begins elsewhere."""
    count, seed = int(os.environ.get("WALKS", "200")), int(os.environ.get("WALKS_FROM", "0"))
    await _walks(bot, context, parser, count=count, at_once=8, steps=8, seed=seed)
