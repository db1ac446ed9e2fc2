"""What the tests of the rooms have in common."""

import pytest

from backend.delivery import pace


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give Redis more time than any standstill of a busy machine takes."""
    monkeypatch.setattr(pace, "REDIS_SECONDS", 10.0)
