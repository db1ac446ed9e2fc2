"""Twilio's Messages API as its own client knows it, and the status callbacks that follow.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from channels.phones import is_e164
from channels.segments import TWILIO_MAX, measure
from channels.settings import ChannelSettings
from channels.signatures import TWILIO_HEADER, twilio_signature
from channels.simulator.callbacks import Callbacks
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store
from channels.simulator.twilio_rest import VERSION, bad_day, day, error, knows, page

CALLBACK_STEPS = ("queued", "sent", "delivered")
FAILING_STEPS = ("queued", "sent", "undelivered")
UNREACHABLE = "30003"
MEDIA_KEPT = 50


@dataclass(frozen=True, slots=True)
class Medium:
    """One file of a message, at the address `key` for those who were sent there."""

    sid: str
    message: str
    content_type: str
    content: bytes
    key: str = field(default_factory=lambda: secrets.token_hex(16))


class TwilioApi:
    """One account with one number; `client` carries the callbacks."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._client = client
        self._callbacks = Callbacks(faults)
        self._media: dict[str, Medium] = {}

    def router(self) -> APIRouter:
        """Return the routes below `/2010-04-01`."""
        router = APIRouter(include_in_schema=False)
        path = f"/{VERSION}/Accounts/{{account}}/Messages"

        @router.post(f"{path}.json")
        async def create(request: Request, account: str) -> Response:
            """Take one message."""
            await self._faults.delay()
            if not self._knows(request, account):
                return error(20003)
            if refusal := bad_day(self._faults):
                return refusal
            form = {key: str(value) for key, value in (await request.form()).items()}
            if code := self._objection(form):
                return error(code)
            entry = self.take(form["To"], form["Body"], form["From"], form.get("StatusCallback"))
            if self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return JSONResponse(self._resource(entry), 201)

        @router.get(f"{path}.json")
        async def listed(request: Request, account: str) -> Response:
            """List messages, newest first."""
            if not self._knows(request, account):
                return error(20003)
            return JSONResponse(self._page(request))

        @router.get(f"{path}/{{sid}}.json")
        async def fetch(request: Request, account: str, sid: str) -> Response:
            """Return one message."""
            if not self._knows(request, account):
                return error(20003)
            entry = self._find(sid)
            return JSONResponse(self._resource(entry)) if entry else error(20404)

        @router.get(f"{path}/{{sid}}/Media.json")
        async def media(request: Request, account: str, sid: str) -> Response:
            """List the files of one message."""
            if not self._knows(request, account):
                return error(20003)
            return JSONResponse(self._media_page(sid))

        @router.get(f"{path}/{{sid}}/Media/{{medium}}")
        async def content(request: Request, account: str, sid: str, medium: str) -> Response:
            """Send who may see a file to where it lies for a while."""
            if not self._knows(request, account):
                return error(20003)
            found = self._media.get(medium)
            if found is None or found.message != sid:
                return error(20404)
            await self._faults.delay()
            return RedirectResponse(f"/simulator/media/{found.key}", 307)

        @router.get("/simulator/media/{key}")
        async def file(key: str) -> Response:
            """Return a file to whoever holds its short-lived address."""
            for found in self._media.values():
                if found.key == key:
                    return Response(found.content, media_type=found.content_type)
            return error(20404)

        return router

    def attach(self, message: str, content: bytes, content_type: str) -> str:
        """Keep a file that came with the message `message`; return its address for the webhook."""
        medium = Medium(f"ME{secrets.token_hex(16)}", message, content_type, content)
        self._media[medium.sid] = medium
        while len(self._media) > MEDIA_KEPT:
            del self._media[next(iter(self._media))]
        return self._settings.twilio_api_url + self._media_uri(medium)

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

        async def call(status: str) -> None:
            if callback:
                await self._call_back(entry, status, callback)

        failing = self._faults.strikes("rate_undelivered")
        entry.error = UNREACHABLE if failing else ""
        steps = FAILING_STEPS if failing else CALLBACK_STEPS
        self._callbacks.report(steps, partial(self._store.set_status, entry), call)
        return entry

    async def close(self) -> None:
        """Stop reporting."""
        await self._callbacks.close()

    def _find(self, sid: str) -> Entry | None:
        entry = self._store.find(sid)
        return entry if entry and entry.kind == "sms" and not entry.provider else None

    def _knows(self, request: Request, account: str) -> bool:
        return knows(self._settings, request, account)

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
        if status == "undelivered":
            form["ErrorCode"] = entry.error
        signature = twilio_signature(self._settings.twilio_auth_token, callback, form)
        await self._client.post(callback, data=form, headers={TWILIO_HEADER: signature})

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
            "error_code": int(entry.error) if entry.status == "undelivered" else None,
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

    def _media_uri(self, medium: "Medium") -> str:
        account = self._settings.twilio_account_sid
        return f"/{VERSION}/Accounts/{account}/Messages/{medium.message}/Media/{medium.sid}"

    def _media_page(self, sid: str) -> dict[str, Any]:
        found = [medium for medium in self._media.values() if medium.message == sid]
        at = format_datetime(datetime.now(UTC))
        listed = [
            {
                "sid": medium.sid,
                "account_sid": self._settings.twilio_account_sid,
                "parent_sid": sid,
                "content_type": medium.content_type,
                "date_created": at,
                "date_updated": at,
                "uri": f"{self._media_uri(medium)}.json",
            }
            for medium in found
        ]
        return {"media_list": listed, "page": 0, "page_size": 50, "next_page_uri": None}

    def _page(self, request: Request) -> dict[str, Any]:
        """Return one page of the list; `To`, `From`, `PageSize` and `Page` narrow it."""
        query = request.query_params
        to, sender, since = query.get("To"), query.get("From"), day(query.get("DateSent>"))
        entries, _ = self._store.sent(to)
        found = [
            entry
            for entry in reversed(entries)
            if entry.kind == "sms" and not entry.provider and sender in (None, entry.sender)
            if since is None or entry.at >= since
        ]
        path = f"/{VERSION}/Accounts/{self._settings.twilio_account_sid}/Messages.json"
        narrowed_by = ("To", "From", "DateSent>")
        return page(path, "messages", found, self._resource, query, narrowed_by)
