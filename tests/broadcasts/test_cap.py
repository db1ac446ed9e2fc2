"""CAP in and out: what was published stays as it was, and what comes in sends nothing."""

import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from lxml import etree
from sqlalchemy import func, select, text

from backend.context import Context
from backend.models import (
    AuditEntry,
    Broadcast,
    BroadcastEdit,
    BroadcastEvent,
    CapMessage,
    Staff,
)
from broadcasts import content, service
from broadcasts.cap.publish import publish
from broadcasts.cap.read import read
from broadcasts.cap.validate import references
from tests.broadcasts.cap_documents import (
    ATTACKS,
    INFO,
    TAKEN_BY_THE_SCHEMA,
    passes_elsewhere,
    spoiled,
)
from tests.broadcasts.conftest import EN, KO, Office

IMPORT = "/api/v1/broadcasts/cap"
RING = [[37.54, 126.9], [37.57, 126.9], [37.57, 126.95]]
Clients = dict[str, httpx.AsyncClient]


async def messages(context: Context) -> list[CapMessage]:
    async with context.sessions() as session:
        rows = await session.scalars(
            select(CapMessage).where(CapMessage.direction == "published").order_by(CapMessage.id)
        )
        return list(rows)


async def follow(context: Context, event: BroadcastEvent, kind: str) -> None:
    """Write an event after the alert, as a correction or an all-clear does."""
    async with context.sessions() as session, session.begin():
        broadcast = await session.get_one(Broadcast, event.broadcast_id)
        session.add(
            BroadcastEvent(
                broadcast_id=event.broadcast_id, kind=kind, environment=event.environment,
                mode=event.mode, level=event.level, area=event.area,
                texts=broadcast.all_clear if kind == "all_clear" else broadcast.correction,
                audience=1, expires_at=event.expires_at, created_at=datetime.now(UTC),
            )
        )  # fmt: skip


async def test_an_alert_its_update_and_its_cancel_refer_to_each_other(
    context: Context, office: Office, crowd: list[uuid.UUID], clients: Clients
) -> None:
    event = await office.approved(len(crowd), districts=["마포구"], polygons=[RING])
    assert await publish(context) == 1
    assert await publish(context) == 0
    await follow(context, event, "all_clear")
    await publish(context)
    await follow(context, event, "correction")
    await follow(context, event, "reminder")
    assert await publish(context) == 1

    alert, clear, cancel = await messages(context)
    assert [m.msg_type for m in (alert, clear, cancel)] == ["Alert", "Update", "Cancel"]
    for stored in (alert, clear, cancel):
        document = stored.xml.encode()
        assert passes_elsewhere(document)
        got = await clients["nobody"].get(f"/cap/{stored.identifier}.xml")
        assert got.content == document
        assert got.headers["content-type"] == "application/cap+xml"
        assert read(document).sent.endswith("-00:00")
    named = [(r.sender, r.identifier, r.sent) for r in references(cancel.reference_list)]
    assert named == [(m.sender, m.identifier, m.sent) for m in (alert, clear)]
    for triple in cancel.reference_list.split():
        sender, identifier, sent = triple.split(",")
        (about,) = [m for m in (alert, clear) if m.identifier == identifier]
        for part in (f"<sender>{sender}<", f"<sent>{sent}<", f"<identifier>{identifier}<"):
            assert part in about.xml, "a reference repeats what was published byte for byte"

    message = read(alert.xml.encode())
    assert (message.status, message.scope, message.sender) == (
        "Actual", "Public", "alerts@testserver",
    )  # fmt: skip
    assert [info.language for info in message.infos] == ["ko-KR", "en-US"]
    assert [info.description for info in message.infos] == [KO, EN]
    for info in message.infos:
        district, drawn = info.areas
        assert district.geocodes == (("KR.legal-district", "11440"),)
        assert drawn.polygons[0].split()[0] == drawn.polygons[0].split()[-1]
    same = {(i.categories, i.urgency, i.severity, i.certainty, i.expires) for i in message.infos}
    assert len(same) == 1
    ended = read(clear.xml.encode()).infos[0]
    assert (ended.response_types, ended.urgency) == (("AllClear",), "Past")


@pytest.mark.parametrize(
    ("environment", "status"), [("live", "Actual"), ("exercise", "Exercise"), ("test", "Test")]
)
async def test_only_what_is_real_is_actual(
    context: Context, office: Office, crowd: list[uuid.UUID], environment: str, status: str
) -> None:
    people = len(crowd)
    districts = ["마포구"]
    if environment == "test":
        districts, people = ["시험"], 1
        async with context.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE subscriptions SET district = '시험' WHERE id = (SELECT min(id) FROM "
                     "subscriptions)")
            )  # fmt: skip
    await office.approved(people, environment=environment, districts=districts)
    await publish(context)
    (stored,) = await messages(context)
    message = read(stored.xml.encode())
    assert message.status == stored.status == status
    assert bool(message.note) is (environment != "live")


