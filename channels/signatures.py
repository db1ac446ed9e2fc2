"""Proof that a provider, and nobody else, called us."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from channels.base import DoorError
from channels.inbound import read_body

TWILIO_HEADER = "X-Twilio-Signature"
TELEGRAM_HEADER = "X-Telegram-Bot-Api-Secret-Token"
KOREA_HEADER = "X-Toast-Webhook-Signature"
JAMBONZ_HEADER = "Jambonz-Signature"
KAKAO_HEADER = "X-Kakao-Skill-Secret"

Form = ImmutableMultiDict[str, str]

_MAX_FIELDS = 200
_FRESH_SECONDS = 300


def same_secret(given: str | None, expected: str) -> bool:
    """Compare two secrets in constant time; an unset `expected` is never matched."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def public_address(request: Request, public_url: str) -> str:
    """Return the URL as the provider saw it: `public_url`, then the path and query as they came.

    Host and scheme of the request are a proxy's business and play no part. A path of `public_url`
    itself that came along stands there once.
    """
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    base = public_url.rstrip("/")
    below = urlsplit(base).path
    if below and path.startswith(f"{below}/"):
        path = path.removeprefix(below)
    query: str = request.scope["query_string"].decode("ascii", "replace")
    return base + path + (f"?{query}" if query else "")


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


def bearer_caller(request: Request, token: str) -> None:
    """Let only those pass who show `token` as `Authorization: Bearer`.

    Raises: DoorError 401.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if not (scheme.lower() == "bearer" and same_secret(given.strip(), token)):
        raise DoorError(401, "Wrong token", "Send the token as Authorization: Bearer.")


def jambonz_signature(secret: str, at: int, body: bytes) -> str:
    """Return the value of Jambonz-Signature for `body`, sent at `at` (seconds since 1970)."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


async def jambonz_json(request: Request, secret: str) -> dict[str, object]:
    """Return the JSON object that jambonz posted.

    The signature covers its time and the body as it came; one older than five minutes is a replay.
    https://docs.jambonz.org/guides/features/securing-http-endpoints
    Raises: DoorError 403 when the signature is missing, wrong or old, 400 when this is no object.
    """
    body = await read_body(request)
    parts = [item.strip().partition("=") for item in
             request.headers.get(JAMBONZ_HEADER, "").split(",")]  # fmt: skip
    given = next((value for key, _, value in parts if key == "t"), "")
    at = int(given) if given.isascii() and given.isdigit() and len(given) <= 12 else 0
    expected = jambonz_signature(secret, at, body).partition("v1=")[2]
    # Every signature is compared, since a secret that changes is sent with both for a while.
    right = [same_secret(value, expected) for key, _, value in parts if key == "v1"]
    fresh = abs(time.time() - at) <= _FRESH_SECONDS
    if not (secret and fresh and any(right)):
        raise DoorError(403, "Wrong signature", "Sign the request with the webhook secret.")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DoorError(400, "Not an object", "Send one JSON object, in UTF-8.")
    return found


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


def kakao_caller(request: Request, secret: str) -> None:
    """Let only KakaoTalk pass: the header that the skill was registered with.

    Raises: DoorError 403.
    """
    if not same_secret(request.headers.get(KAKAO_HEADER), secret):
        raise DoorError(403, "Wrong secret", f"Send the secret of the skill as {KAKAO_HEADER}.")


def alimtalk_caller(request: Request, secret: str) -> None:
    """Let only the AlimTalk provider pass: the signature that its webhook was registered with.

    Raises: DoorError 403.
    """
    if not same_secret(request.headers.get(KOREA_HEADER), secret):
        raise DoorError(403, "Wrong secret", "Send the secret of ALIMTALK_WEBHOOK_SECRET.")
