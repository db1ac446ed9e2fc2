"""The page of the great switch: how the house stands, and what an operator may change about it."""

from fastapi import APIRouter, Request, Response

from backend.console import pages as console
from backend.console.routes import guard
from backend.context import Ctx, Session
from backend.models import SirenSwitch, Staff
from backend.security import MaybeActor
from broadcasts import live, switch
from broadcasts.pages import when

router = APIRouter(include_in_schema=False)


@router.get("/siren/switch")
async def switch_page(request: Request, ctx: Ctx, session: Session, actor: MaybeActor) -> Response:
    """Whether alerts go out and in which mode; who may change it finds the forms for it."""
    if refused := guard(request, actor, *live.READERS):
        return refused
    language = console.language_of(request)
    house = await switch.read(session)
    changed_by = await session.get(Staff, house.changed_by) if house.changed_by else None
    own_stop = actor is not None and await switch.stopped_by(session, actor)
    return console.render(
        request, "siren/switch.html", actor=actor, house=house,
        changed_by=changed_by.name if changed_by else None,
        steps=_steps(house, actor, own_stop=own_stop), ask_code=ctx.settings.second_factor,
        verified=actor is not None and actor.verified,
        own_stop=own_stop,
        when=lambda at: when(at, language),
    )  # fmt: skip


def _steps(house: SirenSwitch, actor: MaybeActor, *, own_stop: bool) -> list[str]:
    """Return what `actor` may do with the switch now; the service has the last word."""
    if actor is None or actor.roles.isdisjoint(switch.OPERATORS):
        return []
    other = "training" if house.mode == "live" else "live"
    if house.stopped_at is None:
        return ["stopped", other]
    return [other] if own_stop else ["released", other]
