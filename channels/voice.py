"""A turn of a call, whatever gateway carries it: what the caller did, and what is said and asked.

A gateway hears and speaks; between it and the bot stand only `heard` (what a caller did becomes an
`Incoming`) and `compose` (an `Answer` becomes lines to say, ways to listen, a transfer, an end).
All gateways speak as the channel `voice`, so that a caller's talk is one talk.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from channels.inbound import clean_text
from channels.message import Answer, Incoming, Kind, OnMessage, Scheme
from channels.phones import in_e164, is_e164
from channels.render import keyed, options, speakable, words

CHANNEL = "voice"
LOCALES = {"ko": "ko-KR", "en": "en-US"}

WAIT_SECONDS = 6
DIAL_SECONDS = 30
KEY_PAUSE_SECONDS = 3
MAX_KEYS = 20
HINT_MAX = 100
_SLOW_STEP = 2

# What stands for the caller when the number is withheld: words, or letters on a keypad
# (ANONYMOUS, RESTRICTED, BLOCKED, UNAVAILABLE) that look like numbers of other countries.
WITHHELD = ("+266696687", "+7378742833", "+2562533", "+86282452253")

_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)

WAIT = {"ko": "잠시만 기다려 주세요.", "en": "One moment, please."}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a telephone that its network vouches for, or only the call itself."""

    scheme: Scheme
    address: str

    @property
    def phone(self) -> str | None:
        """The caller's number, where it is known."""
        return self.address if self.scheme == "phone" else None


CallerOf = Callable[[str], Awaitable[Caller | None]]


@dataclass(frozen=True, slots=True)
class Listen:
    """How the caller may answer. `hints` are words that the recogniser should expect.

    With `one_key` a single key is a whole answer; otherwise keys end with # or a pause.
    """

    speech: bool
    one_key: bool
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a gateway does next: say `lines`, then transfer, listen, or hang up."""

    language: str
    lines: tuple[str, ...]
    slow: bool = False
    listen: Listen | None = None
    transfer: bool = False

    @property
    def locale(self) -> str:
        """The language as speech services name it: ko-KR, en-US."""
        return LOCALES[self.language]

    @property
    def hangup(self) -> bool:
        """Whether the call ends after the lines."""
        return self.listen is None and not self.transfer


def spoken_language(language: str | None) -> str:
    """Return the language that our voices speak: Korean, or English for everyone else."""
    short = (language or "ko").split("-")[0].lower()
    return short if short in LOCALES else "en"


def asked_language(locale: str | None) -> str | None:
    """Return the language a gateway names (ko-KR), in our short form; None without one."""
    return locale.split("-")[0].lower() if locale else None


def event_id(given: object) -> str:
    """Return a gateway's id of a call or of an event in it; empty for what can be none."""
    return given if isinstance(given, str) and _ID.fullmatch(given) else ""


def caller(number: str, call: str) -> Caller:
    """Return who calls from `number`: written as E.164 or nationally, or withheld in any form."""
    if number in WITHHELD:
        return Caller("call", call)
    if is_e164(number):
        return Caller("phone", number)
    known = in_e164(number)
    return Caller("call", call) if known is None else Caller("phone", known)


def heard(
    call: str,
    turn: str,
    who: Caller,
    *,
    kind: Kind = "silence",
    keys: str = "",
    speech: str = "",
    confidence: float | None = None,
    language: str | None = None,
) -> Incoming:
    """Return what a caller did in one turn of a call.

    `call` is the gateway's id of the call (without a colon), `turn` what tells this event from
    all others of the call. Keys win over speech; with neither, `kind` says what happened.
    """
    text = clean_text(speech).strip()
    pressed = "".join(c for c in keys if c in "0123456789*#").rstrip("#")
    if pressed:
        kind, text, confidence = "keys", pressed, None
    elif text and kind == "silence":
        kind = "speech"
    return Incoming(
        CHANNEL,
        who.scheme,
        who.address,
        f"{call}:{turn}",
        text if kind in ("keys", "speech", "unclear") else "",
        kind=kind,
        confidence=confidence if kind in ("speech", "unclear") else None,
        phone=who.phone,
        language=language,
    )


def certainty(value: object) -> float | None:
    """Return a recogniser's confidence, 0..1; None where it gives none.

    Recognisers that do not measure write 0 for everything, which therefore says nothing.
    """
    try:
        confidence = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return confidence if 0.0 < confidence <= 1.0 else None


def compose(answer: Answer) -> Spoken:
    """Return what a call says for an answer, and how it goes on."""
    language = spoken_language(answer.language)
    lines: list[str] = []
    for reply in answer.replies:
        lines += [words(reply, language), options(reply.choices, language)]
    said = tuple(line for line in lines if line)
    slow = any(reply.slow for reply in answer.replies)
    if any(reply.transfer for reply in answer.replies):
        return Spoken(language, said, slow, transfer=True)
    if answer.ended:
        return Spoken(language, said, slow)
    choices = [pair for reply in answer.replies for pair in keyed(reply.choices)]
    titles = (speakable(choice.title, language).strip(".") for _, choice in choices)
    listen = Listen(
        speech=not any(reply.keys_only for reply in answer.replies),
        one_key=bool(choices) and all(len(key) == 1 for key, _ in choices),
        hints=tuple(title.replace(",", " ")[:HINT_MAX] for title in titles if title),
    )
    return Spoken(language, said or (WAIT[language],), slow, listen)


def slowly(line: str) -> str:
    """Return `line` with pauses, for a gateway whose voice can't be told to speak slowly."""
    found: list[str] = []
    since = 0
    for word in line.split():
        since = 0 if word[-1] in ".?!,…" else since + 1
        found.append(f"{word}," if since == _SLOW_STEP else word)
        since %= _SLOW_STEP
    return " ".join(found).rstrip(",")


async def take(on_message: OnMessage, incoming: Incoming, agents: str | None) -> Spoken:
    """Hand a turn to the bot and return what to say.

    A transfer needs a number to ring. Without one (`agents` is None) the bot hears at once that
    nobody answered, and goes on with the call.
    """
    spoken = compose(await on_message(incoming))
    if not spoken.transfer or agents:
        return spoken
    alone = replace(
        incoming,
        external_id=f"{incoming.external_id}:nobody",
        text="",
        kind="unanswered",
        confidence=None,
    )
    after = compose(await on_message(alone))
    return replace(after, transfer=False)
