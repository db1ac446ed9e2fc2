"""Twilio's Messages API as its own client knows it, and the status callbacks that follow.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import asyncio
import base64
import secrets
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from channels.inbound import is_e164
from channels.segments import TWILIO_MAX, measure
from channels.settings import ChannelSettings
from channels.signatures import TWILIO_HEADER, same_secret, twilio_signature
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store

CALLBACK_STEPS = ("queued", "sent", "delivered")
STEP_SECONDS = 0.05
CALLBACKS_AT_ONCE = 16
VERSION = "2010-04-01"

_ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20503: (503, "Service Unavailable"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}


class TwilioApi:
    """One account with one number; `client` carries the callbacks."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(CALLBACKS_AT_ONCE)

    def router(self) -> APIRouter:
        """Return the routes below `/2010-04-01`."""
        router = APIRouter(include_in_schema=False)
        path = f"/{VERSION}/Accounts/{{account}}/Messages"

        @router.post(f"{path}.json")
        async def create(request: Request, account: str) -> Response:
            """Take one message."""
            await self._faults.delay()
            if not self._knows(request, account):
                return _error(20003)
            if self._faults.strikes("rate_429"):
                return _error(20429, {"Retry-After": "1"})
            if self._faults.strikes("rate_5xx"):
                return _error(20503)
            form = {key: str(value) for key, value in (await request.form()).items()}
            if code := self._objection(form):
                return _error(code)
            entry = self.take(form["To"], form["Body"], form["From"], form.get("StatusCallback"))
            if self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return JSONResponse(self._resource(entry), 201)

        @router.get(f"{path}.json")
        async def page(request: Request, account: str) -> Response:
            """List messages, newest first."""
            if not self._knows(request, account):
                return _error(20003)
            return JSONResponse(self._page(request))

        @router.get(f"{path}/{{sid}}.json")
        async def fetch(request: Request, account: str, sid: str) -> Response:
            """Return one message."""
            if not self._knows(request, account):
                return _error(20003)
            entry = self._store.find(sid)
            if entry is None or entry.kind != "sms":
                return _error(20404)
            return JSONResponse(self._resource(entry))

        return router

    def take(
        self,
        to: str,
        text: str,
        sender: str,
        callback: str | None,
        direction: str = "outbound-api",
    ) -> Entry:
        """Keep a message that Twilio accepted and report its way to `callback`."""
        entry = Entry("sms", incoming=False, address=to, text=text, sender=sender)
        entry.sid, entry.direction = f"SM{secrets.token_hex(16)}", direction
        entry.status, entry.segments = "queued", measure(text).segments
        self._store.add(entry)
        task = asyncio.create_task(self._report(entry, callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return entry

    async def close(self) -> None:
        """Stop reporting."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _knows(self, request: Request, account: str) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        known = f"{self._settings.twilio_account_sid}:{self._settings.twilio_auth_token}"
        expected = base64.b64encode(known.encode()).decode()
        right = scheme.lower() == "basic" and same_secret(given, expected)
        return right and account == self._settings.twilio_account_sid

    def _objection(self, form: dict[str, str]) -> int | None:
        """Return the error code of a message that Twilio would refuse."""
        to = form.get("To", "")
        if not to:
            return 21604
        if not form.get("From"):
            return 21603
        if not is_e164(to):
            return 21211
        if not form.get("Body", "").strip():
            return 21602
        if len(form["Body"]) > TWILIO_MAX:
            return 21617
        return 21610 if to in self._store.stopped else None

    async def _report(self, entry: Entry, callback: str | None) -> None:
        for status in CALLBACK_STEPS:
            await asyncio.sleep(STEP_SECONDS)
            self._store.set_status(entry, status)
            if not callback or self._faults.strikes("rate_lost_callback"):
                continue
            for _ in range(2 if self._faults.strikes("rate_double_callback") else 1):
                async with self._turns:
                    await self._call_back(entry, status, callback)

    async def _call_back(self, entry: Entry, status: str, callback: str) -> None:
        form = {
            "MessageSid": entry.sid,
            "MessageStatus": status,
            "SmsSid": entry.sid,
            "SmsStatus": status,
            "AccountSid": self._settings.twilio_account_sid,
            "From": entry.sender,
            "To": entry.address,
            "ApiVersion": VERSION,
        }
        signature = twilio_signature(self._settings.twilio_auth_token, callback, form)
        try:
            await self._client.post(callback, data=form, headers={TWILIO_HEADER: signature})
        except httpx.HTTPError:
            self._faults.counts["callbacks_nobody_took"] += 1

    def _resource(self, entry: Entry) -> dict[str, Any]:
        account = self._settings.twilio_account_sid
        at = format_datetime(entry.at)
        uri = f"/{VERSION}/Accounts/{account}/Messages/{entry.sid}"
        return {
            "account_sid": account,
            "api_version": VERSION,
            "body": entry.text,
            "date_created": at,
            "date_sent": None if entry.status == "queued" else at,
            "date_updated": at,
            "direction": entry.direction,
            "error_code": None,
            "error_message": None,
            "from": entry.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(entry.segments),
            "price": None,
            "price_unit": "USD",
            "sid": entry.sid,
            "status": entry.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": entry.address,
            "uri": f"{uri}.json",
        }

    def _page(self, request: Request) -> dict[str, Any]:
        """Return one page of the list; `To`, `From`, `PageSize` and `Page` narrow it."""
        query = request.query_params
        to, sender = query.get("To"), query.get("From")
        size = min(1000, max(1, _whole(query.get("PageSize"), 50)))
        number = _whole(query.get("Page"), 0)
        entries, _ = self._store.sent(to)
        found = [e for e in reversed(entries) if e.kind == "sms" and sender in (None, e.sender)]
        shown = found[number * size : (number + 1) * size]
        path = f"/{VERSION}/Accounts/{self._settings.twilio_account_sid}/Messages.json"

        def uri(page: int) -> str:
            narrowed = {k: v for k, v in (("To", to), ("From", sender)) if v}
            return f"{path}?{urlencode({**narrowed, 'PageSize': size, 'Page': page})}"

        return {
            "messages": [self._resource(entry) for entry in shown],
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + max(0, len(shown) - 1),
            "uri": uri(number),
            "first_page_uri": uri(0),
            "next_page_uri": uri(number + 1) if (number + 1) * size < len(found) else None,
            "previous_page_uri": uri(number - 1) if number else None,
        }


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() else default


def _error(code: int, headers: dict[str, str] | None = None) -> Response:
    """Return an error as the REST API writes it."""
    status, message = _ERRORS[code]
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return JSONResponse(body, status, headers)
