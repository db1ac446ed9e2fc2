"""The builtin engine's conversation scripts, word for word, understood by Rasa alone."""

from collections.abc import Iterator

import pytest

from backend.embedded import Servers
from tests.city import City
from tests.conftest import named_url
from tests.conversations.citizens import Records
from tests.conversations.conftest import town  # noqa: F401 - a fixture
from tests.conversations.scripts import Script, follow, load
from tests.rasa.conftest import engines, fallbacks

pytestmark = pytest.mark.rasa


@pytest.fixture(autouse=True)
def only_rasa_understood(town: tuple[City, Records], servers: Servers) -> Iterator[None]:  # noqa: F811
    """After each conversation: every Parse so far is Rasa's, and nothing fell back."""
    yield
    made = engines(named_url(servers.database_url, "t_conversations"))
    assert set(made) == {"rasa"}, made
    assert fallbacks(town[0]) == 0


@pytest.mark.parametrize("script", load(), ids=str)
def test_the_conversation_goes_as_written(script: Script, town: tuple[City, Records]) -> None:  # noqa: F811
    follow(script, *town)
