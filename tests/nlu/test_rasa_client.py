"""The client of Rasa, against a server on loopback that speaks its HTTP API and can go wrong."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlu import rasa_client
from nlu.builtin import BuiltinParser
from nlu.parse import ENTITIES
from nlu.rasa_client import FALLBACKS, Breaker, RasaError, RasaParser
from tests.city import free_port, served

ANSWER = rasa_client._ANSWER
RANKING = [{"name": "vote", "confidence": 0.91}, {"name": "list_polls", "confidence": 0.06}]


@dataclass
class Server:
    """What the server answers, and what it was asked."""

    model: str = "rasa-0123456789ab.tar.gz"
    ranking: list[dict[str, Any]] = field(default_factory=lambda: list(RANKING))
    entities: list[dict[str, Any]] = field(default_factory=list)
    held: threading.Event | None = None  # it answers once this is set
    answer: Response | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def app(self) -> FastAPI:
        """Return the three paths of Rasa's API that we use."""
        app = FastAPI()

        @app.get("/status")
        async def status() -> dict[str, object]:
            return {"model_file": self.model, "num_active_training_jobs": 0}

        @app.post("/model/parse")
        async def parse(request: Request) -> Response:
            text = (await request.json())["text"]
            self.asked.append(text)
            while self.held is not None and not self.held.is_set():
                await asyncio.sleep(0.02)
            return self.answer or JSONResponse(
                {
                    "text": text,
                    "intent": self.ranking[0],
                    "intent_ranking": self.ranking,
                    "entities": self.entities,
                }
            )

        @app.put("/model")
        async def load(request: Request) -> Response:
            path = Path((await request.json())["model_file"])
            if not path.is_file():
                return JSONResponse({"reason": "BadRequest"}, 400)
            self.model = path.name
            return Response(status_code=204)

        return app


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers well until a test says otherwise."""
    made = Server()
    with served(made.app(), free_port()) as url:
        made.url = url
        yield made


REST = 10.0


@dataclass
class Clock:
    """The time, in seconds, as a test lets it pass."""

    now: float = 1000.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the server more time than any standstill of a busy machine takes."""
    monkeypatch.setattr(rasa_client, "_CONNECT", 30.0)
    monkeypatch.setattr(rasa_client, "_ANSWER", 30.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def rasa(server: Server, parser: BuiltinParser, clock: Clock) -> AsyncIterator[RasaParser]:
    """The client, with the real builtin engine behind it."""
    breaker = Breaker(limit=3, rest=REST, clock=lambda: clock.now)
    client = RasaParser(server.url, parser, breaker=breaker)
    yield client
    await client.close()


def fallbacks(reason: str) -> float:
    """Return how often the fall-back answered for this reason."""
    return FALLBACKS.labels(reason)._value.get()


async def test_an_answer_of_rasa_becomes_the_parse_of_the_contract(
    rasa: RasaParser, server: Server
) -> None:
    server.entities = [{"entity": "choice", "value": "2", "start": 0, "end": 4, "extractor": "x"}]
    parse = await rasa.parse("둘째 거요", "ko")
    assert parse.as_dict() == {
        "engine": "rasa",
        "model": "rasa-0123456789ab",
        "text": "둘째 거요",
        "language": "ko",
        "intent": {"name": "vote", "confidence": 0.91},
        "intent_ranking": RANKING,
        "entities": [{"entity": "choice", "value": "2", "start": 0, "end": 4, "text": "둘째 거"}],
    }


async def test_a_citizens_slash_is_no_command_to_rasa(rasa: RasaParser, server: Server) -> None:
    server.entities = [{"entity": "choice", "value": "2", "start": 4, "end": 6}]
    parse = await rasa.parse(' //vote{"choice": "2"}')
    assert server.asked == ['vote{"choice": "2"}']
    assert parse.text == ' //vote{"choice": "2"}'
    assert [(e.start, e.text) for e in parse.entities] == [(7, '{"')]


@pytest.mark.parametrize("silence", ["", " ", "\n", "/", " / "])
async def test_silence_is_not_asked_about(rasa: RasaParser, server: Server, silence: str) -> None:
    parse = await rasa.parse(silence, "en")
    assert (parse.engine, parse.intent.name, parse.language) == ("rasa", "out_of_scope", "en")
    assert parse.intent.confidence == 0
    assert server.asked == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(), max_size=40) | st.just("가" * 9000) | st.just("\ud800"))
