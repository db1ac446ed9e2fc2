"""Builders for the tests of the desk: agents with a cookie, and citizens who wait for a person."""

from uuid import UUID

from backend import db
from backend.handoff import service
from backend.messages import service as messages
from backend.models import Staff
from backend.security import COOKIE
from backend.staff import service as staff
from tests.backend.house import citizen

PACKET = {"reason": "asked", "understood": [{"intent": "talk_to_agent", "confidence": 0.97}]}


async def employee(sessions: db.Sessions, login: str = "agent", *roles: str) -> int:
    """Return the id of a new member of staff; an agent unless `roles` say otherwise."""
    async with sessions() as session, session.begin():
        made = Staff(
            login=login, name=f"{login} 님", password_hash="!", roles=list(roles or ("agent",))
        )
        session.add(made)
        await session.flush()
        return made.id


async def cookie(sessions: db.Sessions, staff_id: int) -> dict[str, str]:
    """Return the headers of the browser in which `staff_id` is logged in."""
    async with sessions() as session, session.begin():
        token = await staff.log_in(session, await session.get_one(Staff, staff_id))
    return {"Cookie": f"{COOKIE}={token}", "Origin": "http://testserver"}


async def waiting(
    sessions: db.Sessions,
    address: str = "+821012345678",
    *,
    scheme: str = "phone",
    channel: str = "sms",
    text: str = "상담원 연결해 주세요",
    language: str = "ko",
) -> UUID:
    """Return a conversation in which a citizen asked for a person."""
    async with sessions() as session, session.begin():
        who = await citizen(session, address, scheme)
        talk = await messages.open_conversation(session, who, channel, language)
        talk.dialogue = {"flow": "person"}
        await messages.add(
            session,
            talk,
            author="citizen",
            text=text,
            external_id=f"in-{talk.id}",
            parse={"intent": "talk_to_agent", "top": [["talk_to_agent", 0.97]]},
        )
        await service.request(session, talk, "asked", PACKET)
        return talk.id
