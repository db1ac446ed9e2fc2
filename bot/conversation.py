"""One message, door to door: from what a channel heard to what it will say."""

import asyncio
import logging
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import metrics
from backend.attachments import pictures
from backend.attachments import service as attachments
from backend.attachments.pictures import Cleaned
from backend.contacts import service as contacts
from backend.context import Context
from backend.delivery import answers
from backend.delivery import service as delivery
from backend.delivery.dispatch import Dispatcher
from backend.delivery.intake import Intake
from backend.events import Signals
from backend.faq.service import FaqIndex
from backend.handoff import service as handoff
from backend.messages import service as messages
from backend.messages.service import Found
from backend.models import Address, Conversation, Delivery, Message
from bot import asides, call, commands, dialogue, drafts, outcome, picks, several, texts, tongues
from bot.flows import alert_reply, emergency
from bot.turn import Dialogue, Turn
from channels.base import Channel, Provider, carrier_of
from channels.message import Answer, Incoming, Reply, StatusUpdate
from nlu.normalise import without_pictures
from nlu.parse import Parse, Parser
from nlu.privacy import mask_identifiers, without_masks

log = logging.getLogger(__name__)

MAX_TEXT = 4000
# More turns than these wait in a line: what has begun ends soon, and nobody is overtaken, as where
# all fight for connections.
TURNS_AT_ONCE = 8
# A call-back is somebody else's promise: until it comes, the bot goes on helping.
_BOT_TALKS = frozenset({"bot", "offered", "callback"})
# A hearing this poor is none: the caller is asked again, and then for keys. A better one counts
# where the words make sense.
MIN_CONFIDENCE = 0.3
GOOD_CONFIDENCE = 0.5
_UNHEARD = frozenset({"start", "silence", "unanswered", "hangup", "blocked", "contact"})