async def test_no_text_is_too_strange(rasa: RasaParser, text: str) -> None:
    parse = await rasa.parse(text)
    assert parse.engine == "rasa"
    assert parse.text == text


async def test_where_rasa_is_unsure_no_intent_reaches_its_threshold(
    rasa: RasaParser, server: Server
) -> None:
    server.ranking = [
        {"name": "nlu_fallback", "confidence": 0.45},
        {"name": "ask_faq", "confidence": 0.48},
        {"name": "help", "confidence": 0.43},
    ]
    parse = await rasa.parse("거기 그거 되나")
    assert parse.intent.name == "ask_faq"
    assert [i.name for i in parse.intent_ranking] == ["ask_faq", "help"]
    assert max(i.confidence for i in parse.intent_ranking) < 0.45


async def test_a_likely_danger_to_life_goes_before_what_is_likelier(
    rasa: RasaParser, server: Server
) -> None:
    server.ranking = [
        {"name": "file_petition", "confidence": 0.61},
        {"name": "life_emergency", "confidence": 0.24},
        {"name": "ask_faq", "confidence": 0.1},
    ]
    parse = await rasa.parse("지하차도에 물이 차는데 차 안에 누가 있어요")
    assert [i.name for i in parse.intent_ranking] == ["life_emergency", "file_petition", "ask_faq"]
    assert parse.intent.confidence == 0.61
    server.ranking[1]["confidence"] = 0.12
    parse = await rasa.parse("지하차도에 물이 자주 차요")
    assert parse.intent.name == "file_petition"


async def test_a_danger_that_only_builtin_hears_goes_first(
    rasa: RasaParser, server: Server
) -> None:
    server.ranking = [
        {"name": "file_petition", "confidence": 0.93},
        {"name": "ask_faq", "confidence": 0.04},
    ]
    parse = await rasa.parse("골목에서 가스냄새가 너무 심하게 나요", "ko")
    assert parse.engine == "rasa"
    assert parse.intent.name == "life_emergency"
    assert [i.name for i in parse.intent_ranking] == ["life_emergency", "file_petition", "ask_faq"]


async def test_an_engine_that_was_closed_opens_new_connections(
    rasa: RasaParser, server: Server
) -> None:
    await rasa.parse("안녕하세요")
    await rasa.close()
    assert (await rasa.parse("안녕하세요")).engine == "rasa"


async def test_a_value_that_is_not_in_its_normal_form_is_not_handed_on(
    rasa: RasaParser, server: Server
) -> None:
    server.entities = [
        {"entity": "choice", "value": "둘째 거", "start": 0, "end": 4},
        {"entity": "district", "value": "마포", "start": 0, "end": 2},
        {"entity": "weather", "value": "rain", "start": 0, "end": 2},
        {"entity": "rating", "value": "5", "start": 3, "end": 99},
        {"entity": "petition_id", "value": "P-2026-0000123", "start": 0, "end": 4},
    ]
    parse = await rasa.parse("둘째 거요 마포")
    assert [(e.entity, e.value) for e in parse.entities] == [("petition_id", "P-2026-0000123")]


async def test_every_kind_of_the_contract_is_handed_on(rasa: RasaParser, server: Server) -> None:
    values = {
        "petition_id": "P-2026-0000123",
        "proposal_id": "I-2026-0000004",
        "disclosure_id": "D-2026-0000005",
        "choice": "2",
        "district": "마포구",
        "place": "망원시장 앞",
        "rating": "5",
        "language": "en",
        "phone": "01012345678",
    }
    assert set(values) == set(ENTITIES)
    server.entities = [
        {"entity": kind, "value": value, "start": 0, "end": 2} for kind, value in values.items()
    ]
    parse = await rasa.parse("여러 가지")
    assert {e.entity: e.value for e in parse.entities} == values


