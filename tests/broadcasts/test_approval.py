"""Two people, one statement: who may approve, what it is bound to, and what follows from it."""

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.errors import Conflict, EungdapError, Forbidden
from backend.models import Broadcast, BroadcastEvent
from backend.security import Actor
from broadcasts import approval, audience, drafts, service
from tests.broadcasts.conftest import KO, Office, draft, enrol, seen

ROUNDS = 50


async def test_the_second_person_s_approval_freezes_and_sends(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await office.submitted()
    event = await office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, 12))
    assert await office.status(broadcast.id) == "approved"
    assert (event.kind, event.environment, event.audience) == ("alert", "live", 12)
    assert event.texts == broadcast.texts
    assert event.expires_at == broadcast.expires_at
    assert event.area["districts"] == ["마포구"]
    assert event.area["by_channel"] == {"sms": 4, "telegram": 4, "web": 4}
    assert await office.jobs(audience.FAN_OUT) == [{"event_id": str(event.id)}]
    assert (await office.deeds(broadcast.id))[-1] == (
        office.approver.label,
        "broadcast.approved",
    )


async def refused(office: Office, actor: Actor, broadcast: Broadcast, people: int = 12) -> int:
    """Try to approve; return the HTTP status of the refusal, which is in the audit."""
    with pytest.raises(EungdapError) as error:
        await office.do(approval.approve, actor, broadcast.id, seen(broadcast, people))
    assert (await office.deeds(broadcast.id))[-1] == (actor.label, "broadcast.approval_refused")
    assert await office.events(broadcast.id) == []
    assert await office.jobs(audience.FAN_OUT) == []
    return error.value.status


async def test_the_author_can_t_approve(office: Office, crowd: list[uuid.UUID]) -> None:
    assert await refused(office, office.author, await office.submitted()) == Forbidden.status


async def test_the_submitter_can_t_approve(office: Office, crowd: list[uuid.UUID]) -> None:
    written = await office.do(service.create, office.author, draft())
    submitted = await office.do(service.submit, office.editor, written.id, 1)
    assert await refused(office, office.editor, submitted) == Forbidden.status
    assert await refused(office, office.author, submitted) == Forbidden.status


async def test_who_ever_edited_can_t_approve(office: Office, crowd: list[uuid.UUID]) -> None:
    first = await office.submitted()
    await office.do(service.edit, office.approver, first.id, 1, draft(title="내 말"))
    await office.do(service.edit, office.author, first.id, 2, draft(title="남의 말"))
    submitted = await office.do(service.submit, office.author, first.id, 3)
    assert await refused(office, office.approver, submitted) == Forbidden.status
    await office.do(approval.approve, office.second, first.id, seen(submitted, 12))
    assert await office.status(first.id) == "approved"


async def test_an_old_version_or_another_text_can_t_be_approved(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    old = await office.submitted()
    await office.do(service.edit, office.author, old.id, 1, draft(title="바뀜"))
    new = await office.do(service.submit, office.author, old.id, 2)
    assert await refused(office, office.approver, old) == Conflict.status
    new.content_hash = hashlib.sha256(b"other words").hexdigest()
    assert await refused(office, office.approver, new) == Conflict.status


@pytest.mark.parametrize("typed", [0, 11, 13, 120])
async def test_the_typed_number_has_to_be_the_audience(
    office: Office, crowd: list[uuid.UUID], typed: int
) -> None:
    broadcast = await office.submitted()
    assert await refused(office, office.approver, broadcast, typed) == Conflict.status
    with pytest.raises(Conflict) as error:
        await office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, typed))
    assert error.value.extra["audience"] == 12


async def test_one_in_a_hundred_may_come_or_go_while_the_approver_reads(
    office: Office, many: int
) -> None:
    broadcast = await office.submitted()
    assert await refused(office, office.approver, broadcast, many - 21) == Conflict.status
    event = await office.do(
        approval.approve, office.approver, broadcast.id, seen(broadcast, many - 20)
    )
    assert event.audience == many


async def test_nobody_registered_is_no_alert(office: Office) -> None:
    assert await refused(office, office.approver, await office.submitted(), 0) == Conflict.status


async def test_what_is_too_late_can_t_be_approved(office: Office, crowd: list[uuid.UUID]) -> None:
    broadcast = await office.submitted()
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE broadcasts SET expires_at = now() WHERE id = :id"), {"id": broadcast.id}
        )
    assert await refused(office, office.approver, broadcast) == Conflict.status


@pytest.mark.parametrize("status", ["approved", "sending", "finished", "cancelling", "cancelled"])
@pytest.mark.parametrize("alone", ["author", "nobody", "other words"])
async def test_the_table_itself_refuses_one_person(
    office: Office, crowd: list[uuid.UUID], status: str, alone: str
) -> None:
    broadcast = await office.submitted()
    approver, approved_hash = office.approver.id, broadcast.content_hash
    if alone == "author":
        approver = office.author.id
    elif alone == "other words":
        approved_hash = "0" * 64
    statement = text(
        "UPDATE broadcasts SET status = :status, approved_by = :who, approved_hash = :hash, "
        "approved_at = now() WHERE id = :id"
    )
    values = {
        "status": status, "id": broadcast.id, "hash": approved_hash,
        "who": None if alone == "nobody" else approver,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="two_people"):
        async with office.sessions() as session, session.begin():
            await session.execute(statement, values)
    assert await office.status(broadcast.id) == "submitted"