class Bot:
    """Answers citizens. One for the whole process; holds no state of any talk."""

    def __init__(
        self,
        context: Context,
        parser: Parser,
        faq: FaqIndex,
        channels: dict[str, Channel],
        dispatcher: Dispatcher | None = None,
    ) -> None:
        """`dispatcher` sends what is said; without one in this process a worker is woken."""
        self._context = context
        self._parser = parser
        self._faq = faq
        self._channels = channels
        self._dispatcher = dispatcher
        self._reports = Intake(context, channels)
        self._signals = Signals(context.redis)
        self._places = asyncio.Semaphore(TURNS_AT_ONCE)

    async def on_message(self, incoming: Incoming) -> Answer:
        """Take one message and return the answer to it; the same message again gets it again.

        Everything that follows from a message is one transaction: either all of it is kept and
        the citizen is answered, or none of it happened.
        """
        text, masked = mask_identifiers(incoming.text.replace("\x00", "")[:MAX_TEXT])
        cut = len(incoming.text) > MAX_TEXT
        incoming = replace(incoming, text=text)
        parse = await self._parse(incoming)
        if incoming.kind == "speech" and _hardly_heard(incoming.confidence, parse):
            incoming = replace(incoming, kind="unclear")
        photos = await pictures.clean_all(incoming.photos[: attachments.PER_MESSAGE])
        missed = incoming.photos_missed + len(incoming.photos) - len(photos)
        incoming = replace(incoming, photos=(), photos_missed=missed)
        parts = await self._parse_parts(incoming)
        async with self._places, self._context.sessions() as session, session.begin():
            address = await contacts.lock_address(
                session,
                incoming.scheme,
                incoming.address,
                verified=incoming.scheme == "phone" and incoming.phone == incoming.address,
            )
            found = await messages.look_around(
                session, address, incoming.channel, incoming.external_id
            )
            if found.known is not None:
                metrics.REPEATED.labels(incoming.channel).inc()
                return await _again(session, found.known)
            answer, woken, waits_on = await self._turn(
                session, address, found, incoming, parse, parts, photos, masked, cut
            )
        metrics.MESSAGES.labels(incoming.channel, parse.intent.name).inc()
        if waits_on is not None and self._dispatcher is not None:
            self._dispatcher.rouse("reply", waits_on)
        self._signals.changed(woken)
        return answer

    async def on_status(self, report: StatusUpdate) -> None:
        """Take a provider's report on a message that was sent."""
        await self._reports.take(report)

    async def _parse(self, incoming: Incoming) -> Parse:
        text = "" if incoming.kind in _UNHEARD else without_masks(_words(incoming))
        parse = await self._parser.parse(text, incoming.language)
        if parse.intent.name == "greet" and (start := several.after_greeting(text)):
            behind = await self._parser.parse(text[start:], incoming.language)
            if behind.intent.name != "greet" and behind.intent.confidence >= picks.SURE:
                return several.moved(behind, text, start)
        return parse

    async def _parse_parts(self, incoming: Incoming) -> tuple[Parse, ...]:
        if incoming.kind not in ("text", "speech"):
            return ()
        return await several.parse_parts(self._parser, _words(incoming), incoming.language)

    async def _turn(
        self,
        session: AsyncSession,
        address: Address,
        found: Found,
        incoming: Incoming,
        parse: Parse,
        parts: tuple[Parse, ...],
        cleaned: list[Cleaned],
        masked: bool,
        cut: bool,
    ) -> tuple[Answer, list[str], str | None]:
        language = _language(found.language, incoming, parse)
        if incoming.kind == "hangup" and not await _is_on(session, address, incoming):
            return Answer("", language, "bot", ended=True), [], None
        conversation = found.conversation or await messages.begin(
            session, address, incoming.channel, language
        )
        if address.stopped_at and incoming.channel != "sms" and incoming.kind != "blocked":
            # Whoever writes to us again on a messenger has opened its door again.
            await contacts.restart(session, address)
        if incoming.kind == "start":
            conversation.dialogue = drafts.kept(conversation.dialogue)
        message = await messages.add(
            session,
            conversation,
            author="citizen",
            text=asides.recorded(incoming, conversation.language),
            external_id=incoming.external_id,
            parse=_memory(parse) if incoming.text else None,
            location=incoming.location,
        )
        photos, incoming = await _store_photos(session, incoming, message, cleaned)
        turn = Turn(
            self._context, session, self._faq, replace(incoming, text=_words(incoming)), message,
            address, conversation, parse, Dialogue.load(conversation.dialogue),
            before=found.before, photos=photos, parts=parts, told=incoming.text.strip(),
        )  # fmt: skip
        woken = [f"conversation:{conversation.id}", "desk"]
        replies: list[Reply] = []
        ended = incoming.kind == "hangup"
        if incoming.kind == "blocked":
            await contacts.stop(session, address)
        elif ended:
            conversation.dialogue = drafts.kept(conversation.dialogue)
        elif _answers_our_call(incoming):
            await alert_reply.press(turn, incoming.pressed or 0)
            conversation.dialogue = turn.dialogue.dump()
            replies, ended = turn.replies, True
        elif incoming.channel == "voice" and conversation.state == "active":
            replies, ended = call.while_with_agent(conversation.language, incoming, parse)
        elif await dialogue.obey_anyway(turn) if conversation.state != "bot" else False:
            replies = turn.replies
        elif conversation.state in _BOT_TALKS or (
            incoming.channel == "voice" and conversation.state == "queued"
        ):
            _follow_language(turn)
            if masked:
                turn.say("common.personal_masked")
            if cut:
                turn.say("common.too_long")
            asked, state = turn.dialogue.waiting, conversation.state
            await dialogue.respond(turn)
            outcome.keep(turn, asked, state)
            conversation.dialogue = turn.dialogue.dump()
            replies, ended = turn.replies, turn.ended
        elif conversation.state == "queued":
            replies = await self._while_waiting(session, conversation, parse, incoming)
        silent = conversation.state in ("queued", "active") and not turn.replies
        if incoming.photos_missed and silent:
            replies = [Reply(texts.word(conversation.language, "common.photo_missed")), *replies]
        door = self._channels.get(conversation.channel)
        in_place = incoming.in_place
        if in_place is None:
            in_place = door is None or door.in_place
        carrier = None
        if in_place:
            name = incoming.provider
            carrier = (
                carrier_of(door, incoming.address, name) if door else Provider(incoming.channel)
            )
        kept = answers.Kept(())
        if replies:
            kept = await answers.keep(session, conversation, message, replies, carrier, ended=ended)
        if kept.waits_on is not None and self._dispatcher is None:
            await delivery.wake(session, "reply")
        if turn.closes:
            await contacts.stop(session, address)  # only now: the last word still goes out
        owner = messages.OWNERS[conversation.state]
        answer = Answer(str(conversation.id), conversation.language, owner, kept.replies, ended)
        return answer, woken, kept.waits_on

    async def _while_waiting(
        self, session: AsyncSession, conversation: Conversation, parse: Parse, incoming: Incoming
    ) -> list[Reply]:
        """Say only fixed words to somebody who waits for a person, and danger's numbers first."""
        key = "person.waiting"
        if parse.intent.name == "life_emergency" and incoming.kind in ("text", "edit", "speech"):
            key = emergency.text_for(incoming.text)
        elif commands.read(incoming.text, incoming.channel) in (
            "menu", "cancel",
        ) and await handoff.leave(session, conversation.id):  # fmt: skip
            key = "person.left"
        text, spoken = texts.say(conversation.language, key)
        return [Reply(text, spoken=spoken)]


