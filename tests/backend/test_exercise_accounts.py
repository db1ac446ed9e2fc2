"""Whose accounts carry exercises and tests: said in the settings, and never guessed."""

from typing import Any

import pytest

from backend.config import Settings
from backend.errors import Conflict, SetupError
from backend.main import exercise_settings
from broadcasts import sending

OWN = {
    "exercise_accounts": "own", "exercise_twilio_account_sid": "AC2",
    "exercise_twilio_auth_token": "t2", "exercise_twilio_from_number": "+15005550099",
}  # fmt: skip


def settings(simulator: bool = False, **given: Any) -> Settings:
    return Settings(
        _env_file=None, EUNGDAP_ENV="test", EUNGDAP_SECRET="x" * 40, EUNGDAP_SIMULATOR=simulator,
        **{"twilio_account_sid": "AC1", "twilio_auth_token": "t1", **given},
    )  # fmt: skip


# The settings, and what becomes of an exercise: the table that the runbook shows.
TABLE: list[tuple[str, bool, dict[str, Any], str]] = [
    ("nothing said, simulator", True, {}, "live"),
    ("nothing said, real accounts", False, {}, "none"),
    ("own accounts", False, OWN, "own"),
    ("on purpose the real ones", False, {"exercise_accounts": "live"}, "live"),
]


@pytest.mark.parametrize(("name", "simulator", "given", "route"), TABLE, ids=[t[0] for t in TABLE])
def test_whose_accounts_carry_an_exercise(
    name: str, simulator: bool, given: dict[str, Any], route: str
) -> None:
    found = settings(simulator, **given)
    found.check()
    assert found.exercise_route == route
    for environment in ("exercise", "test"):
        if route == "none":
            with pytest.raises(Conflict) as refused:
                sending.refuse_without_account(found, environment)
            assert "EXERCISE_ACCOUNTS" in str(refused.value)
        else:
            sending.refuse_without_account(found, environment)
    sending.refuse_without_account(found, "live")


@pytest.mark.parametrize(
    ("simulator", "changed"),
    [
        (False, {"exercise_twilio_auth_token": ""}),  # no whole account
        (False, {"exercise_twilio_account_sid": "AC1"}),  # the one of real alerts
        (True, {}),  # simulated, there is only one
    ],
)
def test_accounts_that_are_not_their_own_are_refused_at_the_start(
    simulator: bool, changed: dict[str, Any]
) -> None:
    with pytest.raises(SetupError, match="EXERCISE_ACCOUNTS"):
        settings(simulator, **{**OWN, **changed}).check()


def test_the_doors_of_exercises_hold_no_credential_of_real_ones() -> None:
    doors = exercise_settings(settings(**OWN, korea_sms_app_key="k", korea_sms_secret_key="s"))
    assert (doors.twilio_account_sid, doors.twilio_auth_token) == ("AC2", "t2")
    assert (doors.korea_sms_app_key, doors.korea_sms_secret_key) == ("", "")
    assert doors.public_url.endswith("/exercise")
