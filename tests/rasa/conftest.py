"""A real Rasa, trained on our data and served for this run, and the service standing on it."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend.cli import rasa
from backend.config import Settings
from backend.db import libpq_url
from backend.main import DATA, load_engine
from nlu import rasa_client
from nlu.parse import Parser
from tests.city import City

# For a hurried run; by default the model is the one that `make rasa` trains and serves.
EPOCHS = int(os.environ["RASA_EPOCHS"]) if os.environ.get("RASA_EPOCHS") else None


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Give Rasa more time than any standstill of a busy machine takes: here it is to answer."""
    with pytest.MonkeyPatch.context() as patient:
        patient.setattr(rasa_client, "_CONNECT", 30.0)
        patient.setattr(rasa_client, "_ANSWER", 30.0)
        yield


@pytest.fixture(scope="session")
def model() -> Path:
    """A model of our own data; with nothing changed, that of the run before."""
    return rasa.train([DATA], epochs=EPOCHS)


@pytest.fixture(scope="session")
def rasa_server(model: Path) -> Iterator[rasa.Server]:
    """A Rasa server with that model."""
    with rasa.serving(model) as server:
        yield server


@pytest.fixture(scope="session")
def settings(settings: Settings, rasa_server: rasa.Server) -> Settings:
    """Settings as NLU_ENGINE=rasa and RASA_URL in the environment make them."""
    return settings.model_copy(update={"nlu_engine": "rasa", "rasa_url": rasa_server.url})


@pytest.fixture(scope="session")
def parser(settings: Settings) -> Parser:
    """The engine that the service makes of these settings."""
    return load_engine(settings)


def fallbacks(city: City) -> float:
    """Return how many messages of this process the builtin engine answered for Rasa."""
    lines = city.client.get("/metrics").text.splitlines()
    counted = [line for line in lines if line.startswith("eungdap_nlu_fallbacks_total{")]
    assert counted, "the counter is there before anything fails"
    return sum(float(line.rsplit(" ", 1)[1]) for line in counted)


def engines(database_url: str) -> Counter[str]:
    """Return how many stored Parses each engine made."""
    with psycopg.connect(libpq_url(database_url)) as connection:
        rows = connection.execute(
            "SELECT parse->>'engine', count(*) FROM messages"
            " WHERE parse->>'engine' IS NOT NULL GROUP BY 1"
        ).fetchall()
    return Counter(dict(rows))
