"""The house or the alert changes its environment between the submission and the sending: fault 4.

It is refused and said so, at the approval and at the sending; it is never dropped in silence.
"""

import pytest
from sqlalchemy.exc import IntegrityError

from backend.errors import Conflict
from backend.models import Broadcast, BroadcastEvent
from broadcasts import approval, audience, sending, service, switch
from tests.broadcasts.conftest import draft, seen
from tests.faults.siren_house import House

MODES = ("live", "training")


async def submitted(house: House, **changes: object) -> Broadcast:
    await house.people("korea", 3)
    return await house.office.submitted(**changes)


@pytest.mark.parametrize(("before", "after"), [MODES, MODES[::-1]])
async def test_an_approval_in_another_mode_is_refused_and_says_so(
    house: House, before: str, after: str
) -> None:
    office = house.office
    await office.do(switch.set_mode, office.second, before, "아침 점검")
    waiting = await submitted(house, environment="exercise")
    await office.do(switch.set_mode, office.second, after, "상태를 바꿔요")
    with pytest.raises(Conflict) as refusal:
        await office.do(approval.approve, office.approver, waiting.id, seen(waiting, 3))
    assert "live, training" in refusal.value.en
    assert await office.events(waiting.id) == []
    assert await office.jobs(audience.FAN_OUT) == []
    assert await office.status(waiting.id) == "submitted"
    assert (await office.deeds(waiting.id))[-1] == (
        office.approver.label,
        "broadcast.approval_refused",
    )
    # Back where it was submitted it can be approved: nothing was lost.
    await office.do(switch.set_mode, office.second, before, "다시 그대로")
    await office.do(approval.approve, office.approver, waiting.id, seen(waiting, 3))
    assert len(await office.events(waiting.id)) == 1


@pytest.mark.parametrize(
    "column", ["environment = 'exercise'", "title = '다른 말'", "level = 'critical'"]
)
async def test_an_alert_that_changed_beside_an_edit_is_refused(house: House, column: str) -> None:
    waiting = await submitted(house)
    with pytest.raises(IntegrityError, match="changes by an edit alone"):
        await house.do(f"UPDATE broadcasts SET {column}")
    # As the owner of the database may, who can put its guards to sleep.
    await house.do("ALTER TABLE broadcasts DISABLE TRIGGER USER")
    await house.do(f"UPDATE broadcasts SET {column}")
    await house.do("ALTER TABLE broadcasts ENABLE TRIGGER USER")
    with pytest.raises(Conflict) as refusal:
        await house.office.do(approval.approve, house.office.approver, waiting.id, seen(waiting, 3))
    assert "not by an edit" in refusal.value.en
    assert await house.office.events(waiting.id) == []
    assert (await house.office.deeds(waiting.id))[-1][1] == "broadcast.approval_refused"


async def test_an_edit_to_another_environment_needs_its_own_approval(house: House) -> None:
    office = house.office
    waiting = await submitted(house, environment="exercise")
    await office.do(service.edit, office.editor, waiting.id, 1, draft())
    with pytest.raises(Conflict):
        await office.do(approval.approve, office.approver, waiting.id, seen(waiting, 3))
    assert await office.events(waiting.id) == []
    assert (await office.deeds(waiting.id))[-1][1] == "broadcast.approval_refused"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE siren_switch SET mode = 'training'", "environment"),
        ("UPDATE siren_switch SET stopped_at = now()", "kill-switch"),
    ],
)
async def test_what_changed_after_the_approval_is_held_and_its_people_are_called(
    house: House, change: str, why: str
) -> None:
    await house.people("korea", 3)
    event = await house.alert()
    await house.do(change)
    async with house.working(2):
        await _halted(house, event)
    assert await house.fates(event) == {}
    assert house.taken() == {}
    assert await house.counts(event) == {"pending": 3}
    assert await house.paged() == ["halted", "halted"], "its author and its approver, once"
    deeds = await house.ask(
        "SELECT action, detail ->> 'why' FROM audit WHERE actor = 'system' ORDER BY id"
    )
    assert deeds == [("broadcast.halted", why), ("broadcast.refused_at_sending", why)]
    # Another person lets it go once the house stands as it stood.
    await house.do("UPDATE siren_switch SET mode = 'live', stopped_at = NULL")
    await house.office.do(sending.resume, house.office.second, event.broadcast_id)
    async with house.working(2):
        await house.settled(event, lambda fates: set(fates.values()) == {"delivered"})
    assert sum(house.taken().values()) == 3


async def _halted(house: House, event: BroadcastEvent) -> None:
    await house.until(
        lambda: house.office.status(event.broadcast_id), lambda status: status == "halted"
    )
