"""Pictures that come by MMS: fetched from Twilio alone, within bounds, or counted as missed."""

import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from channels import pictures, twilio_media
from channels.message import Photo
from channels.twilio_sms import TwilioSms
from tests.channels.conftest import ACCOUNT, TOKEN, Door, Provider, settings_for
from tests.channels.test_twilio_sms import SMS, inbound

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20
MEDIA = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"
KEY = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


@pytest.fixture
async def door(provider: Provider) -> AsyncIterator[Door]:
    opened = Door(TwilioSms(settings_for(twilio_api_url=provider.url)))
    yield opened
    await opened.channel.close()


def mms(*media: tuple[str, str], **changed: str) -> dict[str, str]:
    """The form of a message with files, each a type and an address."""
    form = inbound(Body="사진 보내요", NumMedia=str(len(media)))
    for n, (kind, url) in enumerate(media):
        form |= {f"MediaContentType{n}": kind, f"MediaUrl{n}": url}
    return {**form, **changed}


async def test_a_picture_comes_along(door: Door, provider: Provider) -> None:
    provider.answers(200, JPEG)
    await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    (message,) = door.messages
    assert (message.text, message.photos) == ("사진 보내요", (Photo(JPEG, "image/jpeg"),))
    assert message.photos_missed == 0
    (call,) = provider.calls
    assert (call.method, call.path) == ("GET", MEDIA)
    assert call.headers["authorization"] == f"Basic {KEY}"


async def test_the_short_lived_address_is_followed(door: Door, provider: Provider) -> None:
    provider.answers(307, b"", Location="/content/x")
    provider.answers(200, PNG)
    await door.twilio(SMS, mms(("image/png", provider.url + MEDIA)))
    assert door.messages[0].photos == (Photo(PNG, "image/png"),)
    assert [call.path for call in provider.calls] == [MEDIA, "/content/x"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/admin",
        "http://media.twiliocdn.com/x",  # not encrypted
        "https://twiliocdn.com.evil.example/x",
        "https://eviltwiliocdn.com/x",
        "file:///etc/passwd",
        "//evil.example/x",
    ],
)
async def test_a_redirect_leads_to_twilio_or_nowhere(
    door: Door, provider: Provider, elsewhere: str
) -> None:
    provider.answers(302, b"", Location=elsewhere)
    await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    assert (door.messages[0].photos, door.messages[0].photos_missed) == ((), 1)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/x", "https://evil.example/x", "not an address", "", "http://["]
)
async def test_an_address_that_is_not_twilios_is_not_asked(door: Door, address: str) -> None:
    await door.twilio(SMS, mms(("image/jpeg", address)))
    assert (door.messages[0].photos, door.messages[0].photos_missed) == ((), 1)


def test_credentials_stay_with_the_api() -> None:
    media = twilio_media.client(settings_for(twilio_api_url="https://api.twilio.com"))
    first = media.build_request("GET", "https://api.twilio.com/2010/Media/ME1")
    first.headers["Authorization"] = f"Basic {KEY}"
    answer = httpx.Response(307, headers={"Location": "https://mms.twiliocdn.com/x"}, request=first)
    followed = media._build_redirect_request(first, answer)
    assert followed.url.host == "mms.twiliocdn.com"
    assert "authorization" not in followed.headers


async def test_what_does_not_come_through_is_counted(
    door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 200)
    provider.answers(200, JPEG)
    await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    provider.answers(404, b"gone")
    await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    provider.answers(200, b"<html>")
    await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    provider.answers(200, JPEG + b"x" * 500)
    await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    seen = [(len(message.photos), message.photos_missed) for message in door.messages]
    assert seen == [(1, 0), (0, 1), (0, 1), (0, 1)]


async def test_a_slow_picture_does_not_hold_up_the_answer(
    door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_media, "SECONDS", 0.2)
    provider.hangs()
    response = await door.twilio(SMS, mms(("image/jpeg", provider.url + MEDIA)))
    assert response.status_code == 200
    assert door.messages[0].photos_missed == 1


@pytest.mark.parametrize(
    ("changed", "fetched"),
    [
        ({"NumMedia": "0"}, 0),
        ({"NumMedia": ""}, 0),
        ({"NumMedia": "many"}, 0),
        ({"NumMedia": "999999999"}, 0),
        ({"MediaContentType0": "video/mp4"}, 0),
        ({"MediaContentType0": "text/vcard"}, 0),
        ({"NumMedia": "1"}, 1),
    ],
)
def test_only_pictures_are_fetched(changed: dict[str, str], fetched: int) -> None:
    form = mms(("image/jpeg", "https://api.twilio.com/x"), **changed)
    assert len(twilio_media.media_of(form)) == fetched  # type: ignore[arg-type]
