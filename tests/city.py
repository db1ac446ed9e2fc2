"""A whole city in a test: the running service on a real port, and the people who use it.

Citizens write through the doors as their providers would: signed, in the providers' formats.
"""

import asyncio
import secrets
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from backend.cli.serve import KEEP_ALIVE_SECONDS
from backend.config import Settings

WAIT_SECONDS = 90.0


_kept: dict[int, socket.socket] = {}


def free_port() -> int:
    """Return a port of this process's own: whoever names it can listen, and nobody is given it.

    It stays bound, but not listening, until what is `served` on it ends: the tests beside this one
    and every connection that goes out of this machine are handed free ports all the time.
    """
    keeper = socket.socket()
    # With this on both sides, one that is bound does not keep another from listening.
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    port = int(keeper.getsockname()[1])
    _kept[port] = keeper
    return port


@contextmanager
def served(app: FastAPI, port: int) -> Iterator[str]:
    """Serve `app` in a thread of its own, with a loop of its own, until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=port, log_level="warning", access_log=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + WAIT_SECONDS * 2
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < deadline, "the service took too long to start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(WAIT_SECONDS)
        _kept.pop(port).close()


@dataclass
class City:
    """The service at `url`, with what it takes to write to it."""

    url: str
    settings: Settings
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        self._validator = RequestValidator(self.settings.twilio_auth_token)
        self._updates = secrets.randbelow(10**6) * 1000

    # citizens

    def sms(self, phone: str, text: str, sid: str | None = None) -> list[str]:
        """Text the city and return what it answers in place."""
        form = {
            "MessageSid": sid or "SM" + uuid4().hex,
            "AccountSid": self.settings.twilio_account_sid,
            "From": phone,
            "To": self.settings.twilio_from_number,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }
        response = self.twilio("/channels/twilio/sms", form)
        assert response.status_code == 200, response.text
        return [m.text or "" for m in ET.fromstring(response.text).findall("Message")]

    def call(self, phone: str) -> "Call":
        """Ring the city."""
        return Call(self, phone, "CA" + uuid4().hex)

    def twilio(
        self, path: str, form: dict[str, str], signature: str | None = None
    ) -> httpx.Response:
        """Post a form as Twilio does, signed unless a signature is given ("" for none)."""
        if signature is None:
            headers = self.signature(path, form)
        else:
            headers = {"X-Twilio-Signature": signature} if signature else {}
        return self.client.post(path, data=form, headers=headers)

    def signature(self, path: str, form: dict[str, str]) -> dict[str, str]:
        """Return the header that Twilio signs `form` with."""
        url = self.settings.base_url + path
        return {"X-Twilio-Signature": self._validator.compute_signature(url, form)}

    def telegram(self, user: int, text: str, update_id: int | None = None) -> httpx.Response:
        """Write on Telegram; the answers come by the Bot API, see `sent`."""
        message = self._telegram_message(user) | {"text": text}
        return self.update({"message": message}, update_id)

    def share_contact(self, user: int, phone: str) -> httpx.Response:
        """Press Telegram's button that shares one's own number."""
        contact = {"phone_number": phone, "first_name": "시민", "user_id": user}
        return self.update({"message": self._telegram_message(user) | {"contact": contact}})

    def update(
        self, body: dict[str, Any], update_id: int | None = None, secret: str | None = None
    ) -> httpx.Response:
        """Deliver an update as Telegram does."""
        if update_id is None:
            self._updates += 1
            update_id = self._updates
        wanted = self.settings.telegram_webhook_secret if secret is None else secret
        headers = {"X-Telegram-Bot-Api-Secret-Token": wanted} if wanted else {}
        return self.client.post(
            "/channels/telegram/webhook", json={"update_id": update_id, **body}, headers=headers
        )

    def _telegram_message(self, user: int) -> dict[str, Any]:
        self._updates += 1
        person = {"id": user, "is_bot": False, "first_name": "시민", "language_code": "ko"}
        return {
            "message_id": self._updates,
            "date": int(time.time()),
            "chat": {"id": user, "type": "private", "first_name": "시민"},
            "from": person,
        }

    def kakao(self, user: str, text: str) -> list[str]:
        """Write in KakaoTalk and return the texts of the answer, which comes in place."""
        request = {"utterance": text, "lang": "ko", "user": {"id": user, "type": "botUserKey"}}
        response = self.client.post(
            "/channels/kakao/skill",
            json={"userRequest": request, "action": {"params": {}}, "contexts": []},
            headers={"X-Kakao-Skill-Secret": self.settings.kakao_skill_secret},
        )
        assert response.status_code == 200, response.text
        outputs = response.json()["template"]["outputs"]
        return [part.get("text") or part.get("description", "") for one in outputs
                for part in one.values()]  # fmt: skip

    def act(self, provider: str, sender: str, text: str = "", **more: Any) -> dict[str, Any]:
        """Let a simulated citizen act and return what came of it."""
        body = {"provider": provider, "from": sender, "text": text, **more}
        response = self.client.post("/simulator/incoming", json=body)
        assert response.status_code == 200, response.text
        outcome: dict[str, Any] = response.json()
        return outcome

    def buttons(self, to: str | int) -> list[dict[str, str]]:
        """Return the buttons of the newest message to an address."""
        items = self.client.get("/simulator/sent", params={"to": str(to)}).json()["items"]
        found: list[dict[str, str]] = items[-1]["buttons"]
        return found

    def web(
        self,
        session: str,
        text: str,
        message_id: str | None = None,
        photos: list[str] | None = None,
        point: tuple[float, float] | None = None,
    ) -> dict[str, Any]:
        """Write in the web chat and return the answer; `photos` are ids of uploads."""
        body: dict[str, Any] = {"session": session, "text": text}
        body |= {"message_id": message_id or uuid4().hex, "photos": photos or []}
        if point is not None:
            body["location"] = dict(zip(("latitude", "longitude"), point, strict=True))
        response = self.client.post("/channels/web/messages", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def later(self, session: str, since: int = 0) -> list[dict[str, Any]]:
        """Return what stands in a browser's conversation after message number `since`."""
        response = self.client.get(
            "/channels/web/messages", params={"since": since}, headers={"X-Session": session}
        )
        assert response.status_code == 200, response.text
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages

    # what was sent

    def sent(self, to: str | int) -> list[str]:
        """Return the texts that the providers took for this address so far."""
        response = self.client.get("/simulator/sent", params={"to": str(to)})
        return [item["text"] for item in response.json()["items"]]

    def wait_sent(self, to: str | int, count: int) -> list[str]:
        """Return the texts for an address once there are `count` of them."""
        return self.until(lambda: self.sent(to), lambda texts: len(texts) >= count)

    def until(self, look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        """Look until what is seen is good, for a bounded time, and return it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            seen = look()
            if good(seen):
                return seen
            assert time.monotonic() < deadline, f"waited in vain; last seen: {seen}"
            time.sleep(0.05)

    # staff

    def staff(self, login: str, password: str) -> httpx.Client:
        """Log in as a member of staff and return their browser."""
        browser = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        browser.headers["Origin"] = self.url
        response = browser.post("/login", data={"login": login, "password": password})
        assert response.status_code == 303, response.text
        return browser


@dataclass
class Call:
    """One phone call: what the caller says or presses, and what is spoken back."""

    city: City
    phone: str
    sid: str
    action: str = "/channels/twilio/voice"

    def ring(self) -> str:
        """Begin the call; return what is spoken."""
        return self._turn({"CallStatus": "ringing"})

    def say(self, speech: str, confidence: float = 0.93) -> str:
        """Speak; return what is spoken back."""
        return self._turn({"SpeechResult": speech, "Confidence": str(confidence)})

    def press(self, digits: str) -> str:
        """Press keys; return what is spoken back."""
        return self._turn({"Digits": digits, "FinishedOnKey": "#"})

    def end(self) -> None:
        """Hang up, as the network then reports."""
        self._turn({"CallStatus": "completed"})

    def _turn(self, heard: dict[str, str]) -> str:
        form = {
            "CallSid": self.sid,
            "AccountSid": self.city.settings.twilio_account_sid,
            "From": self.phone,
            "To": self.city.settings.twilio_from_number,
            "CallStatus": "in-progress",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
            **heard,
        }
        response = self.city.twilio(self.action, form)
        assert response.status_code == 200, response.text
        root = ET.fromstring(response.text)
        gather = next(root.iter("Gather"), None)
        if gather is not None:
            self.action = gather.attrib["action"].removeprefix(self.city.settings.base_url)
        return " ".join("".join(say.itertext()) for say in root.iter("Say"))


def new_session() -> str:
    """Return a browser's secret."""
    return secrets.token_hex(16)


async def gather_in_threads(work: Callable[[int], Any], times: int) -> list[Any]:
    """Run `work(0..times-1)` all at once, each in a thread of its own."""
    return await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(times)))
