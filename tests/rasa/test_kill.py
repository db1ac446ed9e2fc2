"""The Rasa server dies in the middle of a conversation: the citizen does not notice."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend.cli import rasa
from backend.config import Settings
from backend.db import libpq_url
from backend.main import load_engine
from nlu.parse import Parser
from tests.city import City
from tests.journeys.test_main_job import NUMBER
from tests.rasa.conftest import engines, fallbacks

pytestmark = pytest.mark.rasa
_BACK = 30.0  # seconds in which a server that is up again must be found


@pytest.fixture(scope="module")
def victim(model: Path) -> Iterator[rasa.Server]:
    """A Rasa server of its own, to be killed."""
    with rasa.serving(model) as server:
        yield server


@pytest.fixture(scope="module")
def parser(settings: Settings, victim: rasa.Server) -> Parser:
    """The engine that the service makes when RASA_URL names that server."""
    return load_engine(settings.model_copy(update={"rasa_url": victim.url}))


def test_killing_rasa_mid_conversation_costs_no_message(
    city: City, victim: rasa.Server, model: Path, database_url: str
) -> None:
    phone, before = "+821022220002", fallbacks(city)
    asked = city.sms(phone, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    assert "이렇게 접수할까요" in asked[-1]
    assert engines(database_url) == {"rasa": 1}
    assert fallbacks(city) == before

    victim.process.kill()
    victim.process.wait(60)

    receipt = " ".join(city.sms(phone, "네 접수해 주세요"))
    assert NUMBER.search(receipt), receipt
    more = ["제 민원 어떻게 됐나요", "대형폐기물은 어떻게 버리나요?", "투표하고 싶어요", "고마워요"]
    for text in more:
        assert city.sms(phone, text), f"no answer to {text}"

    assert engines(database_url) == {"rasa": 1, "builtin": 1 + len(more)}
    assert fallbacks(city) == before + 1 + len(more)
    with psycopg.connect(libpq_url(database_url)) as connection:
        unanswered = connection.execute(
            "SELECT count(*) FROM messages m WHERE direction = 'in' AND NOT EXISTS "
            "(SELECT 1 FROM messages a WHERE a.answers = m.id)"
        ).fetchone()
        filed = connection.execute("SELECT count(*) FROM petitions").fetchone()
    assert unanswered == (0,)
    assert filed == (1,)

    with rasa.serving(model, int(victim.url.rsplit(":", 1)[1])):
        deadline = time.monotonic() + _BACK
        while engines(database_url)["rasa"] == 1:
            assert time.monotonic() < deadline, "the server is up again and nobody asks it"
            time.sleep(1)
            assert city.sms(phone, "안녕하세요")
