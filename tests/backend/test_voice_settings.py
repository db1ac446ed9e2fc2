"""The number that rings for a person is checked when settings are read, not when somebody calls."""

import pytest
from pydantic import ValidationError

from backend.config import Settings
from backend.main import channel_settings


def read(number: str) -> Settings:
    return Settings(_env_file=None, EUNGDAP_ENV="test", voice_agent_number=number)


def test_a_whole_number_rings_and_none_calls_back() -> None:
    assert channel_settings(read("+8225550100")).agent_number == "+8225550100"
    assert channel_settings(read("")).agent_number is None


@pytest.mark.parametrize("number", ["02-555-0100", "120", "sip:desk@example.org", "+0"])
def test_a_number_that_no_gateway_can_ring_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match=r"\+8225550100"):
        read(number)
