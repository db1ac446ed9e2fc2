"""Filing petitions, finding them again, and moving them from stage to stage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import Conflict, EungdapError, NotFound
from backend.models import NumberSeries, Petition, PetitionEvent, PetitionMessage
from backend.petitions import routing, working_days
from backend.petitions.types import PetitionType
from backend.petitions.types import classify as classify_type

CITIZEN = "citizen"

# From which stages an officer may move a petition to a stage. An answered petition may be taken up
# again (a further answer); withdrawing is the citizen's, until it is answered (Act art. 22).
ADVANCES_FROM: dict[str, tuple[str, ...]] = {
    "assigned": ("received", "in_process"),
    "in_process": ("received", "assigned", "answered"),
    "answered": ("received", "assigned", "in_process"),
    "closed": ("answered",),
}
WITHDRAWS_FROM = ("received", "assigned", "in_process")

_STAGE_TEXTS: dict[str, dict[str, str]] = {
    "received": {
        "ko": "접수", "en": "received", "zh": "已受理", "ja": "受付済み", "vi": "đã tiếp nhận",
    },
    "assigned": {
        "ko": "담당 부서 배정", "en": "sent to the office in charge", "zh": "已转负责部门",
        "ja": "担当部署へ送付", "vi": "đã chuyển bộ phận phụ trách",
    },
    "in_process": {
        "ko": "처리 중", "en": "being worked on", "zh": "处理中", "ja": "処理中",
        "vi": "đang xử lý",
    },
    "answered": {
        "ko": "답변 완료", "en": "answered", "zh": "已答复", "ja": "回答済み",
        "vi": "đã trả lời",
    },
    "closed": {"ko": "종료", "en": "closed", "zh": "已结束", "ja": "終了", "vi": "đã kết thúc"},
    "withdrawn": {
        "ko": "취하", "en": "withdrawn", "zh": "已撤回", "ja": "取り下げ", "vi": "đã rút lại",
    },
}  # fmt: skip


class NoSuchPetition(NotFound):
    """Nothing was filed under this number."""

    def __init__(self) -> None:
        super().__init__(
            "이 번호의 민원이 없어요. 번호를 다시 확인해 주세요.",
            "There is no petition with this number. Please check the number.",
        )


async def next_number(session: AsyncSession, letter: str, year: int) -> str:
    """Return the next receipt number of a series, as `P-2026-0000001`.

    The series stays locked until the commit, so that numbers have no gaps and come in order:
    ask for one as late in a transaction as can be.
    """
    following = insert(NumberSeries).values(series=f"{letter}-{year}", last=1)
    last = await session.scalar(
        following.on_conflict_do_update(
            index_elements=[NumberSeries.series], set_={"last": NumberSeries.last + 1}
        ).returning(NumberSeries.last)
    )
    return f"{letter}-{year}-{last:07d}"


async def file(
    session: AsyncSession,
    *,
    contact_id: UUID,
    message_id: int,
    channel: str,
    language: str,
    place: str,
    district: str | None,
    details: str,
    identified: bool,
    location: dict[str, Any] | None = None,
    told_in: Sequence[int] = (),
) -> Petition:
    """Take in a petition: number, office, due date, first event and audit in one transaction.

    `message_id` is the message that confirmed it; one message files one petition. `told_in` are
    the messages it was told in, whose photos belong to it. `district` is the Korean name of a
    district. `identified` says that the contact has a verified phone. Without
    one it is a tip: routed and tracked, but the legal clock does not run and `due_at` is None
    (decree of the Civil Petitions Treatment Act, art. 2: a petitioner gives name and address).
    """
    category = routing.classify(details)
    kind = classify_type(details)
    received = (await session.scalars(select(func.now()))).one()
    year = received.astimezone(working_days.calendar().zone).year
    petition = Petition(
        number=await next_number(session, "P", year),
        contact_id=contact_id,
        message_id=message_id,
        channel=channel,
        language=language,
        kind=kind.id,
        category=category.id,
        department=routing.department(category, district, "ko"),
        district=district,
        place=place,
        details=details,
        location=location,
        stage="received",
        received_at=received,
        due_at=_due(received, kind) if identified else None,
    )
    session.add(petition)
    await session.flush()
    for told in sorted({*told_in, message_id}):
        session.add(PetitionMessage(petition_id=petition.id, message_id=told))
    _add_event(session, petition, CITIZEN, None)
    audit.record(
        session, CITIZEN, "petition.filed", f"petition:{petition.id}",
        number=petition.number, kind=kind.id, category=category.id, identified=identified,
    )  # fmt: skip
    return petition


def _due(received: datetime, kind: PetitionType) -> datetime | None:
    return working_days.due(received, kind.period) if kind.period is not None else None


def _add_event(session: AsyncSession, petition: Petition, actor: str, note: str | None) -> None:
    session.add(
        PetitionEvent(petition_id=petition.id, stage=petition.stage, actor=actor, note=note)
    )


async def find(session: AsyncSession, number: str) -> Petition | None:
    """Return the petition with this receipt number (`P-2026-0000001`), or None."""
    found: Petition | None = await session.scalar(
        select(Petition).where(Petition.number == number.strip().upper())
    )
    return found


async def latest(session: AsyncSession, contact_id: UUID, limit: int = 5) -> Sequence[Petition]:
    """Return what a contact filed, newest first."""
    rows = await session.scalars(
        select(Petition)
        .where(Petition.contact_id == contact_id)
        .order_by(Petition.id.desc())
        .limit(limit)
    )
    return rows.all()


async def search(
    session: AsyncSession, *, stage: str | None, district: str | None, limit: int, offset: int
) -> tuple[Sequence[Petition], int]:
    """Return a page of petitions, newest first, and how many there are in all."""
    wanted = select(Petition)
    if stage is not None:
        wanted = wanted.where(Petition.stage == stage)
    if district is not None:
        wanted = wanted.where(Petition.district == district)
    total = await session.scalar(select(func.count()).select_from(wanted.subquery()))
    page = await session.scalars(wanted.order_by(Petition.id.desc()).limit(limit).offset(offset))
    return page.all(), total or 0


async def events(session: AsyncSession, petition: Petition) -> Sequence[PetitionEvent]:
    """Return the steps of a petition's life, oldest first."""
    rows = await session.scalars(
        select(PetitionEvent)
        .where(PetitionEvent.petition_id == petition.id)
        .order_by(PetitionEvent.id)
    )
    return rows.all()


