"""Review, holding, following up, the switch, sending alone: over HTTP, roles and second factor."""

import uuid
from decimal import Decimal
from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from backend.context import Context
from backend.main import build_channels
from backend.models import Staff
from backend.security import COOKIE
from backend.staff import routes as staff_routes
from backend.staff import service as staff
from broadcasts import audience
from channels.telegram import Telegram
from tests.broadcasts.browsers import Browsers
from tests.broadcasts.conftest import Office, draft, enrol

API = "/api/v1/broadcasts"
SIREN = "/api/v1/siren"
CLEAR = {"ko": "[서울특별시] 해제합니다.", "en": "[Seoul] All clear."}


async def hire(browsers: Browsers, office: Office, role: str, login: str = "") -> None:
    login = login or role
    async with office.sessions() as session, session.begin():
        person = Staff(login=login, name=login, password_hash="-", roles=[role])
        session.add(person)
        await session.flush()
        client = browsers.client()
        client.cookies.set(COOKIE, await staff.log_in(session, person))
        browsers.clients[login] = client


async def submitted(browsers: Browsers, **changes: Any) -> dict[str, Any]:
    written = draft(**changes).model_dump(mode="json")
    made = (await browsers["author"].post(API, json=written)).json()
    answer = await browsers["author"].post(f"{API}/{made['id']}/submit", json={"version": 1})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def seen(broadcast: dict[str, Any], people: int = 12) -> dict[str, Any]:
    return {"version": 1, "content_hash": broadcast["content_hash"], "audience": people}


async def test_the_review_shows_cost_time_and_people(
    browsers: Browsers, office: Office, app: FastAPI, context: Context, crowd: list[uuid.UUID]
) -> None:
    priced = context.settings.model_copy(
        update={"sms_prices": "korea.sms=10,korea.lms=30", "provider_pace": {"telegram": 0.05}}
    )
    app.state.context = Context(priced, context.sessions, context.redis)
    app.state.channels = build_channels(context)
    broadcast = await submitted(browsers)
    found = (await browsers["approver"].get(f"{API}/{broadcast['id']}/review")).json()
    assert found["audience"]["people"] == 12
    assert found["by_district"] == {"마포구": 12}
    assert found["resolver"].startswith("schematic-")
    assert sum(cost["people"] for cost in found["costs"]) == 12
    times = {time["channel"]: time for time in found["times"]}
    assert times["telegram"]["minutes"] == 2  # four people at one every twenty seconds
    assert isinstance(app.state.channels["telegram"], Telegram)
    sms = [cost for cost in found["costs"] if cost["channel"] == "sms"]
    assert all(cost["parts"] >= 1 for cost in sms)
    if found["won"] is not None:
        assert Decimal(found["won"]) == sum(Decimal(cost["won"]) for cost in found["costs"])


