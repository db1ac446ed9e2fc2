"""AlimTalk (알림톡): approved templates to anybody with KakaoTalk, by NHN Cloud Bizmessage v2.3.

https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/alimtalk-api-guide/
What is no template, and whoever has no KakaoTalk, is for SMS: the errors here say so and delivery
decides. The provider's own fall-back to SMS is switched off, or a message could arrive twice.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import yaml
from fastapi import APIRouter, Request, Response

from channels import transport
from channels.base import Content, Provider, Rejected, Retryable, SendError, Unknown, send_parts
from channels.inbound import clean_text, our_id, read_json
from channels.korea_sms import domestic
from channels.message import (
    DeliveryState,
    OnMessage,
    OnStatus,
    Outgoing,
    Scheme,
    Sent,
    StatusUpdate,
)
from channels.render import numbered
from channels.settings import ChannelSettings
from channels.signatures import alimtalk_caller

PATH = "/channels/kakao/alimtalk"
TEMPLATES = Path(__file__).with_name("alimtalk_templates.yml")
MAX_TEXT = 1000
MAX_CODE = 20

SEOUL = timezone(timedelta(hours=9))
# Results come within minutes; the list of sent messages can be asked after that.
REPORTS_WITHIN = 3600.0
PER_SECOND = 100.0

_VARIABLE = re.compile(r"#\{([^{}\n]{1,50})\}")
_RESULTS = {"MRC01": DeliveryState.DELIVERED, "MRC02": DeliveryState.FAILED}

# https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/error-code/. What is about our
# account waits for an operator to mend it; any other code refuses this message.
_MEANINGS: dict[int, type[SendError]] = {
    **dict.fromkeys((-1000, -1001, -2017, -4004, -4005), Retryable),
    **dict.fromkeys((-2019, -3003, -3004, -3005, -3010), Content),
    **dict.fromkeys((-7000, -9999), Unknown),
}


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: its code, and the pattern of the messages that are made of it."""

    code: str
    text: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]

    def variables(self, message: str) -> dict[str, str] | None:
        """Return what the variables are in `message`; None where it is not made of this one."""
        found = self.pattern.fullmatch(message)
        if found is None:
            return None
        return {name: found.group(f"v{place}") for place, name in enumerate(self.names)}


