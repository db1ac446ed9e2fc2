"""The bot without a network: on this test's database, with the real ears."""

import pytest

from backend import seed
from backend.context import Context
from backend.main import build_faq
from bot.conversation import Bot
from nlu.builtin import BuiltinParser


@pytest.fixture
async def bot(context: Context, parser: BuiltinParser) -> Bot:
    """The bot, in a house with demo polls and no agent on duty."""
    async with context.sessions() as session, session.begin():
        await seed.seed(session, dict.fromkeys(seed.DEMO_STAFF, "password-of-demo"))
    return Bot(context, parser, await build_faq(context), {})
