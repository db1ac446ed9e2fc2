"""The simulator for whole cities: the SMS providers' wire formats at the speed of a bare server.

It speaks what `twilio_api` and `korea_sms_api` speak, takes one message a request, checks the
credentials, and keeps of each message only its number and its time. It reports nothing and can be
slow, busy or broken on purpose like the other one. Run it with `eungdap simulate --bulk`.
"""

import json
import secrets
import time
from array import array
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from channels.settings import ChannelSettings
from channels.signatures import same_secret
from channels.simulator.faults import FaultBox, Faults

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, dict[str, Any]]

_BUSY: Answer = (429, {"code": 20429, "message": "Too Many Requests", "status": 429})
_AWAY: Answer = (503, {"code": 20503, "message": "Service Unavailable", "status": 503})
_NUMBER = "The 'To' number is not a valid phone number."
_TIMES = (b"retry-after", b"1")


class Bulk:
    """An ASGI app. `taken` are the numbers (digits of E.164) in the order they came, `at` when."""

    def __init__(self, settings: ChannelSettings) -> None:
        account, token = settings.twilio_account_sid, settings.twilio_auth_token
        self._account = account
        self._twilio = f"/2010-04-01/Accounts/{account}/Messages.json"
        self._basic = "Basic " + b64encode(f"{account}:{token}".encode()).decode()
        self._korea = f"/sms/v3.0/appKeys/{settings.korea_sms_app_key}/sender/"
        self._secret = settings.korea_sms_secret_key
        self.faults = FaultBox()
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.taken, self.at = array("Q"), array("d")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        more = True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        status, answer = await self._answer(scope, body)
        written = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(written)).encode()),
        ]
        if status == 429:
            headers.append(_TIMES)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": written})

    async def _live(self, receive: Receive, send: Send) -> None:
        while (event := await receive())["type"] != "lifespan.shutdown":
            await send({"type": event["type"] + ".complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(
        self, scope: MutableMapping[str, Any], body: bytes
    ) -> tuple[int, dict[str, Any] | bytes]:
        path: str = scope["path"]
        if path == self._twilio or path.startswith(self._korea):
            if scope["method"] != "POST":
                return 404, {}  # what it took is looked up nowhere: it keeps no messages
            await self.faults.delay()
            if self.faults.strikes("rate_429"):
                return _BUSY
            if self.faults.strikes("rate_5xx"):
                return _AWAY
            headers = dict(scope["headers"])
            if path == self._twilio:
                return self._take_twilio(headers, body)
            return self._take_korea(headers, body)
        return self._control(scope["method"], path, body)

    def _take_twilio(self, headers: dict[bytes, bytes], body: bytes) -> Answer:
        """Take one Message (https://www.twilio.com/docs/messaging/api/message-resource)."""
        if not same_secret(headers.get(b"authorization", b"").decode("latin-1"), self._basic):
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        form = dict(parse_qsl(body.decode()))
        to, text = form.get("To", ""), form.get("Body", "")
        if not (to.startswith("+") and to[1:].isdigit()):
            return 400, {"code": 21211, "message": _NUMBER, "status": 400}
        if not text or not form.get("From"):
            return 400, {"code": 21602, "message": "Message body is required.", "status": 400}
        self._note(int(to[1:]))
        sid = f"SM{secrets.token_hex(16)}"
        return 201, {
            "sid": sid, "account_sid": self._account, "to": to, "from": form["From"],
            "body": text, "status": "queued", "direction": "outbound-api", "num_segments": "1",
            "num_media": "0", "price": None, "price_unit": "USD", "error_code": None,
            "error_message": None, "api_version": "2010-04-01",
        }  # fmt: skip

    def _take_korea(self, headers: dict[bytes, bytes], body: bytes) -> Answer:
        """Take one message (https://docs.nhncloud.com/ko/Notification/SMS/ko/api-guide/)."""
        if not same_secret(headers.get(b"x-secret-key", b"").decode("latin-1"), self._secret):
            return 200, _refusal(-1000, "Invalid appKey.")
        try:
            message = json.loads(body)
            recipient = message["recipientList"][0]
            number = str(recipient["recipientNo"])
        except (ValueError, KeyError, TypeError, IndexError):
            return 200, _refusal(-9997, "Invalid API parameters.")
        if not (number.isascii() and number.isdigit() and number.startswith("0")):
            return 200, _refusal(-2019, "RecipientNo is invalid.")
        if not message.get("body"):
            return 200, _refusal(-2014, "The recipient can not be empty.")
        self._note(int("82" + number[1:]))
        result = {
            "recipientNo": number, "resultCode": 0, "resultMessage": "SUCCESS", "recipientSeq": 1,
            "recipientGroupingKey": recipient.get("recipientGroupingKey", ""),
        }  # fmt: skip
        data = {
            "requestId": f"{time.time_ns()}{secrets.token_hex(5)}", "statusCode": "2",
            "senderGroupingKey": message.get("senderGroupingKey", ""), "sendResultList": [result],
        }  # fmt: skip
        header = {"isSuccessful": True, "resultCode": 0, "resultMessage": "SUCCESS"}
        return 200, {"header": header, "body": {"data": data}}

    def _note(self, number: int) -> None:
        self.taken.append(number)
        self.at.append(time.time())

    def _control(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any] | bytes]:
        if path == "/simulator/bulk" and method == "DELETE":
            self.forget()
            return 200, {}
        if path == "/simulator/bulk":
            first, last = (self.at[0], self.at[-1]) if self.at else (0.0, 0.0)
            return 200, {"total": len(self.taken), "first_at": first, "last_at": last}
        if path == "/simulator/bulk/numbers":
            return 200, "\n".join(map(str, self.taken)).encode()
        if path == "/simulator/bulk/times":
            lines = (f"{number} {at:.6f}" for number, at in zip(self.taken, self.at, strict=True))
            return 200, "\n".join(lines).encode()
        if path == "/simulator/faults" and method == "POST":
            try:
                self.faults.set(Faults.model_validate_json(body))
            except ValidationError:
                return 422, {"detail": "These are no faults that it knows."}
            return 200, self.faults.faults.model_dump()
        return 404, {}


def _refusal(code: int, message: str) -> dict[str, Any]:
    return {"header": {"isSuccessful": False, "resultCode": code, "resultMessage": message}}
