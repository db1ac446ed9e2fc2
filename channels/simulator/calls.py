"""Simulated callers: which phone is in which call, and what it hears."""

import re
from typing import Literal

from channels.settings import ChannelSettings
from channels.simulator.faults import FaultBox
from channels.simulator.gateways import (
    AudioCodesLine,
    Did,
    JambonzLine,
    Line,
    Post,
    Step,
    TwilioLine,
)
from channels.simulator.store import Entry, Store

Gateway = Literal["voice", "audiocodes", "jambonz"]
GATEWAYS: tuple[Gateway, ...] = ("voice", "audiocodes", "jambonz")
CERTAIN = 0.92  # what a recogniser gives for words it heard well

_LINES: dict[Gateway, type[TwilioLine] | type[AudioCodesLine] | type[JambonzLine]] = {
    "voice": TwilioLine, "audiocodes": AudioCodesLine, "jambonz": JambonzLine,
}  # fmt: skip
_KEYS = re.compile(r"[0-9*#]+", re.ASCII)


class Calls:
    """All calls under way; a phone is in at most one at each gateway."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, post: Post
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._post = post
        self._lines: dict[tuple[Gateway, str], Line] = {}

    async def act(
        self, gateway: Gateway, number: str, text: str, confidence: float | None = None
    ) -> Step:
        """Ring where the phone is in no call, then say `text`, press it, or keep silent."""
        begun: list[str] = []
        if (gateway, number) not in self._lines:
            self._lines[gateway, number] = _LINES[gateway](self._settings, number, self._post)
            step = await self._turn(gateway, number, Did("ring"))
            if not text or (gateway, number) not in self._lines:
                return step
            begun = step.lines
        self._store.add(Entry("voice", incoming=True, address=number, text=text))
        did = Did("silence")
        if _KEYS.fullmatch(text):
            did = Did("keys", text.rstrip("#"))
        elif text:
            did = Did("speech", text, CERTAIN if confidence is None else confidence)
        step = await self._turn(gateway, number, did)
        step.lines = begun + step.lines
        return step

    async def hang_up(self, gateway: Gateway, number: str) -> Step:
        """End the phone's call, where there is one."""
        line = self._lines.pop((gateway, number), None)
        if line is None:
            return Step(204, "")
        response = await line.end()
        return Step(response.status_code, response.text)

    async def _turn(self, gateway: Gateway, number: str, did: Did) -> Step:
        """Let the call go one step further; a transfer rings and ends within it."""
        step = await self._lines[gateway, number].turn(did)
        for line in step.lines:
            self._store.add(Entry("voice", incoming=False, address=number, text=line))
        if step.then == "dials":
            outcome = "no-answer" if self._faults.strikes("rate_no_answer") else "completed"
            after = await self._turn(gateway, number, Did("dialled", outcome))
            step.lines += after.lines
        elif step.then == "over" and (gateway, number) in self._lines:
            await self.hang_up(gateway, number)
        return step
