"""Any text, through text messages, letters, templates and web chat: heard, whole, within limits.

The messengers are in test_messengers_any_text.py, calls in test_any_call.py.
"""

import json
from email import message_from_bytes, policy
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from channels import charset
from channels.base import Content
from channels.email import Email
from channels.inbound import clean_text
from channels.kakao_alimtalk import TEMPLATES, Alimtalk, read_templates
from channels.korea_sms import KoreaSms
from channels.message import Answer, Choice, Outgoing, Reply
from channels.segments import cp949_length, measure
from channels.twilio_sms import TwilioSms
from channels.web_requests import TEXT_MAX
from tests.channels.any_text import MESSAGES, TEXTS, marked, septets_of, words
from tests.channels.conftest import CITIZEN, KOREA_HOOK, Door, settings_for
from tests.channels.test_korea_sms import MO, mo, written
from tests.channels.test_twilio_sms import SMS, inbound
from tests.channels.test_web import SESSION, Composition

pytestmark = marked
ABROAD = "+12025550123"


def check_size(part: str) -> None:
    """A body is within Twilio's limit, and counted as the encoder counts it."""
    assert 0 < len(part.encode("utf-16-be")) // 2 <= 1600
    size = measure(part)
    if size.encoding == "ucs2":
        assert size.units == len(part.encode("utf-16-be")) // 2
        assert size.segments >= -(-size.units // 70)
    else:
        assert size.units == septets_of(part)
        assert size.segments >= -(-size.units // 160)


@given(text=MESSAGES, answer=MESSAGES)
@TEXTS
async def test_twilio_hears_any_text_and_answers_any(text: str, answer: str) -> None:
    door = Door(TwilioSms(settings_for()))
    door.answer = Answer("c1", "ko", "bot", (Reply(answer, delivery=1),))
    response = await door.twilio(SMS, inbound(Body=text))
    assert response.status_code == 200
    assert [heard.text for heard in door.messages] == [clean_text(text)]
    parts = [part.text or "" for part in ElementTree.fromstring(response.text)]
    for part in parts:
        check_size(part)
    # XML reads every line end as \n, whoever wrote it.
    assert words("".join(parts)) == words(charset.for_gsm(clean_text(answer)))


@given(text=MESSAGES, address=st.sampled_from([CITIZEN, ABROAD]))
@TEXTS
async def test_what_twilio_is_sent_is_whole_and_within_its_limit(text: str, address: str) -> None:
    taken: list[str] = []
    sms = TwilioSms(settings_for())

    async def post(_: str, body: str, __: str) -> str:
        taken.append(body)
        return "SM1"

    sms._post = post  # type: ignore[method-assign]
    cleaned = clean_text(text)
    korean = charset.for_korea(cleaned)
    expected = korean.text if address == CITIZEN else charset.for_gsm(cleaned)
    try:
        sent = await sms.send(Outgoing(1, address, text))
    except Content:
        assert taken == []
        assert not words(expected) or (address == CITIZEN and not korean.legible)
    else:
        assert sent.parts == len(taken)
        assert words("".join(taken)) == words(expected)
        for part in taken:
            check_size(part)
    await sms.close()


@given(text=MESSAGES)
@TEXTS
async def test_the_domestic_gateway_hears_any_text(text: str) -> None:
    door = Door(KoreaSms(settings_for()))
    response = await door.post(MO, content=json.dumps(mo(written(text))))
    assert KOREA_HOOK in MO
    assert response.status_code == 200
    assert [heard.text for heard in door.messages] == [clean_text(text)]


@given(text=MESSAGES)
@TEXTS
async def test_what_a_korean_carrier_is_sent_is_whole_and_within_its_limit(text: str) -> None:
    taken: list[tuple[str, str]] = []
    sms = KoreaSms(settings_for())

    async def post(form: str, body: str, *_: object) -> str:
        taken.append((form, body))
        return "R:1"

    sms._post = post  # type: ignore[method-assign,assignment]
    expected = charset.for_korea(clean_text(text))
    try:
        sent = await sms.send(Outgoing(1, CITIZEN, text))
    except Content:
        assert taken == []
        assert not words(expected.text) or not expected.legible
    else:
        assert len(taken) == sent.parts
        for form, body in taken:
            octets = body.encode("cp949")
            assert cp949_length(body) == len(octets) <= (90 if form == "SMS" else 2000)
            assert octets.decode("cp949") == body
        assert words("".join(body for _, body in taken)) == words(expected.text)
    await sms.close()


@given(text=MESSAGES)
@TEXTS
def test_a_letter_holds_any_text(text: str) -> None:
    door = Email(settings_for(smtp_url="smtp://127.0.0.1:9", email_from="응답 <a@b.example>"))
    try:
        letter = door._letter(Outgoing(1, "citizen@example.org", text))
    except Content:
        assert not words(clean_text(text))
        return
    content = letter.as_bytes(policy=policy.SMTP)
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    read = message_from_bytes(content, policy=policy.default)
    body, mark, _ = str(read.get_content()).rpartition("\n\n-- \n")
    assert mark
    assert words(body) == words(clean_text(text))


@given(number=MESSAGES, department=MESSAGES, bare=st.booleans())
@TEXTS
async def test_a_template_takes_any_text_into_its_variables_or_none(
    number: str, department: str, bare: bool
) -> None:
    taken: list[tuple[str, dict[str, str]]] = []
    door = Alimtalk(settings_for())

    async def post(code: str, recipient: dict[str, dict[str, str]]) -> str:
        taken.append((code, recipient["templateParameter"]))
        return "R:1"

    door._post = post  # type: ignore[method-assign,assignment]
    template = read_templates(TEMPLATES)[0]
    text = template.text
    for name, value in zip(template.names, (number, department), strict=False):
        text = text.replace(f"#{{{name}}}", value)
    text = number if bare else text
    try:
        await door.send(Outgoing(1, CITIZEN, text))
    except Content:
        assert taken == []
    else:
        ((code, variables),) = taken
        made = next(each.text for each in read_templates(TEMPLATES) if each.code == code)
        for name, value in variables.items():
            made = made.replace(f"#{{{name}}}", value)
        assert made == clean_text(text).strip()
        assert len(made) <= 1000
    await door.close()


@given(text=MESSAGES, answer=MESSAGES, title=MESSAGES)
@TEXTS
async def test_web_chat_takes_any_text_and_shows_any(text: str, answer: str, title: str) -> None:
    door = Door(Composition().channel())
    door.answer = Answer("c1", "ko", "bot", (Reply(answer, (Choice("1", title),), delivery=1),))
    response = await door.post(
        "/channels/web/messages", content=json.dumps({"session": SESSION, "text": text})
    )
    heard = clean_text(text)
    if not heard.strip() or len(heard) > TEXT_MAX:
        assert response.status_code == 422
        return
    assert response.status_code == 200
    (reply,) = response.json()["replies"]
    assert (reply["text"], reply["choices"]) == (answer, [{"id": "1", "title": title}])
    assert [message.text for message in door.messages] == [heard]


async def test_half_a_character_does_no_harm() -> None:
    door = Door(Composition().channel())
    body = json.dumps({"session": SESSION, "text": "반\ud83d"})
    response = await door.post("/channels/web/messages", content=body)
    assert response.status_code == 200
    assert [message.text for message in door.messages] == ["반"]
