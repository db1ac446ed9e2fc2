"""Conversations as scripts, held with the running service through every door they name."""

import pytest

from tests.city import City
from tests.conversations.citizens import Records
from tests.conversations.scripts import Script, follow, load


@pytest.mark.parametrize("script", load(), ids=str)
def test_the_conversation_goes_as_written(script: Script, town: tuple[City, Records]) -> None:
    follow(script, *town)
