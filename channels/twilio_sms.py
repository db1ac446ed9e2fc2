"""SMS and MMS through Twilio: TwiML answers in place, the Messages API for everything later.

https://www.twilio.com/docs/messaging/guides/webhook-request
https://www.twilio.com/docs/messaging/api/message-resource
Twilio can't receive SMS from Korean numbers (https://www.twilio.com/guidelines/kr/sms): the
domestic gateway does that.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]

from channels import transport, twilio_media
from channels.base import (
    Content,
    Provider,
    Retryable,
    SendError,
    Stopped,
    Throttled,
    Unknown,
    send_parts,
)
from channels.charset import for_gsm, for_korea
from channels.inbound import clean_text, our_id, unknown_word
from channels.message import (
    Answer,
    DeliveryState,
    Incoming,
    OnMessage,
    OnStatus,
    Opted,
    Outgoing,
    Photo,
    Reply,
    Sent,
    StatusUpdate,
)
from channels.phones import is_e164
from channels.render import numbered, with_photo
from channels.segments import TWILIO_MAX, bodies
from channels.settings import ChannelSettings
from channels.signatures import Form, twilio_form
from channels.wire import Answered, Wire, basic

NAME = "twilio"
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

# Words of Twilio's that say nothing of how far a message came.
SILENT = ("", "receiving", "received", "partially_delivered")

# The words that Twilio obeys and answers by itself, alone in a message and in any case
# (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out): never orders of ours.
RESERVED: dict[str, Opted] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "stop"
    ),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "start"),
    **dict.fromkeys(("HELP", "INFO"), "help"),
}

# What some error codes mean beyond their HTTP status (https://www.twilio.com/docs/api/errors).
_MEANINGS: dict[str, type[SendError]] = {
    "21610": Stopped,  # the citizen opted out
    "20429": Throttled,
    "21611": Throttled,  # the sender's queue is full
    "21602": Content,
    "21617": Content,
    "30007": Content,  # filtered by a carrier
    "20003": Retryable,  # our credentials: an operator has to mend them
    "21606": Retryable,  # our own number
    "63038": Retryable,  # our daily limit
}

KOREA = "+82"
# A message waits at most ten hours for its turn and two days for its phone.
REPORTS_WITHIN = 58 * 3600.0
LOOKED_AT = 50
CLOCKS_APART = timedelta(minutes=1)


class TwilioSms:
    """Text messages by Twilio, one of the providers of the `sms` door."""

    # Twilio keeps what is too fast in a queue of each sender, and answers 429 when that is full.
    carrier = Provider(NAME, reports_within=REPORTS_WITHIN)

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._messages = f"/2010-04-01/Accounts/{settings.twilio_account_sid}/Messages.json"
        self._wire = Wire(
            settings.twilio_api_url,
            basic(settings.twilio_account_sid, settings.twilio_auth_token),
        )
        self._media = twilio_media.client(settings)

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks for incoming messages and for status callbacks."""
        router = APIRouter(tags=["twilio"])
        url, token = self._settings.public_url, self._settings.twilio_auth_token

        @router.post("/channels/twilio/sms")
        async def receive(request: Request) -> Response:
            """Take one message with its pictures and answer it in TwiML."""
            form = await twilio_form(request, url, token)
            pictures = twilio_media.media_of(form)
            found = await twilio_media.fetch(self._media, pictures)
            incoming = read_message(form, tuple(found), missed=len(pictures) - len(found))
            if incoming is None:
                return _xml(MessagingResponse())
            return _xml(self._twiml(await on_message(incoming)))

        @router.post("/channels/twilio/status", status_code=204)
        async def status(request: Request) -> Response:
            """Take word on a message that we sent."""
            form = await twilio_form(request, url, token)
            query = request.query_params
            update = read_status(form, query.get("delivery", ""), query.get("parts", ""))
            if update:
                await on_status(update)
            return Response(status_code=204)

        return router

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` in as few requests as its length allows; Twilio cuts the segments."""
        parts = _bodies(message)
        callback = self._callback(message.id, len(parts))

        async def post(_: int, body: str) -> str:
            return await self._post(message.address, body, callback)

        return replace(await send_parts(parts, message.skip, post), provider=NAME)

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        """Return what Twilio knows of `message`, sent at `since` or a little later.

        The parts whose ids we have are asked for by id; the others are looked for among the last
        messages to that number, by what they say. Raises: a SendError when it can't be asked.
        """
        found = [await self._ask(f"/{sid}.json") for sid in known]
        parts = _bodies(message)
        if len(known) < len(parts):
            query = {"To": message.address, "PageSize": str(LOOKED_AT)}
            page = await self._ask(".json", query)
            found += [
                each
                for each in page.get("messages", ())
                if each.get("sid") not in known
                and each.get("direction") == "outbound-api"
                and str(each.get("body")).startswith(parts)
                and _created(each) >= since - CLOCKS_APART
            ]
        updates = []
        for each in found:
            state = STATES.get(str(each.get("status")))
            if state is not None:
                code = str(each["error_code"]) if each.get("error_code") else None
                sid = str(each.get("sid"))
                updates.append(StatusUpdate("sms", state, message.id, sid, code, NAME, len(parts)))
        return updates

    async def close(self) -> None:
        """Close the connections to Twilio."""
        await self._wire.close()
        await self._media.aclose()

    async def _post(self, address: str, body: str, callback: str) -> str:
        """Post one Message; return its sid or raise what went wrong."""
        form = {
            "To": address,
            "From": self._settings.twilio_from_number,
            "Body": body,
            "StatusCallback": callback,
        }
        response = await self._wire.request("POST", self._messages, form=form)
        if not response.is_success:
            raise _refused(response)
        try:
            return str(response.json()["sid"])
        except (ValueError, KeyError, TypeError):
            raise Unknown("unreadable-answer") from None

    async def _ask(self, which: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        """Return what the API says of one message or several; nothing where it knows none."""
        path = self._messages.removesuffix(".json") + which
        response = await self._wire.request("GET", path, query=query)
        if response.status == HTTPStatus.NOT_FOUND:
            return {}
        if not response.is_success:
            raise _refused(response)
        try:
            answer = response.json()
        except ValueError:
            raise Retryable("unreadable-answer") from None
        return answer if isinstance(answer, dict) else {}

    def _callback(self, delivery: int, parts: int) -> str:
        return (
            f"{self._settings.public_url}/channels/twilio/status?delivery={delivery}&parts={parts}"
        )

    def _twiml(self, answer: Answer) -> MessagingResponse:
        response = MessagingResponse()
        for reply in answer.replies:
            # Whoever reached us through Twilio does not stand behind a Korean carrier's limits.
            parts = bodies(for_gsm(_text(reply)), TWILIO_MAX)
            callback = None
            if reply.delivery is not None:
                callback = self._callback(reply.delivery, len(parts))
            for part in parts:
                response.message(part, status_callback=callback)
        return response


def read_message(form: Form, photos: tuple[Photo, ...] = (), *, missed: int = 0) -> Incoming | None:
    """Return the message of a webhook form; None when its sender can't be answered.

    Twilio has acted on opt-out words already. With Advanced Opt-Out it says so in `OptOutType`,
    and the word it understood goes on as the text, so that our own suppression mirrors it
    whatever language it was in; without, it acts on the same English words.
    """
    sender = form.get("From", "")
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    if not sid or not is_e164(sender):
        return None
    text = clean_text(form.get("Body", ""))
    said = form.get("OptOutType", "").upper()
    if said in ("STOP", "START", "HELP"):
        text = said
    return Incoming(
        "sms",
        "phone",
        sender,
        sid,
        text,
        phone=sender,
        photos=photos,
        photos_missed=missed,
        provider=NAME,
        opted=RESERVED.get(text.strip().upper()),
    )


def read_status(form: Form, delivery: str, parts: str = "") -> StatusUpdate | None:
    """Return what a status callback says; None where it names no message or says no word.

    `delivery` is our own id from the callback's URL and `parts` how many the message has, digits
    or nothing.
    """
    sid = form.get("MessageSid") or form.get("SmsSid") or None
    ours = our_id(delivery)
    word = form.get("MessageStatus") or form.get("SmsStatus", "")
    state = STATES.get(word)
    if word in SILENT or (sid is None and ours is None):
        return None
    code = form.get("ErrorCode") or None if state else unknown_word(word)
    return StatusUpdate("sms", state, ours, sid, code, NAME, our_id(parts))


def _text(message: Outgoing | Reply) -> str:
    """Return the words of a message, a link to its photo, its choices as numbered lines."""
    text = with_photo(message) if isinstance(message, Outgoing) else message.text
    return clean_text(numbered(text, message.choices))


def _bodies(message: Outgoing) -> tuple[str, ...]:
    """Return the bodies that carry a message.

    Raises: Content where it goes to Korea, whose carriers take CP949 alone, in another script.
    """
    return _written(_text(message), message.address.startswith(KOREA))


@lru_cache(maxsize=64)  # an alert is cut once, and not for everybody anew
def _written(text: str, to_korea: bool) -> tuple[str, ...]:
    if not to_korea:
        return tuple(bodies(for_gsm(text), TWILIO_MAX))
    written = for_korea(text)
    if not written.legible:
        raise Content("unwritable")
    return tuple(bodies(written.text, TWILIO_MAX))


def _xml(response: MessagingResponse) -> Response:
    return Response(str(response), media_type="text/xml")


def _created(message: dict[str, Any]) -> datetime:
    """Return when a message of the API was made; long ago where it does not say."""
    try:
        at = parsedate_to_datetime(str(message.get("date_created")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _refused(response: Answered) -> SendError:
    """Say what an error of the Messages API means."""
    try:
        code = str(int(response.json()["code"]))
    except (ValueError, KeyError, TypeError):
        code = str(response.status)
    return transport.refused(response.status, code, response.retry_after(), _MEANINGS)
