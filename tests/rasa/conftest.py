"""A real Rasa, trained on our data and served for this run, and the service standing on it."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backend.cli import rasa
from backend.config import Settings
from backend.main import DATA

# Fewer than `config.yml` says: enough to understand these conversations.
EPOCHS = int(os.environ.get("RASA_EPOCHS", "4"))


@pytest.fixture(scope="session")
def model() -> Path:
    """A model of our own data; with nothing changed, that of the run before."""
    return rasa.train([DATA], epochs=EPOCHS)


@pytest.fixture(scope="session")
def rasa_server(model: Path) -> Iterator[rasa.Server]:
    """A Rasa server with that model, which has answered once."""
    with rasa.serving(model) as server:
        warm_up(server)
        yield server


def warm_up(server: rasa.Server) -> None:
    """Wait until the server has understood a first message."""
    body = {"text": "안녕하세요"}
    answer = httpx.post(f"{server.url}/model/parse", json=body, timeout=60, trust_env=False)
    assert answer.is_success, answer.text


@pytest.fixture(scope="session")
def settings(settings: Settings, rasa_server: rasa.Server) -> Settings:
    """Settings as NLU_ENGINE=rasa and RASA_URL in the environment make them."""
    return settings.model_copy(update={"nlu_engine": "rasa", "rasa_url": rasa_server.url})


@pytest.fixture(scope="session")
def parser() -> None:
    """No engine is handed to the service: it loads the one of its settings."""