async def test_what_training_sent_is_not_published(
    context: Context, office: Office, crowd: list[uuid.UUID]
) -> None:
    async with context.sessions() as session, session.begin():
        await session.execute(text("UPDATE siren_switch SET mode = 'training'"))
    event = await office.approved(len(crowd), environment="exercise")
    assert event.mode == "training"
    assert await publish(context) == 0


async def test_a_hazard_gives_its_words(
    context: Context, office: Office, crowd: list[uuid.UUID]
) -> None:
    told = dict.fromkeys(content.FACTS, "말") | {"what": "호우(Heavy rain)경보", "action": "대피"}
    await office.approved(
        len(crowd), hazard="heavy_rain", facts={"ko": told}, all_clear={"ko": "[해제] 끝났습니다."}
    )
    await publish(context)
    info = read((await messages(context))[0].xml.encode()).infos[0]
    assert (info.event, info.categories, info.urgency) == ("호우", ("Met",), "Immediate")
    assert (info.headline, info.instruction) == ("호우(Heavy rain)경보", "대피\n말")


async def test_the_feed_leads_to_every_message(
    context: Context, office: Office, crowd: list[uuid.UUID], clients: Clients
) -> None:
    empty = await clients["nobody"].get("/cap/feed.atom")
    assert empty.status_code == 200
    assert etree.fromstring(empty.content).findall("{*}entry") == []
    event = await office.approved(len(crowd))
    await publish(context)
    await follow(context, event, "correction")
    await publish(context)
    answer = await clients["nobody"].get("/cap/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    root = etree.fromstring(answer.content)
    assert [e.tag.partition("}")[2] for e in root][:4] == ["id", "title", "updated", "author"]
    entries = root.findall("{*}entry")
    assert len(entries) == 2
    terms = [[c.get("term") for c in entry.findall("{*}category")] for entry in entries]
    assert terms == [["Actual", "Cancel"], ["Actual", "Alert"]]
    for entry in entries:
        link = entry.find("{*}link")
        assert link is not None
        assert link.get("type") == "application/cap+xml"
        path = (link.get("href") or "").removeprefix("http://testserver")
        got = await clients["nobody"].get(path)
        assert f"<identifier>{entry.findtext('{*}id')}</identifier>" in got.text


async def test_what_was_not_published_is_not_there(clients: Clients) -> None:
    assert (await clients["nobody"].get("/cap/urn:uuid:0.xml")).status_code == 404
    assert (await clients["nobody"].get("/cap/..%2Ffeed.xml")).status_code == 404


async def stored(context: Context, identifier: str) -> Broadcast:
    async with context.sessions() as session:
        return await service.get(session, uuid.UUID(identifier))


async def test_a_document_becomes_a_draft_that_people_complete(
    context: Context, office: Office, clients: Clients
) -> None:
    later = f"{datetime.now(UTC) + timedelta(hours=6):%Y-%m-%dT%H:%M:%S}-00:00"
    document = spoiled(("2026-07-01T20:30:00+09:00", later))
    answer = await clients["author"].post(IMPORT, content=document)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    draft = await stored(context, body["broadcast"])
    assert (draft.status, draft.environment, draft.level) == ("draft", "live", "emergency")
    assert (draft.hazard, draft.districts) == ("heavy_rain", ["마포구"])
    assert draft.polygons == [[[37.54, 126.9], [37.57, 126.9], [37.57, 126.95], [37.54, 126.9]]]
    assert draft.texts == {"ko": "호우(Heavy rain)경보"}
    assert "높은 곳으로 대피" in draft.long_texts["ko"]
    assert draft.facts["ko"]["sender"] == "기상청"
    assert f"{draft.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00" == later
    assert await office.deeds(draft.id) == [
        (office.author.label, "broadcast.created"),
        (office.author.label, "broadcast.imported"),
    ]
    again = await clients["author"].post(IMPORT, content=document)
    assert (again.status_code, again.json()["broadcast"]) == (409, body["broadcast"])


async def test_a_cancel_from_elsewhere_stops_nothing_and_says_what_it_is_about(
    context: Context, office: Office, crowd: list[uuid.UUID], clients: Clients
) -> None:
    event = await office.approved(len(crowd))
    await publish(context)
    (ours,) = await messages(context)
    cancel = spoiled(
        ("<msgType>Alert", "<msgType>Cancel"),
        (
            "<scope>Public</scope>",
            "<scope>Public</scope>"
            f"<references>{ours.sender},{ours.identifier},{ours.sent} a@b,1,{ours.sent}"
            "</references>",
        ),
    )
    answer = await clients["author"].post(IMPORT, content=cancel)
    assert answer.json()["refers_to"] == [str(event.broadcast_id)]
    assert answer.json()["msg_type"] == "Cancel"
    assert await office.status(event.broadcast_id) == "approved"
    again = spoiled(
        ("kma-2026-0701-17", "kma-2026-0701-18"),
        ("<msgType>Alert", "<msgType>Update"),
        (
            "<scope>Public</scope>",
            "<scope>Public</scope><references>alerts@weather.example,kma-2026-0701-17,"
            "2026-07-01T14:30:00+09:00</references>",
        ),
    )
    third = await clients["author"].post(IMPORT, content=again)
    assert third.json()["refers_to"] == [answer.json()["broadcast"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("<status>Actual", "<status>Draft"), "status"),
        (("<language>ko-KR", "<language>fr"), "language"),
        (("</info>", "</info>" + spoiled().decode().split("</scope>")[1].split("</alert>")[0]),
         "language"),
    ],
)  # fmt: skip
async def test_what_is_no_single_alert_is_refused(
    clients: Clients, change: tuple[str, str], field: str
) -> None:
    answer = await clients["author"].post(IMPORT, content=spoiled(change))
    assert answer.status_code == 422
    assert field in [problem["field"] for problem in answer.json()["problems"]]


