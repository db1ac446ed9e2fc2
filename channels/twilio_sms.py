"""SMS through Twilio: TwiML answers in place, the Messages API for everything later.

https://www.twilio.com/docs/messaging/guides/webhook-request
https://www.twilio.com/docs/messaging/api/message-resource
Twilio can't receive SMS from Korean numbers; a domestic gateway does that.
"""

import httpx
from fastapi import APIRouter, Request, Response
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]

from channels import transport
from channels.base import Rejected, SendError, Stopped, Throttled, Unknown
from channels.inbound import clean_text, is_e164
from channels.message import (
    Answer,
    DeliveryState,
    Incoming,
    OnMessage,
    OnStatus,
    Outgoing,
    Reply,
    Scheme,
    Sent,
    StatusUpdate,
)
from channels.render import numbered
from channels.segments import TWILIO_MAX, bodies
from channels.settings import ChannelSettings
from channels.signatures import Form, twilio_form

STATES = {
    "accepted": DeliveryState.ACCEPTED,
    "scheduled": DeliveryState.ACCEPTED,
    "queued": DeliveryState.ACCEPTED,
    "sending": DeliveryState.ACCEPTED,
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.DELIVERED,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}

# What some error codes mean beyond their HTTP status (https://www.twilio.com/docs/api/errors).
OPTED_OUT = 21610
TOO_FAST = (20429, 21611)  # too many requests, the sender's queue is full


class TwilioSms:
    """The door of text messages."""

    name = "sms"
    scheme: Scheme = "phone"
    pushes = True
    in_place = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(
            base_url=settings.twilio_api_url,
            auth=(settings.twilio_account_sid, settings.twilio_auth_token),
            **transport.options(settings.twilio_api_url),
        )

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks for incoming messages and for status callbacks."""
        router = APIRouter(tags=["twilio"])
        url, token = self._settings.public_url, self._settings.twilio_auth_token

        @router.post("/channels/twilio/sms")
        async def receive(request: Request) -> Response:
            """Take one text message and answer it in TwiML."""
            incoming = read_message(await twilio_form(request, url, token))
            replies = self._twiml(await on_message(incoming)) if incoming else self._twiml(None)
            return Response(replies, media_type="text/xml")

        @router.post("/channels/twilio/status", status_code=204)
        async def status(request: Request) -> Response:
            """Take word on a message that we sent."""
            form = await twilio_form(request, url, token)
            update = read_status(form, request.query_params.get("delivery", ""))
            if update:
                await on_status(update)
            return Response(status_code=204)

        return router

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` in as few requests as its length allows; Twilio cuts the segments."""
        sids: list[str] = []
        for part in _parts(message):
            try:
                sids.append(await self._post(message, part))
            except SendError as error:
                if not sids:
                    raise
                # The first parts are out: sending all of it again would double them.
                raise Unknown(f"partial-{error.code}") from error
        if not sids:
            raise Rejected("empty")
        return Sent(tuple(sids), len(sids))

    async def close(self) -> None:
        """Close the connections to Twilio."""
        await self._client.aclose()

    async def _post(self, message: Outgoing, body: str) -> str:
        """Post one Message; return its sid or raise what went wrong."""
        account = self._settings.twilio_account_sid
        form = {
            "To": message.address,
            "From": self._settings.twilio_from_number,
            "Body": body,
            "StatusCallback": self._callback(message.id),
        }
        try:
            response = await self._client.post(
                f"/2010-04-01/Accounts/{account}/Messages.json", data=form
            )
        except httpx.HTTPError as error:
            raise transport.lost_or_refused(error) from error
        if not response.is_success:
            raise _refused(response)
        try:
            return str(response.json()["sid"])
        except (ValueError, KeyError, TypeError):
            raise Unknown("unreadable-answer") from None

    def _callback(self, delivery: int) -> str:
        return f"{self._settings.public_url}/channels/twilio/status?delivery={delivery}"

    def _twiml(self, answer: Answer | None) -> str:
        response = MessagingResponse()
        for reply in answer.replies if answer else ():
            callback = self._callback(reply.delivery) if reply.delivery is not None else None
            for part in _parts(reply):
                response.message(part, status_callback=callback)
        return str(response)


def read_message(form: Form) -> Incoming | None:
    """Return the message of a webhook form; None when its sender can't be answered.

    Twilio has acted on opt-out words already and says so in `OptOutType`; the word it understood
    goes on as the text, so that our own suppression mirrors it whatever language it was in.
    """
    sender = form.get("From", "")
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    if not sid or not is_e164(sender):
        return None
    opted = form.get("OptOutType", "").upper()
    text = opted if opted in ("STOP", "START", "HELP") else clean_text(form.get("Body", ""))
    return Incoming("sms", "phone", sender, sid, text, phone=sender)


def read_status(form: Form, delivery: str) -> StatusUpdate | None:
    """Return what a status callback says; None for words that say nothing of a delivery.

    `delivery` is our own id from the callback's URL, digits or nothing.
    """
    sid = form.get("MessageSid") or form.get("SmsSid") or None
    ours = int(delivery) if delivery.isascii() and delivery.isdigit() else None
    word = form.get("MessageStatus") or form.get("SmsStatus", "")
    state = STATES.get(word)
    if state is None or (sid is None and ours is None):
        return None
    return StatusUpdate("sms", state, ours, sid, form.get("ErrorCode") or None)


def _parts(message: Outgoing | Reply) -> list[str]:
    """Return the bodies that carry a message, its choices as numbered lines."""
    return bodies(clean_text(numbered(message.text, message.choices)), TWILIO_MAX)


def _refused(response: httpx.Response) -> SendError:
    """Say what an error of the Messages API means."""
    try:
        code = int(response.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = response.status_code
    wait = transport.retry_after(response.headers)
    if code == OPTED_OUT:
        return Stopped(str(code))
    if code in TOO_FAST:
        return Throttled(str(code), wait)
    return transport.refused(response.status_code, str(code), wait)
