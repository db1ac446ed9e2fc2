"""The second factor: codes of RFC 6238 that work once, recovery codes, and who is asked for one."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from backend import errors
from backend.console import pages
from backend.context import Context
from backend.db import Sessions
from backend.models import AuditEntry, StaffTotp
from backend.staff import routes, second_factor
from tests.backend.desk import cookie, employee

MINE = "/api/v1/staff/me/second-factor"


@pytest.fixture
async def client(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    wanted = context.settings.model_copy(update={"siren_second_factor": "on"})
    app = FastAPI()
    app.state.context = Context(wanted, context.sessions, context.redis)
    errors.install(app, pages.problem)
    app.include_router(routes.router)

    @app.post("/approve")
    async def approve(fresh: second_factor.Fresh) -> str:
        return "approved" if fresh is None else "?"

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


@pytest.fixture
async def browser(sessions: Sessions) -> dict[str, str]:
    return await cookie(sessions, await employee(sessions, "approver", "approver"))


async def enrolled(
    client: httpx.AsyncClient, browser: dict[str, str]
) -> tuple[pyotp.TOTP, list[str]]:
    """Enrol, as the page does; return the authenticator and the recovery codes."""
    begun = (await client.post(MINE, headers=browser)).json()
    totp = pyotp.TOTP(begun["secret"])
    assert begun["uri"].startswith("otpauth://totp/Eungdap:")
    assert begun["qr"].startswith("<svg")
    answer = await client.post(f"{MINE}/confirm", json={"code": totp.now()}, headers=browser)
    assert answer.status_code == 200, answer.text
    return totp, answer.json()["recovery_codes"]


async def forget_the_last_step(sessions: Sessions) -> None:
    """Let half a minute pass for the authenticator, so that its code is a new one."""
    async with sessions() as session, session.begin():
        await session.execute(text("UPDATE staff_totp SET last_step = last_step - 10"))


async def hour_ago(sessions: Sessions) -> None:
    async with sessions() as session, session.begin():
        await session.execute(
            text("UPDATE staff_sessions SET verified_at = now() - interval '5 minutes 1 second'")
        )


async def deeds(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


async def test_without_a_code_nothing_is_approved_and_the_audit_says_so(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    refused = await client.post("/approve", headers=browser)
    assert (refused.status_code, refused.json()["second_factor"]) == (403, "enrol")
    assert (await deeds(sessions))[-1] == "staff.second_factor_missing"
    await enrolled(client, browser)
    assert (await client.post("/approve", headers=browser)).status_code == 200
    await hour_ago(sessions)
    refused = await client.post("/approve", headers=browser)
    assert (refused.status_code, refused.json()["second_factor"]) == (403, "verify")


async def test_a_code_counts_for_one_browser_and_five_minutes(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    totp, _ = await enrolled(client, browser)
    other = await cookie(sessions, 1)
    assert (await client.post("/approve", headers=other)).status_code == 403
    await forget_the_last_step(sessions)
    given = await client.post(f"{MINE}/verify", json={"code": totp.now()}, headers=other)
    assert given.status_code == 204
    assert (await client.post("/approve", headers=other)).status_code == 200
    state = (await client.get(MINE, headers=other)).json()
    assert state == {"wanted": True, "enrolled": True, "fresh": True}


async def test_no_code_works_twice_not_even_at_once(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    totp, _ = await enrolled(client, browser)
    await forget_the_last_step(sessions)
    code = totp.now()
    answers = await asyncio.gather(
        *(client.post(f"{MINE}/verify", json={"code": code}, headers=browser) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403, 403, 403]


async def test_the_secret_is_shown_once_and_stored_nowhere(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    totp, codes = await enrolled(client, browser)
    assert (await client.post(MINE, headers=browser)).status_code == 409
    async with sessions() as session:
        row = await session.get_one(StaffTotp, 1)
        stored = (await session.scalars(text("SELECT code_hash FROM staff_recovery_codes"))).all()
    assert totp.secret not in (row.nonce, *stored)
    assert len(set(codes)) == len(stored) == 10
    assert not set(codes) & set(stored)


async def test_five_wrong_codes_close_the_door_for_a_while_even_to_the_right_one(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    totp, codes = await enrolled(client, browser)
    await forget_the_last_step(sessions)
    wrong = f"{(int(totp.now()) + 1) % 10**6:06d}"
    for _ in range(5):
        answer = await client.post(f"{MINE}/verify", json={"code": wrong}, headers=browser)
        assert answer.status_code == 403
    for code in (totp.now(), codes[0]):
        answer = await client.post(f"{MINE}/verify", json={"code": code}, headers=browser)
        assert answer.status_code == 429
        assert 0 < answer.json()["retry_after"] <= 300
    assert (await deeds(sessions)).count("staff.second_factor_wrong") == 5


async def test_a_recovery_code_stands_in_once(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    _, codes = await enrolled(client, browser)
    spoken = codes[3].upper().replace("-", " ")
    for status in (204, 403):
        answer = await client.post(f"{MINE}/verify", json={"code": spoken}, headers=browser)
        assert answer.status_code == status
    assert (await deeds(sessions)).count("staff.recovery_used") == 1


async def test_another_administrator_resets_a_lost_one(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    await enrolled(client, browser)
    admin_id = await employee(sessions, "admin", "admin")
    admin = await cookie(sessions, admin_id)
    url = "/api/v1/staff/{}/second-factor"
    assert (await client.delete(url.format(1), headers=browser)).status_code == 403
    without = await client.delete(url.format(1), headers=admin)
    assert (without.status_code, without.json()["second_factor"]) == (403, "enrol")
    await enrolled(client, admin)
    assert (await client.delete(url.format(admin_id), headers=admin)).status_code == 403
    assert (await client.delete(url.format(1), headers=admin)).status_code == 204
    assert (await client.post("/approve", headers=browser)).json()["second_factor"] == "enrol"
    await enrolled(client, browser)


async def test_the_page_leads_through_it_without_a_script(
    client: httpx.AsyncClient, sessions: Sessions, browser: dict[str, str]
) -> None:
    page = "/account/second-factor"
    began = await client.post(page, data={"step": "begin", "next": "/siren"}, headers=browser)
    assert (began.status_code, began.headers["location"]) == (303, f"{page}?next=/siren")
    shown = (await client.get(began.headers["location"], headers=browser)).text
    assert "<svg" in shown
    found = re.search(r"<code>([A-Z2-7]{32})</code>", shown)
    assert found
    totp = pyotp.TOTP(found[1])
    form = {"step": "confirm", "next": "/siren", "code": f"{(int(totp.now()) + 1) % 10**6:06d}"}
    wrong = await client.post(page, data=form, headers=browser)
    assert (wrong.status_code, found[1] in wrong.text) == (403, True)
    done = await client.post(page, data=form | {"code": totp.now()}, headers=browser)
    assert len(re.findall(r"<code>[a-z2-7-]{19}</code>", done.text)) == 10
    assert 'href="/siren"' in done.text
    await forget_the_last_step(sessions)
    form = {"step": "verify", "next": "//evil.example", "code": totp.now()}
    given = await client.post(page, data=form, headers=browser)
    assert (given.status_code, given.headers["location"]) == (303, page)
    assert (await client.post("/approve", headers=browser)).status_code == 200


def test_the_codes_are_those_of_the_rfc() -> None:
    # RFC 6238, appendix B: SHA-1, 8 digits, cut to the six that authenticators show.
    totp = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        assert totp.generate_otp(seconds // second_factor.STEP_SECONDS) == code
    secret = second_factor.secret_of("s" * 32, 7, "a")
    assert len(secret) == 32
    assert secret != second_factor.secret_of("s" * 32, 8, "a")
