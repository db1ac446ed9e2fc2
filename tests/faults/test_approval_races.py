"""Five hundred times each: an approval against another, an edit, a rejection and a cancel.

One wins. There is one event at most, and what it says is what was approved.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable

import pytest

from backend.db import Sessions
from backend.errors import Conflict, EungdapError
from backend.models import Broadcast, BroadcastEvent
from broadcasts import approval, audience, drafts, service
from tests.broadcasts.conftest import KO, Office, draft, enrol, seen

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("RACES", "500"))


@pytest.fixture
async def office(sessions: Sessions) -> Office:
    """An office, and two citizens to warn."""
    async with sessions() as session, session.begin():
        for _ in range(2):
            await enrol(session, "마포구")
    return await Office(sessions).open()


def rival(office: Office, against: str, broadcast: Broadcast) -> Awaitable[object]:
    other = draft(texts={"ko": "다른 문구", "en": "other"}, districts=["용산구"])
    match against:
        case "approve":
            return office.do(approval.approve, office.second, broadcast.id, seen(broadcast, 2))
        case "edit":
            return office.do(service.edit, office.editor, broadcast.id, 1, other)
        case "reject":
            return office.do(service.reject, office.second, broadcast.id, 1, "중복")
        case _:
            return office.do(service.cancel, office.editor, broadcast.id)


@pytest.mark.parametrize("against", ["approve", "edit", "reject", "cancel"])
async def test_one_of_two_wins_and_what_is_sent_was_approved(office: Office, against: str) -> None:
    ends: Counter[str] = Counter()
    for number in range(ROUNDS):
        broadcast = await office.submitted()
        approving = office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, 2))
        both = [approving, rival(office, against, broadcast)]
        results = await asyncio.gather(
            *(both if number % 2 else reversed(both)), return_exceptions=True
        )
        broken = [
            r for r in results if isinstance(r, Exception) and not isinstance(r, EungdapError)
        ]
        assert broken == []
        events = await office.events(broadcast.id)
        status = await office.status(broadcast.id)
        deeds = [deed for _, deed in await office.deeds(broadcast.id)]
        ends[status] += 1
        assert len(events) == deeds.count("broadcast.approved") <= 1
        assert deeds.count("broadcast.approved") + deeds.count("broadcast.approval_refused") == (
            2 if against == "approve" else 1
        )
        won = sum(isinstance(r, BroadcastEvent) for r in results)
        assert won == len(events)
        if against == "approve":
            assert (won, sum(isinstance(r, Conflict) for r in results)) == (1, 1)
        elif against != "cancel":  # a cancel may also come right after the approval
            assert sum(isinstance(r, Conflict) for r in results) == 1
        for event in events:
            async with office.sessions() as session:
                now = await service.get(session, broadcast.id)
            assert event.texts["ko"] == KO
            assert event.content_hash == now.approved_hash == broadcast.content_hash
            assert drafts.hash_of(now) == broadcast.content_hash
            assert status in ("approved", "cancelling")
        assert len(await office.jobs(audience.FAN_OUT)) == sum(
            ends[each] for each in ("approved", "cancelling")
        )
    assert sum(ends.values()) == ROUNDS