def in_english(*changes: tuple[str, str]) -> bytes:
    """Return the sound document with an English info after the Korean one, but for `changes`."""
    info = INFO.replace("ko-KR", "en-US").replace("<event>호우", "<event>Heavy rain")
    for before, after in changes:
        assert before in info
        info = info.replace(before, after)
    return spoiled((INFO, INFO + info))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("<category>Met", "<category>Fire"), "category"),
        (("<urgency>Immediate", "<urgency>Future"), "urgency"),
        (("<severity>Severe", "<severity>Minor"), "severity"),
        (("<certainty>Likely", "<certainty>Possible"), "certainty"),
        (("T20:30:00+09:00</expires>", "T21:30:00+09:00</expires>"), "expires"),
        (("37.57,126.90", "37.58,126.90"), "area"),
        (("<value>11440", "<value>11170"), "area"),
    ],
)
async def test_languages_that_tell_of_another_danger_are_refused(
    office: Office, clients: Clients, change: tuple[str, str], field: str
) -> None:
    answer = await clients["author"].post(IMPORT, content=in_english(change))
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["field"] == field
    assert "ko-KR, en-US" in problem["en"]
    async with office.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Broadcast)) == 0


async def test_the_same_danger_in_two_languages_is_one_draft(
    office: Office, clients: Clients
) -> None:
    document = in_english(
        ("2026-07-01T20:30:00+09:00</expires>", "2026-07-01T11:30:00-00:00</expires>"),
        ("<areaDesc>마포구", "<areaDesc>Mapo-gu"),
    )
    answer = await clients["author"].post(IMPORT, content=document)
    assert answer.status_code == 201
    async with office.sessions() as session:
        draft = (await session.scalars(select(Broadcast))).one()
    assert set(draft.texts) == {"ko", "en"}
    assert (draft.level, draft.districts) == ("emergency", ["마포구"])


@pytest.mark.parametrize(
    ("status", "environment"), [("Exercise", "exercise"), ("Test", "test"), ("System", "test")]
)
async def test_a_drill_from_elsewhere_stays_one(
    context: Context, clients: Clients, status: str, environment: str
) -> None:
    document = spoiled(("<status>Actual", f"<status>{status}"))
    body = (await clients["author"].post(IMPORT, content=document)).json()
    draft = await stored(context, body["broadcast"])
    assert draft.environment == environment
    assert draft.texts["ko"].startswith("[훈련]" if environment == "exercise" else "[시험]")
    assert draft.districts == (["마포구"] if environment == "exercise" else ["시험"])
    assert draft.expires_at > datetime.now(UTC), "an expiry in the past is not taken over"


@pytest.mark.parametrize("name", [*TAKEN_BY_THE_SCHEMA, *ATTACKS])
async def test_a_wrong_document_leaves_nothing_behind(
    context: Context, clients: Clients, name: str
) -> None:
    document = {**TAKEN_BY_THE_SCHEMA, **ATTACKS}[name]
    answer = await clients["author"].post(
        IMPORT, content=document, headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")
    assert "root:" not in answer.text
    async with context.sessions() as session:
        for table in (Broadcast, CapMessage, BroadcastEdit):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        (entry,) = await session.scalars(
            select(AuditEntry).where(AuditEntry.action == "cap.refused")
        )
        author = await session.scalar(select(Staff.id).where(Staff.login == "author"))
    assert (entry.actor, entry.action, entry.subject) == (f"staff:{author}", "cap.refused", "cap")
    fields = {problem["field"] for problem in answer.json()["problems"]}
    assert set(entry.detail["elements"]) <= fields
    assert entry.detail["elements"], "what was wrong is on record"


async def test_a_document_needs_an_author(clients: Clients) -> None:
    for login, status in (("nobody", 401), ("approver", 403)):
        answer = await clients[login].post(IMPORT, content=spoiled())
        assert answer.status_code == status
