"""The great switch: the house in live or training mode, and everything stopped at once."""

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import Conflict
from backend.models import AuditEntry, Broadcast, SirenSwitch
from backend.security import Actor
from broadcasts import halting
from broadcasts.service import person

STOPPED = "siren.stopped"
# Who may put the switch elsewhere.
OPERATORS = ("operator", "admin")


async def read(session: AsyncSession) -> SirenSwitch:
    """Return how the house stands."""
    return await session.get_one(SirenSwitch, 1, populate_existing=True)


async def set_mode(session: AsyncSession, actor: Actor, mode: str, reason: str) -> SirenSwitch:
    """Put the house into `live` or `training` mode.

    What was submitted in the other mode can't be approved any more, what is being sent of it is
    halted at once, and what was approved in it is halted or refused when it comes to be sent.
    """
    changed = await session.scalar(
        update(SirenSwitch)
        .values(mode=mode, changed_by=person(actor), changed_at=func.now(), reason=reason)
        .returning(SirenSwitch)
        .execution_options(populate_existing=True)
    )
    audit.record(session, actor.label, "siren.mode", "siren", mode=mode, why=reason)
    running = await session.scalars(
        select(Broadcast.id)
        .where(Broadcast.status == "sending", Broadcast.mode != mode)
        .order_by(Broadcast.id)
    )
    for broadcast_id in running.all():
        await halting.halt(session, broadcast_id, halting.ENVIRONMENT, actor=actor.label)
    return _there(changed)


async def stop(session: AsyncSession, actor: Actor, reason: str) -> SirenSwitch:
    """Stop everything: nothing is approved any more, and what is on its way is halted.

    Corrections and all-clears go on: they make good what is out already.
    """
    changed = await session.scalar(
        update(SirenSwitch)
        .values(
            stopped_at=func.coalesce(SirenSwitch.stopped_at, func.now()),
            changed_by=person(actor),
            changed_at=func.now(),
            reason=reason,
        )
        .returning(SirenSwitch)
        .execution_options(populate_existing=True)
    )
    audit.record(session, actor.label, STOPPED, "siren", why=reason)
    running = await session.scalars(
        select(Broadcast.id).where(Broadcast.status.in_(halting.HALTABLE)).order_by(Broadcast.id)
    )
    for broadcast_id in running.all():
        await halting.halt(session, broadcast_id, halting.KILL_SWITCH, actor=actor.label)
    return _there(changed)


async def release(session: AsyncSession, actor: Actor, reason: str) -> SirenSwitch:
    """Open the house again; whoever stopped it may not do it alone.

    What was halted stays halted until somebody resumes it.

    Raises: Conflict where it is not stopped, or the caller is the one who stopped it.
    """
    changed = await session.scalar(
        update(SirenSwitch)
        .where(SirenSwitch.stopped_at.is_not(None), ~_stopped_it(actor).exists())
        .values(stopped_at=None, changed_by=person(actor), changed_at=func.now(), reason=reason)
        .returning(SirenSwitch)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        raise Conflict(
            "멈춰 있지 않거나, 멈춘 사람이 본인이에요. 다른 사람이 풀어야 해요.",
            "It is not stopped, or you stopped it yourself: another person has to release it.",
        )
    audit.record(session, actor.label, "siren.released", "siren", why=reason)
    return changed


async def stopped_by(session: AsyncSession, actor: Actor) -> bool:
    """Tell whether the house is stopped and `actor` stopped it, so that another has to release."""
    found = await session.scalar(select(SirenSwitch.id).where(_stopped_it(actor).exists()))
    return found is not None


def _stopped_it(actor: Actor) -> Select[int]:
    # Who stopped it stands in the audit, of the same commit; the row knows its last change alone.
    return select(AuditEntry.id).where(
        AuditEntry.action == STOPPED,
        AuditEntry.at == SirenSwitch.stopped_at,
        AuditEntry.actor == actor.label,
    )


def _there(row: SirenSwitch | None) -> SirenSwitch:
    if row is None:
        raise RuntimeError("the switch has no row: the schema is damaged")
    return row
