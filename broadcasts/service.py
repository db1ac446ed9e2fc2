"""The life of a broadcast: draft, submitted, approved by a second person, sent, or stopped.

Every step is one UPDATE whose WHERE names the states it may start from and the version the caller
saw, so that two people at once can't both succeed. The table's CHECK stands behind the approval.
"""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, jobs
from backend.errors import Conflict, Forbidden, Invalid, NotFound
from backend.models import ApiKey, Broadcast, BroadcastEdit, BroadcastEvent, SirenSwitch
from backend.security import Actor
from broadcasts import content, drafts
from broadcasts.schemas import Draft

# What may be done from which state. Approval has a statement and a file of its own.
EDITABLE = ("draft", "returned", "submitted")
SUBMITTABLE = ("draft", "returned")
RETURNABLE = ("submitted",)
REJECTABLE = ("draft", "returned", "submitted")
CANCELLABLE = ("approved", "sending", "halted", "sent", "finished")

CANCEL = "broadcast.cancel"


def person(actor: Actor) -> int:
    """Return the staff id of `actor`.

    Raises: Forbidden for a key: two people stand behind an alert, and a key is nobody.
    """
    if actor.kind != "staff":
        raise Forbidden(
            "API 키로는 초안만 쓸 수 있어요. 나머지는 담당자가 로그인해서 해 주세요.",
            "An API key can only write drafts. For the rest a person has to log in.",
        )
    return actor.id


async def get(session: AsyncSession, broadcast_id: UUID) -> Broadcast:
    """Return the broadcast as it is now.

    Raises: NotFound.
    """
    found = await session.get(Broadcast, broadcast_id, populate_existing=True)
    if found is None:
        raise NotFound("그런 알림이 없어요.", "There is no such broadcast.")
    return found


async def listed(
    session: AsyncSession, *, limit: int = 50, offset: int = 0
) -> tuple[list[Broadcast], int]:
    """Return a page of broadcasts, the newest first, and how many there are."""
    rows = await session.scalars(
        select(Broadcast).order_by(Broadcast.created_at.desc()).limit(limit).offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Broadcast))
    return list(rows), total or 0


async def create(session: AsyncSession, actor: Actor, draft: Draft) -> Broadcast:
    """Write a draft. A key may, in its own environment; then two people have to stand behind it.

    Raises: Invalid (an unknown district, a drill's mark on a live message), Forbidden for the key
    of another environment.
    """
    values = drafts.columns(draft)
    if actor.kind == "key":
        await _own_environment(session, actor, draft.environment)
        values |= {"created_by": None, "drafted_by_key": actor.id}
    else:
        values |= {"created_by": actor.id, "drafted_by_key": None}
    broadcast = Broadcast(status="draft", version=1, **values)
    session.add(broadcast)
    await session.flush()
    _note_edit(session, actor, broadcast, "broadcast.created")
    return broadcast


async def edit(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, version: int, draft: Draft
) -> Broadcast:
    """Replace the content of `version`; it becomes a draft again, whatever was submitted before.

    A key may change what it drafted itself.

    Raises: Conflict when somebody changed or decided it meanwhile, Forbidden.
    """
    if actor.kind == "key":
        await _own_environment(session, actor, draft.environment)
        if (await get(session, broadcast_id)).drafted_by_key != actor.id:
            raise Forbidden(
                "다른 사람이나 다른 키가 쓴 초안이라 고칠 수 없어요.",
                "A key can only change what it drafted itself.",
            )
    changed = await _step(
        session, broadcast_id, EDITABLE, version,
        status="draft", version=Broadcast.version + 1,
        submitted_by=None, submitted_at=None, **drafts.columns(draft),
    )  # fmt: skip
    _note_edit(session, actor, changed, "broadcast.edited")
    return changed


async def submit(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, version: int
) -> Broadcast:
    """Ask for approval of `version`.

    Raises: Invalid with `problems` (field, ko, en, missing) while something is missing; Conflict.
    """
    submitter = person(actor)
    broadcast = await get(session, broadcast_id)
    now = (await session.scalars(select(func.now()))).one()
    if broadcast.version == version and (found := content.problems(broadcast, now)):
        raise Invalid(
            " ".join(p.ko for p in found),
            " ".join(p.en for p in found),
            problems=[asdict(problem) for problem in found],
        )
    changed = await _step(
        session, broadcast_id, SUBMITTABLE, version,
        status="submitted", submitted_by=submitter, submitted_at=func.now(), reason=None,
        mode=select(SirenSwitch.mode).scalar_subquery(),
    )  # fmt: skip
    note(session, actor, changed, "broadcast.submitted")
    return changed


