"""Conversations and the messages in them."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, String, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, lazyload

from backend.attachments import service as attachments
from backend.attachments.links import Links
from backend.models import Address, Contact, Conversation, Delivery, Message
from channels.message import Choice, Location, Owner, Reply

OWNERS: dict[str, Owner] = {
    "bot": "bot", "offered": "bot", "closed": "bot",
    "queued": "queue", "callback": "queue", "active": "agent",
}  # fmt: skip


# The conversation's next number is taken and given at once.
_ADD = select(Message).from_statement(
    text(f"""
        WITH numbered AS (
            UPDATE conversations SET last_seq = last_seq + 1, updated_at = now() WHERE id = :talk
            RETURNING last_seq AS seq)
        INSERT INTO messages (conversation_id, seq, direction, author, agent_id, channel,
            external_id, text, reply, answers, parse, location)
        SELECT :talk, seq, :direction, :author, :agent_id, :channel, :external_id, :text, :reply,
            :answers, :parse, :location FROM numbered
        RETURNING {", ".join(Message.__table__.c.keys())}""")  # noqa: S608 - constant parts
    .bindparams(
        bindparam("talk", type_=Uuid),
        *(bindparam(name, type_=BigInteger) for name in ("agent_id", "answers")),
        *(bindparam(name, type_=String) for name in (
            "direction", "author", "channel", "external_id", "text",
        )),
        *(bindparam(name, type_=JSONB(none_as_null=True)) for name in (
            "reply", "parse", "location",
        )),
    )
    .columns(*Message.__table__.c)
)  # fmt: skip

# In one query: what there is for a message. The caller has the lock on its address.
_BEFORE = aliased(Message)
_AROUND = (
    select(Contact.language, Conversation, Message, _BEFORE)
    .select_from(Contact)
    .outerjoin(
        Conversation,
        (Conversation.address_id == bindparam("address"))
        & (Conversation.channel == bindparam("channel"))
        & (Conversation.state != "closed"),
    )
    .outerjoin(
        Message,
        (Message.channel == bindparam("channel"))
        & (Message.external_id == bindparam("external_id")),
    )
    .outerjoin(
        _BEFORE,
        _BEFORE.id
        == select(Message.id)
        .where(Message.conversation_id == Conversation.id, Message.direction == "in")
        .order_by(Message.seq.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery(),
    )
    .where(Contact.id == bindparam("contact"))
    .options(lazyload(Conversation.address))  # it is the one in hand
)


@dataclass(frozen=True, slots=True)
class Found:
    """What is there when a message comes: the message itself, where it came before, the open
    conversation, what the citizen said last in it, and the language that the contact chose."""

    known: Message | None
    conversation: Conversation | None
    before: Message | None
    language: str | None


async def look_around(
    session: AsyncSession, address: Address, channel: str, external_id: str
) -> Found:
    """Return what is there for a message of `address`, in one query.

    The caller holds the lock on the address.
    """
    found = await session.execute(
        _AROUND,
        {
            "contact": address.contact_id,
            "address": address.id,
            "channel": channel,
            "external_id": external_id,
        },
    )
    language, conversation, known, before = found.one()
    return Found(known, conversation, before, language)


async def open_conversation(
    session: AsyncSession, address: Address, channel: str, language: str
) -> Conversation:
    """Return the open conversation of `address` on `channel`, or begin one.

    The caller holds the lock on the address.
    """
    found = await session.scalar(
        select(Conversation).where(
            Conversation.address_id == address.id,
            Conversation.channel == channel,
            Conversation.state != "closed",
        )
    )
    return found or await begin(session, address, channel, language)


async def begin(
    session: AsyncSession, address: Address, channel: str, language: str
) -> Conversation:
    """Begin a conversation where none is open. The caller holds the lock on the address."""
    begun = Conversation(
        address_id=address.id, address=address, channel=channel, language=language, dialogue={}
    )
    session.add(begun)
    await session.flush()
    return begun


async def add(
    session: AsyncSession,
    conversation: Conversation,
    *,
    author: str,
    text: str,
    agent_id: int | None = None,
    external_id: str | None = None,
    reply: dict[str, Any] | None = None,
    answers: int | None = None,
    parse: dict[str, Any] | None = None,
    location: Location | None = None,
) -> Message:
    """Add a message with the conversation's next number."""
    values = {
        "talk": conversation.id,
        "direction": "in" if author == "citizen" else "out",
        "author": author,
        "agent_id": agent_id,
        "channel": conversation.channel,
        "external_id": external_id,
        "text": text,
        "reply": reply,
        "answers": answers,
        "parse": parse,
        "location": asdict(location) if location is not None else None,
    }
    added: Message = (await session.scalars(_ADD, values)).one()
    return added


