"""One turn: a message that came in, what is known around it, and what will be said."""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.context import Context
from backend.faq.service import FaqIndex
from backend.models import Address, Conversation, Message
from bot import texts
from channels.message import Choice, Incoming, Location, Reply
from nlu.parse import RECEIPTS, Parse

_BESIDE = 3  # letters: a particle, or a "please" of two syllables


@dataclass(slots=True)
class Waiting:
    """A flow that waits for an answer: at which step, with what it knows so far."""

    flow: str
    step: str
    slots: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """What a talk by ear remembers.

    `silences` and `unclear` count turns in a row in which nothing, or hardly anything, was heard.
    `said` is what was said last, to be repeated; `unsaid` are sentences that wait for "more",
    `offers` whether choices wait behind them, `page` which of the choices were read out.
    """

    silences: int = 0
    unclear: int = 0
    said: list[dict[str, Any]] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    offers: bool = False
    page: int = 0


@dataclass(slots=True)
class Dialogue:
    """The bot's memory of a conversation, stored with it.

    `held` is what was open when a digression began, and is taken up again after it.
    `choices` are the values behind the numbers last shown, in order. `misses` counts messages
    in a row that were not understood; `answered` names the articles shown last. `trail` holds the
    steps before this one, for going back. `queue` are wishes that were voiced while another was
    open, to be offered after it. `said` marks what was said last, so that it is not said again in
    the same words. `at` is when the citizen was last heard (ISO 8601). `counts` is how
    often the citizen was abusive or turned an answer down.
    """

    waiting: Waiting | None = None
    held: Waiting | None = None
    choices: list[list[str]] = field(default_factory=list)
    misses: int = 0
    answered: list[str] = field(default_factory=list)
    call: Call = field(default_factory=Call)
    trail: list[Waiting] = field(default_factory=list)
    queue: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    at: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> "Dialogue":
        """Read what `dump` wrote; an empty dict is a fresh talk."""
        waiting, held = stored.get("waiting"), stored.get("held")
        return cls(
            waiting=Waiting(**waiting) if waiting else None,
            held=Waiting(**held) if held else None,
            choices=stored.get("choices", []),
            misses=stored.get("misses", 0),
            answered=stored.get("answered", []),
            call=Call(**stored.get("call", {})),
            trail=[Waiting(**step) for step in stored.get("trail", [])],
            queue=stored.get("queue", []),
            said=stored.get("said", []),
            at=stored.get("at"),
            counts=stored.get("counts", {}),
        )

    def dump(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(slots=True)
class Turn:
    """What a flow works with. It adds to `replies` by `say`; nothing leaves before the commit.

    `photos` are the ids of the photos that came with the message, in order; they are stored.
    """

    context: Context
    session: AsyncSession
    faq: FaqIndex
    incoming: Incoming
    message: Message
    address: Address
    conversation: Conversation
    parse: Parse
    dialogue: Dialogue
    chosen: str | None = None
    replies: list[Reply] = field(default_factory=list)
    ended: bool = False
    closes: bool = False  # the citizen wants no more messages after these replies
    before: Message | None = None  # what the citizen said before it
    photos: tuple[UUID, ...] = ()
    parts: tuple[Parse, ...] = ()  # the sentences of the message, where it has several
    missed: bool = False  # the message was not understood
    silent: bool = False  # nothing is to be said to this message
    handed_over: bool = False  # a person was asked for; nothing else is begun in this turn
    went_back: bool = False  # a step back was taken: it is no step forward
    told: str = ""  # the message as it was sent, with the pictures beside its words

    @property
    def language(self) -> str:
        """The language of this talk."""
        return self.conversation.language

    @property
    def text(self) -> str:
        """What the citizen said."""
        return self.incoming.text.strip()

    @property
    def location(self) -> Location | None:
        """The point that the citizen shared with this message."""
        return self.incoming.location

    @property
    def pictures(self) -> int:
        """How many photos came with the message."""
        return len(self.photos)

    @property
    def voice(self) -> bool:
        """Whether the citizen listens rather than reads."""
        terminal = self.incoming.channel == "terminal"
        return self.incoming.channel == "voice" or (terminal and self.incoming.kind != "text")

    @property
    def intent(self) -> str:
        """What the message is about, as understood."""
        return self.parse.intent.name

    def value(self, entity: str) -> str | None:
        """Return the last value of an entity: people correct themselves forwards."""
        found = self.parse.values(entity)
        return found[-1] if found else None

    def leans_to(self, *intents: str) -> float:
        """Return how sure it is that the message has one of these intents, 0..1."""
        return sum(i.confidence for i in self.parse.intent_ranking if i.name in intents)

    def names_only(self, entity: str) -> bool:
        """Tell whether a message names things of this kind and says next to nothing beside."""
        named = sum(e.end - e.start for e in self.parse.entities if e.entity == entity)
        return bool(named) and sum(c.isalnum() for c in self.text) - named <= _BESIDE

    @property
    def number(self) -> str | None:
        """The last receipt number named, of a petition, a proposal or a disclosure request."""
        found = [e.value for e in self.parse.entities if e.entity in RECEIPTS.values()]
        return found[-1] if found else None

    def word(self, key: str, **slots: Any) -> str:
        """Return a short text in the language of this talk."""
        return texts.word(self.language, key, **slots)

    def say(
        self,
        key: str,
        *,
        choices: list[tuple[str, str]] | None = None,
        ask_phone: bool = False,
        transfer: bool = False,
        **slots: Any,
    ) -> None:
        """Answer with a text of the catalogue; `choices` are (value, title), numbered from 1.

        What the citizen then picks, by number, button or words, comes back as `turn.chosen`.
        """
        text, spoken = texts.say(self.language, key, **slots)
        other = f"{key}_again"
        if mark(text) in self.dialogue.said and texts.has(self.language, other):
            text, spoken = texts.say(self.language, other, **slots)
        self.tell(text, spoken, choices=choices, ask_phone=ask_phone, transfer=transfer)

    def preface(self, key: str, **slots: Any) -> None:
        """Say what goes before a question; not by ear, where it would push the question out."""
        if not self.voice:
            self.say(key, **slots)

    def tell(
        self,
        text: str,
        spoken: str | None = None,
        *,
        choices: list[tuple[str, str]] | None = None,
        ask_phone: bool = False,
        transfer: bool = False,
    ) -> None:
        """Answer with a text that is not of the catalogue, such as an article's."""
        offered = choices or []
        if mark(text) in self.dialogue.said and not (self.voice and offered):
            # Nobody is told the same sentence twice in a row.
            before = self.word("common.once_more")
            by_ear = f"{before.rstrip('.')}, {spoken}" if spoken else None  # one sentence by ear
            text, spoken = f"{before}\n{text}", by_ear
        if offered:
            self.dialogue.choices = [list(pair) for pair in offered]
        self.replies.append(
            Reply(
                text,
                tuple(Choice(str(n), title) for n, (_, title) in enumerate(offered, 1)),
                spoken,
                ask_phone,
                transfer,
            )
        )

    def wait(self, flow: str, step: str, **slots: Any) -> None:
        """Let the next message go to `step` of `flow`, with these slots."""
        self.dialogue.waiting = Waiting(flow, step, slots)

    def hear(self, parse: Parse) -> None:
        """Take another text in place of the message: a part of it, or a wish of before."""
        self.parse, self.told = parse, parse.text
        self.incoming = replace(self.incoming, text=parse.text)
        self.parts = ()
        self.chosen = None

    def done(self) -> None:
        """End the flow: the next message begins anew."""
        self.dialogue.waiting = None
        self.dialogue.choices = []


def mark(text: str) -> str:
    """Return a short mark of what was said, by which the same words are known again."""
    return hashlib.blake2s(text.encode(), digest_size=6).hexdigest()
