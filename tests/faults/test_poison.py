"""Recipients and words that break things, and what must never be written down: faults 21 and 28."""

import logging
from collections import Counter

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from backend.models import Staff
from backend.security import COOKIE
from backend.staff import service as staff
from broadcasts import service
from broadcasts.outcomes import dead
from broadcasts.probe import last
from tests.broadcasts.conftest import KO, draft, enrol
from tests.faults.front import Fault
from tests.faults.siren_house import House

# Phones that no phone is, and a chat that none is: short, long, right to left, half a number.
POISON = {
    "letters": ("sms", "+82abcdefgh"),
    "short": ("sms", "+1"),
    "two kilobytes": ("sms", "+8210" + "7" * 2_000),
    "right to left": ("sms", "\u202e+821055501111\u202c"),
    "no plus": ("sms", "01055502222"),
    "a form": ("sms", "+8210555&To=+821099999999"),
    "full width": ("sms", "+８２１０５５５０３３３３"),
    "no chat": ("telegram", "not-a-chat"),
    "a big chat": ("telegram", "9" * 40),
}


async def test_a_poisoned_recipient_fails_alone(house: House) -> None:
    good = [a for name in ("korea", "twilio", "telegram") for a in await house.people(name, 4)]
    async with house.office.sessions() as session, session.begin():
        for channel, address in POISON.values():
            await enrol(session, "마포구", channel=channel, address=address)
    house.audience += len(POISON)
    event = await house.alert()

    def out(fates: dict[str, str]) -> bool:
        return not set(fates.values()) & {"pending", "dispatching"} and all(
            fates[address] in ("accepted", "delivered") for address in good
        )

    async with house.working(2):
        fates = await house.settled(event, out)
    for kind, (_, address) in POISON.items():
        assert fates[address] == "failed", kind
    assert house.taken() == Counter(good), "nobody else, and nobody twice"
    counts = await house.counts(event)
    assert counts["failed"] == len(POISON)
    reasons = await house.ask("SELECT reason FROM deliveries WHERE status = 'failed'")
    assert len(reasons) == len(POISON)
    assert all(reasons)
    assert await house.paged() == [], "nine of twenty-one are bad numbers, and no canary"


async def test_an_address_of_ten_kilobytes_is_not_even_kept(house: House) -> None:
    (address,) = await house.people("korea")
    with pytest.raises(OperationalError, match="index row"):
        await house.do(
            "UPDATE addresses SET address = (SELECT string_agg(md5(n::text), '') "
            "FROM generate_series(1, 320) n)"
        )
    event = await house.alert()
    async with house.working():
        await house.settled(event, lambda fates: fates[address] == "delivered")
    assert await house.counts(event) == {"delivered": 1}


@pytest.mark.parametrize(
    "name", ["가" * 10_000, "\u202eﻢﻴﺣﺭ\u202c", "a\x00b", "'; DROP TABLE audit; --"]
)
async def test_no_name_of_a_citizen_breaks_the_door(house: House, name: str) -> None:
    person = {"id": 77, "is_bot": False, "first_name": name, "language_code": "ko"}
    message = {
        "message_id": 1, "date": 1, "chat": {"id": 77, "type": "private", "first_name": name},
        "from": person, "text": f"안녕하세요 {name[:50]}",
    }  # fmt: skip
    answer = house.city.update({"message": message})
    assert answer.status_code == 200
    (address,) = await house.people("telegram")
    event = await house.alert()
    async with house.working():
        await house.settled(event, lambda fates: fates[address] == "accepted")
    assert await house.counts(event) == {"accepted": 1}


async def test_words_that_cannot_be_written_are_cleaned_before_anybody_approves(
    house: House,
) -> None:
    await house.people("korea")
    office = house.office
    written = await office.do(
        service.create, office.author, draft(texts={"ko": KO + "\x00\x07", "en": "x\x00"})
    )
    assert (written.texts["ko"], written.texts["en"]) == (KO, "x")


async def test_no_phone_number_is_written_down_where_it_does_not_belong(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that goes wrong here does so with a citizen's number in hand."""
    caplog.set_level(logging.DEBUG)
    addresses = [a for name in ("korea", "twilio") for a in await house.people(name, 6)]
    await house.do("UPDATE staff SET phone = '+821077770000' WHERE login = 'author'")
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
        house.city.sms(addresses[8], "2")
        form = {"From": addresses[9], "To": "+1", "Body": "안녕", "MessageSid": "SM1"}
        house.city.twilio("/channels/twilio/sms", form, signature="forged")
    numbers = [*addresses, "+821077770000"]
    secrets = [number.removeprefix(prefix) for number in numbers for prefix in ("+82", "+1")]
    secrets = [each for each in secrets if not each.startswith("+")]

    written = {"log": "\n".join(f"{r.getMessage()} {r.exc_text}" for r in caplog.records)}
    async with house.office.sessions() as session, session.begin():
        author = await session.get_one(Staff, house.office.author.id)
        cookie = await staff.log_in(session, author)
        written["dead list"] = str(await dead(session))
        written["probe"] = str(await last(session))
    async with httpx.AsyncClient(base_url=house.city.url, trust_env=False) as client:
        client.cookies.set(COOKIE, cookie)
        for name, path in {
            "metrics": "/metrics",
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
    assert "eungdap_deliveries_total" in written["metrics"]
    assert "delivered" in written["csv"]
    assert written["pdf"].startswith("%PDF")
    for where, said in written.items():
        found = [secret for secret in secrets if secret in said]
        assert found == [], where
