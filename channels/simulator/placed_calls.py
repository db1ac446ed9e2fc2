"""Twilio's Calls API as its own client knows it: our calls ring at simulated phones.

A phone that takes a call asks our webhook what to say, waits for a key and comes back with it; it
may also be busy, ring in vain or not be there at all.
https://www.twilio.com/docs/voice/api/call-resource
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from channels.phones import is_e164
from channels.settings import ChannelSettings
from channels.signatures import TWILIO_HEADER, twilio_signature
from channels.simulator.callbacks import Callbacks
from channels.simulator.faults import FaultBox
from channels.simulator.gateways import Step, read_twiml
from channels.simulator.store import Entry, Store
from channels.simulator.twilio_rest import VERSION, bad_day, error, knows, page

# What is reported, by the name under which it is asked for.
_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
_ENDED = ("completed", "busy", "no-answer", "failed", "canceled")
_IN_VAIN = {"rate_busy": "busy", "rate_no_answer": "no-answer", "rate_call_failed": "failed"}
_SIP = {"busy": "486", "no-answer": "487", "failed": "404", "completed": "200"}


@dataclass(eq=False)
class _Placed:
    """One call: where our words are, who hears how it goes, and the wait for a key."""

    entry: Entry
    url: str
    twiml: str
    callback: str
    events: frozenset[str]
    reports: int = 0
    wait: asyncio.Task[None] | None = None
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)


class PlacedCalls:
    """The calls of one account; `client` carries what is asked and reported."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._client = client
        self._callbacks = Callbacks(faults)
        self._taken: dict[str, _Placed] = {}
        self._by_sid: dict[str, _Placed] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def router(self) -> APIRouter:
        """Return the routes of the resource."""
        router = APIRouter(include_in_schema=False)
        path = f"/{VERSION}/Accounts/{{account}}/Calls"

        @router.post(f"{path}.json")
        async def create(request: Request, account: str) -> Response:
            """Place one call."""
            await self._faults.delay()
            if not knows(self._settings, request, account):
                return error(20003)
            if refusal := bad_day(self._faults):
                return refusal
            form = await request.form()
            given = {key: str(value) for key, value in form.items()}
            if code := _objection(given):
                return error(code)
            events = frozenset(
                name for value in form.getlist("StatusCallbackEvent") for name in str(value).split()
            )
            entry = self._place(given, events or frozenset({"completed"}))
            if self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return JSONResponse(self._resource(entry), 201)

        @router.get(f"{path}.json")
        async def listed(request: Request, account: str) -> Response:
            """List calls, newest first; `To`, `From` and `Status` narrow the list."""
            if not knows(self._settings, request, account):
                return error(20003)
            query = request.query_params
            entries, _ = self._store.sent(query.get("To"))
            found = [
                entry
                for entry in reversed(entries)
                if entry.kind == "call" and query.get("From") in (None, entry.sender)
                if query.get("Status") in (None, entry.status)
            ]
            where = f"/{VERSION}/Accounts/{account}/Calls.json"
            return JSONResponse(
                page(where, "calls", found, self._resource, query, ("To", "From", "Status"))
            )

        @router.get(f"{path}/{{sid}}.json")
        async def fetch(request: Request, account: str, sid: str) -> Response:
            """Return one call."""
            if not knows(self._settings, request, account):
                return error(20003)
            entry = self._store.find(sid)
            if entry is None or entry.kind != "call":
                return error(20404)
            return JSONResponse(self._resource(entry))

        @router.post(f"{path}/{{sid}}.json")
        async def change(request: Request, account: str, sid: str) -> Response:
            """End a call (`completed`), or one that nobody has taken yet (`canceled`)."""
            if not knows(self._settings, request, account):
                return error(20003)
            call = self._by_sid.get(sid)
            if call is None:
                return error(21220 if self._store.find(sid) else 20404)
            word = str((await request.form()).get("Status", ""))
            taken = call.entry.status == "in-progress"
            if word not in ("completed", "canceled") or (word == "canceled" and taken):
                return error(21220)
            self._end(call, word if taken else "canceled")
            return JSONResponse(self._resource(call.entry))

        return router

    def has_taken(self, number: str) -> bool:
        """Tell whether a phone is in a call that we placed."""
        return number in self._taken

    async def press(self, number: str, keys: str) -> Step:
        """Press a key in the call that `number` has taken; return what is said to it."""
        call = self._taken[number]
        if call.wait is not None:
            call.wait.cancel()
        self._store.add(Entry("voice", incoming=True, address=number, text=keys))
        return await self._ask(call, {"Digits": keys[:1]})

    def hang_up(self, number: str) -> Step:
        """End the call that `number` has taken."""
        self._end(self._taken[number], "completed")
        return Step(204, "")

    async def close(self) -> None:
        """Stop ringing and reporting."""
        tasks = [*self._tasks, *(call.wait for call in self._taken.values() if call.wait)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._callbacks.close()

    def _place(self, form: dict[str, str], events: frozenset[str]) -> Entry:
        entry = Entry("call", incoming=False, address=form["To"], text="", sender=form["From"])
        entry.sid, entry.direction = f"CA{secrets.token_hex(16)}", "outbound-api"
        entry.status = "queued"
        self._store.add(entry)
        call = _Placed(
            entry,
            form.get("Url", ""),
            form.get("Twiml", ""),
            form.get("StatusCallback", ""),
            events,
        )
        self._by_sid[entry.sid] = call
        ends = next((e for rate, e in _IN_VAIN.items() if self._faults.strikes(rate)), None)
        steps = ("initiated", "ringing", ends or "in-progress")
        self._callbacks.report(steps, partial(self._note, call), partial(self._report, call))
        return entry

    def _note(self, call: _Placed, status: str) -> None:
        if call.entry.status in _ENDED:
            return
        if status != "initiated":
            self._store.set_status(call.entry, status)
        if status in _ENDED:
            self._by_sid.pop(call.entry.sid, None)
        elif status == "in-progress":
            self._taken[call.entry.address] = call
            task = asyncio.create_task(self._take(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, call: _Placed) -> None:
        await self._ask(call, {})

    async def _ask(self, call: _Placed, heard: dict[str, str]) -> Step:
        """Ask what is to be said and do it."""
        async with call.one_at_a_time:
            if call.entry.status != "in-progress":
                return Step(204, "")
            if call.twiml:
                step, _ = read_twiml(200, call.twiml, "")
            else:
                try:
                    response = await self._post(
                        call.url, {"CallStatus": "in-progress", **heard}, call
                    )
                except (httpx.HTTPError, httpx.InvalidURL):
                    self._faults.counts["calls_nobody_spoke_in"] += 1
                    self._end(call, "completed")
                    return Step(502, "")
                step, call.url = read_twiml(response.status_code, response.text, call.url)
            call.entry.text = "\n".join([call.entry.text, *step.lines]).strip()
            self._store.version += 1
            if step.then == "listens":
                call.wait = asyncio.create_task(self._keep_silent(call))
            else:
                self._end(call, "completed")
            return step

    async def _keep_silent(self, call: _Placed) -> None:
        await asyncio.sleep(self._faults.faults.key_wait_ms / 1000)
        call.wait = None
        await self._ask(call, {"Digits": ""})

    def _end(self, call: _Placed, status: str) -> None:
        if call.wait is not None:
            call.wait.cancel()
        if self._taken.get(call.entry.address) is call:
            del self._taken[call.entry.address]
        self._by_sid.pop(call.entry.sid, None)
        self._store.set_status(call.entry, status)
        self._callbacks.report((status,), lambda _: None, partial(self._report, call))

    async def _report(self, call: _Placed, status: str) -> None:
        if not call.callback or _EVENTS.get(status, "completed") not in call.events:
            return
        call.reports += 1
        form = {
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.reports - 1),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        if status in _ENDED:
            form |= {"CallDuration": "31" if status == "completed" else "0"}
            form |= {"SipResponseCode": _SIP[status]} if status in _SIP else {}
        await self._post(call.callback, form, call)

    async def _post(self, url: str, fields: dict[str, str], call: _Placed) -> httpx.Response:
        form = {
            "AccountSid": self._settings.twilio_account_sid,
            "ApiVersion": VERSION,
            "CallSid": call.entry.sid,
            "Called": call.entry.address,
            "Caller": call.entry.sender,
            "Direction": "outbound-api",
            "From": call.entry.sender,
            "To": call.entry.address,
            **fields,
        }
        signature = twilio_signature(self._settings.twilio_auth_token, url, form)
        return await self._client.post(url, data=form, headers={TWILIO_HEADER: signature})

    def _resource(self, entry: Entry) -> dict[str, Any]:
        account, at = self._settings.twilio_account_sid, format_datetime(entry.at)
        over = entry.status in _ENDED
        nothing = dict.fromkeys(
            ("parent_call_sid", "phone_number_sid", "price", "answered_by", "forwarded_from",
             "group_sid", "caller_name", "trunk_sid")
        )  # fmt: skip
        return {
            **nothing,
            "account_sid": account,
            "api_version": VERSION,
            "date_created": at,
            "date_updated": at,
            "direction": entry.direction,
            "duration": ("31" if entry.status == "completed" else "0") if over else None,
            "end_time": at if over else None,
            "from": entry.sender,
            "from_formatted": entry.sender,
            "price_unit": "USD",
            "queue_time": "1000",
            "sid": entry.sid,
            "start_time": at if entry.status in ("in-progress", "completed") else None,
            "status": entry.status,
            "subresource_uris": {},
            "to": entry.address,
            "to_formatted": entry.address,
            "uri": f"/{VERSION}/Accounts/{account}/Calls/{entry.sid}.json",
        }


def _objection(form: dict[str, str]) -> int | None:
    """Return the error code of a call that Twilio would not place."""
    if not form.get("To"):
        return 21201
    if not form.get("From"):
        return 21213
    if not is_e164(form["To"]):
        return 21211
    url = urlsplit(form.get("Url", ""))
    return None if form.get("Twiml") or (url.scheme in ("http", "https") and url.netloc) else 21205
