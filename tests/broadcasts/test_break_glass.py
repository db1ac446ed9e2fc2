"""One person alone: only with approved words, with everyone called, and reviewed by another."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from backend.context import Context
from backend.errors import Conflict, Forbidden, Invalid
from backend.models import (
    AuditEntry,
    BreakGlass,
    Broadcast,
    BroadcastEvent,
    Delivery,
    Message,
    Staff,
    StaffPage,
)
from backend.security import Actor
from broadcasts import (
    alone_templates,
    audience,
    break_glass,
    correction,
    halting,
    sending,
    service,
    switch,
)
from broadcasts.schemas import BreakGlassIn, TemplateIn
from tests.broadcasts.conftest import KO, Office

WORDS = {
    "title": "한강 범람",
    "level": "critical",
    "texts": {"ko": KO, "en": "[Seoul] Flood. Go up."},
    "correction": {"ko": "[정정] 방금 알림은 잘못 보낸 것입니다.", "en": "[Correction] Mistake."},
    "all_clear": {"ko": "[해제] 범람 위험이 끝났습니다.", "en": "[All clear]"},
}
WISH = {
    "template": "flood",
    "districts": ["마포구"],
    "reason": "새벽, 아무도 받지 않음",
    "audience": 12,
}


def template(**changes: Any) -> TemplateIn:
    return TemplateIn.model_validate(WORDS | changes)


def wish(**changes: Any) -> BreakGlassIn:
    return BreakGlassIn.model_validate(WISH | changes)


@pytest.fixture
async def alone(office: Office) -> Actor:
    """The one who may send alone; the approvers have phones, the second none."""
    async with office.sessions() as session, session.begin():
        staff = Staff(login="alone", name="-", password_hash="-", roles=["breakglass"])
        session.add(staff)
        await session.flush()
        await session.execute(
            update(Staff).where(Staff.login == "approver").values(phone="+821055550001")
        )
        return Actor("staff", staff.id, "alone", frozenset(staff.roles))


async def approved_template(office: Office) -> None:
    written = await office.do(alone_templates.put, office.author, "flood", template())
    await office.do(alone_templates.approve, office.approver, "flood", written.content_hash)


async def count(office: Office, table: type) -> int:
    async with office.sessions() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0


async def test_two_people_stand_behind_a_template(office: Office) -> None:
    written = await office.do(alone_templates.put, office.approver, "flood", template())
    with pytest.raises(Forbidden):
        await office.do(alone_templates.approve, office.approver, "flood", written.content_hash)
    with pytest.raises(Conflict):
        await office.do(alone_templates.approve, office.second, "flood", "0" * 64)
    with pytest.raises(IntegrityError, match="ck_alert_templates_two_people"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE alert_templates SET approved_by = created_by, approved_at = now()")
            )
    approved = await office.do(
        alone_templates.approve, office.second, "flood", written.content_hash
    )
    assert approved.approved_by == office.second.id
    again = await office.do(alone_templates.put, office.author, "flood", template(title="고침"))
    assert again.approved_by is None
    assert again.content_hash != written.content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"correction": {"ko": "정정"}},
        {"all_clear": {}},
        {"texts": {"ko": "가" * 91, "en": "a"}},
        {"texts": {"ko": "[훈련] 대피", "en": "a"}},
    ],
)
async def test_a_template_is_whole_before_it_is_needed(
    office: Office, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await office.do(alone_templates.put, office.author, "flood", template(**changes))


async def test_one_person_sends_and_everyone_is_called(
    office: Office, alone: Actor, context: Context, crowd: list[uuid.UUID]
) -> None:
    await approved_template(office)
    glass, event = await office.do(break_glass.send, alone, wish())
    assert (event.audience, event.level, event.texts["ko"]) == (12, "critical", KO)
    await audience.fan_out(context, str(event.id))
    assert len(await office.deliveries(event.id)) == 12
    assert (alone.label, "broadcast.broke_glass") in await office.deeds(event.broadcast_id)
    async with office.sessions() as session:
        pages = (await session.scalars(select(StaffPage).order_by(StaffPage.staff_id))).all()
        assert [(p.staff_id, p.why, p.breakglass_id) for p in pages] == [
            (actor.id, "broke-glass", glass.id) for actor in (office.approver, office.second)
        ]
        (call,) = (
            await session.scalars(select(Delivery).where(Delivery.message_id.is_not(None)))
        ).all()
        assert (call.lane, call.channel) == ("siren", "sms")
        said = await session.get_one(Message, call.message_id)
        assert said.text.startswith("[응답]")
    assert glass.paged_at is not None


async def test_the_sender_can_t_close_the_review(
    office: Office, alone: Actor, crowd: list[uuid.UUID]
) -> None:
    await approved_template(office)
    glass, event = await office.do(break_glass.send, alone, wish())
    async with office.sessions() as session:
        assert len(await break_glass.listed(session, open_only=True)) == 1
    with pytest.raises(Forbidden):
        await office.do(break_glass.review, alone, glass.id, "괜찮았어요")
    with pytest.raises(IntegrityError, match="ck_break_glass_reviewed_by_another"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE break_glass SET reviewed_by = actor, reviewed_at = now()")
            )
    await office.do(break_glass.review, office.approver, glass.id, "적절했어요")
    with pytest.raises(Conflict):
        await office.do(break_glass.review, office.second, glass.id, "다시")
    async with office.sessions() as session:
        assert await break_glass.listed(session, open_only=True) == []
        ((closed, broadcast_id),) = await break_glass.listed(session, open_only=False)
    assert (closed.reviewed_by, broadcast_id) == (office.approver.id, event.broadcast_id)
    deeds = [deed for _, deed in await office.deeds(event.broadcast_id)]
    assert deeds[-2:] == ["broadcast.step_refused", "broadcast.reviewed"]


@pytest.mark.parametrize("why", ["unapproved", "number", "stopped", "nobody"])
async def test_a_refusal_leaves_nothing_but_its_entry(
    office: Office, alone: Actor, crowd: list[uuid.UUID], why: str
) -> None:
    if why == "unapproved":
        await office.do(alone_templates.put, office.author, "flood", template())
    else:
        await approved_template(office)
    if why == "stopped":
        await office.do(switch.stop, office.second, "점검")
    changes: dict[str, Any] = {
        "number": {"audience": 120},
        "nobody": {"districts": ["도봉구"], "audience": 0},
    }.get(why, {})
    with pytest.raises(Conflict):
        await office.do(break_glass.send, alone, wish(**changes))
    assert await count(office, Broadcast) == await count(office, StaffPage) == 0
    async with office.sessions() as session:
        last = await session.scalar(
            select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1)
        )
    assert last == "siren.break_glass_refused"


@pytest.mark.parametrize("wrong", ["words", "unapproved", "another's"])
async def test_the_table_itself_asks_for_approved_words(
    office: Office, alone: Actor, crowd: list[uuid.UUID], wrong: str
) -> None:
    await approved_template(office)
    texts = {"ko": "내 말"} if wrong == "words" else WORDS["texts"]
    broadcast = await office.submitted(
        level="critical", texts=texts, correction=WORDS["correction"],
    )  # fmt: skip
    actor = office.second.id if wrong == "another's" else office.author.id
    async with office.sessions() as session, session.begin():
        glass = await session.scalar(
            text("INSERT INTO break_glass (actor, template, reason) VALUES (:a, 'flood', 'x') "
                 "RETURNING id"),
            {"a": actor},
        )  # fmt: skip
        if wrong == "unapproved":
            await session.execute(text("UPDATE alert_templates SET approved_by = NULL"))
    with pytest.raises(IntegrityError, match="approved template"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE broadcasts SET status = 'approved', breakglass_id = :glass, "
                     "approved_hash = content_hash WHERE id = :id"),
                {"glass": glass, "id": broadcast.id},
            )  # fmt: skip
    assert await office.status(broadcast.id) == "submitted"


async def test_what_was_sent_alone_is_corrected_and_held_like_the_rest(
    office: Office, alone: Actor, context: Context, crowd: list[uuid.UUID]
) -> None:
    await approved_template(office)
    _, event = await office.do(break_glass.send, alone, wish())
    async with office.sessions() as session, session.begin():
        assert await halting.halt(session, event.broadcast_id, "error-rate")
    with pytest.raises(Forbidden):
        await office.do(sending.resume, alone, event.broadcast_id)
    await office.do(sending.resume, office.approver, event.broadcast_id)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["delivered"] * 12)
    await office.do(service.cancel, office.author, event.broadcast_id)
    await correction.stop_and_correct(context, str(event.broadcast_id))
    alert, corrected = await office.events(event.broadcast_id)
    assert (alert.kind, corrected.kind, corrected.audience) == ("alert", "correction", 12)


async def test_a_button_pressed_twice_alerts_nobody_twice(
    office: Office, alone: Actor, crowd: list[uuid.UUID]
) -> None:
    await approved_template(office)
    pressed = await asyncio.gather(
        *(office.do(break_glass.send, alone, wish()) for _ in range(4)), return_exceptions=True
    )
    assert [type(each) for each in pressed].count(Conflict) == 3
    assert await count(office, BroadcastEvent) == await count(office, BreakGlass) == 1
    async with office.sessions() as session:
        refused = await session.scalar(
            select(func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "siren.break_glass_refused")
        )
    assert refused == 3
    await office.do(break_glass.send, alone, wish(again=True))
    assert await count(office, BroadcastEvent) == 2
