"""Exercises and tests through accounts of their own: other credentials and webhooks; or none."""

import pytest
from twilio.request_validator import RequestValidator

from channels.base import Rejected, carrier_of, providers_of
from channels.message import DeliveryState, Incoming, Outgoing, Sent, StatusUpdate
from channels.separated import NO_ACCOUNT, Separated
from channels.settings import read_routes
from channels.sms import Sms
from channels.telegram import Telegram
from channels.twilio_sms import TwilioSms
from channels.wire import basic
from tests.channels.conftest import (
    ACCOUNT,
    CITIZEN,
    PUBLIC_URL,
    TOKEN,
    Door,
    Provider,
    settings_for,
)
from tests.channels.tables import Heard, Sign, hear

DRILL_ACCOUNT, DRILL_TOKEN = "AC" + "e" * 32, "twilio-token-of-the-exercise"
DRILL_NUMBER = "+15005550099"
ROUTES = read_routes("*=twilio")


@pytest.fixture
def silent_too(silent_log: set[str]) -> None:
    silent_log.add(DRILL_TOKEN)


def door_at(url: str) -> Separated:
    live = settings_for(twilio_api_url=url)
    drill = settings_for(
        twilio_api_url=url, public_url=f"{PUBLIC_URL}/exercise", twilio_account_sid=DRILL_ACCOUNT,
        twilio_auth_token=DRILL_TOKEN, twilio_from_number=DRILL_NUMBER,
    )  # fmt: skip
    return Separated(Sms([TwilioSms(live)], ROUTES), Sms([TwilioSms(drill)], ROUTES))


def message(environment: str, provider: str | None = None) -> Outgoing:
    return Outgoing(5, CITIZEN, "대피하세요.", environment=environment, provider=provider)


@pytest.mark.parametrize("environment", ["exercise", "test"])
async def test_an_exercise_leaves_by_its_own_account_and_comes_back_to_it(
    provider: Provider, silent_too: None, environment: str
) -> None:
    door = door_at(provider.url)
    (carrier,) = providers_of(door, CITIZEN, environment)
    assert carrier.name == "twilio-exercise"
    provider.answers(201, {"sid": "SM5"})
    sent = await door.send(message(environment, carrier.name))
    assert sent == Sent(("SM5",), 1, "twilio-exercise")
    (call,) = provider.calls
    assert call.path == f"/2010-04-01/Accounts/{DRILL_ACCOUNT}/Messages.json"
    expected = basic(DRILL_ACCOUNT, DRILL_TOKEN)["Authorization"]
    assert (call.headers["authorization"], call.form["From"]) == (expected, DRILL_NUMBER)
    callback = f"{PUBLIC_URL}/exercise/channels/twilio/status?delivery=5&parts=1"
    assert call.form["StatusCallback"] == callback
    await door.close()


async def test_what_is_real_never_sees_the_account_of_exercises(provider: Provider) -> None:
    door = door_at(provider.url)
    assert [each.name for each in providers_of(door, CITIZEN)] == ["twilio"]
    provider.answers(201, {"sid": "SM6"})
    assert await door.send(message("live")) == Sent(("SM6",), 1, "twilio")
    assert provider.calls[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    await door.close()


STATUS = {"MessageSid": "SM5", "MessageStatus": "delivered", "AccountSid": DRILL_ACCOUNT}


def signed_with(token: str) -> Sign:
    def sign(case: Heard) -> dict[str, str]:
        url = PUBLIC_URL + case.path
        value = RequestValidator(token).compute_signature(url, case.form or {})
        return {"X-Twilio-Signature": value}

    return sign


async def test_each_account_is_believed_about_itself_alone(silent_too: None) -> None:
    drill = "/exercise/channels/twilio/status?delivery=5&parts=1"
    update = StatusUpdate("sms", DeliveryState.DELIVERED, 5, "SM5", None, "twilio-exercise", 1)
    case = Heard("drill", drill, STATUS, statuses=(update,), status=204)
    await hear(Door(door_at("http://127.0.0.1:9")), case, signed_with(DRILL_TOKEN))
    for path, token in ((drill, TOKEN), (drill.removeprefix("/exercise"), DRILL_TOKEN)):
        door = Door(door_at("http://127.0.0.1:9"))
        headers = dict(signed_with(token)(Heard("other", path, STATUS)))
        refused = await door.post(path, data=STATUS, headers=headers)
        assert (refused.status_code, door.statuses) == (403, [])


async def test_an_answer_to_an_exercise_is_told_from_others(silent_too: None) -> None:
    separated = door_at("http://127.0.0.1:9")
    form = {"MessageSid": "SM9", "From": CITIZEN, "Body": "1", "AccountSid": DRILL_ACCOUNT}
    heard = Incoming("sms", "phone", CITIZEN, "SM9", "1", phone=CITIZEN, provider="twilio-exercise")
    case = Heard("answer", "/exercise/channels/twilio/sms", form, messages=(heard,))
    await hear(Door(separated), case, signed_with(DRILL_TOKEN))
    assert carrier_of(separated, CITIZEN, "twilio-exercise").name == "twilio-exercise"


async def test_without_an_account_an_exercise_is_refused_and_never_sent_as_real(
    provider: Provider,
) -> None:
    door = Separated(Telegram(settings_for(telegram_api_url=provider.url)), None)
    assert [each.name for each in providers_of(door, "1000", "test")] == [NO_ACCOUNT]
    with pytest.raises(Rejected, match=NO_ACCOUNT):
        await door.send(Outgoing(5, "1000", "시험", environment="test"))
    assert provider.calls == []
    await door.close()
