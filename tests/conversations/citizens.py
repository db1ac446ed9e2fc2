"""Citizens who follow a script through one door each, and what the city keeps of them."""

import base64
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import uuid4

import psycopg
from PIL import Image
from psycopg.rows import dict_row

from tests.city import Call, City, new_session

_PHONES = itertools.count(30_000_000)
_USERS = itertools.count(700_000_000)
_COLOURS = itertools.count(1)


def new_phone() -> str:
    """Return a mobile number that nobody has used yet."""
    return f"+8210{next(_PHONES)}"


def picture() -> bytes:
    """Return a photo unlike all others."""
    written = io.BytesIO()
    Image.new("RGB", (80, 60), next(_COLOURS) * 4099 % 0x1000000).save(written, "JPEG")
    return written.getvalue()


class Citizen(Protocol):
    """Somebody at a door. `scheme` and `address` are how the city knows them."""

    city: City
    records: "Records"

    @property
    def scheme(self) -> str:
        """Return the kind of address."""
        ...

    @property
    def address(self) -> str:
        """Return the address itself."""
        ...

    def say(self, text: str) -> str:
        """Say something; return everything that is answered, choices and all."""
        ...

    def repeat(self) -> str:
        """Deliver the last message once more, as a provider does that heard no answer."""
        ...

    def show(self, text: str) -> str:
        """Send a photo, with a few words or none."""
        ...

    def received(self) -> list[str]:
        """Return what came to this citizen so far."""
        ...


@dataclass
class Texting:
    """By SMS."""

    city: City
    records: "Records"
    address: str = field(default_factory=new_phone)
    scheme: str = "phone"
    last: tuple[str, str] = ("", "")

    def received(self) -> list[str]:
        """Return what the phone got so far beside the answers in place."""
        return self.city.sent(self.address)

    def show(self, text: str) -> str:
        """Send a photo by MMS."""
        encoded = base64.b64encode(picture()).decode()
        return "\n".join(self.city.act("sms", self.address, text, photo=encoded)["texts"])

    def say(self, text: str) -> str:
        """Text the city."""
        self.last = (text, "SM" + uuid4().hex)
        return self.repeat()

    def repeat(self) -> str:
        """Deliver the last text again."""
        text, sid = self.last
        return "\n".join(self.city.sms(self.address, text, sid))


@dataclass
class Chatting:
    """In the web chat."""

    city: City
    records: "Records"
    session: str = field(default_factory=new_session)
    scheme: str = "web"
    address: str = ""
    last: tuple[str, str] = ("", "")

    def say(self, text: str) -> str:
        """Write in the browser."""
        self.last = (text, uuid4().hex)
        return self.repeat()

    def repeat(self) -> str:
        """Send the last message again, with the id it had."""
        return self._heard(self.city.web(self.session, *self.last))

    def received(self) -> list[str]:
        """Return all that stands in the chat."""
        return [message["text"] for message in self.city.later(self.session)]

    def show(self, text: str) -> str:
        """Upload a photo and send it."""
        uploaded = self.city.client.post(
            "/channels/web/photos", content=picture(), headers={"X-Session": self.session}
        )
        self.last = (text, uuid4().hex)
        return self._heard(self.city.web(self.session, *self.last, [uploaded.json()["id"]]))

    def point(self, latitude: float, longitude: float) -> str:
        """Send where the browser says one is."""
        self.last = ("", uuid4().hex)
        return self._heard(self.city.web(self.session, *self.last, point=(latitude, longitude)))

    @staticmethod
    def _heard(answer: dict[str, Any]) -> str:
        said = [r["text"] + _listed(r.get("choices", ())) for r in answer["replies"]]
        return "\n".join(said)


@dataclass
class Messaging:
    """On Telegram, whose answers come by its Bot API."""

    city: City
    records: "Records"
    user: int = field(default_factory=lambda: next(_USERS))
    scheme: str = "telegram"
    seen: int = 0
    last: tuple[str, int] = ("", 0)

    @property
    def address(self) -> str:
        """Return the chat's number."""
        return str(self.user)

    def say(self, text: str) -> str:
        """Write on Telegram and wait for what comes."""
        self.last = (text, int(uuid4().int % 10**9) + 10**6)
        self._deliver()
        return self._heard()

    def repeat(self) -> str:
        """Deliver the last update again: nothing new is to come."""
        self._deliver()
        return ""

    def received(self) -> list[str]:
        """Return all that came to the chat."""
        return self.city.sent(self.user)

    def show(self, text: str) -> str:
        """Send a photo."""
        encoded = base64.b64encode(picture()).decode()
        self.city.act("telegram", str(self.user), text, photo=encoded)
        return self._heard()

    def point(self, latitude: float, longitude: float) -> str:
        """Share a place on the map."""
        self.city.act("telegram", str(self.user), latitude=latitude, longitude=longitude)
        return self._heard()

    def share(self, phone: str) -> str:
        """Press the button that shares one's own number."""
        self.city.share_contact(self.user, phone)
        return self._heard()

    def press_button(self, title: str) -> str:
        """Press the button of that title under the newest message that has one, however old."""
        items = self.city.client.get("/simulator/sent", params={"to": self.address}).json()["items"]
        shown = [b for item in items for b in item["buttons"] if title in b["title"]]
        assert shown, f"no button says {title}"
        self.city.act("telegram", self.address, shown[-1]["id"], kind="button")
        return self._heard()

    def change(self, text: str) -> str:
        """Change the words of a message that was sent before."""
        self.city.act("telegram", self.address, text, kind="edit")
        return self._heard()

    def _deliver(self) -> None:
        assert self.city.telegram(self.user, *self.last).status_code == 200

    def _heard(self) -> str:
        def items() -> list[dict[str, Any]]:
            found = self.city.client.get("/simulator/sent", params={"to": str(self.user)})
            sent: list[dict[str, Any]] = found.json()["items"]
            return sent

        wanted = self.records.promised(self)
        sent = self.city.until(items, lambda seen: len(seen) >= wanted)
        new, self.seen = sent[self.seen :], len(sent)
        return "\n".join(item["text"] + _listed(item.get("choices", ())) for item in new)


