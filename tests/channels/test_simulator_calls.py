"""Simulated callers at every gateway, against our own doors: the same call, three wire formats."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from channels.audiocodes import AudioCodes
from channels.jambonz import Jambonz
from channels.message import Answer, Choice, Incoming, Reply
from channels.settings import ChannelSettings
from channels.simulator.calls import GATEWAYS
from channels.voice import Caller
from tests.channels.conftest import CITIZEN, served, settings_for
from tests.channels.test_simulator_citizens import Town

AGENTS = "+8225550100"


def answer(message: Incoming) -> Answer:
    """Be a bot of five answers."""
    replies = {
        "start": Reply("안녕하세요."),
        "speech": Reply("접수할까요?", (Choice("1", "네"),)),
        "keys": Reply("접수했어요."),
        "silence": Reply("어디인가요?", slow=True),
        "unanswered": Reply("다시 전화드릴게요."),
    }
    if message.text == "상담원":
        return Answer("c", "ko", "queue", (Reply("연결할게요.", transfer=True),))
    said = (replies[message.kind],) if message.kind in replies else ()
    return Answer("c", "ko", "bot", said, ended=message.kind == "keys")


class Exchange(Town):
    """The town with all gateways; it remembers who called as the service does."""

    def __init__(self) -> None:
        super().__init__()
        self.bot = answer
        settings: ChannelSettings = settings_for(public_url=self.url, agent_number=AGENTS)
        for channel in (AudioCodes(settings, self.caller_of), Jambonz(settings)):
            self.app.include_router(channel.router(self.on_message, self.on_status))

    async def caller_of(self, call: str) -> Caller | None:
        began = [message for message in self.heard if message.external_id == f"{call}:start"]
        return Caller(began[0].scheme, began[0].address) if began else None

    async def break_down(self, **faults: Any) -> None:
        async with httpx.AsyncClient(base_url=self.url) as http:
            assert (await http.post("/simulator/faults", json=faults)).status_code == 200

    def kinds(self) -> list[tuple[str, str]]:
        return [(message.kind, message.text) for message in self.heard]


@pytest.fixture
def town() -> Iterator[Exchange]:
    town = Exchange()
    with served(town.app, town.listener):
        yield town


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_a_call_from_greeting_to_end(town: Exchange, gateway: str) -> None:
    assert (await town.act(gateway, CITIZEN))["texts"] == ["안녕하세요."]
    asked = (await town.act(gateway, CITIZEN, "가로등이 꺼졌어요"))["texts"]
    assert " ".join(asked) == "접수할까요? 네는 1번."
    assert (await town.act(gateway, CITIZEN))["texts"] == ["어디인가요?"]
    assert (await town.act(gateway, CITIZEN, "1#"))["texts"] == ["접수했어요."]
    assert town.kinds() == [
        ("start", ""), ("speech", "가로등이 꺼졌어요"), ("silence", ""), ("keys", "1"),
        ("hangup", ""),
    ]  # fmt: skip
    assert {(m.channel, m.address, m.phone) for m in town.heard} == {("voice", CITIZEN, CITIZEN)}
    assert len({message.external_id for message in town.heard}) == len(town.heard)
    assert len({message.external_id.partition(":")[0] for message in town.heard}) == 1
    assert town.simulator.store.sent()[1] == 0  # what is spoken is no message


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_a_caller_who_speaks_at_once_and_hangs_up(town: Exchange, gateway: str) -> None:
    outcome = await town.act(gateway, CITIZEN, "여보세요", confidence=0.2)
    assert outcome["texts"][0] == "안녕하세요."
    assert town.heard[-1].confidence == 0.2
    assert (await town.act(gateway, CITIZEN, kind="hangup"))["status"] in (200, 204)
    assert [kind for kind, _ in town.kinds()] == ["start", "speech", "hangup"]
    await town.act(gateway, CITIZEN, kind="hangup")
    assert len(town.heard) == 3  # there is no call any more


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_people_take_a_call(town: Exchange, gateway: str) -> None:
    outcome = await town.act(gateway, CITIZEN, "상담원")
    assert outcome["texts"] == ["안녕하세요.", "연결할게요."]
    assert [kind for kind, _ in town.kinds()] == ["start", "speech", "hangup"]


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_nobody_takes_a_call_and_it_comes_back(town: Exchange, gateway: str) -> None:
    await town.break_down(rate_no_answer=1)
    outcome = await town.act(gateway, CITIZEN, "상담원")
    assert outcome["texts"] == ["안녕하세요.", "연결할게요.", "다시 전화드릴게요."]
    assert [kind for kind, _ in town.kinds()] == ["start", "speech", "unanswered"]
    await town.act(gateway, CITIZEN, "가로등이 꺼졌어요")
    assert town.kinds()[-1] == ("speech", "가로등이 꺼졌어요")  # the call goes on


async def test_the_same_phone_may_call_through_two_gateways(town: Exchange) -> None:
    await town.act("jambonz", CITIZEN)
    await town.act("audiocodes", CITIZEN, "여보세요")
    await town.act("jambonz", CITIZEN, "여보세요")
    calls = [message.external_id.partition(":")[0] for message in town.heard]
    assert calls == [calls[0], calls[1], calls[1], calls[0]]


@pytest.mark.parametrize("gateway", ["audiocodes", "jambonz"])
async def test_a_gateway_with_the_wrong_secret_hears_no(gateway: str) -> None:
    town = Exchange()
    town.simulator._citizens._calls._settings = settings_for(
        public_url=town.url, audiocodes_token="wrong", jambonz_webhook_secret="wrong"
    )
    with served(town.app, town.listener):
        outcome = await town.act(gateway, CITIZEN, "여보세요")
    assert outcome["status"] in (401, 403)
    assert town.heard == []
