"""The pages themselves: chat for citizens; log-in, desk and administration for staff."""

from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy import func, select

from backend.console import pages
from backend.context import Ctx, Session
from backend.handoff.service import OUTCOMES
from backend.models import Staff
from backend.models.staff import GUARDED, ROLES
from backend.security import Actor, MaybeActor
from channels import web_requests

router = APIRouter(include_in_schema=False)
SEE_OTHER = 303


def install(app: FastAPI) -> None:
    """Give `app` the pages and their static files."""
    app.include_router(router)
    app.mount("/static", pages.static, name="static")


def guard(request: Request, actor: Actor | None, *roles: str) -> Response | None:
    """Return what to show instead of a page that `actor` may not see, or None if they may."""
    if actor is None:
        wanted = quote(request.url.path, safe="/")
        return RedirectResponse(f"/login?next={wanted}", SEE_OTHER)
    if actor.roles.isdisjoint(roles):
        return pages.render(request, "forbidden.html", status=403, actor=actor)
    return None


@router.get("/")
async def chat(request: Request) -> Response:
    """The citizens' chat."""
    return _chat(request, embedded=False)


@router.get("/embed")
async def embedded_chat(request: Request, ctx: Ctx) -> Response:
    """The citizens' chat in the frame that /widget.js puts into another site's page."""
    return _chat(request, embedded=True, framed_by=ctx.settings.widget_origins or "*")


def _chat(request: Request, *, embedded: bool, framed_by: str = "'none'") -> Response:
    languages = pages.CITIZENS_LANGUAGES
    return pages.render(
        request,
        "chat.html",
        written_in=languages,
        framed_by=framed_by,
        embedded=embedded,
        text_max=web_requests.TEXT_MAX,
        photos_max=web_requests.PHOTOS_MAX,
        citizens_languages=languages,
        all_texts={code: pages.section(code, "chat") for code in languages},
    )


@router.get("/widget.js")
async def widget() -> Response:
    """The script that puts the chat into another site's page."""
    return FileResponse(
        pages.HERE / "static" / "widget.js",
        media_type="text/javascript",
        headers={
            "Cache-Control": "public, max-age=300",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.get("/login")
async def log_in(request: Request, actor: MaybeActor, next: str = "") -> Response:  # noqa: A002
    """The log-in form; whoever is in already goes on."""
    if actor is not None:
        return RedirectResponse(pages.local_path(next) or pages.home_of(actor.roles), SEE_OTHER)
    return pages.render(request, "login.html", login="", next=next, error="", first=False)


@router.get("/account")
async def account(request: Request, actor: MaybeActor) -> Response:
    """Who is logged in, and where they can go."""
    refused = guard(request, actor, *ROLES)
    return refused or pages.render(request, "account.html", actor=actor)


@router.get("/desk")
async def desk(request: Request, actor: MaybeActor) -> Response:
    """The agents' desk; an administrator may look on."""
    refused = guard(request, actor, "agent", "admin")
    return refused or pages.render(request, "desk.html", actor=actor, outcomes=OUTCOMES)


@router.get("/admin")
async def admin(request: Request, ctx: Ctx, session: Session, actor: MaybeActor) -> Response:
    """Accounts, the roles that take two people, and keys."""
    refused = guard(request, actor, "admin")
    if refused is not None or actor is None:
        return refused or RedirectResponse("/login", SEE_OTHER)
    administrators = await session.scalar(
        select(func.count()).select_from(Staff).where(Staff.active, Staff.roles.contains(["admin"]))
    )
    return pages.render(
        request, "admin.html", actor=actor, roles=ROLES, guarded=GUARDED,
        environments=("exercise", "test", "live"),
        alone=administrators == 1, code_wanted=ctx.settings.second_factor and not actor.verified,
    )  # fmt: skip