@dataclass
class Calling:
    """On the phone."""

    city: City
    records: "Records"
    address: str = field(default_factory=new_phone)
    scheme: str = "phone"
    call: Call | None = None

    def say(self, text: str) -> str:
        """Speak; the phone is picked up first."""
        return self._line().say(text)

    def press(self, keys: str) -> str:
        """Press keys."""
        return self._line().press(keys)

    def hush(self) -> str:
        """Say nothing."""
        return self._line().say("")

    def hang_up(self) -> None:
        """End the call: what is said next is said in another."""
        self._line().end()
        self.call = None

    def repeat(self) -> str:
        """A call has no second delivery of a word."""
        raise AssertionError("a script on voice can't deliver a message again")

    def received(self) -> list[str]:
        """Return the texts that came to the phone one calls from."""
        return self.city.sent(self.address)

    def show(self, text: str) -> str:
        """A call shows nothing."""
        raise AssertionError(f"a script on voice can't show a photo: {text}")

    def _line(self) -> Call:
        if self.call is None:
            self.call = self.city.call(self.address)
            self.call.ring()
        return self.call


DOORS: dict[str, Callable[[City, "Records"], Citizen]] = {
    "sms": Texting,
    "web": Chatting,
    "telegram": Messaging,
    "voice": Calling,
}


def _listed(choices: Any) -> str:
    return "".join(f"\n{n}. {c['title']}" for n, c in enumerate(choices, 1))


class Records:
    """What the database holds of one citizen."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor(row_factory=dict_row)

    def contact(self, citizen: Citizen) -> Any:
        """Return the id of the citizen's contact."""
        address = citizen.address
        if isinstance(citizen, Chatting):
            # A browser's secret is stored hashed: its talk is found by the message it sent last.
            row = self._one(
                "SELECT a.contact_id FROM messages m JOIN conversations c"
                " ON c.id = m.conversation_id JOIN addresses a ON a.id = c.address_id"
                " WHERE m.channel = 'web' AND m.external_id LIKE %s",
                "%" + citizen.last[1],
            )
        else:
            row = self._one(
                "SELECT contact_id FROM addresses WHERE scheme = %s AND address = %s",
                citizen.scheme,
                address,
            )
        return row["contact_id"]

    def let_pass(self, citizen: Citizen, pause: timedelta) -> None:
        """Let time pass: what this citizen said so far was said `pause` earlier."""
        self._cursor.execute(
            "UPDATE conversations c SET dialogue = jsonb_set(c.dialogue, '{at}', to_jsonb("
            "(CAST(c.dialogue->>'at' AS timestamptz) - %s)::text)) FROM addresses a"
            " WHERE a.id = c.address_id AND a.contact_id = %s AND c.dialogue ? 'at'",
            (pause, self.contact(citizen)),
        )

    def promised(self, citizen: Citizen) -> int:
        """Return how many messages were promised to the citizen's own address so far."""
        row = self._one(
            "SELECT count(*) AS n FROM deliveries d JOIN addresses a ON a.id = d.address_id"
            " WHERE a.scheme = %s AND a.address = %s",
            citizen.scheme,
            citizen.address,
        )
        return int(row["n"])

    def votes(self) -> int:
        """Return how many votes were cast in all: whose they are, nobody can tell."""
        return int(self._one("SELECT count(*) AS n FROM ballots")["n"])

    def of(self, what: str, contact: Any) -> list[dict[str, Any]]:
        """Return the rows of `what`: petitions, alerts, handoffs, talks."""
        return self._cursor.execute(_ROWS[what], (contact,)).fetchall()

    def _one(self, query: Any, *values: Any) -> dict[str, Any]:
        row = self._cursor.execute(query, values).fetchone()
        assert row is not None, "the city does not know this citizen"
        found: dict[str, Any] = row
        return found


_ROWS: dict[str, Any] = {
    "petitions": "SELECT * FROM petitions WHERE contact_id = %s ORDER BY id",
    "alerts": "SELECT * FROM subscriptions WHERE contact_id = %s ORDER BY district",
    "handoffs": (
        "SELECT h.* FROM handoffs h JOIN conversations c ON c.id = h.conversation_id"
        " JOIN addresses a ON a.id = c.address_id WHERE a.contact_id = %s ORDER BY h.id"
    ),
    "photos": (
        "SELECT t.id FROM attachments t JOIN petition_messages m ON m.message_id = t.message_id"
        " JOIN petitions p ON p.id = m.petition_id WHERE p.contact_id = %s"
    ),
    "talks": (
        "SELECT c.* FROM conversations c JOIN addresses a ON a.id = c.address_id"
        " WHERE a.contact_id = %s ORDER BY c.created_at"
    ),
}
