"""Polygons, levels and quiet hours: who is meant, counted and reached by the same rule."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import Point
from sqlalchemy import text, update

from backend.errors import Invalid
from backend.models import Contact, Subscription
from broadcasts import approval, audience, drafts, geometry
from broadcasts.geometry import Districts
from tests.broadcasts.conftest import Office, draft, enrol, seen

# A kilometre of the river's bank in the middle of 마포구's cell.
MAPO = [[37.556, 126.905], [37.562, 126.905], [37.562, 126.912], [37.556, 126.912]]


def test_a_polygon_touches_the_districts_around_it() -> None:
    assert "마포구" in geometry.touched([MAPO])
    assert "강동구" not in geometry.touched([MAPO])
    assert geometry.touched([]) == []
    across = [[37.45, 126.80], [37.45, 127.15], [37.70, 127.15], [37.70, 126.80]]
    assert len(geometry.touched([across])) == 25


def test_boundaries_that_a_city_supplies_are_used(tmp_path: Path) -> None:
    square = [[126.0, 37.0], [126.1, 37.0], [126.1, 37.1], [126.0, 37.1], [126.0, 37.0]]
    feature = {
        "type": "Feature",
        "properties": {"name": "물결구"},
        "geometry": {"type": "Polygon", "coordinates": [square]},
    }
    (tmp_path / geometry.BOUNDARIES).write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8"
    )
    found = Districts(tmp_path)
    assert found.resolver.startswith("boundaries-")
    assert found.touched([[[37.05, 126.05], [37.05, 126.06], [37.06, 126.06]]]) == ["물결구"]
    assert found.touched([[[37.05, 126.105], [37.05, 126.2], [37.06, 126.2]]]) == []
    assert Districts().resolver.startswith("schematic-")


@pytest.mark.parametrize(
    "ring",
    [
        [[37.5, 126.9], [37.6, 127.0], [37.5, 127.0], [37.6, 126.9]],
        [[37.5, 126.9], [37.5, 126.9], [37.5, 126.9]],
        [[37.5, 126.9], [37.5, 127.0], [37.5, 126.95]],
    ],
)
def test_a_ring_that_is_no_area_is_refused(ring: list[list[float]]) -> None:
    with pytest.raises(Invalid):
        geometry.polygon(ring)


async def living_at(office: Office, contact: uuid.UUID, latitude: float, longitude: float) -> None:
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(Contact)
            .where(Contact.id == contact)
            .values(latitude=latitude, longitude=longitude)
        )


async def test_a_polygon_reaches_its_districts_and_the_places_within_it(office: Office) -> None:
    async with office.sessions() as session, session.begin():
        neighbour = await enrol(session, "마포구")
        inside = await enrol(session, "강동구")
        away = await enrol(session, "강동구")
        listed = await enrol(session, audience.TEST_LIST)
        at_home = await enrol(session, "마포구")
    await living_at(office, inside.id, 37.559, 126.908)
    await living_at(office, away.id, 37.551, 127.147)
    await living_at(office, listed.id, 37.559, 126.908)
    await living_at(office, at_home.id, 37.560, 126.909)

    broadcast = await office.submitted(districts=[], polygons=[MAPO])
    async with office.sessions() as session:
        counted = await audience.count_for(session, broadcast)
    assert counted.people == 3
    assert counted.without_place == 1
    assert "마포구" in counted.touched

    event = await office.do(approval.approve, office.approver, broadcast.id, seen(broadcast, 3))
    assert event.area["polygons"] == [MAPO]
    assert event.area["resolver"] == geometry.districts().resolver
    async with office.sessions() as session, session.begin():
        more = True
        while more:
            more, _ = await audience.fan_out_chunk(session, event.id, 2)
    reached = {row.contact_id for row in await office.deliveries(event.id)}
    assert reached == {neighbour.id, inside.id, at_home.id}


async def test_a_thousand_points_are_counted_as_they_are_reached(office: Office) -> None:
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("""
            WITH person AS (INSERT INTO contacts (id, latitude, longitude)
                SELECT gen_random_uuid(), 37.50 + 0.1 * (n % 40) / 40, 126.85 + 0.1 * (n / 40) / 25
                FROM generate_series(0, 999) n RETURNING id),
            place AS (INSERT INTO addresses (contact_id, scheme, address)
                SELECT id, 'phone', id::text FROM person RETURNING id, contact_id)
            INSERT INTO subscriptions (contact_id, address_id, channel, district, language)
            SELECT contact_id, id, 'sms', '강동구', 'ko' FROM place""")
        )
    broadcast = await office.submitted(districts=[], polygons=[MAPO])
    async with office.sessions() as session:
        people = (await audience.count_for(session, broadcast)).people
        points = (await session.execute(text("SELECT latitude, longitude FROM contacts"))).all()
    outline = geometry.polygon(MAPO)
    assert people == sum(outline.covers(Point(row.longitude, row.latitude)) for row in points) > 0
    event = await office.do(
        approval.approve, office.approver, broadcast.id, seen(broadcast, people)
    )
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5000)
    assert len(await office.deliveries(event.id)) == people


@pytest.mark.parametrize(("level", "people"), [("critical", 3), ("emergency", 2), ("advisory", 1)])
async def test_what_a_citizen_silenced_does_not_come_but_critical_does(
    office: Office, level: str, people: int
) -> None:
    async with office.sessions() as session, session.begin():
        await enrol(session, "마포구")
        for silenced in (["advisory"], ["advisory", "emergency"]):
            citizen = await enrol(session, "마포구")
            await session.execute(
                update(Subscription)
                .where(Subscription.contact_id == citizen.id)
                .values(silenced=silenced)
            )
    event = await office.approved(people, level=level)
    assert (event.level, event.audience) == (level, people)
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5000)
    assert len(await office.deliveries(event.id)) == people


async def test_nobody_can_silence_what_is_critical(office: Office) -> None:
    async with office.sessions() as session:
        citizen = await enrol(session, "마포구")
        with pytest.raises(Exception, match="ck_subscriptions_silenced"):
            await session.execute(
                update(Subscription)
                .where(Subscription.contact_id == citizen.id)
                .values(silenced=["critical"])
            )


@pytest.mark.parametrize(("level", "waits"), [("advisory", True), ("emergency", False)])
async def test_quiet_hours_hold_back_an_advisory_until_they_end(
    office: Office, level: str, waits: bool
) -> None:
    async with office.sessions() as session, session.begin():
        citizen = await enrol(session, "마포구")
        await session.execute(
            text("""UPDATE contacts SET
                quiet_from = CAST(now() AT TIME ZONE 'Asia/Seoul' - interval '1 hour' AS time),
                quiet_until = CAST(now() AT TIME ZONE 'Asia/Seoul' + interval '2 hours' AS time)
                WHERE id = :id"""),
            {"id": citizen.id},
        )
    event = await office.approved(1, level=level)
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5000)
    (delivery,) = await office.deliveries(event.id)
    later = delivery.due_at - datetime.now(UTC)
    assert (delivery.lane, later > timedelta(minutes=100)) == ("bulk" if waits else "siren", waits)
    assert later < timedelta(minutes=121)


async def test_a_test_goes_to_its_list_and_takes_no_polygon(office: Office) -> None:
    with pytest.raises(Invalid):
        drafts.columns(draft(environment="test", districts=[audience.TEST_LIST], polygons=[MAPO]))
