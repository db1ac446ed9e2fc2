"""Roles that take two administrators: proposed by one, confirmed by another, never by hand."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from backend import db
from backend.context import Context
from backend.errors import Conflict
from backend.models import AuditEntry, RoleGrant, Staff
from backend.models.staff import GUARDED
from backend.security import Actor
from backend.staff import grants, routes, service
from tests.backend.desk import cookie, employee
from tests.backend.house import api, key

PASSWORD = "correct-horse-9"


class House:
    """Two administrators and somebody who writes alerts, with the API of each."""

    def __init__(self, client: httpx.AsyncClient, sessions: db.Sessions) -> None:
        self.client = client
        self.sessions = sessions

    async def open(self) -> "House":
        self.first = await employee(self.sessions, "first", "admin")
        self.second = await employee(self.sessions, "second", "admin")
        self.author = await employee(self.sessions, "author", "author")
        self.cookies = {
            who: await cookie(self.sessions, who) for who in (self.first, self.second, self.author)
        }
        return self

    async def ask(self, who: int, method: str, path: str, **body: Any) -> httpx.Response:
        return await self.client.request(
            method, f"/api/v1/staff{path}", json=body or None, headers=self.cookies[who]
        )

    async def proposed(self, role: str = "approver") -> int:
        answer = await self.ask(
            self.first, "POST", f"/{self.author}/grants", role=role, reason="야간 당직"
        )
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def roles(self, who: int) -> list[str]:
        async with self.sessions() as session:
            return (await session.get_one(Staff, who)).roles

    async def deeds(self) -> list[tuple[str, str, str]]:
        async with self.sessions() as session:
            rows = await session.execute(
                select(AuditEntry.actor, AuditEntry.action, AuditEntry.subject)
                .where(AuditEntry.action.like("staff.role%"))
                .order_by(AuditEntry.id)
            )
            return [(row.actor, row.action, row.subject) for row in rows]


@pytest.fixture
async def house(context: Context, sessions: db.Sessions) -> House:
    return await House(api(context, routes.router), sessions).open()


@pytest.mark.parametrize("role", GUARDED)
async def test_another_administrator_gives_what_one_proposed(house: House, role: str) -> None:
    grant = await house.proposed(role)
    assert await house.roles(house.author) == ["author"]
    confirmed = await house.ask(house.second, "POST", f"/grants/{grant}/confirm")
    assert confirmed.status_code == 200, confirmed.text
    assert await house.roles(house.author) == sorted(["author", role])
    assert await house.deeds() == [
        (f"staff:{house.first}", "staff.role_proposed", f"staff:{house.author}"),
        (f"staff:{house.second}", "staff.role_confirmed", f"staff:{house.author}"),
    ]
    again = await house.ask(house.second, "POST", f"/grants/{grant}/confirm")
    assert again.status_code == 409


async def test_nobody_confirms_their_own_or_gives_to_themselves(house: House) -> None:
    own = await house.ask(
        house.first, "POST", f"/{house.first}/grants", role="approver", reason="나"
    )
    assert own.status_code == 403
    grant = await house.proposed()
    assert (await house.ask(house.first, "POST", f"/grants/{grant}/confirm")).status_code == 403
    for_second = await house.ask(
        house.first, "POST", f"/{house.second}/grants", role="approver", reason="당직"
    )
    theirs = await house.ask(house.second, "POST", f"/grants/{for_second.json()['id']}/confirm")
    assert theirs.status_code == 403
    assert "자기 자신" in theirs.json()["detail"]
    assert await house.roles(house.author) == ["author"]
    assert await house.roles(house.second) == ["admin"]


async def test_a_key_and_other_people_give_nothing(house: House) -> None:
    grant = await house.proposed()
    headers = await key(house.sessions, "admin")
    for path in (f"/{house.author}/grants", f"/grants/{grant}/confirm", f"/grants/{grant}/decline"):
        body = {"role": "breakglass", "reason": "x"} if path.endswith("grants") else None
        refused = await house.client.post(f"/api/v1/staff{path}", json=body, headers=headers)
        assert refused.status_code == 403, path
        other = await house.ask(house.author, "POST", path, **(body or {}))
        assert other.status_code == 403, path
    assert await house.roles(house.author) == ["author"]


async def test_what_is_open_is_listed_and_can_be_withdrawn_or_refused(house: House) -> None:
    grant = await house.proposed()
    twice = await house.ask(
        house.second, "POST", f"/{house.author}/grants", role="approver", reason="또"
    )
    assert twice.status_code == 409
    (row,) = (await house.ask(house.second, "GET", "/grants")).json()["items"]
    assert (row["id"], row["role"], row["reason"]) == (grant, "approver", "야간 당직")
    assert row["outcome"] is None
    withdrawn = await house.ask(house.first, "POST", f"/grants/{grant}/decline")
    assert withdrawn.json()["outcome"] == "withdrawn"
    refused = await house.ask(house.second, "POST", f"/grants/{await house.proposed()}/decline")
    assert refused.json()["outcome"] == "refused"
    assert [deed for _, deed, _ in await house.deeds()] == [
        "staff.role_proposed", "staff.role_withdrawn",
        "staff.role_proposed", "staff.role_refused",
    ]  # fmt: skip
    assert (await house.ask(house.second, "POST", "/grants/999/confirm")).status_code == 404


async def test_a_new_account_waits_for_such_a_role(house: House) -> None:
    made = await house.ask(
        house.first, "POST", "", login="night", name="야간", password=PASSWORD,
        roles=["approver"], phone="+821012345678",
    )  # fmt: skip
    assert (made.status_code, made.json()["roles"]) == (201, [])
    assert made.json()["phone"] == "+821012345678"
    (row,) = (await house.ask(house.second, "GET", "/grants")).json()["items"]
    assert (row["staff_id"], row["reason"]) == (made.json()["id"], "new-account")
    await house.ask(house.second, "POST", f"/grants/{row['id']}/confirm")
    assert await house.roles(made.json()["id"]) == ["approver"]


async def test_two_at_once_give_it_once(house: House) -> None:
    third = await house.proposed("admin")
    await house.ask(house.second, "POST", f"/grants/{third}/confirm")
    grant = await house.proposed("approver")
    made = await house.ask(
        house.second, "POST", "", login="third", name="셋", password=PASSWORD, roles=["officer"]
    )
    assert made.status_code == 201
    answers = await asyncio.gather(
        *(house.ask(house.second, "POST", f"/grants/{grant}/confirm") for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert [deed for _, deed, _ in await house.deeds()].count("staff.role_confirmed") == 2


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE staff SET roles = \'["author","approver"]\' WHERE id = :author',
        "UPDATE staff SET roles = roles || '[\"breakglass\"]' WHERE id = :author",
        "INSERT INTO staff (login, name, password_hash, roles, active) "
        "VALUES ('x', 'x', '-', '[\"admin\"]', true)",
        "UPDATE role_grants SET outcome = 'confirmed', decided_by = :first, decided_at = now()",
        "UPDATE role_grants SET outcome = 'confirmed', decided_by = :author, decided_at = now()",
        "UPDATE role_grants SET outcome = 'confirmed', decided_at = now()",
        "UPDATE role_grants SET proposed_by = :second",
        "INSERT INTO role_grants (staff_id, role, reason, proposed_by) "
        "VALUES (:first, 'approver', 'x', :first)",
        "INSERT INTO role_grants (staff_id, role, reason, proposed_by) "
        "VALUES (:second, 'approver', 'x', :author)",
        "INSERT INTO role_grants (staff_id, role, reason, proposed_by, outcome, decided_by, "
        "decided_at) VALUES (:author, 'admin', 'x', :first, 'confirmed', :second, now())",
    ],
)
async def test_the_database_refuses_what_one_person_would_do_by_hand(
    house: House, statement: str
) -> None:
    await house.proposed()
    people = {"first": house.first, "second": house.second, "author": house.author}
    with pytest.raises(IntegrityError):
        async with house.sessions() as session, session.begin():
            await session.execute(text(statement), people)
    assert await house.roles(house.author) == ["author"]


async def test_a_grant_is_good_in_its_own_commit_alone(house: House) -> None:
    grant = await house.proposed()
    await house.ask(house.second, "POST", f"/grants/{grant}/confirm")
    async with house.sessions() as session, session.begin():
        await session.execute(
            update(Staff).where(Staff.id == house.author).values(roles=["author"])
        )
    with pytest.raises(IntegrityError, match="two administrators"):
        async with house.sessions() as session, session.begin():
            await session.execute(
                update(Staff).where(Staff.id == house.author).values(roles=["approver"])
            )
    with pytest.raises(IntegrityError, match="decided once"):
        async with house.sessions() as session, session.begin():
            await session.execute(update(RoleGrant).values(outcome="refused"))


async def test_whoever_sets_a_house_up_makes_its_first_people_and_no_more(
    sessions: db.Sessions,
) -> None:
    async with sessions() as session, session.begin():
        for login, role in (("a", "admin"), ("b", "approver"), ("c", "admin")):
            await service.create(
                session, f"{login}{login}", login, PASSWORD, [role], actor="system"
            )
    for role in GUARDED:
        async with sessions() as session:
            with pytest.raises(Conflict):
                await service.create(session, "late", "late", PASSWORD, [role], actor="system")
    async with sessions() as session:
        found = await session.scalar(select(Staff.id).where(Staff.login == "aa"))
        actor = Actor("staff", found or 0, "aa", frozenset(["admin"]))
        other = await session.scalar(select(Staff.id).where(Staff.login == "bb"))
        with pytest.raises(Conflict):  # they have it
            await grants.propose(session, actor, other or 0, "approver", "again")


async def test_giving_a_role_asks_for_a_second_factor_where_the_city_wants_one(
    context: Context, sessions: db.Sessions
) -> None:
    wanted = context.settings.model_copy(update={"siren_second_factor": "on"})
    strict = Context(wanted, sessions, context.redis)
    house = await House(api(strict, routes.router), sessions).open()
    account = {"login": "new", "name": "새", "password": PASSWORD, "roles": ["approver"]}
    tries = [
        (house.first, "POST", "", account),
        (house.first, "POST", f"/{house.author}/grants", {"role": "approver", "reason": "당직"}),
        (house.second, "POST", "/grants/1/confirm", {}),
        (house.second, "DELETE", f"/{house.author}/second-factor", {}),
    ]
    for who, method, path, body in tries:
        refused = await house.ask(who, method, path, **body)
        assert (refused.status_code, refused.json()["second_factor"]) == (403, "enrol"), path
    async with sessions() as session, session.begin():
        missing = await session.scalars(
            select(AuditEntry.detail["path"].astext).where(
                AuditEntry.action == "staff.second_factor_missing"
            )
        )
        assert list(missing) == [f"/api/v1/staff{path}" for _, _, path, _ in tries]
        assert await session.scalar(select(Staff.id).where(Staff.login == "new")) is None
        await session.execute(text("UPDATE staff_sessions SET verified_at = now()"))
    grant = await house.proposed()
    given = await house.ask(house.second, "POST", f"/grants/{grant}/confirm")
    assert given.status_code == 200
    assert await house.roles(house.author) == ["approver", "author"]
    # What gives nobody anything asks for nothing.
    async with sessions() as session, session.begin():
        await session.execute(text("UPDATE staff_sessions SET verified_at = NULL"))
    plain = await house.ask(house.first, "POST", "", **(account | {"roles": ["agent"]}))
    assert plain.status_code == 201
