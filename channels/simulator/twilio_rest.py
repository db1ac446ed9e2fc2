"""What Twilio's REST resources share: who may ask, how a list is turned over, how errors look.

https://www.twilio.com/docs/usage/requests-to-twilio · /usage/twilios-response
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from channels.settings import ChannelSettings
from channels.signatures import same_secret
from channels.simulator.faults import FaultBox
from channels.simulator.store import Entry

VERSION = "2010-04-01"

_ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20503: (503, "Service Unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21213: (400, "No 'From' number is specified"),
    21220: (400, "The call is not in progress. It can't be changed."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}


def error(code: int, headers: dict[str, str] | None = None) -> Response:
    """Return an error as the REST API writes it."""
    status, message = _ERRORS[code]
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return JSONResponse(body, status, headers)


def knows(settings: ChannelSettings, request: Request, account: str) -> bool:
    """Tell whether `request` shows the credentials of `account`, which is ours."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    known = f"{settings.twilio_account_sid}:{settings.twilio_auth_token}"
    expected = base64.b64encode(known.encode()).decode()
    right = scheme.lower() == "basic" and same_secret(given, expected)
    return right and account == settings.twilio_account_sid


def bad_day(faults: FaultBox) -> Response | None:
    """Return the refusal of a busy or broken API, where the dice say so."""
    if faults.strikes("rate_429"):
        return error(20429, {"Retry-After": "1"})
    return error(20503) if faults.strikes("rate_5xx") else None


def page(
    path: str,
    name: str,
    found: Sequence[Entry],
    resource: Callable[[Entry], dict[str, Any]],
    query: Mapping[str, str],
    narrowed_by: Sequence[str],
) -> dict[str, Any]:
    """Return one page of the list `name` at `path`; `PageSize` and `Page` say which."""
    size = min(1000, max(1, whole(query.get("PageSize"), 50)))
    number = whole(query.get("Page"), 0)
    shown = found[number * size : (number + 1) * size]

    def uri(which: int) -> str:
        narrowed = {key: query[key] for key in narrowed_by if query.get(key)}
        return f"{path}?{urlencode({**narrowed, 'PageSize': size, 'Page': which})}"

    return {
        name: [resource(entry) for entry in shown],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(shown) - 1),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if (number + 1) * size < len(found) else None,
        "previous_page_uri": uri(number - 1) if number else None,
    }


def day(value: str | None) -> datetime | None:
    """Return the moment of a date or time as the REST API takes it; None for none."""
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def whole(value: str | None, default: int) -> int:
    """Return the whole number that `value` writes, or `default`."""
    return int(value) if value and value.isascii() and value.isdigit() else default
