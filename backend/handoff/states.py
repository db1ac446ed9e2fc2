"""The states of a conversation, and the one function that moves it from one to another."""

from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import Address, Conversation

State = Literal["bot", "offered", "queued", "active", "callback", "closed"]
STATES: tuple[State, ...] = get_args(State)

# From where one may go where. `closed` is the end: a new message opens a new conversation.
TRANSITIONS: dict[State, frozenset[State]] = {
    "bot": frozenset({"offered", "queued", "callback", "closed"}),
    "offered": frozenset({"bot", "queued", "callback", "closed"}),
    "queued": frozenset({"active", "callback", "bot", "closed"}),
    "active": frozenset({"queued", "callback", "bot", "closed"}),
    "callback": frozenset({"active", "queued", "bot", "closed"}),
    "closed": frozenset(),
}


def sources(to: State) -> list[State]:
    """Return the states from which a conversation may become `to`."""
    return [state for state in STATES if to in TRANSITIONS[state]]


async def line_up(session: AsyncSession, conversation_id: UUID) -> None:
    """Wait for the turn that runs in this conversation, and hold the next one until the commit.

    A citizen's message locks their address first of all; so does everything here, in the same
    order. A bot's turn and an agent's step therefore never cross, and never wait in a circle.
    """
    await session.execute(
        select(Address.id)
        .join(Conversation, Conversation.address_id == Address.id)
        .where(Conversation.id == conversation_id)
        .with_for_update(of=Address, key_share=True)
    )


async def transition(
    session: AsyncSession,
    conversation_id: UUID,
    to: State,
    *,
    owner: int | None,
    agent_id: int | None = None,
    only_from: State | None = None,
) -> Conversation | None:
    """Move a conversation to `to` in one statement, if the table allows it and `owner` holds.

    `owner` is the agent who owns it by the caller's knowledge (None: no person does), `agent_id`
    who owns it from now on; only `active` has one. `only_from` narrows the table to one step.
    Returns the conversation as it is now, or None when somebody else was first or the state does
    not allow the step; then nothing changed.
    """
    if (to == "active") != (agent_id is not None):
        raise ValueError("a person owns a conversation exactly while it is active")
    await session.flush()
    await line_up(session, conversation_id)
    moved = await session.scalar(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.state.in_([s for s in sources(to) if only_from in (None, s)]),
            Conversation.agent_id.is_not_distinct_from(owner),
        )
        .values(state=to, agent_id=agent_id, updated_at=func.now())
        .returning(Conversation.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        return None
    return await session.get(Conversation, moved, populate_existing=True)
