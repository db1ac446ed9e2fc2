"""The table of states, held by the database."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.handoff.states import STATES, TRANSITIONS, State, transition
from backend.models import Conversation, Staff
from tests.backend.house import citizen


async def _agent(session: AsyncSession, login: str = "agent") -> int:
    staff = Staff(login=login, name="김하늘", password_hash="!", roles=["agent"])
    session.add(staff)
    await session.flush()
    return staff.id


async def _talk(
    session: AsyncSession, state: State, agent: int, phone: str = "+821012345678"
) -> Conversation:
    talk = Conversation(
        address=await citizen(session, phone),
        channel="sms",
        state=state,
        agent_id=agent if state == "active" else None,
        language="ko",
        dialogue={"flow": "petition"},
    )
    session.add(talk)
    await session.flush()
    return talk


@pytest.mark.parametrize("state", STATES)
async def test_a_step_is_made_exactly_when_the_table_has_it(
    session: AsyncSession, state: State
) -> None:
    agent = await _agent(session)
    for number, to in enumerate(STATES):
        talk = await _talk(session, state, agent, f"+82101234567{number}")

        moved = await transition(
            session,
            talk.id,
            to,
            owner=talk.agent_id,
            agent_id=agent if to == "active" else None,
        )

        await session.refresh(talk)
        if to in TRANSITIONS[state]:
            assert moved is talk
            assert (talk.state, talk.agent_id) == (to, agent if to == "active" else None)
        else:
            assert moved is None
            assert talk.state == state


async def test_a_step_needs_the_owner_that_the_caller_knows(session: AsyncSession) -> None:
    agent, other = await _agent(session), await _agent(session, "other")
    talk = await _talk(session, "active", agent)

    assert await transition(session, talk.id, "bot", owner=None) is None
    assert await transition(session, talk.id, "bot", owner=other) is None
    assert await transition(session, talk.id, "bot", owner=agent) is talk


async def test_only_active_has_an_owner(session: AsyncSession) -> None:
    agent = await _agent(session)
    talk = await _talk(session, "queued", agent)

    with pytest.raises(ValueError, match="exactly while it is active"):
        await transition(session, talk.id, "active", owner=None)
    with pytest.raises(ValueError, match="exactly while it is active"):
        await transition(session, talk.id, "bot", owner=None, agent_id=agent)


async def test_a_narrowed_step_leaves_the_other_states_alone(session: AsyncSession) -> None:
    talk = await _talk(session, "bot", await _agent(session))

    assert await transition(session, talk.id, "callback", owner=None, only_from="queued") is None
    assert await transition(session, talk.id, "callback", owner=None) is talk


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE conversations SET state = 'active'",
        "UPDATE conversations SET agent_id = :agent",
        "UPDATE conversations SET state = 'sleeping'",
    ],
)
async def test_the_database_refuses_two_owners_none_and_unknown_states(
    session: AsyncSession, broken: str
) -> None:
    agent = await _agent(session)
    await _talk(session, "bot", agent)

    with pytest.raises(IntegrityError):
        await session.execute(text(broken), {"agent": agent} if ":agent" in broken else {})


async def test_words_not_written_yet_survive_the_step(session: AsyncSession) -> None:
    talk = await _talk(session, "bot", await _agent(session))
    talk.dialogue = {"flow": "vote"}

    await transition(session, talk.id, "queued", owner=None)

    assert talk.dialogue == {"flow": "vote"}
    assert talk.address.address == "+821012345678"
