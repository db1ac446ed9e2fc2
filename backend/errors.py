"""What can go wrong, said once: an error knows its HTTP status and what the caller should do."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

PROBLEM = "application/problem+json"

log = logging.getLogger(__name__)

Page = Callable[[Request, int, str], Response]


class SetupError(Exception):
    """The service can't start; the message is one sentence that says what to do."""


class EungdapError(Exception):
    """A request that can't be done. `ko` and `en` are sentences that say what to do."""

    status = 400

    def __init__(self, ko: str, en: str, **extra: Any) -> None:
        super().__init__(en)
        self.ko = ko
        self.en = en
        self.extra = extra


class NotFound(EungdapError):
    """There is no such thing, or the caller may not know of it."""

    status = 404


class Forbidden(EungdapError):
    """The caller is known and may not do this."""

    status = 403


class Unauthenticated(EungdapError):
    """The caller has to log in, or send a key."""

    status = 401


class Conflict(EungdapError):
    """Somebody else was first, or the thing has moved on."""

    status = 409


class Invalid(EungdapError):
    """What was sent can't be used as it is."""

    status = 422


class TooMany(EungdapError):
    """The caller asks too often."""

    status = 429


def language_of(request: Request, among: Iterable[str] = ("ko", "en")) -> str:
    """Return the first language of `Accept-Language` that is `among` ours; Korean when unsaid."""
    offered = tuple(among)
    for part in request.headers.get("accept-language", "").lower().split(","):
        wish = part.strip()[:2]
        if wish in offered:
            return wish
    return "ko"


def wants_page(request: Request) -> bool:
    """Tell whether a person follows a link in a browser, rather than a program asking for data."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def problem(status: int, title: str, detail: str, **extra: Any) -> JSONResponse:
    """Return an RFC 9457 problem document."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return JSONResponse(jsonable_encoder(body), status_code=status, media_type=PROBLEM)


_HTTP = {
    404: (
        "이 주소에는 아무것도 없어요. 주소를 다시 확인해 주세요.",
        "There is nothing at this address. Please check it.",
    ),
    405: ("이 주소에서는 쓸 수 없는 방법이에요.", "This address does not take that method."),
}


def install(app: FastAPI, page: Page | None = None) -> None:
    """Make every error of `app` a problem document; what was sent is never repeated in it.

    Whoever follows a link in a browser gets the `page` of the error instead, where there is one.
    """

    @app.exception_handler(EungdapError)
    async def known(request: Request, error: EungdapError) -> Response:
        detail = error.ko if language_of(request) == "ko" else error.en
        if page is not None and wants_page(request):
            return page(request, error.status, detail)
        return problem(error.status, type(error).__name__, detail, **error.extra)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        fields = sorted({".".join(str(p) for p in e["loc"][1:]) for e in error.errors()})
        named = ", ".join(f for f in fields if f) or "body"
        detail = (
            f"보내신 내용을 읽을 수 없어요. 다음 항목을 확인해 주세요: {named}"
            if language_of(request) == "ko"
            else f"The request can't be read. Please check: {named}"
        )
        if page is not None and wants_page(request):
            return page(request, 422, detail)
        return problem(422, "Invalid", detail, fields=fields)

    @app.exception_handler(DataError)
    async def impossible(request: Request, error: DataError) -> Response:  # noqa: ARG001
        # A NUL, a number beyond every id, a day that no calendar has: nothing of ours is called so.
        # The path as we wrote it: what a stranger put into it is not for the log.
        log.error("%s was given a value that no column holds", request.scope["route"].path)
        detail = (
            "보내신 값 가운데 쓸 수 없는 것이 있어요. 다시 확인해 주세요."
            if language_of(request) == "ko"
            else "One of the values can't be used. Please check them."
        )
        if page is not None and wants_page(request):
            return page(request, 422, detail)
        return problem(422, "Invalid", detail)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        ko, en = _HTTP.get(error.status_code, (str(error.detail), str(error.detail)))
        detail = ko if language_of(request) == "ko" else en
        if page is not None and wants_page(request):
            return page(request, error.status_code, detail)
        return problem(error.status_code, "Error", detail)