async def test_a_slow_server_costs_no_message_and_little_time(
    rasa: RasaParser, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.held, before = threading.Event(), fallbacks("timeout")
    await rasa.served_model()  # what it serves is known
    monkeypatch.setattr(rasa_client, "_ANSWER", 0.2)
    parse = await rasa.parse("2번이요")
    server.held.set()
    assert parse.engine == "builtin"
    assert fallbacks("timeout") == before + 1
    assert ANSWER <= 2.0, "seconds that a citizen waits for it"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (JSONResponse({"reason": "ParsingError"}, 500), "refused"),
        (Response("<html>", media_type="text/html"), "unusable"),
        (JSONResponse(["no", "parse"]), "unusable"),
        (JSONResponse({"intent": {"name": "vote"}}), "unusable"),
    ],
)
async def test_whatever_else_the_server_says_builtin_answers(
    rasa: RasaParser, server: Server, answer: Response, reason: str
) -> None:
    server.answer, before = answer, fallbacks(reason)
    assert (await rasa.parse("2번이요")).engine == "builtin"
    assert fallbacks(reason) == before + 1


async def test_a_model_of_other_intents_is_not_believed(rasa: RasaParser, server: Server) -> None:
    server.ranking = [{"name": "book_flight", "confidence": 0.99}]
    before = fallbacks("unusable")
    assert (await rasa.parse("2번이요")).engine == "builtin"
    assert fallbacks("unusable") == before + 1


async def test_a_dead_server_is_left_alone_for_a_while_and_found_again(
    rasa: RasaParser, server: Server, clock: Clock
) -> None:
    server.answer = JSONResponse({}, 500)
    for _ in range(3):
        await rasa.parse("안녕하세요")
    assert len(server.asked) == 3
    before = fallbacks("resting")
    for _ in range(5):
        assert (await rasa.parse("안녕하세요")).engine == "builtin"
    assert len(server.asked) == 3, "it is not asked while it rests"
    assert fallbacks("resting") == before + 5
    server.answer = None
    clock.now += REST
    assert (await rasa.parse("안녕하세요")).engine == "rasa"
    assert (await rasa.parse("안녕하세요")).engine == "rasa"


async def test_nobody_listening_is_told_from_a_slow_server(parser: BuiltinParser) -> None:
    client = RasaParser(f"http://127.0.0.1:{free_port()}", parser)
    before = fallbacks("unreachable")
    assert (await client.parse("안녕하세요")).engine == "builtin"
    assert fallbacks("unreachable") == before + 1
    await client.close()


async def test_without_a_fall_back_the_reason_is_one_sentence() -> None:
    client = RasaParser(f"http://127.0.0.1:{free_port()}", None)
    with pytest.raises(RasaError, match=r"does not answer: `make rasa` starts it\.$"):
        await client.parse("안녕하세요")
    await client.close()


async def test_a_reload_changes_the_model_and_a_bad_one_leaves_the_old(
    rasa: RasaParser, server: Server, tmp_path: Path
) -> None:
    assert (await rasa.parse("안녕하세요")).model == "rasa-0123456789ab"
    fresh = tmp_path / "rasa-ba9876543210.tar.gz"
    with pytest.raises(RasaError) as refused:
        await rasa.reload(fresh)
    assert refused.value.reason == "refused"
    assert (await rasa.parse("안녕하세요")).model == "rasa-0123456789ab"
    fresh.touch()
    await rasa.reload(fresh)
    assert (await rasa.parse("안녕하세요")).model == "rasa-ba9876543210"


def test_of_all_who_wait_for_recovery_one_asks() -> None:
    now = 0.0
    breaker = Breaker(limit=2, rest=10, clock=lambda: now)
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    now = 10.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]