def _words(incoming: Incoming) -> str:
    """Return what is to be understood of a message: its words, without the pictures beside them."""
    return without_pictures(incoming.text).strip()


def _answers_our_call(incoming: Incoming) -> bool:
    """Tell whether this is a key in a call that we placed: no step of a talk waits for it."""
    return incoming.channel == "voice" and incoming.pressed is not None


def _hardly_heard(confidence: float | None, parse: Parse) -> bool:
    """Tell whether speech was recognised too poorly; nothing known of it counts as well heard."""
    if confidence is None or confidence >= GOOD_CONFIDENCE:
        return False
    sense = parse.intent.name != "out_of_scope" and parse.intent.confidence >= picks.CLEAR
    return confidence < MIN_CONFIDENCE or not sense


async def _store_photos(
    session: AsyncSession, incoming: Incoming, message: Message, cleaned: list[Cleaned]
) -> tuple[tuple[UUID, ...], Incoming]:
    """Keep what came with a message; return the photos' ids, and the message with what is lost."""
    photos = await attachments.keep(session, message.id, cleaned)
    browser = attachments.of_browser(incoming.address)
    linked = await attachments.link(session, message.id, browser, incoming.uploads)
    missed = incoming.photos_missed + len(incoming.uploads) - len(linked)
    return (*photos, *linked), replace(incoming, photos_missed=missed)


async def _again(session: AsyncSession, known: Message) -> Answer:
    """Return the answer that a message got when it came first."""
    conversation = await session.get_one(Conversation, known.conversation_id)
    rows = await session.execute(
        select(Message, Delivery.id)
        .outerjoin(Delivery, Delivery.message_id == Message.id)
        .where(Message.answers == known.id)
        .order_by(Message.seq)
    )
    found = [(message, sent) for message, sent in rows]
    replies = tuple(messages.unpack(message, sent) for message, sent in found)
    ended = any((message.reply or {}).get("ended") for message, _ in found)
    owner = messages.OWNERS[conversation.state]
    return Answer(str(conversation.id), conversation.language, owner, replies, ended)


async def _is_on(session: AsyncSession, address: Address, incoming: Incoming) -> bool:
    """Tell whether the call that hung up is the one going on; reports of others come late."""
    call = incoming.external_id.split(":", 1)[0]
    latest = await session.scalar(
        select(Message.external_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.address_id == address.id,
            Conversation.channel == incoming.channel,
            Conversation.state != "closed",
            Message.direction == "in",
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return latest is not None and latest.split(":", 1)[0] == call


def _language(chosen: str | None, incoming: Incoming, parse: Parse) -> str:
    """Return the language to begin a talk in: the one chosen before, or that of the message."""
    wanted = tongues.first(chosen, parse.language, incoming.text, incoming.language)
    return tongues.spoken(wanted, incoming.channel)


def _follow_language(turn: Turn) -> None:
    """Answer in the language of the message, where it is a whole sentence in one of ours."""
    said = tongues.spoken(turn.parse.language, turn.incoming.channel)
    understood = turn.intent != "out_of_scope"
    if tongues.follows(turn.language, said, turn.text, understood=understood):
        turn.conversation.language = said


def _memory(parse: Parse) -> dict[str, object]:
    """Return what is kept of a Parse with its message: what was understood, not the words."""
    return {
        "intent": parse.intent.name,
        "top": [[i.name, round(i.confidence, 3)] for i in parse.intent_ranking[:3]],
        "engine": parse.engine,
        "model": parse.model,
        "language": parse.language,
    }
