"""Builders for the tests of the rooms: a citizen who has written, and a caller of the API."""

import secrets

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db, errors
from backend.context import Context
from backend.models import Address, ApiKey, Contact, Conversation, Message
from backend.security import hash_token


async def citizen(
    session: AsyncSession, address: str = "+821012345678", scheme: str = "phone"
) -> Address:
    """Return the address of a new contact."""
    contact = Contact()
    session.add(contact)
    await session.flush()
    made = Address(contact_id=contact.id, scheme=scheme, address=address)
    session.add(made)
    await session.flush()
    return made


async def messages(session: AsyncSession, address: Address, count: int = 1) -> list[int]:
    """Return the ids of `count` messages that came in from `address`, in a new conversation."""
    talk = Conversation(
        address_id=address.id, channel="sms", language="ko", dialogue={}, last_seq=count
    )
    session.add(talk)
    await session.flush()
    came = [
        Message(
            conversation_id=talk.id,
            seq=seq,
            direction="in",
            author="citizen",
            channel="sms",
            external_id=f"SM{secrets.token_hex(16)}",
            text="네",
        )
        for seq in range(1, count + 1)
    ]
    session.add_all(came)
    await session.flush()
    return [message.id for message in came]


def api(context: Context, *routers: APIRouter, caller: str = "203.0.113.7") -> httpx.AsyncClient:
    """Return a client of an app that serves `routers`; `caller` is the IP address it calls from."""
    app = FastAPI()
    app.state.context = context
    errors.install(app)
    for router in routers:
        app.include_router(router)
    transport = httpx.ASGITransport(app=app, client=(caller, 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def key(sessions: db.Sessions, role: str) -> dict[str, str]:
    """Return the header of a caller with `role`."""
    token = secrets.token_urlsafe(32)
    async with sessions() as session, session.begin():
        session.add(ApiKey(name=f"test {role}", key_hash=hash_token(token), role=role))
    return {"Authorization": f"Bearer {token}"}
