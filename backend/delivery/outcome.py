"""What the outcome of a send means for its delivery: decided here, once, for every channel."""

import random
from dataclasses import dataclass, replace

from backend.delivery.packing import Parcel
from channels.base import (
    Content,
    Provider,
    Rejected,
    Retryable,
    SendError,
    Stopped,
    Throttled,
)
from channels.message import Sent

MAX_FAILURES = 8  # about five minutes of back-off; an outage in between does not count
LONGEST_BACKOFF = 300.0
THROTTLED_SECONDS = 5.0  # where the provider does not say for how long
LOOK_UP_SECONDS = 30.0

_WORDS: list[tuple[type[SendError], str]] = [
    (Throttled, "throttled"),
    (Retryable, "retryable"),
    (Stopped, "stopped"),
    (Content, "content"),
    (Rejected, "rejected"),
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one delivery after one try.

    `status` is what it gets unless `move` finds another way for it. `delay` is when it is due
    again, `check_in` when its provider is asked about it; both in seconds.
    """

    parcel: Parcel
    provider: str | None
    word: str
    code: str | None
    status: str
    reason: str | None = None
    delay: float | None = None
    check_in: float | None = None
    failures: int = 0
    external_ids: tuple[str, ...] = ()
    parts: int | None = None
    move: bool = False


def decide(
    parcel: Parcel, provider: Provider, said: Sent | SendError, *, others: bool, traceable: bool
) -> Outcome:
    """Return what `said` means for a parcel that `provider` was given.

    `others` tells whether the channel has a provider left that did not refuse it, `traceable`
    whether the channel can ask what became of a message.
    """
    if isinstance(said, Sent):
        return Outcome(
            parcel, said.provider or provider.name, "accepted", None, "accepted",
            check_in=provider.reports_within, external_ids=said.external_ids, parts=said.parts,
        )  # fmt: skip
    word = next((word for kind, word in _WORDS if isinstance(said, kind)), "unknown")
    out = parcel.outgoing.skip + len(said.sent)
    base = Outcome(
        parcel, provider.name, word, said.code, "unknown", said.code,
        failures=parcel.failures + (word != "throttled"),
        external_ids=said.sent, parts=said.parts if out else None,
    )  # fmt: skip
    if word == "unknown":
        return replace(base, check_in=LOOK_UP_SECONDS if traceable else None)
    if isinstance(said, Throttled):
        wait = said.retry_after or THROTTLED_SECONDS
        return replace(base, status="pending", delay=_later(wait))
    if isinstance(said, Retryable) and parcel.failures + 1 < MAX_FAILURES:
        wait = max(min(2.0 ** (parcel.failures + 1), LONGEST_BACKOFF), said.retry_after or 0.0)
        return replace(base, status="pending", delay=_later(wait))
    if isinstance(said, Stopped):
        return replace(base, status="suppressed", move=not out)
    if isinstance(said, Rejected) and others and not out:
        return replace(base, status="pending", delay=0.0)
    # Parts that are out can't be taken back: the whole again on another way would double them.
    return replace(base, status="failed", move=not out)


def _later(seconds: float) -> float:
    """Return `seconds` or up to a quarter more, so that not everybody comes back at once."""
    return seconds + random.uniform(0, seconds / 4)  # noqa: S311 - jitter, no secret