async def test_approved_words_can_t_be_exchanged(office: Office, crowd: list[uuid.UUID]) -> None:
    event = await office.approved(12)
    with pytest.raises(IntegrityError, match="two_people"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE broadcasts SET content_hash = repeat('0', 64) WHERE id = :id"),
                {"id": event.broadcast_id},
            )


async def _race(*contenders: object) -> list[object]:
    results = await asyncio.gather(*contenders, return_exceptions=True)  # type: ignore[call-overload]
    unexpected = [
        r for r in results if isinstance(r, Exception) and not isinstance(r, EungdapError)
    ]
    assert unexpected == []
    return list(results)


async def test_two_approvals_at_once_make_one_event(office: Office, crowd: list[uuid.UUID]) -> None:
    for _ in range(ROUNDS):
        broadcast = await office.submitted()
        results = await _race(
            *(
                office.do(approval.approve, actor, broadcast.id, seen(broadcast, 12))
                for actor in (office.approver, office.second)
            )
        )
        assert sorted(type(r).__name__ for r in results) == ["BroadcastEvent", "Conflict"]
        assert len(await office.events(broadcast.id)) == 1
        actions = [action for _, action in await office.deeds(broadcast.id)]
        assert actions.count("broadcast.approved") == 1
        assert actions.count("broadcast.approval_refused") == 1
        assert Conflict.status == 409
        won = office.approver if isinstance(results[0], BroadcastEvent) else office.second
        assert (won.label, "broadcast.approved") in await office.deeds(broadcast.id)


async def test_approve_against_edit_never_sends_what_was_not_approved(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    for round_ in range(ROUNDS):
        broadcast = await office.submitted()
        other = draft(texts={"ko": f"다른 문구 {round_}", "en": "other"}, districts=["용산구"])
        contenders = [
            office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, 12)),
            office.do(service.edit, office.author, broadcast.id, 1, other),
        ]
        results = await _race(*(contenders if round_ % 2 else reversed(contenders)))
        events = await office.events(broadcast.id)
        assert len(events) == sum(not isinstance(r, Broadcast | EungdapError) for r in results)
        assert sum(isinstance(r, Conflict) for r in results) == 1
        last = (await office.deeds(broadcast.id))[2:]
        approver, author = office.approver.label, office.author.label
        assert last == (
            [(approver, "broadcast.approved")]
            if events
            else [(author, "broadcast.edited"), (approver, "broadcast.approval_refused")]
        )
        for event in events:
            assert event.texts["ko"] == KO
            assert event.area["districts"] == ["마포구"]
            async with office.sessions() as session:
                now = await service.get(session, broadcast.id)
            assert now.approved_hash == broadcast.content_hash == drafts.hash_of(now)


async def test_approve_against_cancel_reject_and_return(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    for round_ in range(ROUNDS):
        broadcast = await office.submitted()
        against = (
            office.do(service.cancel, office.author, broadcast.id),
            office.do(service.reject, office.second, broadcast.id, 1, "중복"),
            office.do(service.send_back, office.second, broadcast.id, 1, "더 짧게"),
        )
        approving = office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, 12))
        await _race(*against[: round_ % 4], approving, *against[round_ % 4 :])
        status = await office.status(broadcast.id)
        events = await office.events(broadcast.id)
        assert status in ("approved", "cancelling", "rejected", "returned")
        assert len(events) == (status in ("approved", "cancelling"))
        done = [deed for _, deed in (await office.deeds(broadcast.id))[2:]]
        decided = "approved" if events else status
        assert done.count(f"broadcast.{decided}") == 1
        assert done.count("broadcast.approval_refused") == (not events)
        assert done.count("broadcast.cancelled") == (status == "cancelling")
        # What was returned may also be rejected; nothing else happens to it.
        assert set(done) - {"broadcast.returned"} <= {
            f"broadcast.{decided}", "broadcast.approval_refused", "broadcast.cancelled"
        }  # fmt: skip


async def test_many_approvers_at_once(office: Office, crowd: list[uuid.UUID]) -> None:
    broadcast = await office.submitted()
    results = await _race(
        *(
            office.do(
                approval.approve,
                office.approver if n % 2 else office.second,
                broadcast.id,
                seen(broadcast, 12),
            )
            for n in range(20)
        )
    )
    assert sum(not isinstance(r, EungdapError) for r in results) == 1
    assert len(await office.events(broadcast.id)) == 1
    assert len(await office.jobs(audience.FAN_OUT)) == 1
    done = [deed for _, deed in (await office.deeds(broadcast.id))[2:]]
    assert sorted(done) == ["broadcast.approval_refused"] * 19 + ["broadcast.approved"]


async def test_the_frozen_audience_does_not_grow_with_the_city(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12, expires_at=datetime.now(UTC) + timedelta(hours=1))
    async with office.sessions() as session, session.begin():
        await enrol(session, "마포구")
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5000)
    assert len(await office.deliveries(event.id)) == 12
