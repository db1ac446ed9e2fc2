"""The door of text messages: which provider carries what, and who may say what became of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from channels.base import Rejected, Routed, Traceable
from channels.korea_sms import KoreaSms
from channels.message import Outgoing, Sent
from channels.settings import read_routes
from channels.sms import Sms
from channels.twilio_sms import TwilioSms
from tests.channels.conftest import CITIZEN, KOREA_KEY, Door, Provider, settings_for
from tests.channels.test_korea_sms import MO, mo, taken, written
from tests.channels.test_twilio_sms import MESSAGES, created, inbound

ABROAD = "+12025550123"


def door_of(routes: str, url: str = "http://127.0.0.1:9", *names: str) -> Sms:
    """The door with the providers named, or both."""
    settings = settings_for(twilio_api_url=url, korea_sms_api_url=url)
    every = {"twilio": TwilioSms, "korea": KoreaSms}
    return Sms([every[name](settings) for name in names or every], read_routes(routes))


@pytest.fixture
async def sms(provider: Provider) -> AsyncIterator[Sms]:
    opened = door_of("+82=korea,*=twilio", provider.url)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("routes", "configured", "address", "names"),
    [
        ("+82=korea,*=twilio", (), CITIZEN, ["korea", "twilio"]),
        ("+82=korea,*=twilio", (), ABROAD, ["twilio"]),
        ("+82=korea,*=twilio", ("twilio",), CITIZEN, ["twilio"]),
        ("+82=korea,*=twilio", ("korea",), CITIZEN, ["korea"]),
        ("+82=korea,*=twilio", ("korea",), ABROAD, []),
        ("+82=korea", (), ABROAD, []),
        ("*=twilio", (), CITIZEN, ["twilio"]),
        ("+8210=twilio,+82=korea", (), CITIZEN, ["twilio", "korea"]),
        ("+8270=twilio,+82=korea", (), CITIZEN, ["korea"]),
    ],
)
async def test_the_longest_prefix_comes_first(
    routes: str, configured: tuple[str, ...], address: str, names: list[str]
) -> None:
    sms = door_of(routes, "http://127.0.0.1:9", *configured)
    assert [provider.name for provider in sms.providers(address)] == names
    await sms.close()


async def test_a_message_goes_by_its_number(sms: Sms, provider: Provider) -> None:
    provider.answers(200, taken())
    provider.answers(201, created("SM1"))
    domestic = await sms.send(Outgoing(99, CITIZEN, "안녕하세요"))
    abroad = await sms.send(Outgoing(99, ABROAD, "Hello"))
    assert (domestic.provider, abroad) == ("korea", Sent(("SM1",), 1, "twilio"))
    paths = [call.path for call in provider.calls]
    assert paths == [f"/sms/v3.0/appKeys/{KOREA_KEY}/sender/sms", MESSAGES]


async def test_a_named_provider_stands_in(sms: Sms, provider: Provider) -> None:
    provider.answers(201, created("SM1"))
    sent = await sms.send(Outgoing(99, CITIZEN, "안녕하세요", provider="twilio"))
    assert sent.provider == "twilio"


async def test_what_has_no_route_is_not_sent() -> None:
    sms = door_of("+82=korea")
    for message in (Outgoing(1, ABROAD, "Hello"), Outgoing(1, CITIZEN, "안녕", provider="carrot")):
        with pytest.raises(Rejected) as refused:
            await sms.send(message)
        assert refused.value.code == "no-route"
    await sms.close()


async def test_who_carried_it_is_asked_about_it(sms: Sms, provider: Provider) -> None:
    assert isinstance(sms, Routed)
    assert isinstance(sms, Traceable)
    provider.answers(200, created("SM1", "delivered"))
    message = Outgoing(7, ABROAD, "골목에 쓰레기 더미가 있어요", provider="twilio")
    (found,) = await sms.look_up(message, ["SM1"], datetime.now(UTC))
    assert (found.delivery, found.external_id, found.provider) == (7, "SM1", "twilio")


async def test_each_message_says_who_brought_it_and_where_its_answer_goes(sms: Sms) -> None:
    door = Door(sms)
    in_place = await door.twilio("/channels/twilio/sms", inbound())
    assert "<Message>" in in_place.text
    by_message = await door.post(MO, json=mo(written()))
    assert by_message.json() == {"code": "10000", "message": "success"}
    came = [(message.channel, message.provider, message.in_place) for message in door.messages]
    assert came == [("sms", "twilio", None), ("sms", "korea", False)]


async def test_the_gateway_is_not_asked_faster_than_it_answers() -> None:
    real = Sms(
        [KoreaSms(settings_for(korea_sms_api_url="https://sms.api.nhncloudservice.com"))],
        read_routes("+82=korea"),
    )
    (carrier,) = real.providers(CITIZEN)
    assert carrier.per_second == 300
    assert carrier.reports_within is not None
    simulated = door_of("+82=korea")
    assert [each.per_second for each in simulated.providers(CITIZEN)] == [None]
    await real.close()
    await simulated.close()
