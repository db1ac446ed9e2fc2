"""The page of one's own second factor: a picture for the authenticator, a field for its code."""

from typing import Annotated, Literal
from urllib.parse import quote

import segno
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from backend.console import pages
from backend.console.routes import guard
from backend.context import Ctx, Session
from backend.errors import EungdapError
from backend.models.staff import ROLES
from backend.security import Actor, MaybeActor
from backend.staff import second_factor

router = APIRouter(include_in_schema=False)
PATH = "/account/second-factor"
SEE_OTHER = 303


@router.get(PATH)
async def show(request: Request, ctx: Ctx, actor: MaybeActor, next: str = "") -> Response:  # noqa: A002
    """Begin, go on with an enrolment, or give a code."""
    refused = guard(request, actor, *ROLES)
    if refused is not None or actor is None or actor.kind != "staff":
        return refused or RedirectResponse("/login", SEE_OTHER)
    return await _page(request, ctx, actor, goes_on=next)


@router.post(PATH)
async def act(
    request: Request,
    ctx: Ctx,
    session: Session,
    actor: MaybeActor,
    step: Annotated[Literal["begin", "confirm", "verify"], Form()],
    code: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002 - the form's own field name
) -> Response:
    """Take the form; show what was wrong, the recovery codes, or go on to where one came from."""
    refused = guard(request, actor, *ROLES)
    if refused is not None or actor is None or actor.kind != "staff":
        return refused or RedirectResponse("/login", SEE_OTHER)
    token, secret = second_factor.session_token(request), ctx.settings.secret
    try:
        if step == "begin":
            await second_factor.begin(session, secret, actor)
            return RedirectResponse(f"{PATH}?next={quote(next)}", SEE_OTHER)
        if step == "confirm":
            codes = await second_factor.confirm(session, secret, actor, token, code)
            return pages.render(
                request,
                "second_factor.html",
                actor=actor,
                codes=codes,
                error="",
                next=_local(next),
            )
        await second_factor.verify(session, secret, actor, token, code)
    except EungdapError as error:
        said = error.ko if pages.language_of(request) == "ko" else error.en
        return await _page(request, ctx, actor, goes_on=next, error=said, status=error.status)
    return RedirectResponse(_local(next), SEE_OTHER)


async def _page(
    request: Request, ctx: Ctx, actor: Actor, *, goes_on: str, error: str = "", status: int = 200
) -> Response:
    # A session of its own: a wrong code has ended the one of the request.
    async with ctx.sessions() as session:
        enrolled = await second_factor.is_set(session, actor.id)
        begun = await second_factor.waiting(session, ctx.settings.secret, actor)
    picture = segno.make(begun.uri, error="m").svg_inline(scale=5, border=2) if begun else ""
    return pages.render(
        request, "second_factor.html", status=status, actor=actor, enrolled=enrolled, begun=begun,
        # Of our own making: squares of the code, and nothing that anybody wrote.
        picture=Markup(picture),  # noqa: S704
        error=error, next=goes_on, codes=None,
    )  # fmt: skip


def _local(path: str) -> str:
    return pages.local_path(path) or PATH