async def withdraw(session: AsyncSession, petition: Petition, actor: str) -> Petition:
    """Take a petition back, at the wish of whoever filed it; the caller has made sure of that.

    Raises: Conflict once it is answered, closed or withdrawn already.
    """
    return await _move(session, petition.number, "withdrawn", WITHDRAWS_FROM, actor, None)


async def advance(
    session: AsyncSession, number: str, stage: str, actor: str, note: str | None
) -> Petition:
    """Move a petition to `stage` at an officer's word; `actor` as `staff:7`.

    Raises: NoSuchPetition, Conflict when it can't go there from where it is.
    """
    return await _move(session, number, stage, ADVANCES_FROM.get(stage, ()), actor, note)


async def _move(
    session: AsyncSession,
    number: str,
    stage: str,
    origins: tuple[str, ...],
    actor: str,
    note: str | None,
) -> Petition:
    # One statement decides, so that of two officers at once the second sees the first one's stage.
    moved: Petition | None = await session.scalar(
        update(Petition)
        .where(Petition.number == number.strip().upper(), Petition.stage.in_(origins))
        .values(stage=stage)
        .returning(Petition)
        .execution_options(populate_existing=True)
    )
    if moved is None:
        raise await _refusal(session, number)
    _add_event(session, moved, actor, note)
    audit.record(session, actor, f"petition.{stage}", f"petition:{moved.id}", number=moved.number)
    return moved


async def _refusal(session: AsyncSession, number: str) -> EungdapError:
    found = await find(session, number)
    if found is None:
        return NoSuchPetition()
    await session.refresh(found)
    return Conflict(
        f"이 민원은 지금 '{stage_text(found.stage, 'ko')}' 단계라서 그렇게 바꿀 수 없어요.",
        f"This petition is {stage_text(found.stage, 'en')}; it can't be changed like that.",
        stage=found.stage,
    )


def stage_text(stage: str, language: str) -> str:
    """Return a stage in words, to be used within a sentence; English where a language lacks it."""
    said = _STAGE_TEXTS[stage]
    return said.get(language) or said["en"]
