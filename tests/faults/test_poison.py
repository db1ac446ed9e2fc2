"""Recipients and words that break things, and what must never be written down: faults 21 and 28."""

from collections import Counter

import pytest
from sqlalchemy.exc import OperationalError

from broadcasts import service
from tests.broadcasts.conftest import KO, draft, enrol
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
    tried = {word for _, _, word in await house.tries(event)}
    assert tried == {"accepted", "rejected"}, "no bad number is tried again and again"
    await house.on_record(event)


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
    await house.on_record(event)


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
    await house.on_record(event)


async def test_words_that_cannot_be_written_are_cleaned_before_anybody_approves(
    house: House,
) -> None:
    await house.people("korea")
    office = house.office
    written = await office.do(
        service.create, office.author, draft(texts={"ko": KO + "\x00\x07", "en": "x\x00"})
    )
    assert (written.texts["ko"], written.texts["en"]) == (KO, "x")
    assert await office.deeds(written.id) == [(office.author.label, "broadcast.created")]
    hashes = await house.ask("SELECT detail ->> 'content_hash' FROM audit")
    assert hashes == [written.content_hash], "what is on record are the cleaned words"
