"""NHN Cloud's SMS API as it is documented, its results, and the push of a carrier's MO number.

https://docs.nhncloud.com/ko/Notification/SMS/ko/api-guide/ and /webhook/
"""

import json
import secrets
from datetime import datetime
from functools import partial
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from channels.korea_sms import RECEIVED, SEOUL, domestic, international
from channels.segments import LMS_BYTES, SMS_BYTES, Domestic, cp949_length
from channels.settings import ChannelSettings
from channels.signatures import KOREA_HEADER, same_secret
from channels.simulator.callbacks import Callbacks
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry, Store

FORMS: dict[str, Domestic] = {"sms": "SMS", "mms": "LMS"}
# A phone that is switched off.
UNREACHABLE = "2003"
_STATUS = {"queued": ("1", "요청"), "delivered": ("3", "성공"), "undelivered": ("0", "실패")}

_ERRORS = {
    -1000: "Invalid appKey.",
    -9997: "Invalid API parameters.",
    -2014: "The recipient can not be empty.",
    -2015: "Title or Body exceed maximum byte.",
    -2019: "RecipientNo is invalid.",
    -2023: "Unacceptable characters in title and body",
    -2312: "Not regist sendno.",
}


class KoreaSmsApi:
    """One account with one registered sender; `client` carries results and messages to us."""

    def __init__(
        self, settings: ChannelSettings, store: Store, faults: FaultBox, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._client = client
        self._callbacks = Callbacks(faults)

    def router(self) -> APIRouter:
        """Return the routes below `/sms/v3.0`."""
        router = APIRouter(include_in_schema=False)
        path = "/sms/v3.0/appKeys/{app_key}/sender/{service}"

        @router.post(path)
        async def send(request: Request, app_key: str, service: str) -> Response:
            """Take one message."""
            await self._faults.delay()
            if self._faults.strikes("rate_429"):
                return JSONResponse({}, 429, {"Retry-After": "1"})
            if self._faults.strikes("rate_5xx"):
                return JSONResponse({}, 503)
            if not self._knows(request, app_key) or service not in FORMS:
                return _failure(-1000)
            body = _object(await request.body())
            if body is None:
                return _failure(-9997)
            if code := self._objection(body, FORMS[service]):
                return _failure(code)
            entry = self._take(body, FORMS[service])
            if self._faults.strikes("rate_timeout_after_accept"):
                await self._faults.keep_silent(request)
            return _success({"data": _taken(entry)})

        @router.get(path)
        async def listed(request: Request, app_key: str, service: str) -> Response:
            """List messages by request or by the grouping key that we gave them."""
            if not self._knows(request, app_key) or service not in FORMS:
                return _failure(-1000)
            query = request.query_params
            found = [
                _detail(entry)
                for entry in self._store.sent()[0]
                if entry.provider == "korea"
                and entry.direction == FORMS[service]
                and query.get("requestId") in (None, entry.sid.partition(":")[0])
                and query.get("senderGroupingKey") in (None, entry.reference)
            ]
            return _success({"pageNum": 1, "pageSize": 15, "totalCount": len(found), "data": found})

        return router

    async def write(self, number: str, text: str) -> httpx.Response:
        """Let the citizen with `number` (E.164) write to our MO number; return our answer."""
        message = {
            "moKey": secrets.token_hex(12),
            "moNumber": domestic(number),
            "moCallback": self._settings.korea_sms_from_number,
            "moType": "SMSMO",
            "moTitle": None,
            "moMsg": text,
            "telco": "SKT",
            "contentCnt": 0,
            "contentInfoLst": None,
            "moRecvDt": f"{datetime.now(SEOUL):%Y-%m-%d %H:%M:%S}",
        }
        secret = self._settings.korea_sms_webhook_secret
        url = f"{self._settings.public_url}/channels/korea-sms/mo/{secret}"
        return await self._client.post(url, json={"moCnt": 1, "moLst": [message]})

    async def refuse(self, number: str) -> httpx.Response:
        """Let the citizen with `number` (E.164) call the free 080 line of refusal."""
        hook = {
            "hookId": secrets.token_hex(12),
            "recipientNo": domestic(number),
            "unsubscribeNo": "08012345678",
            "enterpriseName": "응답",
            "createdDateTime": datetime.now(SEOUL).isoformat(timespec="milliseconds"),
        }
        return await self._push("UNSUBSCRIBE", hook)

    async def close(self) -> None:
        """Stop reporting."""
        await self._callbacks.close()

    def _knows(self, request: Request, app_key: str) -> bool:
        secret = self._settings.korea_sms_secret_key
        right = same_secret(request.headers.get("x-secret-key"), secret)
        return right and app_key == self._settings.korea_sms_app_key

    def _objection(self, body: dict[str, Any], form: Domestic) -> int | None:
        """Return the result code of a message that the gateway would refuse."""
        if body.get("sendNo") != self._settings.korea_sms_from_number:
            return -2312
        text, title = str(body.get("body") or ""), str(body.get("title") or "")
        if not text.strip() or (form == "LMS" and not title):
            return -2014
        try:
            size, head = cp949_length(text), cp949_length(title)
        except UnicodeEncodeError:
            return -2023
        # The real gateway takes more and the phone shows less: here that is a mistake.
        if size > (SMS_BYTES if form == "SMS" else LMS_BYTES) or head > 40:
            return -2015
        recipients = body.get("recipientList")
        if not isinstance(recipients, list) or len(recipients) != 1:
            return -9997
        return None if international(str(recipients[0].get("recipientNo"))) else -2019

    def _take(self, body: dict[str, Any], form: Domestic) -> Entry:
        number = international(body["recipientList"][0]["recipientNo"]) or ""
        entry = Entry("sms", incoming=False, address=number, text=body["body"])
        entry.provider, entry.sender, entry.direction = "korea", body["sendNo"], form
        entry.sid = f"{datetime.now(SEOUL):%Y%m%d%H%M%S}{secrets.token_hex(5)}:1"
        entry.reference = str(body.get("senderGroupingKey") or "")
        entry.part = str(body["recipientList"][0].get("recipientGroupingKey") or "")
        entry.status, entry.segments = "queued", 1
        self._store.add(entry)
        failing = self._faults.strikes("rate_undelivered")
        entry.error = UNREACHABLE if failing else RECEIVED
        last = "undelivered" if failing else "delivered"
        self._callbacks.report(
            [last], partial(self._store.set_status, entry), partial(self._report, entry)
        )
        return entry

    async def _report(self, entry: Entry, status: str) -> None:
        request, _, place = entry.sid.partition(":")
        now = f"{datetime.now(SEOUL):%Y-%m-%dT%H:%M:%S}"
        hook = {
            "hookId": secrets.token_hex(12),
            "senderType": f"NORMAL_{entry.direction}",
            "requestId": request,
            "recipientSeq": int(place),
            "requestDate": f"{entry.at.astimezone(SEOUL):%Y-%m-%dT%H:%M:%S}",
            "receiveDate": now,
            "sendNo": entry.sender,
            "recipientNo": domestic(entry.address),
            "messageStatus": "COMPLETED" if status == "delivered" else "FAILED",
            "recipientGroupingKey": entry.part,
            "senderGroupingKey": entry.reference,
            "resultCode": entry.error,
            "messageCount": 1,
        }
        await self._push("MESSAGE_RESULT_UPDATE", hook)

    async def _push(self, event: str, hook: dict[str, Any]) -> httpx.Response:
        body = {
            "hooksId": secrets.token_hex(12),
            "webhookConfigId": "simulator",
            "productName": "SMS",
            "appKey": self._settings.korea_sms_app_key,
            "event": event,
            "hooks": [hook],
        }
        return await self._client.post(
            f"{self._settings.public_url}/channels/korea-sms/results",
            json=body,
            headers={KOREA_HEADER: self._settings.korea_sms_webhook_secret},
        )


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _taken(entry: Entry) -> dict[str, Any]:
    request, _, place = entry.sid.partition(":")
    recipient = {
        "recipientNo": domestic(entry.address),
        "resultCode": 0,
        "resultMessage": "SUCCESS",
        "recipientSeq": int(place),
        "recipientGroupingKey": entry.part,
    }
    grouping = {"statusCode": "2", "senderGroupingKey": entry.reference}
    return {"requestId": request, **grouping, "sendResultList": [recipient]}


def _detail(entry: Entry) -> dict[str, Any]:
    request, _, place = entry.sid.partition(":")
    code, name = _STATUS[entry.status]
    done = entry.status != "queued"
    return {
        "requestId": request,
        "recipientSeq": int(place),
        "requestDate": f"{entry.at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S.0}",
        "body": entry.text,
        "sendNo": entry.sender,
        "countryCode": "82",
        "recipientNo": domestic(entry.address),
        "msgStatus": code,
        "msgStatusName": name,
        "resultCode": entry.error if done else None,
        "messageType": entry.direction,
        "messageCount": 1,
        "senderGroupingKey": entry.reference,
        "recipientGroupingKey": entry.part,
    }


def _success(body: dict[str, Any]) -> Response:
    header = {"isSuccessful": True, "resultCode": 0, "resultMessage": "SUCCESS"}
    return JSONResponse({"header": header, "body": body})


def _failure(code: int) -> Response:
    """Return a refusal as the gateway writes it: the HTTP status says nothing of it."""
    header = {"isSuccessful": False, "resultCode": code, "resultMessage": _ERRORS[code]}
    return JSONResponse({"header": header, "body": None})