async def test_what_was_sent_keeps_the_numbers_that_were_approved(
    browsers: Browsers, office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast = await submitted(browsers)
    address = f"{API}/{broadcast['id']}"
    before = (await browsers["second"].get(f"{address}/review")).json()
    await browsers["approver"].post(f"{address}/approve", json=seen(broadcast))
    async with office.sessions() as session, session.begin():
        for _ in range(3):
            await enrol(session, "마포구")
    after = (await browsers["second"].get(f"{address}/review")).json()
    for kept in ("audience", "costs", "times", "won"):
        assert after[kept] == before[kept]
    assert after["audience"]["people"] == 12
    (event,) = await office.events(uuid.UUID(broadcast["id"]))
    await audience.fan_out(context, str(event.id))
    answers = (await browsers["second"].get(f"{address}/answers")).json()["items"]
    assert {row["district"]: row["people"] for row in answers} == before["by_district"]
    shown = await browsers["second"].get(f"/siren/{broadcast['id']}")
    assert shown.status_code == 200
    assert "<strong>12</strong>" in shown.text


async def test_an_area_is_counted_before_anything_is_written(
    browsers: Browsers, crowd: list[uuid.UUID]
) -> None:
    ring = [[37.556, 126.905], [37.562, 126.905], [37.562, 126.912]]
    answer = await browsers["author"].post(f"{API}/audience", json={"polygons": [ring]})
    assert answer.json()["people"] == answer.json()["without_place"] == 12
    assert "마포구" in answer.json()["touched"]
    crossed = [[37.5, 126.9], [37.6, 127.0], [37.5, 127.0], [37.6, 126.9]]
    answer = await browsers["author"].post(f"{API}/audience", json={"polygons": [crossed]})
    assert answer.status_code == 422


async def test_who_may_hold_resume_clear_and_switch(
    browsers: Browsers, office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    for role in ("operator", "auditor"):
        await hire(browsers, office, role)
    broadcast = await submitted(browsers, all_clear=CLEAR)
    url = f"{API}/{broadcast['id']}"
    assert (await browsers["approver"].post(f"{url}/approve", json=seen(broadcast))).is_success
    why = {"reason": "이상해요"}
    assert (await browsers["auditor"].get(url)).status_code == 200
    for path, body in (("halt", why), ("resume", None), ("all-clear", None), ("cancel", None)):
        answer = await browsers["auditor"].post(f"{url}/{path}", json=body)
        assert answer.status_code == 403, path
    assert (await browsers["operator"].post(API, json={})).status_code == 403
    answer = await browsers["operator"].post(f"{url}/approve", json=seen(broadcast))
    assert answer.status_code == 403

    assert (await browsers["operator"].post(f"{url}/halt", json=why)).json()["status"] == "halted"
    assert (await browsers["operator"].post(f"{url}/resume")).status_code == 403
    assert (await browsers["approver"].post(f"{url}/resume")).status_code == 403
    assert (await browsers["second"].post(f"{url}/resume")).json()["status"] == "sending"

    stop = {"to": "stopped", "reason": "점검"}
    assert (await browsers["author"].post(f"{SIREN}/switch", json=stop)).status_code == 403
    shut = (await browsers["operator"].post(f"{SIREN}/switch", json=stop)).json()
    assert shut["stopped_at"] is not None
    assert (await browsers["author"].get(url)).json()["status"] == "halted"
    release = {"to": "released", "reason": "확인"}
    assert (await browsers["operator"].post(f"{SIREN}/switch", json=release)).status_code == 409


async def test_cancel_says_how_many_had_it_and_how_many_not(
    browsers: Browsers, office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast = await submitted(browsers)
    url = f"{API}/{broadcast['id']}"
    approved = (await browsers["approver"].post(f"{url}/approve", json=seen(broadcast))).json()
    event = approved["events"][0]["id"]
    await audience.fan_out(context, event)
    states = ["delivered", "accepted", "unknown", "dispatching", "failed"]
    await office.set_deliveries(uuid.UUID(event), states)
    stopped = (await browsers["editor"].post(f"{url}/cancel")).json()
    assert stopped["reach"] == {"already_out": 4, "stopped": 7}
    assert stopped["status"] == "cancelling"


async def test_updates_and_the_all_clear_over_http(
    browsers: Browsers, office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast = await submitted(browsers, all_clear=CLEAR)
    url = f"{API}/{broadcast['id']}"
    approved = (await browsers["approver"].post(f"{url}/approve", json=seen(broadcast))).json()
    await audience.fan_out(context, approved["events"][0]["id"])
    words = {"texts": {"ko": "[서울특별시] 잠수교도 통제합니다."}}
    written = (await browsers["author"].post(f"{url}/updates", json=words)).json()
    path = f"{url}/updates/{written['id']}/approve"
    shown = {"content_hash": written["content_hash"]}
    assert (await browsers["author"].post(path, json=shown)).status_code == 403
    assert (await browsers["approver"].post(path, json=shown)).json()["event_id"] is not None
    assert len((await browsers["author"].get(f"{url}/updates")).json()) == 1
    cleared = (await browsers["author"].post(f"{url}/all-clear")).json()
    assert cleared["reach"] == {"already_out": 0, "stopped": 12}
    outcomes = (await browsers["author"].get(f"{url}/outcomes")).json()
    assert {event["kind"] for event in outcomes["events"]} == {"alert", "update", "all_clear"}


async def authenticator(browsers: Browsers, login: str) -> pyotp.TOTP:
    mine = "/api/v1/staff/me/second-factor"
    totp = pyotp.TOTP((await browsers[login].post(mine)).json()["secret"])
    answer = await browsers[login].post(f"{mine}/confirm", json={"code": totp.now()})
    assert answer.status_code == 200, answer.text
    return totp


async def test_a_second_factor_stands_before_approval_cancel_and_glass(
    browsers: Browsers, office: Office, app: FastAPI, context: Context, crowd: list[uuid.UUID]
) -> None:
    app.include_router(staff_routes.router)
    wanted = context.settings.model_copy(update={"siren_second_factor": "on"})
    app.state.context = Context(wanted, context.sessions, context.redis)
    await hire(browsers, office, "breakglass")
    broadcast = await submitted(browsers)
    url = f"{API}/{broadcast['id']}"
    template = {
        "title": "범람", "texts": {"ko": "대피하세요"}, "correction": {"ko": "정정"},
        "all_clear": {"ko": "해제"},
    }  # fmt: skip
    made = (await browsers["author"].put(f"{SIREN}/templates/flood", json=template)).json()
    shown = {"content_hash": made["content_hash"]}
    glass = {"template": "flood", "districts": ["마포구"], "reason": "밤", "audience": 12}
    calls = [
        ("approver", f"{SIREN}/templates/flood/approve", shown),
        ("approver", f"{url}/approve", seen(broadcast)),
        ("author", f"{url}/cancel", None),
        ("breakglass", f"{SIREN}/break-glass", glass),
    ]
    for login, path, body in calls:
        refused = await browsers[login].post(path, json=body)
        assert (refused.status_code, refused.json()["second_factor"]) == (403, "enrol"), path
    for login in ("approver", "author", "breakglass"):
        await authenticator(browsers, login)
    for login, path, body in calls:
        answer = await browsers[login].post(path, json=body)
        assert answer.is_success, (path, answer.text)
    async with office.sessions() as session, session.begin():
        await session.execute(text("UPDATE staff_sessions SET verified_at = now() - interval '1h'"))
    (_, path, body) = calls[3]
    answer = await browsers["breakglass"].post(path, json=body)
    assert (answer.status_code, answer.json()["second_factor"]) == (403, "verify")
    opened = (await browsers["approver"].get(f"{SIREN}/break-glass?open=true")).json()
    assert [(each["template"], each["reason"]) for each in opened] == [("flood", "밤")]
    called = (await browsers["approver"].get(f"{SIREN}/calls")).json()
    assert "broke-glass" in {each["why"] for each in called}
    assert (await browsers["approver"].post(f"{SIREN}/calls/seen")).status_code == 204
    assert (await browsers["approver"].get(f"{SIREN}/calls")).json() == []
    review = f"{SIREN}/break-glass/{opened[0]['id']}/review"
    found = {"findings": "적절했어요"}
    assert (await browsers["breakglass"].post(review, json=found)).status_code == 403
    assert (await browsers["approver"].post(review, json=found)).json()["reviewed_at"]


@pytest.mark.parametrize("login", ["author", "editor", "approver"])
async def test_only_the_named_role_breaks_the_glass(browsers: Browsers, login: str) -> None:
    glass = {"template": "flood", "districts": ["마포구"], "reason": "밤", "audience": 12}
    answer = await browsers[login].post(f"{SIREN}/break-glass", json=glass)
    assert answer.status_code == 403


async def test_everybody_stops_at_once_and_nobody_lets_go_without_a_second_factor(
    browsers: Browsers, office: Office, app: FastAPI, context: Context
) -> None:
    wanted = context.settings.model_copy(update={"siren_second_factor": "on"})
    app.state.context = Context(wanted, context.sessions, context.redis)
    for role in ("operator", "admin"):
        await hire(browsers, office, role)
    url, why = f"{SIREN}/switch", {"reason": "점검"}
    assert (await browsers["operator"].post(url, json={"to": "stopped"} | why)).is_success
    for to in ("released", "live", "training"):
        refused = await browsers["admin"].post(url, json={"to": to} | why)
        assert (refused.status_code, refused.json()["second_factor"]) == (403, "enrol"), to
    async with office.sessions() as session, session.begin():
        await session.execute(text("UPDATE staff_sessions SET verified_at = now()"))
    assert (await browsers["admin"].post(url, json={"to": "released"} | why)).is_success