async def send_back(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, version: int, reason: str
) -> Broadcast:
    """Return a submitted broadcast to its author, with the reason.

    Raises: Conflict.
    """
    person(actor)
    reason = _explained(reason)
    changed = await _step(
        session, broadcast_id, RETURNABLE, version, status="returned", reason=reason
    )
    note(session, actor, changed, "broadcast.returned", reason=reason)
    return changed


async def reject(
    session: AsyncSession, actor: Actor, broadcast_id: UUID, version: int, reason: str
) -> Broadcast:
    """Put an unapproved broadcast aside for good, with the reason.

    Raises: Conflict.
    """
    person(actor)
    reason = _explained(reason)
    changed = await _step(
        session, broadcast_id, REJECTABLE, version, status="rejected", reason=reason
    )
    note(session, actor, changed, "broadcast.rejected", reason=reason)
    return changed


async def cancel(session: AsyncSession, actor: Actor, broadcast_id: UUID) -> Broadcast:
    """Stop an approved alert and correct it: one person is enough, and a second call is harmless.

    The stopping itself is a job of this commit (`correction.stop_and_correct`). What was planned
    for later and has not begun is cancelled at once: nobody got it.

    Raises: Conflict when nothing was approved that could be stopped.
    """
    canceller = person(actor)
    # Locked first: the next statement then sees whether its time has come meanwhile.
    await session.execute(
        select(Broadcast.id).where(Broadcast.id == broadcast_id).with_for_update()
    )
    begun = select(BroadcastEvent.id).where(BroadcastEvent.broadcast_id == Broadcast.id).exists()
    cancelled = await session.scalar(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.status.in_(CANCELLABLE))
        .values(
            status=case((begun, "cancelling"), else_="cancelled"),
            cancelled_by=canceller,
            cancelled_at=func.now(),
        )
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )
    if cancelled is None:
        broadcast = await get(session, broadcast_id)
        if broadcast.status in ("cancelling", "cancelled"):
            return broadcast
        raise Conflict(
            "아직 승인되지 않았거나 보내지 않은 알림이라서 취소할 것이 없어요. "
            "보내지 않으려면 반려하거나 폐기해 주세요.",
            "Nothing of this was sent, so there is nothing to cancel. Return or reject it instead.",
        )
    note(session, actor, cancelled, "broadcast.cancelled")
    if cancelled.status == "cancelling":
        await jobs.enqueue(session, CANCEL, "siren", broadcast_id=str(broadcast_id))
    return cancelled


async def _own_environment(session: AsyncSession, key: Actor, environment: str) -> None:
    own = await session.scalar(select(ApiKey.environment).where(ApiKey.id == key.id))
    if own != environment:
        audit.record(
            session, key.label, "broadcast.draft_refused", "siren",
            environment=environment, key_of=own,
        )  # fmt: skip
        await session.commit()  # the caller's rollback would lose the entry
        raise Forbidden(
            f"이 키는 다른 환경({own})의 키라서 여기에는 쓸 수 없어요.",
            f"This key belongs to another environment ({own}), and can't write this.",
        )


async def _step(
    session: AsyncSession,
    broadcast_id: UUID,
    states: tuple[str, ...],
    seen: int,
    /,
    **values: object,
) -> Broadcast:
    """Make one transition in one statement, or say that the broadcast has moved on."""
    changed = await session.scalar(
        update(Broadcast)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.status.in_(states),
            Broadcast.version == seen,
        )
        .values(**values)
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        await get(session, broadcast_id)
        raise moved_on()
    return changed


def moved_on() -> Conflict:
    """Return the error for who acts on a version or a state that is no longer there."""
    return Conflict(
        "그사이에 다른 사람이 고쳤거나 처리했어요. 새로 고쳐서 지금 내용을 확인해 주세요.",
        "Somebody changed or decided this meanwhile. Reload the page and look again.",
    )


def _explained(reason: str) -> str:
    cleaned = content.clean(reason)
    if not cleaned:
        raise Invalid("이유를 써 주세요.", "Give the reason.")
    return cleaned


def _note_edit(session: AsyncSession, actor: Actor, broadcast: Broadcast, action: str) -> None:
    session.add(
        BroadcastEdit(
            broadcast_id=broadcast.id,
            version=broadcast.version,
            actor=actor.id if actor.kind == "staff" else None,
            api_key=actor.id if actor.kind == "key" else None,
            content_hash=broadcast.content_hash,
        )
    )
    note(session, actor, broadcast, action)


def note(
    session: AsyncSession, actor: Actor, broadcast: Broadcast, action: str, **detail: object
) -> None:
    """Write `action` to the audit, bound to the version and hash it was about."""
    audit.record(
        session, actor.label, action, f"broadcast:{broadcast.id}",
        version=broadcast.version, content_hash=broadcast.content_hash, **detail,
    )  # fmt: skip
