"""One's own second factor over HTTP: enrol, confirm, give a code."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.context import Ctx, Session
from backend.errors import Forbidden
from backend.models.staff import ROLES
from backend.security import Actor, require
from backend.staff import second_factor
from backend.staff.second_factor import Fresh

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])

Anybody = Annotated[Actor, Depends(require(*ROLES))]
Admin = Annotated[Actor, Depends(require("admin"))]


class Code(BaseModel):
    """Six digits of the authenticator, or a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=6, max_length=40)]


class SecondFactor(BaseModel):
    """Whether a second factor is asked for, is set, and was given within five minutes."""

    wanted: bool
    enrolled: bool
    fresh: bool


class NewSecret(BaseModel):
    """A secret at the one time that it is shown; `qr` is an SVG picture of `uri`."""

    secret: str
    uri: str
    qr: str


class RecoveryCodes(BaseModel):
    """Codes for the day the phone is lost, each good for once; shown this one time."""

    recovery_codes: list[str]


@router.get("/me/second-factor")
async def show(ctx: Ctx, session: Session, actor: Anybody) -> SecondFactor:
    """Tell how one's second factor stands."""
    return SecondFactor(
        wanted=ctx.settings.second_factor,
        enrolled=actor.kind == "staff" and await second_factor.is_set(session, actor.id),
        fresh=actor.verified,
    )


@router.post("/me/second-factor", status_code=201)
async def enrol(ctx: Ctx, session: Session, actor: Anybody) -> NewSecret:
    """Begin: get a secret, as text and as a picture for the authenticator's camera."""
    begun = await second_factor.begin(session, ctx.settings.secret, actor)
    picture = segno.make(begun.uri, error="m").svg_inline(scale=5, border=2)
    return NewSecret(secret=begun.secret, uri=begun.uri, qr=picture)


@router.post("/me/second-factor/confirm")
async def confirm(
    request: Request, ctx: Ctx, session: Session, actor: Anybody, body: Code
) -> RecoveryCodes:
    """Give the first code of the new secret; from then on it counts."""
    token = second_factor.session_token(request)
    codes = await second_factor.confirm(session, ctx.settings.secret, actor, token, body.code)
    return RecoveryCodes(recovery_codes=codes)


@router.post("/me/second-factor/verify", status_code=204)
async def verify(request: Request, ctx: Ctx, session: Session, actor: Anybody, body: Code) -> None:
    """Give a code; for five minutes this browser may approve, cancel and break the glass."""
    token = second_factor.session_token(request)
    await second_factor.verify(session, ctx.settings.secret, actor, token, body.code)


@router.delete("/{staff_id}/second-factor", status_code=204)
async def reset(
    session: Session,
    actor: Admin,
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    staff_id: int,
) -> None:
    """Take a lost second factor away; nobody resets their own."""
    if second_factor.person(actor).id == staff_id:
        raise Forbidden(
            "내 인증 앱은 다른 관리자가 초기화해야 해요.",
            "Another administrator has to reset your second factor.",
        )
    await second_factor.reset(session, staff_id, actor=actor.label)
