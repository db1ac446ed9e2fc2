"""What a call that we place says: made by whoever has something to tell, spoken by a gateway."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message to be spoken, in the words of a voice, and the keys that answer it.

    `opening` says who calls, `lines` what for, `prompt` which keys there are, `again` stands before
    the lines where they are repeated, `ending` is the last that is said. `answers` are the keys
    that answer something, each with the words that say so; any other key repeats the lines.
    Where it is `over`, the ending is all that is left to say.
    """

    language: str
    ending: tuple[str, ...]
    opening: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    prompt: str = ""
    again: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    over: bool = False


# What the delivery of that number says to whoever took the phone; None where there is no such one.
AnnouncementOf = Callable[[int], Awaitable[Announcement | None]]
