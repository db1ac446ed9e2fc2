"""Accounts, log-ins and keys."""

import asyncio
from http.cookies import SimpleCookie

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select, text

from backend import db, events
from backend.context import Context
from backend.errors import Conflict, Invalid, TooMany, Unauthenticated
from backend.handoff import presence
from backend.models import ApiKey, AuditEntry, Staff, StaffSession
from backend.models.staff import ROLES
from backend.security import COOKIE
from backend.staff import routes, service
from tests.backend.desk import cookie, employee
from tests.backend.house import api, key

PASSWORD = "correct-horse-9"
HERE = "203.0.113.7"


async def _person(sessions: db.Sessions, login: str = "haneul", *roles: str) -> int:
    async with sessions() as session, session.begin():
        made = await service.create(
            session, login, "김하늘", PASSWORD, list(roles or ("agent",)), actor="system"
        )
        return made.id


@pytest.fixture
def client(context: Context) -> httpx.AsyncClient:
    return api(context, routes.router, caller=HERE)


async def _form(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await client.post("/login", data={"login": "haneul", "password": PASSWORD} | fields)


async def test_a_password_is_kept_as_an_argon2id_hash(sessions: db.Sessions) -> None:
    person = await _person(sessions)

    async with sessions() as session:
        stored = (await session.get_one(Staff, person)).password_hash
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


async def test_a_login_is_taken_once_whatever_its_letters(sessions: db.Sessions) -> None:
    await _person(sessions)

    async with sessions() as session:
        with pytest.raises(Conflict):
            await service.create(
                session, " Haneul", "다른 사람", PASSWORD, ["agent"], actor="system"
            )


@pytest.mark.parametrize(
    ("password", "roles"), [("short", ["agent"]), (PASSWORD, []), (PASSWORD, ["mayor"])]
)
async def test_short_passwords_and_unknown_roles_are_refused(
    sessions: db.Sessions, password: str, roles: list[str]
) -> None:
    async with sessions() as session:
        with pytest.raises(Invalid):
            await service.create(session, "haneul", "김하늘", password, roles, actor="system")


async def test_who_knows_the_password_gets_in(context: Context, sessions: db.Sessions) -> None:
    person = await _person(sessions)

    assert (await service.authenticate(context, "HANEUL ", PASSWORD, HERE)).id == person
    for login, password in (("haneul", "wrong"), ("nobody", PASSWORD), ("", "")):
        with pytest.raises(Unauthenticated):
            await service.authenticate(context, login, password, HERE)


async def test_wrong_tries_have_to_wait_and_the_right_one_forgives(
    context: Context, sessions: db.Sessions, redis: Redis
) -> None:
    await _person(sessions)

    async def attempt(password: str, ip: str = HERE) -> type[Exception] | None:
        try:
            await service.authenticate(context, "haneul", password, ip)
        except (Unauthenticated, TooMany) as refusal:
            return type(refusal)
        return None

    assert [await attempt("wrong") for _ in range(6)] == [Unauthenticated] * 6
    assert await attempt(PASSWORD) is TooMany, "even the right password waits"
    assert await attempt(PASSWORD, "198.51.100.1") is None, "elsewhere the owner still gets in"
    for waits in await redis.keys("login:*:wait"):
        await redis.delete(waits)
    assert await attempt(PASSWORD) is None
    assert await attempt("wrong") is Unauthenticated, "and everything is forgiven"


async def test_many_guesses_at_once_are_no_way_around(
    context: Context, sessions: db.Sessions
) -> None:
    await _person(sessions)

    async def guess(number: int) -> bool:
        try:
            await service.authenticate(context, "haneul", f"guess-{number}", HERE)
        except TooMany:
            return False
        except Unauthenticated:
            return True
        raise AssertionError("a guess was right")

    checked = await asyncio.gather(*(guess(number) for number in range(20)))
    assert sum(checked) == service.FREE_TRIES + 1


async def test_without_redis_people_still_log_in(context: Context, sessions: db.Sessions) -> None:
    await _person(sessions)
    cut = Context(context.settings, sessions, events.connect("unix:///nowhere/redis.socket"))

    for _ in range(8):
        with pytest.raises(Unauthenticated):
            await service.authenticate(cut, "haneul", "wrong", HERE)
    assert (await service.authenticate(cut, "haneul", PASSWORD, HERE)).login == "haneul"


async def test_the_cookie_is_a_secret_that_only_its_hash_is_kept_of(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    await _person(sessions)

    answer = await _form(client)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    set_cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert set_cookie["httponly"]
    assert set_cookie["samesite"] == "lax"
    assert len(set_cookie.value) >= 43
    async with sessions() as session:
        kept = (await session.scalars(select(StaffSession))).one()
    assert kept.token_hash != set_cookie.value
    me = await client.get("/api/v1/staff/me", headers={"Cookie": f"{COOKIE}={set_cookie.value}"})
    assert me.json() == {"kind": "staff", "id": kept.staff_id, "name": "김하늘", "roles": ["agent"]}


@pytest.mark.parametrize(
    ("wish", "leads_to"),
    [
        ("/admin", "/admin"),
        ("//elsewhere.example", "/desk"),
        ("/\\elsewhere.example", "/desk"),
        ("https://elsewhere.example", "/desk"),
        ("/desk\r\nX: y", "/desk"),
    ],
)
async def test_after_the_log_in_one_stays_with_us(
    client: httpx.AsyncClient, sessions: db.Sessions, wish: str, leads_to: str
) -> None:
    await _person(sessions)

    assert (await _form(client, next=wish)).headers["location"] == leads_to


async def test_a_wrong_password_shows_the_form_again_without_it(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    await _person(sessions)

    answer = await _form(client, password="<b>not-it</b>", login='"><script>')

    assert answer.status_code == 401
    assert "맞지 않아요" in answer.text
    assert "not-it" not in answer.text
    assert "<script>" not in answer.text
    for _ in range(service.FREE_TRIES + 2):
        answer = await _form(client, password="wrong")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_another_site_can_not_log_somebody_in(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    await _person(sessions)

    answer = await client.post(
        "/login",
        data={"login": "haneul", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_logging_out_ends_the_session_and_the_place_at_the_desk(
    client: httpx.AsyncClient, sessions: db.Sessions, redis: Redis
) -> None:
    agent = await employee(sessions)
    headers = await cookie(sessions, agent)
    await presence.here(redis, agent, taking=True)

    assert (await client.post("/logout", headers=headers)).status_code == 303

    assert (await client.get("/api/v1/staff/me", headers=headers)).status_code == 401
    assert await presence.agents_on_duty(redis) == frozenset()


async def test_a_session_ends_by_itself(client: httpx.AsyncClient, sessions: db.Sessions) -> None:
    headers = await cookie(sessions, await employee(sessions))
    async with sessions() as session, session.begin():
        await session.execute(text("UPDATE staff_sessions SET expires_at = now()"))

    assert (await client.get("/api/v1/staff/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("role", ROLES)
async def test_only_an_administrator_manages_accounts_and_keys(
    client: httpx.AsyncClient, sessions: db.Sessions, role: str
) -> None:
    headers = await cookie(sessions, await employee(sessions, "someone", role))
    other = await employee(sessions, "other")
    added = {"login": "seojun", "name": "박서준", "password": PASSWORD, "roles": ["agent"]}
    for method, path, body, status in [
        ("GET", "/api/v1/staff", None, 200),
        ("POST", "/api/v1/staff", added, 201),
        ("PATCH", f"/api/v1/staff/{other}", {"active": False}, 200),
        ("GET", "/api/v1/keys", None, 200),
        ("POST", "/api/v1/keys", {"name": "통계", "role": "officer"}, 201),
        ("DELETE", "/api/v1/keys/1", None, 200),
    ]:
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.status_code == (status if role == "admin" else 403), (method, path)
        assert (await client.request(method, path, json=body)).status_code == 401
    assert (await client.get("/api/v1/staff/me", headers=headers)).status_code == 200


async def test_nothing_that_is_listed_holds_a_secret(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    headers = await key(sessions, "admin")
    await _person(sessions)

    staff = (await client.get("/api/v1/staff", headers=headers)).text
    keys = (await client.get("/api/v1/keys", headers=headers)).text

    assert "argon2" not in staff
    assert "hash" not in staff + keys


async def test_a_closed_account_is_out_at_once(
    client: httpx.AsyncClient, context: Context, sessions: db.Sessions
) -> None:
    person = await _person(sessions)
    theirs = await cookie(sessions, person)
    admin = await employee(sessions, "admin", "admin")
    headers = await cookie(sessions, admin)

    closed = await client.patch(f"/api/v1/staff/{person}", json={"active": False}, headers=headers)

    assert closed.json()["active"] is False
    assert (await client.get("/api/v1/staff/me", headers=theirs)).status_code == 401
    with pytest.raises(Unauthenticated):
        await service.authenticate(context, "haneul", PASSWORD, HERE)
    own = await client.patch(f"/api/v1/staff/{admin}", json={"active": False}, headers=headers)
    assert own.status_code == 422
    unknown = await client.patch("/api/v1/staff/999", json={"active": True}, headers=headers)
    assert unknown.status_code == 404


async def test_a_key_works_until_it_is_revoked(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    admin = await key(sessions, "admin")
    made = (
        await client.post("/api/v1/keys", json={"name": "통계", "role": "officer"}, headers=admin)
    ).json()
    theirs = {"Authorization": f"Bearer {made['key']}"}
    me = (await client.get("/api/v1/staff/me", headers=theirs)).json()
    assert (me["kind"], me["roles"]) == ("key", ["officer"])

    first = await client.delete(f"/api/v1/keys/{made['id']}", headers=admin)
    again = await client.delete(f"/api/v1/keys/{made['id']}", headers=admin)

    assert first.json()["revoked_at"] == again.json()["revoked_at"] is not None
    assert (await client.get("/api/v1/staff/me", headers=theirs)).status_code == 401
    assert (await client.delete("/api/v1/keys/999", headers=admin)).status_code == 404
    async with sessions() as session:
        lines = select(func.count()).where(AuditEntry.action == "key.revoked")
        assert await session.scalar(lines) == 1
        assert made["key"] not in str(list(await session.scalars(select(ApiKey.key_hash))))


async def test_a_first_password_opens_nothing_but_the_choice_of_another(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    """Whoever made the account knows it, and gets in nowhere with it."""
    boss = await cookie(sessions, await employee(sessions, "boss", "admin"))
    made = {"login": "haneul", "name": "하늘", "password": PASSWORD, "roles": ["author"]}
    assert (await client.post("/api/v1/staff", json=made, headers=boss)).status_code == 201
    own = "longer-and-mine-7"
    for chosen, again, status in [
        ("", "", 403),
        ("short", "short", 422),
        (PASSWORD, PASSWORD, 422),
        (own, "another-one-77", 422),
    ]:
        page = await _form(client, chosen=chosen, again=again)
        assert (page.status_code, 'name="chosen"' in page.text) == (status, True)
        assert "set-cookie" not in page.headers
        assert PASSWORD not in page.text
        assert own not in page.text
    entered = await _form(client, chosen=own, again=own)
    assert (entered.status_code, COOKIE in entered.headers["set-cookie"]) == (303, True)
    # From now on it is a log-in like any other, and the first password is one that nobody has.
    assert (await _form(client)).status_code == 401
    assert (await _form(client, password=own)).status_code == 303
    async with sessions() as session:
        deeds = await session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject.like("staff:%"), AuditEntry.actor != "staff:1")
            .order_by(AuditEntry.id)
        )
        assert list(deeds) == ["staff.password_chosen", "staff.logged-in", "staff.logged-in"]
