"""The life of a broadcast: every step from every state."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from backend.errors import Conflict, EungdapError, Forbidden, Invalid, NotFound
from backend.models.broadcast import STATUSES
from backend.security import Actor
from broadcasts import approval, audience, service
from tests.broadcasts.conftest import KO, Office, draft, seen

EN_LONG = "Leave the basement at once and go to higher ground. " * 3
ACTIONS = ("edit", "submit", "approve", "return", "reject", "cancel")
ALLOWED = {
    "draft": {"edit": "draft", "submit": "submitted", "reject": "rejected"},
    "submitted": {
        "edit": "draft", "approve": "approved", "return": "returned", "reject": "rejected"
    },
    "returned": {"edit": "draft", "submit": "submitted", "reject": "rejected"},
    "rejected": {},
    "approved": {"cancel": "cancelling"},
    "sending": {"cancel": "cancelling"},
    "halted": {"cancel": "cancelling"},
    "sent": {"cancel": "cancelling"},
    "finished": {"cancel": "cancelling"},
    "cancelling": {"cancel": "cancelling"},
    "cancelled": {"cancel": "cancelled"},
    "expired": {},
}  # fmt: skip

BY_WAY_OF = {"finished": ("sent", "finished"), "cancelled": ("cancelling", "cancelled")}


async def in_state(office: Office, status: str) -> uuid.UUID:
    """A broadcast in `status`, with the people that the table demands behind it."""
    if status == "draft":
        return (await office.do(service.create, office.author, draft())).id
    broadcast = await office.submitted()
    if status not in ("submitted", "expired", "rejected", "returned"):
        await office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, 12))
    async with office.sessions() as session, session.begin():
        for step in BY_WAY_OF.get(status, (status,)):
            await session.execute(
                text("UPDATE broadcasts SET status = :status WHERE id = :id"),
                {"status": step, "id": broadcast.id},
            )
    return broadcast.id


async def act(office: Office, action: str, broadcast_id: uuid.UUID) -> None:
    async with office.sessions() as session:
        now = await service.get(session, broadcast_id)
    match action:
        case "edit":
            await office.do(service.edit, office.editor, now.id, now.version, draft(title="새"))
        case "submit":
            await office.do(service.submit, office.author, now.id, now.version)
        case "approve":
            await office.do(approval.approve, office.second, now.id, seen(now, 12))
        case "return":
            await office.do(service.send_back, office.second, now.id, now.version, "장소를 더")
        case "reject":
            await office.do(service.reject, office.second, now.id, now.version, "중복")
        case "cancel":
            await office.do(service.cancel, office.author, now.id)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", STATUSES)
async def test_each_step_starts_only_where_it_may(
    office: Office, crowd: list[uuid.UUID], status: str, action: str
) -> None:
    broadcast_id = await in_state(office, status)
    expected = ALLOWED[status].get(action)
    if expected is None:
        with pytest.raises(Conflict) as refused:
            await act(office, action, broadcast_id)
        assert refused.value.ko
        assert refused.value.en
        assert await office.status(broadcast_id) == status
    else:
        await act(office, action, broadcast_id)
        assert await office.status(broadcast_id) == expected


async def test_a_draft_is_cleaned_marked_and_noted(office: Office) -> None:
    written = await office.do(
        service.create, office.author,
        draft(environment="exercise", texts={"ko": "  오늘 14시 훈련\n", "en": "   "}),
    )  # fmt: skip
    assert written.texts == {"ko": "[훈련] 실제 상황 아님. 오늘 14시 훈련"}
    assert written.correction["ko"].startswith("[훈련] 실제 상황 아님. [정정]")
    assert (written.status, written.version, written.created_by) == ("draft", 1, office.author.id)
    assert await office.deeds(written.id) == [(office.author.label, "broadcast.created")]


async def test_an_edit_makes_a_new_version_that_nobody_submitted(office: Office) -> None:
    broadcast = await office.submitted()
    changed = await office.do(
        service.edit, office.editor, broadcast.id, 1, draft(texts={"ko": "새 문구", "en": "new"})
    )
    assert (changed.status, changed.version) == ("draft", 2)
    assert (changed.submitted_by, changed.submitted_at) == (None, None)
    assert changed.content_hash != broadcast.content_hash
    with pytest.raises(Conflict):
        await office.do(service.edit, office.editor, broadcast.id, 1, draft())
    with pytest.raises(Conflict):
        await office.do(service.submit, office.author, broadcast.id, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"districts": ["부산진구"]},
        {"districts": [audience.TEST_LIST]},
        {"environment": "test", "districts": ["마포구"]},
        {"environment": "exercise", "districts": [audience.TEST_LIST]},
        {"texts": {"ko": "[훈련] 대피"}},
        {"environment": "exercise", "texts": {"ko": "이것은 실제 상황입니다"}},
        {"title": "\u200b"},
    ],
)
async def test_content_that_could_mislead_is_not_even_stored(
    office: Office, changes: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        await office.do(service.create, office.author, draft(**changes))
    async with office.sessions() as session:
        assert (await service.listed(session))[1] == 0


async def test_an_exercise_can_t_become_live_with_its_mark(office: Office) -> None:
    written = await office.do(service.create, office.author, draft(environment="exercise"))
    with pytest.raises(Invalid):
        await office.do(
            service.edit, office.author, written.id, 1,
            draft(environment="live", texts=written.texts, correction=written.correction),
        )  # fmt: skip


async def test_submitting_names_everything_that_is_missing(office: Office) -> None:
    written = await office.do(
        service.create, office.author,
        draft(
            texts={"ko": "가" * 91}, correction={}, districts=[],
            expires_at=datetime.now(UTC) + timedelta(hours=49),
        ),
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        await office.do(service.submit, office.author, written.id, 1)
    fields = [problem["field"] for problem in refused.value.extra["problems"]]
    assert fields == ["districts", "texts", "correction", "expires_at"]
    assert await office.status(written.id) == "draft"


async def test_exactly_ninety_characters_pass(office: Office) -> None:
    broadcast = await office.submitted(texts={"ko": "가" * 90, "en": EN_LONG})
    assert broadcast.status == "submitted"
    assert len(broadcast.texts["ko"]) == 90


async def test_a_reason_is_kept_and_never_empty(office: Office) -> None:
    broadcast = await office.submitted()
    with pytest.raises(Invalid):
        await office.do(service.send_back, office.approver, broadcast.id, 1, " \u200b")
    returned = await office.do(service.send_back, office.approver, broadcast.id, 1, "왜인지 더")
    assert (returned.status, returned.reason) == ("returned", "왜인지 더")
    again = await office.do(service.submit, office.author, broadcast.id, 1)
    assert (again.status, again.reason) == ("submitted", None)


async def test_a_key_is_nobody(office: Office, crowd: list[uuid.UUID]) -> None:
    key = Actor("key", office.second.id, "gateway", frozenset(["author", "approver"]))
    broadcast = await office.submitted()
    for step, args in (
        (service.create, (draft(),)),
        (service.edit, (broadcast.id, 1, draft())),
        (service.submit, (broadcast.id, 1)),
        (approval.approve, (broadcast.id, seen(broadcast, 12))),
        (service.send_back, (broadcast.id, 1, "x")),
        (service.reject, (broadcast.id, 1, "x")),
        (service.cancel, (broadcast.id,)),
    ):
        with pytest.raises(Forbidden):
            await office.do(step, key, *args)
    assert await office.status(broadcast.id) == "submitted"
    assert (key.label, "broadcast.approval_refused") in await office.deeds(broadcast.id)


async def test_what_does_not_exist_is_not_found(office: Office) -> None:
    nothing = uuid.uuid4()
    broadcast = await office.submitted()
    for step, args in (
        (service.edit, (nothing, 1, draft())),
        (service.submit, (nothing, 1)),
        (approval.approve, (nothing, seen(broadcast, 1))),
        (service.cancel, (nothing,)),
    ):
        with pytest.raises(NotFound):
            await office.do(step, office.author, *args)


async def test_the_whole_life_is_in_the_audit(office: Office, crowd: list[uuid.UUID]) -> None:
    broadcast = await office.submitted()
    await office.do(service.send_back, office.approver, broadcast.id, 1, "더 짧게")
    await office.do(service.edit, office.author, broadcast.id, 1, draft(title="짧게"))
    ready = await office.do(service.submit, office.author, broadcast.id, 2)
    await office.do(approval.approve, office.approver, broadcast.id, seen(ready, 12))
    await office.do(service.cancel, office.editor, broadcast.id)
    author, approver = office.author.label, office.approver.label
    assert await office.deeds(broadcast.id) == [
        (author, "broadcast.created"),
        (author, "broadcast.submitted"),
        (approver, "broadcast.returned"),
        (author, "broadcast.edited"),
        (author, "broadcast.submitted"),
        (approver, "broadcast.approved"),
        (office.editor.label, "broadcast.cancelled"),
    ]


async def test_no_error_repeats_the_words(office: Office, crowd: list[uuid.UUID]) -> None:
    broadcast = await office.submitted()
    errors: list[EungdapError] = []
    for step, actor, args in (
        (approval.approve, office.author, (broadcast.id, seen(broadcast, 12))),
        (service.edit, office.author, (broadcast.id, 7, draft())),
        (service.cancel, office.author, (broadcast.id,)),
    ):
        with pytest.raises(EungdapError) as refused:
            await office.do(step, actor, *args)
        errors.append(refused.value)
    assert not any(KO in error.ko + error.en + str(error.extra) for error in errors)
