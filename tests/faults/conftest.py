"""A house under alert, its providers apart from it, and the people of its office."""

from collections.abc import AsyncIterator

import pytest

from backend.config import Settings
from backend.context import Context
from backend.embedded import Servers
from backend.main import channel_settings, create_app
from channels.simulator import create_simulator
from nlu.builtin import BuiltinParser
from tests.broadcasts.conftest import Office
from tests.city import City, free_port, served
from tests.faults.front import Front
from tests.faults.line import Line
from tests.faults.siren_house import House


@pytest.fixture
async def house(
    settings: Settings,
    servers: Servers,
    database_url: str,
    context: Context,
    parser: BuiltinParser,
) -> AsyncIterator[House]:
    """A service without workers, its providers in front of which things go wrong, and an office."""
    ours, theirs = free_port(), free_port()
    lines = {name: Line(theirs) for name in ("korea", "twilio", "telegram")}
    for line in lines.values():
        await line.mend()
    here = settings.model_copy(
        update={
            "port": ours,
            "public_url": f"http://127.0.0.1:{ours}",
            "simulator": False,
            "exercise_accounts": "live",
            "twilio_api_url": lines["twilio"].url,
            "telegram_api_url": lines["telegram"].url,
            "korea_sms_api_url": lines["korea"].url,
            "korea_sms_app_key": "test-app",
            "korea_sms_secret_key": "test-korea-secret",
            "korea_sms_from_number": "0215880120",
            "korea_sms_webhook_secret": "test-korea-webhook",
        }
    )
    simulated = create_simulator(channel_settings(here))
    front = Front(simulated)
    # The lines are this loop's, which stands still while the service starts and registers itself.
    at_once = here.model_copy(update={"telegram_api_url": f"http://127.0.0.1:{theirs}"})
    app = create_app(at_once, Servers(database_url, servers.redis_url), parser, work=False)
    del app.state.channels["call"]  # as in `House.working`
    with served(front, theirs), served(app, ours) as url:  # type: ignore[arg-type]
        yield House(
            await Office(context.sessions).open(),
            Context(here, context.sessions, context.redis),
            database_url,
            City(url, here),
            simulated.state.simulator,
            front,
            lines,
        )
        for line in lines.values():
            await line.cut()
