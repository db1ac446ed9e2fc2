"""The bot in a terminal, shown as one of the other doors would show it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Literal
from uuid import uuid4

from channels.inbound import clean_text
from channels.message import Answer, Incoming, Kind, OnMessage
from channels.render import numbered, spoken
from channels.segments import measure

View = Literal["web", "sms", "voice"]
Reader = Callable[[str], str]
Writer = Callable[[str], None]

_OWNERS = {
    "ko": {"queue": "(상담사를 기다리고 있어요.)", "agent": "(상담사가 보고 있어요.)"},
    "en": {"queue": "(Waiting for an agent.)", "agent": "(An agent has this conversation.)"},
}


async def chat(
    on_message: OnMessage,
    write: Writer,
    read: Reader = input,
    *,
    view: View = "web",
    language: str | None = None,
) -> None:
    """Talk until end of input or until the bot ends the conversation.

    `read` takes the prompt and raises EOFError at the end; it blocks, and runs in a thread.
    As `voice`, digits are keys, an empty line is silence and the bot speaks first.
    """
    address = uuid4().hex

    async def say(text: str, kind: Kind) -> bool:
        """Hand one message over and show the answer; tell whether the talk goes on."""
        message = Incoming("terminal", "terminal", address, uuid4().hex, text, kind)
        confidence = 1.0 if kind == "speech" else None
        answer = await on_message(replace(message, confidence=confidence, language=language))
        for line in show(answer, view):
            write(line)
        return not answer.ended

    if view == "voice" and not await say("", "start"):
        return
    while True:
        try:
            text = clean_text(await asyncio.to_thread(read, "> "))
        except EOFError:
            return
        if view != "voice" and not text.strip():
            continue
        if not await say(text.strip(), kind_of(text, view)):
            return


def kind_of(text: str, view: View) -> Kind:
    """Return how a typed line reaches the bot."""
    if view != "voice":
        return "text"
    typed = text.strip()
    if not typed:
        return "silence"
    return "keys" if all(c in "0123456789*#" for c in typed) else "speech"


def show(answer: Answer, view: View) -> list[str]:
    """Return the lines that show `answer` as the channel `view` would."""
    lines: list[str] = []
    for reply in answer.replies:
        if view == "voice":
            lines.append(spoken(reply, answer.language))
            continue
        text = numbered(reply.text, reply.choices)
        lines.append(text)
        if view == "sms":
            size = measure(text)
            lines.append(f"[{size.encoding} {size.units}, {size.segments} SMS]")
    if not answer.replies and answer.owner != "bot":
        lines.append(_OWNERS.get(answer.language, _OWNERS["en"])[answer.owner])
    return lines
