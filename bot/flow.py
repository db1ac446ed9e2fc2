"""What a flow is: a name, the intents that begin it, and two plain functions."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.turn import Turn

Handler = Callable[[Turn], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Flow:
    """One thing a citizen can do here.

    `begin` runs when a message asks for it, `answer` when the flow waits (`turn.wait`) and the
    message is for it. `free_text` names the steps whose answer is the citizen's own words, which
    may sound like anything. `again` puts the open question once more, after a digression;
    `corrects` finds words that mend what was said, and so are for the flow that waits. `claims`
    tells of wishes that no intent stands for ("withdraw it") by their words. `fits` may decide
    whether a message is for the step that waits (None: as usual). `passing` names steps that wait
    for something nobody needs to say: another wish passes over them. `first` is where "back" leads
    from the first step.
    """

    name: str
    intents: frozenset[str]
    begin: Handler
    answer: Handler
    free_text: frozenset[str] = frozenset()
    again: Handler | None = None
    corrects: re.Pattern[str] | None = None
    claims: Callable[[Turn], bool] | None = None
    fits: Callable[[Turn], bool | None] | None = None
    passing: frozenset[str] = frozenset()
    first: Handler | None = None
