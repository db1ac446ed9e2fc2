"""The AlimTalk provider: approved templates, and numbers that have no KakaoTalk.

https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/alimtalk-api-guide/
"""

import re
import secrets
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from channels.kakao_alimtalk import PATH, TEMPLATES, read_templates
from channels.korea_sms import domestic, international
from channels.settings import ChannelSettings
from channels.signatures import KOREA_HEADER, same_secret
from channels.simulator.callbacks import Callbacks
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store

SEOUL = timezone(timedelta(hours=9))
_RESULTS = {"delivered": ("COMPLETED", "MRC01"), "undelivered": ("FAILED", "MRC02")}

Json = dict[str, Any]


class AlimtalkApi:
    """One sender's account. Who blocked it (`store.blocked`) counts as without KakaoTalk."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._client = client
        self._callbacks = Callbacks(faults)
        self._texts = {one.code: one.text for one in read_templates(TEMPLATES)}

    def router(self) -> APIRouter:
        """Return the routes below `/alimtalk/v2.3`."""
        router = APIRouter(include_in_schema=False)
        path = "/alimtalk/v2.3/appkeys/{app_key}/messages"

        @router.post(path)
        async def send(request: Request, app_key: str) -> Response:
            """Take messages of one template."""
            await self._faults.delay()
            if self._faults.strikes("rate_429"):
                return JSONResponse({}, 429, {"Retry-After": "1"})
            if self._faults.strikes("rate_5xx"):
                return JSONResponse({}, 503)
            if code := self._stranger(request, app_key):
                return _failure(code)
            body = await _object(request)
            template = self._texts.get(str(body.get("templateCode")))
            if template is None or body.get("senderKey") != self._settings.alimtalk_sender_key:
                return _failure(-3003 if template is None else -2017)
            number = f"{datetime.now(SEOUL):%Y%m%d%H%M%S}{secrets.token_hex(5)}"
            recipients = [one for one in body.get("recipientList", []) if isinstance(one, dict)]
            if not recipients:
                return _failure(-5001)
            results = [
                self._take(number, place, one, template) for place, one in enumerate(recipients, 1)
            ]
            if self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return _success({"message": {"requestId": number, "sendResults": results}})

        @router.get(path)
        async def listed(request: Request, app_key: str) -> Response:
            """List what was sent between two times, by the grouping key that we gave it."""
            if code := self._stranger(request, app_key):
                return _failure(code)
            query = request.query_params
            times = [_time(query.get(f"{end}RequestDate")) for end in ("start", "end")]
            if times[0] is None or times[1] is None:
                return _failure(-4100)
            key = query.get("recipientGroupingKey")
            found = [
                _detail(entry)
                for entry in self._store.sent()[0]
                if entry.kind == "alimtalk"
                and times[0] <= entry.at <= times[1] + timedelta(minutes=1)
                and key in (None, entry.reference)
            ]
            messages = {"messages": found, "totalCount": len(found)}
            return _success({"messageSearchResultResponse": messages})

        return router

    async def close(self) -> None:
        """Stop reporting."""
        await self._callbacks.close()

    def _stranger(self, request: Request, app_key: str) -> int | None:
        """Return the code for a caller that is not our account."""
        if app_key != self._settings.alimtalk_app_key:
            return -1000
        given = request.headers.get("x-secret-key")
        return None if same_secret(given, self._settings.alimtalk_secret_key) else -1001

    def _take(self, request: str, place: int, recipient: Json, template: str) -> Json:
        """Take one message; return the result of the request for it."""
        number = international(str(recipient.get("recipientNo") or ""))
        values = recipient.get("templateParameter") or {}
        text = re.sub(r"#\{([^{}]+)\}", lambda m: str(values.get(m[1], m[0])), template)
        code = -5000 if number is None else -3004 if "#{" in text else 0
        if number is not None and code == 0:
            entry = Entry("alimtalk", incoming=False, address=number, text=text, status="queued")
            entry.sid, entry.segments = f"{request}:{place}", 1
            entry.reference = str(recipient.get("recipientGroupingKey") or "")
            self._store.add(entry)
            absent = number in self._store.blocked or self._faults.strikes("rate_undelivered")
            self._callbacks.report(
                ["undelivered" if absent else "delivered"],
                partial(self._store.set_status, entry),
                partial(self._report, entry),
            )
        told = {"resultCode": code, "resultMessage": "SUCCESS" if code == 0 else "FAIL"}
        return {"recipientSeq": place, "recipientNo": recipient.get("recipientNo"), **told}

    async def _report(self, entry: Entry, status: str) -> None:
        hook = {
            **_detail(entry),
            "kakaoMessageType": "ALIMTALK_NORMAL",
            "resultCode": _RESULTS[status][1],
            "hookId": secrets.token_hex(12),
        }
        await self._client.post(
            f"{self._settings.public_url}{PATH}",
            json={
                "hooksId": secrets.token_hex(12),
                "webhookConfigId": "simulator",
                "productName": "KakaoTalk Bizmessage",
                "appKey": self._settings.alimtalk_app_key,
                "event": "MESSAGE_RESULT_UPDATE",
                "hooks": [hook],
            },
            headers={KOREA_HEADER: self._settings.alimtalk_webhook_secret},
        )


def _detail(entry: Entry) -> Json:
    request, _, place = entry.sid.partition(":")
    status, code = _RESULTS.get(entry.status, ("READY", None))
    return {
        "requestId": request,
        "recipientSeq": int(place),
        "recipientNo": domestic(entry.address),
        "content": entry.text,
        "requestDate": f"{entry.at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S.0}",
        "messageStatus": status,
        "resultCode": code,
        "senderGroupingKey": None,
        "recipientGroupingKey": entry.reference or None,
    }


def _time(text: str | None) -> datetime | None:
    try:
        there = datetime.strptime(text or "", "%Y-%m-%d %H:%M").replace(tzinfo=SEOUL)
    except ValueError:
        return None
    return there.astimezone(UTC)


async def _object(request: Request) -> Json:
    try:
        found = await request.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _success(body: Json) -> Response:
    header = {"isSuccessful": True, "resultCode": 0, "resultMessage": "success"}
    return JSONResponse({"header": header, **body})


def _failure(code: int) -> Response:
    """Return a refusal as the provider writes it: the HTTP status says nothing of it."""
    return JSONResponse(
        {"header": {"isSuccessful": False, "resultCode": code, "resultMessage": ""}}
    )
