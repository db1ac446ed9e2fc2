"""What the simulated providers took and brought: the last ten thousand messages, in memory."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

CAPACITY = 10_000
PHONES_SHOWN = 30
BUBBLES_SHOWN = 60

Kind = Literal["sms", "voice", "call", "telegram", "kakao", "alimtalk", "email"]
PROVIDERS: dict[Kind, str] = {
    "sms": "twilio", "voice": "twilio", "call": "twilio", "telegram": "telegram", "kakao": "kakao",
    "alimtalk": "alimtalk", "email": "smtp",
}  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One message, or one call that we placed.

    `id` counts what was sent from 1, `place` the same for one address alone. Both
    are 0 for what a citizen wrote and for what was spoken in a call. `provider` is named where a
    kind has several; `reference` and `part` are what we asked it to send back with its reports.
    """

    kind: Kind
    incoming: bool
    address: str
    text: str
    sid: str = ""
    sender: str = ""
    direction: str = ""
    status: str = ""
    segments: int = 0
    provider: str = ""
    reference: str = ""
    part: str = ""
    error: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    asks_contact: bool = False
    photos: int = 0
    id: int = 0
    place: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_sent(self) -> dict[str, Any]:
        """Return the item of `GET /simulator/sent`."""
        return {
            "id": self.id,
            "provider": self.provider or PROVIDERS[self.kind],
            "channel": self.kind,
            "to": self.address,
            "text": self.text,
            "at": self.at.isoformat(),
            "external_id": self.sid,
            "status": self.status,
            "segments": self.segments,
            "buttons": self.buttons,
            "photos": self.photos,
        }

    def as_bubble(self) -> dict[str, Any]:
        """Return what the page shows of it."""
        return {
            "kind": self.kind,
            "door": "voice" if self.kind == "call" else self.provider or self.kind,
            "incoming": self.incoming,
            "text": self.text,
            "at": self.at.isoformat(),
            "status": self.status,
            "buttons": self.buttons,
            "asks_contact": self.asks_contact,
        }


class Store:
    """Messages in order, numbers that opted out (`stopped`), chats that blocked the bot."""

    def __init__(self) -> None:
        self.stopped: set[str] = set()
        self.blocked: set[str] = set()
        self.version = 0
        self._entries: deque[Entry] = deque()
        self._sids: dict[str, Entry] = {}
        self._sent: dict[str, deque[Entry]] = {}  # by address
        self._last_id = 0

    def add(self, entry: Entry) -> None:
        """Keep `entry`; number it when it is a message that was sent."""
        if not entry.incoming and entry.kind != "voice":
            self._last_id += 1
            entry.id = self._last_id
            there = self._sent.setdefault(entry.address, deque())
            entry.place = there[-1].place + 1 if there else 1
            there.append(entry)
            self._sids[entry.sid] = entry
        self._entries.append(entry)
        if len(self._entries) > CAPACITY:
            self._forget(self._entries.popleft())
        self.version += 1

    def set_status(self, entry: Entry, status: str) -> None:
        """Note how far a message came."""
        entry.status = status
        self.version += 1

    def find(self, sid: str) -> Entry | None:
        """Return the message that was sent under `sid`."""
        return self._sids.get(sid)

    def sent(self, to: str | None = None, since: int = 0) -> tuple[list[Entry], int]:
        """Return what was sent after the first `since` messages, and how many there were in all.

        With `to`, both count the messages to that address alone, so the total of one answer is
        the `since` of the next.
        """
        if to is None:
            return [e for e in self._entries if e.id > since], self._last_id
        there = self._sent.get(to)
        return ([e for e in there if e.place > since], there[-1].place) if there else ([], 0)

    def clear(self) -> None:
        """Forget all messages; who opted out or blocked stays."""
        self._entries.clear()
        self._sids.clear()
        self._sent.clear()
        self._last_id = 0
        self.version += 1

    def phones(self) -> list[dict[str, Any]]:
        """Return the newest conversations, the latest phone first, its bubbles oldest first."""
        threads: dict[str, list[dict[str, Any]]] = {}
        for entry in reversed(self._entries):
            if entry.address not in threads and len(threads) == PHONES_SHOWN:
                continue
            bubbles = threads.setdefault(entry.address, [])
            if len(bubbles) < BUBBLES_SHOWN:
                bubbles.append(entry.as_bubble())
        return [
            {"address": address, "bubbles": bubbles[::-1], "blocked": self._closed(address)}
            for address, bubbles in threads.items()
        ]

    def _closed(self, address: str) -> bool:
        return address in self.stopped or address in self.blocked

    def _forget(self, entry: Entry) -> None:
        self._sids.pop(entry.sid, None)
        if entry.id:
            there = self._sent[entry.address]
            there.popleft()  # the oldest of all is the oldest there
            if not there:
                del self._sent[entry.address]
