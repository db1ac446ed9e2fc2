"""The people of one script: who speaks through which door, and what they know by then."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.city import City
from tests.conftest import password_of
from tests.conversations.citizens import (
    DOORS,
    Calling,
    Chatting,
    Citizen,
    Messaging,
    Records,
    Texting,
    new_phone,
)

_NUMBER = re.compile(r"[PID]-\d{4}-\d{7}")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_ME = "me"


class People:
    """A citizen, who may go to another door, and others whom a script names.

    Each has a phone of their own, with which they text and call; in the web chat and on Telegram
    they have to prove it.
    """

    def __init__(self, city: City, records: Records, door: str) -> None:
        self._city, self._records = city, records
        self._door, self._who = door, _ME
        self._phones: dict[str, str] = {}
        self._at: dict[tuple[str, str], Citizen] = {}
        self._number = ""
        self._desk: httpx.Client | None = None

    @property
    def citizen(self) -> Citizen:
        """Who speaks now, at the door where they are."""
        place = (self._who, self._door)
        if place not in self._at:
            self._at[place] = DOORS[self._door](self._city, self._records)
            here = self._at[place]
            if isinstance(here, Texting | Calling):
                here.address = self.phone
        return self._at[place]

    @property
    def phone(self) -> str:
        """The phone of whoever speaks now (E.164)."""
        return self._phones.setdefault(self._who, new_phone())

    def move(self, city: City, records: Records) -> None:
        """Go on in another run of the service: the same people, at another address."""
        self._city, self._records = city, records
        for citizen in self._at.values():
            citizen.city, citizen.records = city, records

    def take(self, turn: dict[str, Any]) -> str:
        """Do what a turn says and return what is answered."""
        self._who, self._door = turn.get("who", self._who), turn.get("door", self._door)
        citizen = self.citizen
        if "pause" in turn:
            count, unit = str(turn["pause"]).split()
            self._records.let_pass(citizen, timedelta(**{unit: float(count)}))
        answer = self._done(turn, citizen) if "agent" not in turn else self._of_desk(turn["agent"])
        found = _NUMBER.findall(answer)
        self._number = found[-1] if found else self._number
        return answer

    def go_home(self) -> None:
        """Let the agent leave the desk, where one came: the next script finds nobody there."""
        if self._desk is not None:
            self._desk.post("/api/v1/presence", json={"taking": False}).raise_for_status()

    def _of_desk(self, said: str) -> str:
        """Let the agent come to the desk, or take the talk over and write to the citizen."""
        if self._desk is None:
            self._desk = self._city.staff("agent", password_of("agent"))
        if said == "comes":
            self._desk.post("/api/v1/presence", json={"taking": True}).raise_for_status()
            return ""
        talk = self._records.of("talks", self._records.contact(self.citizen))[-1]["id"]
        desk = f"/api/v1/handoffs/{talk}"
        self._desk.post(f"{desk}/claim").raise_for_status()
        words = {"text": self.filled(said), "client_id": uuid4().hex}
        self._desk.post(f"{desk}/reply", json=words).raise_for_status()
        came = self._city.until(
            self.citizen.received, lambda texts: any(words["text"] in one for one in texts)
        )
        return str(came[-1])

    def filled(self, text: str) -> str:
        """Return `text` with the receipt number, phone and code that are known by now."""
        local = "0" + self.phone.removeprefix("+82")
        text = text.replace("{number}", self._number).replace("{phone}", local)
        if "code}" in text:
            sent = self._city.until(lambda: self._city.sent(self.phone), self._has_code)
            code = [found for one in sent for found in _CODE.findall(one)][-1]
            # Six digits, and another six than those that were sent.
            text = text.replace("{wrong code}", f"{(int(code) + 1) % 10**6:06}")
            text = text.replace("{code}", code)
        return text

    @staticmethod
    def _has_code(sent: list[str]) -> bool:
        return any(_CODE.search(one) for one in sent)

    def _done(self, turn: dict[str, Any], citizen: Citizen) -> str:
        words = self.filled(str(turn.get("me", "")))
        if turn.get("again"):
            return citizen.repeat()
        if turn.get("photo"):
            return citizen.show(words)
        if turn.get("share"):
            assert isinstance(citizen, Messaging), "only Telegram shares a phone"
            return citizen.share(self.phone)
        if "button" in turn or "edit" in turn:
            assert isinstance(citizen, Messaging), "only Telegram has buttons and changed messages"
            if "button" in turn:
                return citizen.press_button(str(turn["button"]))
            return citizen.change(self.filled(str(turn["edit"])))
        if "point" in turn:
            assert isinstance(citizen, Messaging | Chatting), "neither a text nor a call has a map"
            return citizen.point(*turn["point"])
        if "keys" in turn or turn.get("silence") or turn.get("hangup"):
            assert isinstance(citizen, Calling), "only a phone has keys, silence and an end"
            if turn.get("hangup"):
                citizen.hang_up()
                return ""
            return citizen.press(str(turn["keys"])) if "keys" in turn else citizen.hush()
        assert words or not isinstance(citizen, Chatting), "the web chat sends no empty message"
        return citizen.say(words)
