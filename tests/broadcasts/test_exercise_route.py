"""A drill from its approval to the account that carries it: never the one of real alerts."""

import uuid

import pytest
from fastapi import FastAPI

from backend.context import Context
from broadcasts import audience
from channels.base import Channel
from channels.separated import NO_ACCOUNT, Separated
from tests.backend.post import Door
from tests.broadcasts.browsers import Browsers
from tests.broadcasts.conftest import Office, draft
from tests.sending import send_due

API = "/api/v1/broadcasts"
SCHEMES = {"sms": "phone", "telegram": "telegram", "web": "web"}


async def sent(
    office: Office, context: Context, environment: str, *, own: bool
) -> tuple[list[Door], list[Door], dict[str, str | None]]:
    """Send an alert of `environment`; return the live doors, its own, and what became of it."""
    event = await office.approved(12, environment=environment)
    await audience.fan_out(context, str(event.id))
    live = [Door(name, scheme) for name, scheme in SCHEMES.items()]  # type: ignore[arg-type]
    drill = [Door(name, scheme) for name, scheme in SCHEMES.items()]  # type: ignore[arg-type]
    channels: dict[str, Channel] = {
        real.name: Separated(real, mine if own else None)
        for real, mine in zip(live, drill, strict=True)
    }
    await send_due(context, channels, "siren")
    rows = await office.deliveries(event.id)
    assert len(rows) == 12
    return live, drill, {row.status: row.reason for row in rows}


@pytest.mark.parametrize("environment", ["live", "exercise"])
async def test_each_environment_leaves_by_its_own_accounts(
    office: Office, context: Context, crowd: list[uuid.UUID], environment: str
) -> None:
    live, drill, became = await sent(office, context, environment, own=True)
    counted = [sum(len(door.sent) for door in doors) for doors in (live, drill)]
    assert counted == ([12, 0] if environment == "live" else [0, 12])
    assert became == {"accepted": None}


async def test_a_drill_without_an_account_fails_and_says_why(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    live, _, became = await sent(office, context, "exercise", own=False)
    assert [door.sent for door in live] == [[], [], []]
    assert became == {"failed": NO_ACCOUNT}


async def test_a_drill_that_nobody_would_carry_is_refused_before_it_is_submitted(
    app: FastAPI, browsers: Browsers, context: Context, crowd: list[uuid.UUID]
) -> None:
    real = context.settings.model_copy(update={"simulator": False})
    app.state.context = Context(real, context.sessions, context.redis)
    for environment, status in (("exercise", 409), ("live", 200)):
        body = draft(environment=environment).model_dump(mode="json")
        made = (await browsers["author"].post(API, json=body)).json()
        where = f"{API}/{made['id']}"
        answer = await browsers["author"].post(f"{where}/submit", json={"version": 1})
        assert answer.status_code == status, answer.text
        if status == 409:
            assert "EXERCISE_ACCOUNTS" in answer.text
            seen = {"version": 1, "content_hash": made["content_hash"], "audience": 12}
            answer = await browsers["approver"].post(f"{where}/approve", json=seen)
            assert (answer.status_code, "EXERCISE_ACCOUNTS" in answer.text) == (409, True)
