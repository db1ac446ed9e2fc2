"""What must never be written down beside the data: phone numbers, words of citizens, votes.

Fault 28 of docs/faults.md. The product writes a log, metrics, error pages, reports, lists, feeds,
an audit and jobs; it has no tracing, and makes no backup of its own: what a backup would hold is
all rows of all tables, and these are looked through as well.
"""

import logging
from collections.abc import Iterable

import httpx
import pytest

from backend.models import BroadcastEvent, Staff
from backend.polls import service as polls
from backend.security import COOKIE
from backend.seed import DEMO_POLLS
from backend.staff import service as staff
from bot.turn import mark
from broadcasts.outcomes import dead
from broadcasts.probe import last
from tests.faults.front import Fault
from tests.faults.siren_house import House

STAFF_PHONE = "+821077770000"
SECRET = "할머니께서 다락방에 계세요"
# Where numbers and words are what the table is for, and nowhere else.
NUMBERS_BELONG = {"addresses", "staff", "handoffs"}  # the last one: where to call back
WORDS_BELONG = {"messages"}


def bare(numbers: Iterable[str]) -> list[str]:
    """Return numbers as they would be recognised: without the code of their country."""
    found = [number.removeprefix(prefix) for number in numbers for prefix in ("+82", "+1")]
    return [each for each in found if not each.startswith("+")]


async def misfortunes(house: House) -> tuple[BroadcastEvent, list[str]]:
    """Send an alert of which everything goes wrong with a citizen's number in hand."""
    addresses = [a for name in ("korea", "twilio") for a in await house.people(name, 6)]
    await house.do("UPDATE staff SET phone = :phone WHERE login = 'author'", phone=STAFF_PHONE)
    lost, refused, broken, moved = addresses[0], addresses[6], addresses[7], addresses[1]
    house.front.to = {
        lost: [Fault(500, b"oops " + lost.encode())],
        refused: [Fault(400, b'{"code": 21211, "message": "bad ' + refused.encode() + b'"}')],
        broken: [Fault(200, broken.encode())],
        moved: [Fault(200, b'{"header": {"isSuccessful": false, "resultCode": -2019}}')],
    }
    event = await house.alert()
    async with house.working(2):
        await house.settled(event, lambda f: not set(f.values()) & {"pending", "dispatching"})
        house.city.sms(addresses[8], f"2 {SECRET}")
        form = {"From": addresses[9], "To": "+1", "Body": SECRET, "MessageSid": "SM1"}
        house.city.twilio("/channels/twilio/sms", form, signature="forged")
        house.city.client.post("/channels/telegram/webhook", content=SECRET.encode())
    return event, addresses


async def read_all(house: House, event: BroadcastEvent, addresses: list[str]) -> dict[str, str]:
    """Return what the service tells anybody about an alert, and what it keeps about the sending."""
    written = {}
    async with house.office.sessions() as session, session.begin():
        author = await session.get_one(Staff, house.office.author.id)
        cookie = await staff.log_in(session, author)
        written["dead list"] = str(await dead(session))
        written["probe"] = str(await last(session))
    async with httpx.AsyncClient(base_url=house.city.url, timeout=60, trust_env=False) as client:
        client.cookies.set(COOKIE, cookie)
        for name, path in {
            "metrics": "/metrics",
            "ready": "/readyz",
            "csv": f"/siren/{event.broadcast_id}/report.csv",
            "pdf": f"/siren/{event.broadcast_id}/report.pdf",
            "page": f"/siren/{event.broadcast_id}",
            "list": "/siren",
            "drills": "/siren/log/drills",
            "feed": "/cap/feed.atom",
            "outcomes": f"/api/v1/broadcasts/{event.broadcast_id}/outcomes",
            "error": f"/api/v1/broadcasts/{addresses[0]}",
            "error page": f"/siren/{addresses[0]}",
            "nothing": "/siren/log/nothing",
        }.items():
            answer = await client.get(path, headers={"Accept": "text/html"})
            assert answer.status_code < 500, name
            written[name] = answer.content.decode("utf-8", "replace")
    written["audit"] = str(await house.ask("SELECT actor, subject, detail FROM audit"))
    written["tries"] = str(await house.ask("SELECT provider, code FROM delivery_attempts"))
    written["reasons"] = str(await house.ask("SELECT reason FROM deliveries"))
    written["jobs"] = str(await house.ask("SELECT args::text FROM procrastinate_jobs"))
    return written