async def find_incoming(session: AsyncSession, channel: str, external_id: str) -> Message | None:
    """Return the message that the provider sent under this id before, if it did."""
    found: Message | None = await session.scalar(
        select(Message).where(Message.channel == channel, Message.external_id == external_id)
    )
    return found


async def sender(session: AsyncSession, channel: str, external_id: str) -> Address | None:
    """Return who sent the message that the provider calls by this id, if it came."""
    found: Address | None = await session.scalar(
        select(Address)
        .join(Conversation, Conversation.address_id == Address.id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.channel == channel, Message.external_id == external_id)
    )
    return found


async def is_latest_offer(session: AsyncSession, conversation_id: UUID, delivery: int) -> bool:
    """Tell whether `delivery` carried the newest choices that were offered in a conversation."""
    latest = (
        select(Message.id)
        .where(Message.conversation_id == conversation_id, Message.reply.has_key("choices"))
        .order_by(Message.seq.desc())
        .limit(1)
    )
    found = await session.scalar(
        select(Delivery.id).where(
            Delivery.id == delivery, Delivery.message_id == latest.scalar_subquery()
        )
    )
    return found is not None


def pack(reply: Reply) -> dict[str, Any]:
    """Return what is stored of a reply beside its text."""
    packed: dict[str, Any] = {}
    if reply.choices:
        packed["choices"] = [[choice.id, choice.title] for choice in reply.choices]
    if reply.spoken is not None:
        packed["spoken"] = reply.spoken
    if reply.ask_phone:
        packed["ask_phone"] = True
    for flag in ("transfer", "slow", "keys_only"):
        if getattr(reply, flag):
            packed[flag] = True
    return packed


def unpack(message: Message, delivery: int | None = None) -> Reply:
    """Return the stored reply again, as it was said the first time."""
    packed = message.reply or {}
    return Reply(
        message.text,
        choices=tuple(Choice(id_, title) for id_, title in packed.get("choices", [])),
        spoken=packed.get("spoken"),
        ask_phone=bool(packed.get("ask_phone")),
        transfer=bool(packed.get("transfer")),
        delivery=delivery,
        slow=bool(packed.get("slow")),
        keys_only=bool(packed.get("keys_only")),
    )


async def history(
    session: AsyncSession, scheme: str, address: str, since: int, links: Links
) -> dict[str, Any]:
    """Return what an address sees of its latest conversation after message number `since`.

    The shape is that of `GET /channels/web/messages`; notes among agents stay inside. What the
    citizen wrote carries the `message_id` that their browser gave it.
    """
    conversation = await session.scalar(
        select(Conversation)
        .join(Conversation.address)
        .where(Address.scheme == scheme, Address.address == address)
        .order_by(Conversation.created_at.desc())
        .limit(1)
    )
    if conversation is None:
        return {"conversation": None, "owner": "bot", "language": None, "messages": []}
    found = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.seq > since,
            Message.author != "note",
        )
        .order_by(Message.seq)
        .limit(500)
    )
    rows = found.all()
    photos = await attachments.of_messages(session, [row.id for row in rows], links)
    return {
        "conversation": str(conversation.id),
        "owner": OWNERS[conversation.state],
        "language": conversation.language,
        "messages": [
            {
                "seq": row.seq,
                "author": row.author,
                "text": row.text,
                "message_id": (
                    (row.external_id or "").partition(":")[2] if row.author == "citizen" else None
                ),
                "photos": photos.get(row.id, []),
                "location": row.location,
                "choices": [
                    {"id": id_, "title": title}
                    for id_, title in (row.reply or {}).get("choices", [])
                ],
                "at": row.created_at.isoformat(),
            }
            for row in rows
        ],
    }
