"""Staff over HTTP: log in and out by form, accounts and keys by API."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.console.pages import home_of, language_of, local_path, render
from backend.context import Ctx, Session
from backend.errors import Forbidden, Invalid, TooMany, Unauthenticated
from backend.handoff import presence
from backend.models.staff import GUARDED, ROLES
from backend.security import COOKIE, SESSION_HOURS, Actor, require
from backend.staff import (
    grants,
    second_factor,
    second_factor_pages,
    second_factor_routes,
    service,
)
from backend.staff.schemas import (
    GrantIn,
    GrantList,
    GrantOut,
    KeyIn,
    KeyList,
    KeyOut,
    Me,
    NewKey,
    StaffChange,
    StaffIn,
    StaffList,
    StaffOut,
)
from backend.staff.second_factor import Fresh

router = APIRouter(tags=["staff"])
router.include_router(second_factor_routes.router)
router.include_router(second_factor_pages.router)

Admin = Annotated[Actor, Depends(require("admin"))]
Anybody = Annotated[Actor, Depends(require(*ROLES))]
SEE_OTHER = 303
NEW_ACCOUNT = "new-account"  # the page says it in its language


@router.post("/login", include_in_schema=False)
async def log_in(
    request: Request,
    ctx: Ctx,
    login: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002 - the form's own field name
    chosen: Annotated[str, Form(max_length=200)] = "",
    again: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Take the log-in form; go on to the page that was asked for, or show what was wrong.

    Who has a first password is asked to choose their own (`chosen`, and once more in `again`).
    """
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Forbidden("다른 사이트에서 온 요청이에요.", "The request comes from another site.")
    first = False
    try:
        ip = request.client.host if request.client else "?"
        staff = await service.authenticate(ctx, login, password, ip)
        first = staff.first_password
        if first and not chosen:
            return render(
                request, "login.html", status=403, login=login, next=next, error="", first=True
            )
        async with ctx.sessions() as session, session.begin():
            if first:
                await service.choose_password(session, staff, chosen, again)
            token = await service.log_in(session, staff)
    except (Unauthenticated, TooMany, Invalid) as error:
        said = error.ko if language_of(request) == "ko" else error.en
        shown = render(
            request, "login.html", status=error.status, login=login, next=next, error=said,
            first=first,
        )  # fmt: skip
        if isinstance(error, TooMany):
            shown.headers["Retry-After"] = str(error.extra["retry_after"])
        return shown
    answer = RedirectResponse(local_path(next) or home_of(staff.roles), SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=ctx.settings.base_url.startswith("https://"),
    )
    return answer


@router.post("/logout", include_in_schema=False)
async def log_out(
    request: Request,
    ctx: Ctx,
    session: Session,
    actor: Anybody,  # noqa: ARG001 - also refuses a request from another site
) -> Response:
    """End the session, and with it the agent's place at the desk."""
    staff_id = await service.log_out(session, request.cookies.get(COOKIE, ""))
    if staff_id is not None:
        await presence.leave(ctx.redis, staff_id)
    answer = RedirectResponse("/login", SEE_OTHER)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


@router.get("/api/v1/staff/me")
async def me(actor: Anybody) -> Me:
    """Tell who is calling."""
    return Me(kind=actor.kind, id=actor.id, name=actor.name, roles=sorted(actor.roles))


@router.get("/api/v1/staff")
async def list_staff(session: Session, actor: Admin) -> StaffList:  # noqa: ARG001
    """List everybody with an account."""
    rows = await service.list_staff(session)
    return StaffList(items=[StaffOut.model_validate(row) for row in rows], total=len(rows))


@router.post("/api/v1/staff", status_code=201)
async def add_staff(
    request: Request, ctx: Ctx, session: Session, actor: Admin, body: StaffIn
) -> StaffOut:
    """Add a member of staff; roles that take two people are proposed with the account."""
    guarded = [role for role in body.roles if role in GUARDED]
    if guarded:
        await second_factor.demand(request, ctx, session, actor)
    made = await service.create(
        session,
        body.login,
        body.name,
        body.password,
        [role for role in body.roles if role not in GUARDED],
        actor=actor.label,
        phone=body.phone,
        email=body.email,
        awaiting=bool(guarded),
        # Whoever makes an account for another person knows its password.
        first_password=actor.kind == "staff",
    )
    for role in guarded:
        await grants.propose(session, actor, made.id, role, NEW_ACCOUNT)
    return StaffOut.model_validate(made)


@router.get("/api/v1/staff/grants")
async def list_grants(session: Session, actor: Admin) -> GrantList:  # noqa: ARG001
    """List the open proposals of roles, and the last that were decided."""
    items = await grants.listed(session)
    return GrantList(items=list(items), total=len(items))


@router.post("/api/v1/staff/{staff_id}/grants", status_code=201)
async def propose_role(
    session: Session,
    actor: Admin,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    staff_id: int,
    body: GrantIn,
) -> GrantOut:
    """Propose a role that takes two people for somebody else."""
    return grants.shown(await grants.propose(session, actor, staff_id, body.role, body.reason))


@router.post("/api/v1/staff/grants/{grant_id}/confirm")
async def confirm_role(
    session: Session,
    actor: Admin,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    grant_id: int,
) -> GrantOut:
    """Give the role that another administrator proposed."""
    return grants.shown(await grants.confirm(session, actor, grant_id))


@router.post("/api/v1/staff/grants/{grant_id}/decline")
async def decline_role(session: Session, actor: Admin, grant_id: int) -> GrantOut:
    """Withdraw one's own proposal, or refuse another's."""
    return grants.shown(await grants.decline(session, actor, grant_id))


@router.patch("/api/v1/staff/{staff_id}")
async def change_staff(
    ctx: Ctx, session: Session, actor: Admin, staff_id: int, body: StaffChange
) -> StaffOut:
    """Open or close an account; nobody closes their own."""
    if actor.kind == "staff" and actor.id == staff_id and not body.active:
        raise Invalid(
            "자기 계정은 닫을 수 없어요. 다른 관리자에게 부탁해 주세요.",
            "You can't close your own account. Ask another administrator.",
        )
    changed = await service.set_active(session, staff_id, body.active, actor=actor.label)
    if not body.active:
        await presence.leave(ctx.redis, staff_id)
    return StaffOut.model_validate(changed)


@router.get("/api/v1/keys")
async def list_keys(session: Session, actor: Admin) -> KeyList:  # noqa: ARG001
    """List the keys of other systems."""
    rows = await service.list_keys(session)
    return KeyList(items=[KeyOut.model_validate(row) for row in rows], total=len(rows))


@router.post("/api/v1/keys", status_code=201)
async def add_key(session: Session, actor: Admin, body: KeyIn) -> NewKey:
    """Make a key; this is the only answer that shows it."""
    row, key = await service.create_key(
        session, body.name, body.role, actor=actor.label, environment=body.environment,
        owner=actor.id if actor.kind == "staff" else None,
    )  # fmt: skip
    return NewKey(**KeyOut.model_validate(row).model_dump(), key=key)


@router.delete("/api/v1/keys/{key_id}")
async def revoke_key(session: Session, actor: Admin, key_id: int) -> KeyOut:
    """End a key at once."""
    return KeyOut.model_validate(await service.revoke_key(session, key_id, actor=actor.label))