async def holding(house: House, words: Iterable[str]) -> set[str]:
    """Return the tables of which a row holds one of `words`: so would a backup."""
    tables = await house.ask(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    assert {"addresses", "audit", "ballots", "deliveries", "procrastinate_jobs"} <= set(tables)
    found = set()
    for table in tables:
        query = f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE ANY (:words)'
        if await house.ask(query, words=[f"%{word}%" for word in words]) != [0]:
            found.add(table)
    return found


async def test_no_phone_number_is_written_down_where_it_does_not_belong(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that goes wrong here does so with a citizen's number and words in hand."""
    caplog.set_level(logging.DEBUG)
    event, addresses = await misfortunes(house)
    numbers = bare([*addresses, STAFF_PHONE])
    written = await read_all(house, event, addresses)
    written["log"] = "\n".join(f"{r.getMessage()} {r.exc_text}" for r in caplog.records)
    assert "eungdap_deliveries_total" in written["metrics"]
    assert "delivered" in written["csv"]
    assert written["pdf"].startswith("%PDF")
    assert "21211" in written["tries"], "what a provider says comes in as its code"
    for where, said in written.items():
        assert [secret for secret in (*numbers, SECRET) if secret in said] == [], where
    assert await holding(house, numbers) <= NUMBERS_BELONG
    assert await holding(house, [SECRET]) <= WORDS_BELONG
    counts = await house.counts(event)
    assert sum(counts.values()) == 12


async def test_no_vote_is_written_down_beside_its_voter(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Citizens vote by text; what each chose is in no log, metric, audit, job, talk or order."""
    caplog.set_level(logging.DEBUG)
    voters = await house.people("korea", 6)
    async with house.office.sessions() as session, session.begin():
        now = (await house.ask("SELECT now()"))[0]
        ends = (await house.ask("SELECT now() + interval '1 day'"))[0]
        poll = await polls.create(
            session, **DEMO_POLLS[0]._asdict(), opens_at=now, closes_at=ends, actor="system"
        )
        titles = [option.title["ko"] for option in poll.options]
    for number, voter in enumerate(voters):
        house.city.sms(voter, "투표할게요")
        house.city.sms(voter, str(number % 3 + 1))
    assert await house.ask("SELECT count(*) FROM participations") == [6]
    ballots = await house.ask("SELECT option_number, count(*) FROM ballots GROUP BY 1 ORDER BY 1")
    assert ballots == [(1, 2), (2, 2), (3, 2)]
    columns = await house.ask(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'ballots' "
        "ORDER BY column_name"
    )
    assert columns == ["id", "option_number", "poll_id"], "no voter, no time, no order"
    # What they typed is not in their talk, nor does any answer of ours repeat it.
    said = await house.ask("SELECT text FROM messages WHERE author = 'citizen' ORDER BY id")
    assert not [text for text in said if text.strip() in ("1", "2", "3")], said
    after = await house.ask(
        "SELECT text FROM messages WHERE author = 'bot' AND text LIKE '%접수번호%' OR "
        "text LIKE '%투표했어요%'"
    )
    assert not [text for text in after for title in titles if title in text]
    memories = await house.ask("SELECT dialogue::text FROM conversations")
    assert len(memories) == 6
    for memory in memories:
        assert '"option":' not in memory, "the step is remembered, and not what was chosen in it"
        assert not [choice for choice in "123" if mark(choice) in memory]
    deeds = await house.ask("SELECT DISTINCT action FROM audit WHERE subject LIKE 'poll:%'")
    assert deeds == ["poll.created"], "its time and order would lead from a ballot to its voter"
    log = "\n".join(f"{r.getMessage()} {r.exc_text}" for r in caplog.records)
    metrics = house.city.client.get("/metrics").text
    jobs = str(await house.ask("SELECT args::text FROM procrastinate_jobs"))
    for where, text in {"log": log, "metrics": metrics, "jobs": jobs}.items():
        assert [title for title in titles if title in text] == [], where
        assert [secret for secret in bare(voters) if secret in text] == [], where
