"""A service whose own clock is wrong lets nobody in, and keeps nobody out, by it: fault 16.

Codes, log-ins and links are as old as the database says, wherever and whenever its machine thinks
that it is.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pyotp
import pytest

from backend import db
from backend.attachments import service as attachments
from backend.attachments.links import HOUR, Links
from backend.attachments.pictures import clean
from backend.config import ROOT, Settings
from backend.db import Sessions
from backend.embedded import Servers
from backend.models import Staff
from backend.security import hash_password
from nlu.builtin import BuiltinParser
from tests.backend.test_attachments import file
from tests.city import free_port
from tests.conftest import home

pytestmark = pytest.mark.faults

MINE = "/api/v1/staff/me/second-factor"
PASSWORD = "correct-horse-9"
NEW_YORK = "America/New_York"
START_SECONDS = 240.0


def until(moment: datetime) -> float:
    """Return by how many seconds a clock is wrong that shows `moment` now."""
    return (moment - datetime.now(UTC)).total_seconds()


CLOCKS = {
    "ten minutes ahead": lambda: 600.0,
    "an hour behind": lambda: -3600.0,
    "a leap day": lambda: until(datetime(2028, 2, 29, 14, 59, 30, tzinfo=UTC)),
    "a doubled hour": lambda: until(
        datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=ZoneInfo(NEW_YORK))
    ),
}


class Place:
    """A database in another time zone, and a service on it whose clock is `off` by seconds."""

    def __init__(self, url: str, database_url: str, off: float) -> None:
        self.database_url = database_url
        self.off = off
        self.client = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def do(self, statement: str) -> list[Any]:
        """Run a statement of SQL; return its rows, if it has any."""
        with psycopg.connect(db.libpq_url(self.database_url), autocommit=True) as connection:
            answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []

    def now(self) -> float:
        """Return the database's time in seconds since 1970."""
        return float(self.do("SELECT extract(epoch FROM now())")[0][0])

    def give(self, step: str, code: str) -> int:
        """Give a code of the second factor; return the status of the answer."""
        return self.client.post(f"{MINE}/{step}", json={"code": code}).status_code


@contextmanager
def served(settings: Settings, servers: Servers, database_url: str, off: float) -> Iterator[Place]:
    name = database_url.partition("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(db.libpq_url(database_url), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET timezone TO '{NEW_YORK}'")
    port = free_port()
    environment = {
        **os.environ,
        "TZ": NEW_YORK,
        "EUNGDAP_ENV": "test",
        "EUNGDAP_SECRET": settings.secret,
        "EUNGDAP_VAR": str(home()),
        "EUNGDAP_SIMULATOR": "0",
        "SIREN_SECOND_FACTOR": "on",
        "DATABASE_URL": database_url.replace("postgresql+psycopg", "postgresql"),
        "REDIS_URL": servers.redis_url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "TELEGRAM_BOT_TOKEN": "",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.clock_apart", str(off), "serve"],
        cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    place = Place(f"http://127.0.0.1:{port}", database_url, off)
    try:
        _wait(process, place)
        yield place
    finally:
        place.client.close()
        process.terminate()
        process.wait(90)


def _wait(process: subprocess.Popen[bytes], place: Place) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the service did not start"
        assert time.monotonic() < end, "the service took too long to start"
        try:
            if place.client.get("/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)


async def _photo(sessions: Sessions) -> UUID:
    async with sessions() as session, session.begin():
        return await attachments.upload(session, "web:a", await clean(file()))


@pytest.mark.parametrize("shows", list(CLOCKS))
async def test_codes_and_links_are_as_old_as_the_database_says(
    settings: Settings,
    servers: Servers,
    database_url: str,
    sessions: Sessions,
    parser: BuiltinParser,
    shows: str,
) -> None:
    assert Path(home(), "models").is_dir(), parser
    async with sessions() as session, session.begin():
        session.add(
            Staff(login="gil", name="길", password_hash=hash_password(PASSWORD), roles=["approver"])
        )
    photo = await _photo(sessions)
    with served(settings, servers, database_url, CLOCKS[shows]()) as place:
        entered = place.client.post("/login", data={"login": "gil", "password": PASSWORD})
        assert entered.status_code == 303

        # The second factor: the code of this minute counts, once, and no other.
        totp = pyotp.TOTP(place.client.post(MINE).json()["secret"])
        assert place.give("confirm", totp.at(int(place.now() + place.off))) == 403
        first = totp.at(int(place.now()))
        assert place.give("confirm", first) == 200
        assert place.give("verify", first) == 403, "used"
        assert place.give("verify", totp.at(int(place.now() - 600))) == 403, "old"
        assert place.give("verify", totp.at(int(place.now() + 600))) == 403, "of later"
        place.do("UPDATE staff_totp SET last_step = last_step - 10")
        assert place.give("verify", totp.at(int(place.now()))) == 204

        # It counts for five minutes, and a log-in until its end.
        fresh = place.client.get(MINE).json()
        assert fresh == {"wanted": True, "enrolled": True, "fresh": True}
        place.do("UPDATE staff_sessions SET verified_at = now() - interval '4 minutes'")
        assert place.client.get(MINE).json()["fresh"]
        place.do("UPDATE staff_sessions SET verified_at = now() - interval '5 minutes 1 second'")
        assert not place.client.get(MINE).json()["fresh"]
        place.do("UPDATE staff_sessions SET expires_at = now() + interval '1 minute'")
        assert place.client.get(MINE).status_code == 200
        place.do("UPDATE staff_sessions SET expires_at = now() - interval '1 second'")
        assert place.client.get(MINE).status_code == 401

        # A link that we signed is good until the hour that it names.
        links = Links.of(settings)
        good = links.on_page(photo, "small", place.now())
        assert place.client.get(good).status_code == 200
        over = links.on_page(photo, "small", place.now() - 3 * HOUR)
        assert place.client.get(over).status_code == 404

        deeds = place.do(
            "SELECT action, actor, count(*) FROM audit WHERE action LIKE 'staff.second%' "
            "GROUP BY action, actor ORDER BY action"
        )
        late = place.do("SELECT count(*) FROM audit WHERE now() NOT BETWEEN at AND at + '5 min'")
    (gil,) = {actor for _, actor, _ in deeds}
    assert deeds == [
        ("staff.second_factor_begun", gil, 1),
        ("staff.second_factor_given", gil, 2),
        ("staff.second_factor_set", gil, 1),
        ("staff.second_factor_wrong", gil, 4),
    ]
    assert late == [(0,)], "the audit is stamped by the database"
