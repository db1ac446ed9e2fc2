"""Places tell their district, kinds their clock; what is on a border is asked about."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.config import ROOT
from backend.errors import Conflict
from backend.models import AuditEntry, SealedReport
from backend.petitions import own, routing, sealed, service, types
from backend.petitions.places import locate, places
from tests.backend.house import citizen, messages
from tests.backend.test_petitions_service import filed

NEIGHBOURHOODS = ROOT / "nlu/data/lookups_neighbourhoods.yml"


@pytest.mark.parametrize(
    ("text", "districts"),
    [
        ("합정역 3번 출구 앞", ["마포구"]),
        ("합정", ["마포구"]),
        ("망원동 포은로 87", ["마포구"]),
        ("목동 사거리", ["양천구"]),
        ("종로3가", ["종로구"]),
        ("near Hapjeong station exit 3", ["마포구"]),
        ("신촌역 앞", ["서대문구", "마포구"]),
        ("이수역", ["동작구", "서초구"]),
        ("구로디지털단지역", ["구로구", "관악구"]),
        ("서울역 광장", ["중구", "용산구"]),
        ("서울역 광장에 쓰레기가 많아요", ["중구", "용산구"]),
        ("광장동 주민센터", ["광진구"]),
        ("DDP 앞", ["중구"]),
        ("망원역 아니고 이태원역", ["용산구"]),
        ("인사드립니다", None),
        ("동대문구청 앞", None),
        ("우리 집 앞", None),
    ],
)
def test_a_place_tells_its_district(text: str, districts: list[str] | None) -> None:
    spot = locate(text)
    assert (list(spot.districts) if spot else None) == districts


def test_every_neighbourhood_that_the_ears_know_has_its_district() -> None:
    names = re.findall(r"^    - (\S+)$", NEIGHBOURHOODS.read_text(encoding="utf-8"), re.MULTILINE)
    known = {*places().dong, *places().names}
    assert [name for name in names if name not in known] == []
    districts = {d for found in (*places().dong.values(), *places().names.values()) for d in found}
    assert districts == set(routing.directory().districts)


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ("골목 가로등이 꺼졌어요", "simple_report"),
        ("버스 기사님이 무정차로 지나갔어요", "complaint"),
        ("여기에 벤치를 설치해 주세요", "suggestion"),
        ("구청의 부당한 처분을 받았어요", "grievance"),
        ("법령 해석을 요청합니다", "question"),
        ("이웃에 긴급복지가 필요해요", "welfare"),
        ("정책 토론에 부치고 싶어요", "policy"),
        ("예산 낭비를 신고합니다", "budget_waste"),
        ("공무원이 뇌물을 받았어요", "corruption"),
        ("an official took a bribe", "corruption"),
        ("시설에서 인권침해를 당했어요", "human_rights"),
        ("의자가 부서졌어요", "simple_report"),
        ("건의할 게 있어요", "suggestion"),
        ("주민등록번호 ******-*******인데요 가로등이 안 켜져서요", "simple_report"),
    ],
)
def test_a_petition_is_of_a_kind(details: str, kind: str) -> None:
    assert types.classify(details).id == kind


def test_only_simple_reports_are_filed_by_voice_alone() -> None:
    assert [k.id for k in types.types().values() if k.voice_alone] == ["simple_report"]
    assert {k.id for k in types.types().values() if k.sealed} == {"corruption", "human_rights"}


async def test_a_sealed_report_leads_to_nobody(session: AsyncSession) -> None:
    code = await sealed.take_in(
        session, kind="corruption", language="ko", district=None, place="", details="뇌물"
    )
    assert re.fullmatch(r"S-[A-Z2-9]{12}", code)
    report = (await session.scalars(select(SealedReport))).one()
    assert report.code == code
    assert (await session.scalars(select(AuditEntry))).all() == []
    assert {"contact_id", "message_id"}.isdisjoint(SealedReport.__table__.columns.keys())


async def test_a_petition_is_supplemented_changed_and_then_left_alone(
    session: AsyncSession,
) -> None:
    address = await citizen(session)
    first, second, third = await messages(session, address, 3)
    petition = await filed(session, address.contact_id, first)
    await own.supplement(session, petition, "두 대예요", second)
    assert petition.details.endswith("두 대예요")
    await own.change(session, petition, third, place="이태원역", district="용산구")
    assert (petition.place, petition.department) == ("이태원역", "용산구청 주차관리과")
    history = await service.events(session, petition)
    assert [event.note is None for event in history] == [True, False, False]
    await service.advance(session, petition.number, "answered", "staff:1", None)
    await session.refresh(petition)
    with pytest.raises(Conflict):
        await own.supplement(session, petition, "하나 더", third)


async def test_a_similar_petition_is_found_and_joined_once(session: AsyncSession) -> None:
    one, two = await citizen(session), await citizen(session, "+821099998888")
    (message,) = await messages(session, one)
    petition = await filed(session, one.contact_id, message)
    found = await own.nearby(
        session, two.contact_id, "차를 불법 주차해 놨어요", "포은로 90", "마포구"
    )
    assert [p.id for p in found] == [petition.id]
    assert not await own.nearby(session, one.contact_id, "불법 주차", "포은로 90", "마포구")
    assert not await own.nearby(session, two.contact_id, "불법 주차", "와우산로 3", "마포구")
    assert await own.join(session, petition, two.contact_id) == 1
    assert await own.join(session, petition, two.contact_id) == 1
    assert await own.supported(session, petition, two.contact_id)
    assert datetime.now(UTC) > petition.received_at
