"""Proof that a provider, and nobody else, called us."""

import hmac
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from channels.base import DoorError
from channels.inbound import read_body

TWILIO_HEADER = "X-Twilio-Signature"
TELEGRAM_HEADER = "X-Telegram-Bot-Api-Secret-Token"
KOREA_HEADER = "X-Toast-Webhook-Signature"

Form = ImmutableMultiDict[str, str]

_MAX_FIELDS = 200


def same_secret(given: str | None, expected: str) -> bool:
    """Compare two secrets in constant time; an unset `expected` is never matched."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def public_address(request: Request, public_url: str) -> str:
    """Return the URL as the provider saw it: `public_url`, then the path and query as they came.

    Host and scheme of the request are a proxy's business and play no part.
    """
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    query: str = request.scope["query_string"].decode("ascii", "replace")
    return public_url.rstrip("/") + path + (f"?{query}" if query else "")


def twilio_signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """Return the value of X-Twilio-Signature for a form `params` posted to `url`."""
    signature: str = RequestValidator(token).compute_signature(url, params)
    return signature


async def twilio_form(request: Request, public_url: str, token: str) -> Form:
    """Return the fields that Twilio posted: those of a form, or the plain values of a JSON object.

    Twilio's own validator decides (it tries the URL with and without the default port, and takes
    the hash of a JSON body from the signed URL's `bodySHA256`).
    Raises: DoorError 403 when the signature is missing or wrong, 400 when this is no form.
    """
    body = (await read_body(request)).decode("utf-8", "replace")
    url = public_address(request, public_url)
    given = request.headers.get(TWILIO_HEADER, "")
    as_json = request.headers.get("content-type", "").lower().startswith("application/json")
    form = None if as_json else _form(body)
    params = body if form is None else form
    # Without a token every caller could compute the signature of an empty key, and without the
    # hash of its body a JSON request is not signed but for its address.
    hashed = form is not None or request.query_params.get("bodySHA256")
    known = token and given and hashed
    if not (known and RequestValidator(token).validate(url, params, given)):
        raise DoorError(
            403, "Wrong signature", "Sign the request with the account's token and PUBLIC_URL."
        )
    return form if form is not None else _json(body)


def _form(body: str) -> Form:
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise DoorError(400, "Not a form", "Send a form as Twilio does.") from None
    return Form(pairs)


def _json(body: str) -> Form:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DoorError(400, "Not an object", "Send one JSON object as Twilio does.")
    return Form((key, value) for key, value in found.items() if isinstance(value, str))


def telegram_caller(request: Request, secret: str) -> None:
    """Let only Telegram pass: the header it was told to send by `setWebhook`.

    Raises: DoorError 403.
    """
    if not same_secret(request.headers.get(TELEGRAM_HEADER), secret):
        raise DoorError(403, "Wrong secret", "Send the secret token given to setWebhook.")


def korea_caller(given: str | None, secret: str) -> None:
    """Let only the domestic gateway pass: it shows the secret that we gave it.

    Raises: DoorError 403.
    """
    if not same_secret(given, secret):
        raise DoorError(403, "Wrong secret", "Send the secret of KOREA_SMS_WEBHOOK_SECRET.")