class Alimtalk:
    """The city's notices in KakaoTalk. Nobody can write back here: the skill is another door."""

    name = "alimtalk"
    scheme: Scheme = "phone"
    pushes = True
    in_place = False

    def __init__(self, settings: ChannelSettings, templates: Path = TEMPLATES) -> None:
        self._settings = settings
        self._templates = read_templates(templates)
        self._path = f"/alimtalk/v2.3/appkeys/{settings.alimtalk_app_key}/messages"
        self._client = httpx.AsyncClient(
            base_url=settings.alimtalk_api_url,
            headers={"X-Secret-Key": settings.alimtalk_secret_key},
            **transport.options(settings.alimtalk_api_url),
        )

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the webhook for delivery results."""
        router = APIRouter(tags=["kakao"])

        @router.post(PATH, status_code=204)
        async def results(request: Request) -> Response:
            """Take word on messages that we sent."""
            alimtalk_caller(request, self._settings.alimtalk_webhook_secret)
            for update in read_results(await read_json(request)):
                await on_status(update)
            return Response(status_code=204)

        return router

    def providers(self, address: str) -> Sequence[Provider]:  # noqa: ARG002
        """Return the one account."""
        return (Provider(self.name, per_second=PER_SECOND, reports_within=REPORTS_WITHIN),)

    async def send(self, message: Outgoing) -> Sent:
        """Send `message` if it is made of an approved template.

        Raises: Content where it is not, and the other errors of a send.
        """
        number = domestic(message.address)
        if number is None:
            raise Rejected("not-korean")
        text = clean_text(numbered(message.text, message.choices)).strip()
        template, variables = self._find(text)
        recipient: dict[str, Any] = {
            "recipientNo": number,
            "templateParameter": variables,
            "resendParameter": {"isResend": False},
            # Comes back with the result: a report that is faster than our own note finds its way.
            "recipientGroupingKey": str(message.id),
        }

        async def post(_: int, code: str) -> str:
            return await self._post(code, recipient)

        return await send_parts([template.code], message.skip, post)

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        """Return what the provider's list of messages says of `message`.

        `known` plays no part: the list finds a message by our own id. Raises: a SendError.
        """
        del known
        spoken = "%Y-%m-%d %H:%M"
        query = {
            "startRequestDate": f"{since.astimezone(SEOUL) - timedelta(minutes=1):{spoken}}",
            "endRequestDate": f"{since.astimezone(SEOUL) + timedelta(minutes=10):{spoken}}",
            "recipientGroupingKey": str(message.id),
        }
        answer = await self._ask("GET", params=query)
        try:
            found = answer["messageSearchResultResponse"]["messages"]
        except (KeyError, TypeError):
            raise Unknown("unreadable-answer") from None
        return _updates(found)

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._client.aclose()

    def _find(self, text: str) -> tuple[Template, dict[str, str]]:
        if len(text) <= MAX_TEXT:
            for template in self._templates:
                variables = template.variables(text)
                if variables is not None:
                    return template, variables
        raise Content("no-template")

    async def _post(self, code: str, recipient: dict[str, Any]) -> str:
        """Post one message; return its id: the request, and the recipient's place in it."""
        sender = self._settings.alimtalk_sender_key
        body = {"senderKey": sender, "templateCode": code, "recipientList": [recipient]}
        answer = await self._ask("POST", json=body)
        try:
            result = answer["message"]["sendResults"][0]
            refused = int(result["resultCode"])
            place = f"{answer['message']['requestId']}:{int(result['recipientSeq'])}"
        except (ValueError, KeyError, TypeError, IndexError):
            raise Unknown("unreadable-answer") from None
        if refused:
            raise _MEANINGS.get(refused, Rejected)(str(refused))
        return place

    async def _ask(self, method: str, **request: Any) -> dict[str, Any]:
        """Return the provider's answer. Raises: a SendError that says what went wrong."""
        try:
            response = await self._client.request(method, self._path, **request)
        except httpx.HTTPError as error:
            raise transport.lost_or_refused(error) from error
        if not response.is_success:
            wait = transport.retry_after(response.headers)
            raise transport.refused(response.status_code, str(response.status_code), wait)
        try:
            answer: dict[str, Any] = response.json()
            header = answer["header"]
            code = int(header["resultCode"])
            good = bool(header["isSuccessful"])
        except (ValueError, KeyError, TypeError):
            raise Unknown("unreadable-answer") from None
        if not good:
            raise _MEANINGS.get(code, Rejected)(str(code))
        return answer


def read_templates(path: Path) -> list[Template]:
    """Return the templates of the file at `path`.

    Raises: ValueError where one is over a limit of the provider, or has nothing but variables.
    """
    return [
        _template(str(entry["code"]), str(entry["text"]).strip())
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")) or ()
    ]


def _template(code: str, text: str) -> Template:
    if len(code) > MAX_CODE or len(text) > MAX_TEXT or not _VARIABLE.sub("", text).strip():
        raise ValueError(f"{code}: at most {MAX_CODE} characters of code and {MAX_TEXT} of text")
    names: list[str] = []
    pattern = ""
    at = 0
    for variable in _VARIABLE.finditer(text):
        pattern += re.escape(text[at : variable.start()])
        at, name = variable.end(), variable.group(1)
        if name in names:
            pattern += f"(?P=v{names.index(name)})"
        else:
            pattern += f"(?P<v{len(names)}>.+?)"
            names.append(name)
    pattern += re.escape(text[at:])
    return Template(code, text, re.compile(pattern, re.DOTALL), tuple(names))


def read_results(body: dict[str, Any]) -> list[StatusUpdate]:
    """Return what a webhook says of messages that we sent."""
    hooks = body.get("hooks") if body.get("event") == "MESSAGE_RESULT_UPDATE" else ()
    return _updates(hooks if isinstance(hooks, list) else ())


def _updates(items: Iterable[Any]) -> list[StatusUpdate]:
    updates = []
    for item in items:
        result = str(item.get("resultCode") or "") if isinstance(item, dict) else ""
        state = _RESULTS.get(result)
        if state is None or not item.get("requestId"):
            continue  # not decided yet
        external = f"{item['requestId']}:{item.get('recipientSeq', 1)}"
        ours = our_id(str(item.get("recipientGroupingKey") or ""))
        failed = result if state is DeliveryState.FAILED else None
        updates.append(StatusUpdate("alimtalk", state, ours, external, failed))
    return updates
