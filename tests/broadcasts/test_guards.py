"""What a hand at the database is refused, whatever the service in front of it would do."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, text, update
from sqlalchemy.exc import IntegrityError

from backend.context import Context
from backend.models import Broadcast
from broadcasts import approval, audience, break_glass, correction, drafts, halting, service
from broadcasts.schemas import UpdateIn
from tests.broadcasts.conftest import Office, seen
from tests.broadcasts.test_break_glass import WORDS, alone, approved_template, wish
from tests.broadcasts.test_follow_up import approve_planned, planned

__all__ = ["alone"]


async def refused(office: Office, guard: str, *statements: str, **values: Any) -> None:
    """Run statements as a hand at the database would; the named guard lets none of them stay."""

    async def try_it() -> None:
        async with office.sessions() as session, session.begin():
            for statement in statements:
                await session.execute(text(statement), values)

    with pytest.raises(IntegrityError, match=guard):
        await try_it()


async def hashed(office: Office, broadcast_id: uuid.UUID, **changed: Any) -> dict[str, Any]:
    """Return `changed` with the hash that fits, as somebody would who knows how it is made."""
    async with office.sessions() as session:
        found = await service.get(session, broadcast_id)
        values = {name: getattr(found, name) for name in drafts.HASHED} | changed
    return changed | {"content_hash": drafts.content_hash(values)}


CHANGES: list[dict[str, Any]] = [
    {"texts": {"ko": "다른 말", "en": "Other words"}},
    {"correction": {"ko": "다른 정정"}},
    {"districts": ["용산구"]},
    {"polygons": [[[37.5, 126.9], [37.6, 126.9], [37.6, 127.0], [37.5, 126.9]]]},
    {"environment": "exercise"},
    {"level": "critical"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
@pytest.mark.parametrize("state", ["submitted", "planned", "sending", "cancelled"])
async def test_words_with_a_hash_that_fits_are_refused(
    office: Office, context: Context, crowd: list[uuid.UUID], state: str, change: dict[str, Any]
) -> None:
    if state == "submitted":
        broadcast_id = (await office.submitted()).id
    elif state == "planned":
        broadcast_id = await planned(office)
        await approve_planned(office, broadcast_id)
    else:
        event = await office.approved(12)
        broadcast_id = event.broadcast_id
        await audience.fan_out(context, str(event.id))
        if state == "cancelled":
            await office.do(service.cancel, office.author, broadcast_id)
    values = await hashed(office, broadcast_id, **change)
    if state != "submitted":
        values["approved_hash"] = values["content_hash"]
    with pytest.raises(IntegrityError, match="changes by an edit alone"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                update(Broadcast).where(Broadcast.id == broadcast_id).values(**values)
            )


async def test_a_later_end_and_another_time_are_refused_and_a_sooner_end_is_not(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await planned(office)
    await approve_planned(office, broadcast_id)
    for values in (
        {"expires_at": Broadcast.expires_at + timedelta(hours=1)},
        {"send_at": func.now()},
        {"send_at": None},
    ):
        with pytest.raises(IntegrityError, match="changes by an edit alone"):
            async with office.sessions() as session, session.begin():
                await session.execute(update(Broadcast).values(**values))
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(Broadcast).values(expires_at=Broadcast.expires_at - timedelta(minutes=1))
        )


@pytest.mark.parametrize(
    ("guard", "statement"),
    [
        ("two_people", "status = 'approved', approved_by = :author"),
        ("two_people", "status = 'approved', submitted_by = :second, approved_by = :author"),
        ("stays as it was", "status = 'approved', submitted_by = :second, approved_by = :approver"),
        ("stays as it was", "status = 'approved', created_by = :editor, approved_by = :approver"),
        ("holds the role", "status = 'approved', approved_by = :editor"),
        ("stays as it was", "status = 'sending', approved_by = :approver"),
    ],
)
async def test_an_approval_that_is_none_is_refused(
    office: Office, crowd: list[uuid.UUID], guard: str, statement: str
) -> None:
    broadcast = await office.submitted()
    people = {
        name: getattr(office, name).id for name in ("author", "editor", "approver", "second")
        if f":{name}" in statement
    }  # fmt: skip
    await refused(
        office, guard,
        f"UPDATE broadcasts SET approved_hash = content_hash, approved_at = now(), {statement}",
        **people,
    )  # fmt: skip
    assert await office.status(broadcast.id) == "submitted"
    assert await office.events(broadcast.id) == []


async def test_words_that_nobody_is_on_record_for_are_refused(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await office.submitted()
    values = await hashed(office, broadcast.id, texts={"ko": "내 말", "en": "Mine"})
    async with office.sessions() as session, session.begin():  # an edit that leaves no trace
        await session.execute(
            update(Broadcast).values(status="draft", version=2, submitted_by=None, **values)
        )
        await session.execute(
            update(Broadcast).values(status="submitted", submitted_by=office.author.id)
        )
    async with office.sessions() as session:
        now = await service.get(session, broadcast.id)
    with pytest.raises(IntegrityError, match="on record to have written"):
        await office.do(approval.approve, office.approver, broadcast.id, seen(now, 12))
    assert await office.events(broadcast.id) == []
    await refused(office, "stays", "DELETE FROM broadcast_edits")
    await refused(office, "stays", "UPDATE broadcast_edits SET actor = :who", who=office.editor.id)


@pytest.mark.parametrize(
    ("status", "steps"),
    [
        ("cancelled", ("draft", "submitted", "approved", "sending", "sent", "cancelling")),
        ("cancelling", ("approved", "sending", "halted", "sent", "finished")),
        ("expired", ("submitted", "approved", "sending")),
        ("rejected", ("draft", "submitted", "approved")),
        ("finished", ("approved", "submitted", "draft")),
    ],
)
async def test_what_is_over_does_not_begin_again(
    office: Office, crowd: list[uuid.UUID], status: str, steps: tuple[str, ...]
) -> None:
    if status in ("expired", "rejected"):
        broadcast_id, ways = (await office.submitted()).id, [status]
    else:
        broadcast_id = (await office.approved(12)).broadcast_id
        ways = ["sent", "finished"] if status == "finished" else ["cancelling", status]
    async with office.sessions() as session, session.begin():
        for way in dict.fromkeys(ways):
            await session.execute(update(Broadcast).values(status=way))
    for step in steps:
        await refused(
            office, "no step leads|changes by an edit|stays as it was|two_people",
            "UPDATE broadcasts SET status = :step", step=step,
        )  # fmt: skip
    assert await office.status(broadcast_id) == status


async def test_nothing_begins_approved_and_nothing_goes(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await refused(
        office, "begins as a draft",
        "INSERT INTO broadcasts (environment, title, texts, correction, districts, status, version,"
        " content_hash, approved_hash, expires_at, created_by, submitted_by, approved_by)"
        " SELECT environment, title, texts, correction, districts, 'approved', 1, content_hash,"
        " content_hash, expires_at, created_by, submitted_by, approved_by FROM broadcasts",
    )  # fmt: skip
    await refused(office, "stays", "DELETE FROM broadcast_events")
    assert [e.id for e in await office.events(event.broadcast_id)] == [event.id]


async def test_what_was_halted_takes_another_person(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    async with office.sessions() as session, session.begin():
        assert await halting.halt(session, event.broadcast_id, "잠깐")
    await refused(office, "another person", "UPDATE broadcasts SET status = 'sending'")
    await refused(
        office, "ck_broadcasts_resumed",
        "UPDATE broadcasts SET status = 'sending', resumed_by = approved_by, resumed_at = now()",
    )  # fmt: skip
    await refused(
        office, "stays as it was",
        "UPDATE broadcasts SET status = 'sending', resumed_at = now(), resumed_by = approved_by,"
        " approved_by = :who", who=office.second.id,
    )  # fmt: skip


async def test_the_audience_of_an_event_is_frozen(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    for number in (0, 11, 13):
        await refused(
            office, "frozen by the approval", "UPDATE broadcast_events SET audience = :n", n=number
        )
    assert (await office.events(event.broadcast_id))[0].audience == 12


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("alert", {"texts": '{"ko": "다른 말"}'}),
        ("alert", {"districts": '["용산구"]'}),
        ("alert", {"expires": "8 hours"}),
        ("correction", {"texts": '{"ko": "다른 정정"}'}),
        ("all_clear", {"texts": '{"ko": "다른 해제"}'}),
        ("update", {"texts": '{"ko": "다른 안내"}'}),
        ("reminder", {}),
    ],
)
async def test_an_event_that_nobody_approved_is_refused(
    office: Office, crowd: list[uuid.UUID], kind: str, values: dict[str, str]
) -> None:
    event = await office.approved(12)
    waiting = await office.submitted()
    about = waiting.id if kind in ("alert", "reminder") else event.broadcast_id
    await refused(
        office, "what was approved",
        "INSERT INTO broadcast_events (broadcast_id, kind, environment, mode, level, texts,"
        " long_texts, area, audience, content_hash, expires_at)"
        " SELECT b.id, :kind, b.environment, b.mode, b.level,"
        " coalesce(CAST(:texts AS jsonb), b.texts), '{}', jsonb_build_object('districts',"
        " coalesce(CAST(:districts AS jsonb), b.districts)), 1, b.content_hash,"
        " coalesce(now() + CAST(:expires AS interval), b.expires_at)"
        " FROM broadcasts b WHERE b.id = :about",
        about=about, kind=kind, **{"texts": None, "districts": None, "expires": None} | values,
    )  # fmt: skip


async def test_an_update_stays_as_it_was_approved(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    words = UpdateIn(texts={"ko": "[서울특별시] 잠수교도 통제합니다. 문의 120"})
    written = await office.do(correction.write_update, office.author, event.broadcast_id, words)
    other = 'UPDATE broadcast_updates SET texts = \'{"ko": "다른 말"}\''
    await refused(office, "stays", other)
    await refused(
        office, "stays", "UPDATE broadcast_updates SET written_by = :who", who=office.editor.id
    )
    await office.do(
        correction.approve_update, office.approver, event.broadcast_id, written.id,
        written.content_hash,
    )  # fmt: skip
    await refused(office, "stays", other)


async def test_sending_alone_keeps_its_record(
    office: Office, alone: Any, crowd: list[uuid.UUID]
) -> None:
    await approved_template(office)
    await refused(office, "stays", 'UPDATE alert_templates SET texts = \'{"ko": "다른 말"}\'')
    await refused(
        office, "stays", "UPDATE alert_templates SET created_by = :who", who=office.editor.id
    )
    glass, _ = await office.do(break_glass.send, alone, wish())
    closing = "reviewed_by = :who, reviewed_at = now(), findings = '-'"
    await refused(office, "reviewed_by_another", f"UPDATE break_glass SET {closing}", who=alone.id)
    await refused(
        office, "stays", f"UPDATE break_glass SET actor = :other, {closing}",
        who=alone.id, other=office.editor.id,
    )  # fmt: skip
    await refused(office, "stays|fk_", "DELETE FROM break_glass")
    await office.do(break_glass.review, office.approver, glass.id, "전화로 확인했어요")
    await refused(office, "stays", "UPDATE break_glass SET reviewed_by = NULL, reviewed_at = NULL")


async def test_who_may_not_send_alone_does_not_by_hand_either(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    await approved_template(office)
    waiting = await office.submitted(**WORDS)
    await refused(
        office, "holds the role",
        "INSERT INTO break_glass (actor, template, reason, paged_at)"
        " VALUES (:who, 'flood', 'x', now())",
        "UPDATE broadcasts SET status = 'approved', approved_hash = content_hash,"
        " breakglass_id = (SELECT id FROM break_glass) WHERE id = :id",
        who=office.author.id, id=waiting.id,
    )  # fmt: skip
    assert await office.events(waiting.id) == []
