"""SMS inside Korea: NHN Cloud sends and reports, the carrier of our number brings what is written.

Sending: https://docs.nhncloud.com/ko/Notification/SMS/ko/api-guide/ (v3.0), results:
https://docs.nhncloud.com/ko/Notification/SMS/ko/webhook/. NHN Cloud takes no messages from
phones; a number for those (MO) is a carrier's, whose push has the form of U+ message hub
(https://doc.msghub.uplus.co.kr, MO). Neither signs its body: both show a secret that we gave them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from channels import transport
from channels.base import (
    Content,
    Provider,
    Rejected,
    Retryable,
    SendError,
    Stopped,
    Unknown,
    send_parts,
)
from channels.charset import for_korea
from channels.inbound import clean_text, our_id, read_json, unknown_word
from channels.message import (
    DeliveryState,
    Incoming,
    OnMessage,
    OnStatus,
    Outgoing,
    Sent,
    StatusUpdate,
)
from channels.render import numbered, with_photo
from channels.segments import Domestic, split_domestic
from channels.settings import ChannelSettings
from channels.signatures import KOREA_HEADER, korea_caller
from channels.wire import Wire

NAME = "korea"
RECEIVED = "1000"
STATES = {
    "RESERVED": DeliveryState.ACCEPTED,
    "SENDING": DeliveryState.ACCEPTED,
    "COMPLETED": DeliveryState.DELIVERED,
    "FAILED": DeliveryState.FAILED,
    "CANCEL": DeliveryState.FAILED,
    "DUPLICATED": DeliveryState.FAILED,
    "FAILED_AD": DeliveryState.FAILED,
}
LISTED = {
    "0": DeliveryState.FAILED,
    "1": DeliveryState.ACCEPTED,
    "2": DeliveryState.ACCEPTED,
    "3": DeliveryState.DELIVERED,
    "4": DeliveryState.FAILED,
    "5": DeliveryState.FAILED,
    "6": DeliveryState.FAILED,
}

# https://docs.nhncloud.com/ko/Notification/SMS/ko/error-code/. What is about our account or our
# sender number waits for an operator to mend it; any other code refuses this message.
_MEANINGS: dict[int, type[SendError]] = {
    **dict.fromkeys((-1000, -1001, -1002, -1003, -1004, -1007, -1008, -2312, -2313), Retryable),
    **dict.fromkeys((-2014, -2015, -2023, -9997), Content),
    -2021: Retryable,  # nothing was queued
    -6001: Stopped,  # the citizen refused
    -9999: Unknown,
}
PER_SECOND = 300.0  # https://docs.nhncloud.com: more is answered with 429
# The gateway gives up an SMS after 25 hours and an LMS after 80, and says so.
REPORTS_WITHIN = 81 * 3600.0
SEOUL = timezone(timedelta(hours=9))
CLOCKS_APART = timedelta(minutes=1)
LOOKED_FOR = timedelta(days=4)  # longer than any message is tried

_TIME = "%Y-%m-%d %H:%M:%S"
_SERVICES: dict[Domestic, str] = {"SMS": "sms", "LMS": "mms"}


class KoreaSms:
    """Text messages inside Korea, one of the providers of the `sms` door."""

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        # The simulator takes whatever comes.
        pace = None if transport.is_loopback(settings.korea_sms_api_url) else PER_SECOND
        self.carrier = Provider(NAME, pace, REPORTS_WITHIN)
        self._wire = Wire(
            settings.korea_sms_api_url, {"X-Secret-Key": settings.korea_sms_secret_key}
        )

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks for delivery results and for what citizens write."""
        router = APIRouter(tags=["korea-sms"])
        secret = self._settings.korea_sms_webhook_secret

        @router.post("/channels/korea-sms/results", status_code=204)
        async def results(request: Request) -> Response:
            """Take word on messages that we sent, and numbers that refused by 080."""
            korea_caller(request.headers.get(KOREA_HEADER), secret)
            body = await read_json(request)
            for update in read_results(body):
                await on_status(update)
            for refusal in read_refusals(body):
                await on_message(refusal)
            return Response(status_code=204)

        @router.post("/channels/korea-sms/mo/{given}")
        async def receive(request: Request, given: str) -> Response:
            """Take what citizens wrote. The answers are sent as messages of their own."""
            korea_caller(given, secret)
            for incoming in read_messages(await read_json(request)):
                await on_message(incoming)
            return JSONResponse({"code": "10000", "message": "success"})

        return router

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` as one SMS where it fits into 90 bytes, else as LMS of 2,000 each."""
        number = domestic(message.address)
        if number is None:
            raise Rejected("not-korean")
        form, parts = _parts(message)

        async def post(place: int, text: str) -> str:
            # Both come back with the result: a report that is faster than our own note finds its
            # message, and knows how many parts that has.
            keys = {"recipientNo": number, "recipientGroupingKey": f"{place}/{len(parts)}"}
            return await self._post(form, text, str(message.id), keys)

        return replace(await send_parts(parts, message.skip, post), provider=NAME)

    async def look_up(
        self,
        message: Outgoing,
        known: Sequence[str],  # noqa: ARG002 - our own id finds the parts whose ids got lost too
        since: datetime,
    ) -> list[StatusUpdate]:
        """Return what the gateway knows of `message`, sent at `since` or a little later.

        Raises: a SendError when it can't be asked.
        """
        query = {
            "senderGroupingKey": str(message.id),
            "startRequestDate": f"{(since - CLOCKS_APART).astimezone(SEOUL):{_TIME}}",
            "endRequestDate": f"{(since + LOOKED_FOR).astimezone(SEOUL):{_TIME}}",
            "pageSize": "100",
        }
        updates: list[StatusUpdate] = []
        for form in _SERVICES:
            answer = await self._exchange("GET", form, query=query)
            for each in _listed(answer.get("body") or {}, "data"):
                updates += _update(LISTED, str(each.get("msgStatus") or ""), each)
        return updates

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._wire.close()

    async def _post(self, form: Domestic, text: str, key: str, recipient: dict[str, str]) -> str:
        """Post one message; return its id or raise what went wrong."""
        body: dict[str, Any] = {
            "body": text,
            "sendNo": self._settings.korea_sms_from_number,
            "senderGroupingKey": key,
            "recipientList": [recipient],
        }
        if form == "LMS":
            body["title"] = self._settings.korea_sms_title
        answer = await self._exchange("POST", form, body=body)
        try:
            data = answer["body"]["data"]
            taken = data["sendResultList"][0]
            code = int(taken.get("resultCode") or 0)
            external = f"{data['requestId']}:{int(taken['recipientSeq'])}"
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise Unknown("unreadable-answer") from None
        if code:
            raise _refused(code)
        return external

    async def _exchange(self, method: str, form: Domestic, **request: Any) -> dict[str, Any]:
        """Return the answer to one request, or raise what it says went wrong."""
        path = f"/sms/v3.0/appKeys/{self._settings.korea_sms_app_key}/sender/{_SERVICES[form]}"
        response = await self._wire.request(method, path, **request)
        if not response.is_success:
            status = response.status
            raise transport.refused(status, str(status), response.retry_after())
        try:
            answer: dict[str, Any] = response.json()
            done, code = answer["header"]["isSuccessful"], int(answer["header"]["resultCode"])
        except (ValueError, KeyError, TypeError):
            raise Unknown("unreadable-answer") from None
        if not done:
            raise _refused(code)
        return answer


def _refused(code: int) -> SendError:
    """Say what a result code of the API means."""
    return _MEANINGS.get(code, Rejected)(str(code))


def _parts(message: Outgoing) -> tuple[Domestic, tuple[str, ...]]:
    """Return how a message goes out and its parts. Raises: Content in another script."""
    return _written(clean_text(numbered(with_photo(message), message.choices)))


@lru_cache(maxsize=64)  # an alert is cut once, and not for everybody anew
def _written(text: str) -> tuple[Domestic, tuple[str, ...]]:
    written = for_korea(text)
    if not written.legible:
        raise Content("unwritable")
    form, parts = split_domestic(written.text)
    return form, tuple(parts)


def _update(
    states: dict[str, DeliveryState], word: str, result: dict[str, Any]
) -> list[StatusUpdate]:
    """Return word on one part, where `result` tells any.

    What a carrier did not bring to the phone has failed.
    """
    if not word or not result.get("requestId"):
        return []
    state = states.get(word)
    code = str(result.get("resultCode") or "")
    if state is DeliveryState.DELIVERED and code != RECEIVED:
        state = DeliveryState.FAILED
    external = f"{result['requestId']}:{result.get('recipientSeq', 1)}"
    ours = our_id(str(result.get("senderGroupingKey") or ""))
    # The documentation's own example of a webhook misspells the second.
    key = result.get("recipientGroupingKey") or result.get("recipientGropuingKey") or ""
    parts = our_id(str(key).partition("/")[2])
    said = code or None if state is DeliveryState.FAILED else None
    said = said if state else unknown_word(word)
    return [StatusUpdate("sms", state, ours, external, said, NAME, parts)]


def read_results(body: dict[str, Any]) -> list[StatusUpdate]:
    """Return what a webhook of NHN Cloud says of messages that we sent."""
    if body.get("event") != "MESSAGE_RESULT_UPDATE":
        return []
    hooks = _listed(body, "hooks")
    return [
        u for hook in hooks for u in _update(STATES, str(hook.get("messageStatus") or ""), hook)
    ]


def read_refusals(body: dict[str, Any]) -> list[Incoming]:
    """Return the numbers that called the free 080 line of refusal, as doors that closed."""
    refusals = []
    for hook in _listed(body, "hooks") if body.get("event") == "UNSUBSCRIBE" else ():
        sender = international(str(hook.get("recipientNo") or ""))
        if sender and hook.get("hookId"):
            external = f"korea:{hook['hookId']}"
            refusals.append(_incoming(sender, external, "", kind="blocked"))
    return refusals


def read_messages(body: dict[str, Any]) -> list[Incoming]:
    """Return the messages of a carrier's push; none from senders that can't be answered.

    A message without its key gets one from what it says and when it came, so that the same push
    again is the same message.
    """
    messages = []
    for item in _listed(body, "moLst"):
        sender = international(str(item.get("moNumber") or ""))
        if sender is None:
            continue
        text = clean_text(str(item.get("moMsg") or ""))
        key = str(item.get("moKey") or "")
        if not key:
            whole = f"{sender}\n{item.get('moRecvDt')}\n{text}"
            key = hashlib.sha256(whole.encode()).hexdigest()
        messages.append(_incoming(sender, f"korea:{key[:80]}", text))
    return messages


def _incoming(sender: str, external: str, text: str, **more: Any) -> Incoming:
    return Incoming(
        "sms",
        "phone",
        sender,
        external,
        text,
        phone=sender,
        in_place=False,
        provider=NAME,
        **more,
    )


def _listed(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = body.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def domestic(address: str) -> str | None:
    """Return the Korean form of an international number: +821012345678 is 01012345678."""
    return "0" + address.removeprefix("+82") if address.startswith("+82") else None


def international(number: str) -> str | None:
    """Return a Korean number, written as carriers write it, in E.164; None for any other."""
    digits = number.strip().removeprefix("+").replace("-", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    national = digits.removeprefix("82").removeprefix("0")
    return f"+82{national}" if digits[:2] in ("82", "01", "02", "03", "04", "05", "06", "07") and (
        8 <= len(national) <= 10
    ) else None  # fmt: skip
