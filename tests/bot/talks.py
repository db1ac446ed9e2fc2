"""Talking with the bot itself, without a network: what comes in, and what would go out."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text as sql

from backend.context import Context
from bot.conversation import Bot
from channels.message import Answer, Incoming, Kind, Scheme

_SCHEMES: dict[str, Scheme] = {
    "sms": "phone", "voice": "phone", "web": "web", "telegram": "telegram",
}  # fmt: skip
_PEOPLE = itertools.count(50_000_000)


@dataclass
class Talker:
    """One citizen at one door of the bot."""

    bot: Bot
    context: Context
    channel: str = "sms"
    address: str = ""
    last: Incoming | None = None
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.address:
            number = next(_PEOPLE)
            by_phone = self.channel in ("sms", "voice")
            self.address = f"+8210{number}" if by_phone else f"{self.channel}-{number}"

    async def say(self, text: str, kind: Kind | None = None, **extra: Any) -> str:
        """Say something; return everything that is answered, choices and all."""
        spoken: Kind = "speech" if self.channel == "voice" else "text"
        phone = self.address if self.channel in ("sms", "voice") else None
        return await self.deliver(
            Incoming(
                channel=self.channel,
                scheme=_SCHEMES[self.channel],
                address=self.address,
                external_id=uuid4().hex,
                text=text,
                kind=kind or spoken,
                **{"phone": phone, **extra},
            )
        )

    async def deliver(self, incoming: Incoming) -> str:
        """Deliver a message, for the first time or once more."""
        self.last = incoming
        answer = await self.bot.on_message(incoming)
        self.heard = [reply.text for reply in answer.replies]
        return _told(answer, spoken=self.channel == "voice")

    async def ring(self) -> str:
        """Begin a call."""
        return await self.say("", kind="start")

    async def share(self, phone: str) -> str:
        """Share one's own phone, as Telegram's button does."""
        return await self.say("", kind="contact", phone=phone)

    async def wait(self, pause: timedelta) -> None:
        """Let time pass: what was said so far was said `pause` earlier."""
        conversation = await self.row("SELECT id, dialogue FROM conversations c WHERE {mine}")
        at = datetime.fromisoformat(conversation["dialogue"]["at"]) - pause
        async with self.context.sessions() as session, session.begin():
            await session.execute(
                sql(
                    "UPDATE conversations SET dialogue ="
                    " jsonb_set(dialogue, '{at}', to_jsonb(CAST(:at AS text))) WHERE id = :id"
                ),
                {"at": at.isoformat(), "id": conversation["id"]},
            )

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """Return rows; `{mine}` is this talk in `conversations c`, `{contact}` its contact."""
        mine = (
            "c.address_id = (SELECT id FROM addresses WHERE scheme = :scheme"
            " AND address = :address) AND c.channel = :channel"
        )
        contact = "(SELECT contact_id FROM addresses WHERE scheme = :scheme AND address = :address)"
        async with self.context.sessions() as session:
            found = await session.execute(
                sql(query.format(mine=mine, contact=contact)),
                {
                    "scheme": _SCHEMES[self.channel],
                    "address": self.address,
                    "channel": self.channel,
                },
            )
            return [dict(row) for row in found.mappings()]

    async def row(self, query: str) -> dict[str, Any]:
        """Return the one row there is."""
        (found,) = await self.rows(query)
        return found

    async def petitions(self) -> list[dict[str, Any]]:
        """Return what this citizen filed, oldest first."""
        return await self.rows("SELECT * FROM petitions WHERE contact_id = {contact} ORDER BY id")

    async def contact(self) -> UUID:
        """Return who this citizen is."""
        found = await self.row("SELECT {contact} AS id")
        contact: UUID = found["id"]
        return contact


def _told(answer: Answer, *, spoken: bool) -> str:
    lines: list[str] = []
    for reply in answer.replies:
        lines.append((reply.spoken or reply.text) if spoken else reply.text)
        lines += [f"{choice.id}. {choice.title}" for choice in reply.choices]
    return "\n".join(lines)
