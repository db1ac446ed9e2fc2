"""Reports by the hundred: many in one commit, each answered after it, one bad one spoils none."""

import asyncio
import random
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from backend.context import Context
from backend.delivery.alert_words import alert_code, alert_link, alert_of, alert_words
from backend.delivery.intake import Intake
from backend.models import Delivery
from channels.charset import keeps_letters
from channels.message import DeliveryState, StatusUpdate
from tests.backend.post import Post

SENT, FAILED, DELIVERED = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DELIVERED
FATES = [(SENT,), (SENT, DELIVERED), (FAILED,), (FAILED, DELIVERED), (DELIVERED, SENT)]
ENDS = ["sent", "delivered", "failed", "delivered", "delivered"]


@pytest.fixture
def post(context: Context) -> Post:
    return Post(context.sessions)


async def accepted(post: Post, count: int) -> list[int]:
    """Promise messages and have each accepted by its provider."""
    address = await post.address("+821012340000")
    made = [await post.promise(address, f"소식 {n}", "bot") for n in range(count)]
    async with post.sessions() as session, session.begin():
        await session.execute(
            text(
                "INSERT INTO delivery_attempts (delivery_id, number, route, channel, provider, "
                "address_id, outcome) SELECT id, 1, 0, channel, 'twilio', address_id, 'accepted' "
                "FROM deliveries WHERE id = ANY(:ids)"
            ),
            {"ids": made},
        )
        await session.execute(
            text(
                "INSERT INTO delivery_parts (provider, external_id, delivery_id, route, total, "
                "status) SELECT 'twilio', 'SM' || id, id, 0, 1, 'accepted' "
                "FROM deliveries WHERE id = ANY(:ids)"
            ),
            {"ids": made},
        )
        await session.execute(
            text("UPDATE deliveries SET status = 'accepted' WHERE id = ANY(:ids)"), {"ids": made}
        )
    return made


async def statuses(post: Post) -> dict[int, str]:
    async with post.sessions() as session:
        rows = await session.execute(select(Delivery.id, Delivery.status))
        return dict(rows.all())


async def test_reports_doubled_and_shuffled_end_where_they_should(
    post: Post, context: Context
) -> None:
    made = await accepted(post, 60)
    reports = [
        StatusUpdate(
            "sms", state, id_ if number % 2 else None, f"SM{id_}", "30003", "twilio", 1
        )
        for number, id_ in enumerate(made)
        for state in FATES[number % len(FATES)]
    ] * 2  # fmt: skip
    random.Random(1).shuffle(reports)
    intake = Intake(context, {})
    await asyncio.gather(*(intake.take(report) for report in reports))
    found = await statuses(post)
    assert [found[id_] for id_ in made] == [ENDS[n % len(ENDS)] for n in range(len(made))]


async def test_the_answer_comes_after_the_commit_and_many_share_one(
    post: Post, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await accepted(post, 40)
    intake = Intake(context, {})
    sizes = []
    commit = intake._commit

    async def counted(some: list[StatusUpdate]) -> None:
        sizes.append(len(some))
        await commit(some)

    monkeypatch.setattr(intake, "_commit", counted)

    async def report(id_: int) -> str:
        await intake.take(StatusUpdate("sms", DELIVERED, id_, f"SM{id_}", provider="twilio"))
        return (await statuses(post))[id_]

    assert await asyncio.gather(*(report(id_) for id_ in made)) == ["delivered"] * 40
    assert len(sizes) < 5


async def test_one_report_that_cannot_be_kept_spoils_no_other(post: Post, context: Context) -> None:
    made = await accepted(post, 3)
    intake = Intake(context, {})
    bad = StatusUpdate("sms", DELIVERED, made[1], "SM\x00", provider="twilio")
    good = [StatusUpdate("sms", DELIVERED, id_, f"SM{id_}", provider="twilio") for id_ in made[::2]]
    ends = await asyncio.gather(
        *(intake.take(report) for report in [bad, *good]), return_exceptions=True
    )
    assert isinstance(ends[0], Exception)
    assert ends[1:] == [None, None]
    found = await statuses(post)
    assert [found[id_] for id_ in made] == ["delivered", "accepted", "delivered"]


@pytest.mark.parametrize(
    ("channel", "address", "short", "said"),
    [
        ("sms", "+821012345678", "호우경보", "호우경보"),
        ("sms", "+821012345678", "Cảnh báo mưa lớn", "Heavy rain"),
        ("sms", "+12025550123", "Cảnh báo mưa lớn", "Cảnh báo mưa lớn"),
        ("telegram", "77", "Cảnh báo mưa lớn", "Cảnh báo mưa lớn. Tránh xa sông."),
        ("web", "x", "호우경보", "Cảnh báo mưa lớn. Tránh xa sông."),
    ],
)
def test_the_short_words_go_by_text_and_the_full_ones_elsewhere(
    channel: str, address: str, short: str, said: str
) -> None:
    full = "Cảnh báo mưa lớn. Tránh xa sông."
    assert alert_words(channel, address, short, full, "Heavy rain") == said
    assert alert_words(channel, address, short, None, None) == short


@pytest.mark.parametrize(
    ("channel", "language", "said"),
    [
        ("sms", "vi", "Heavy rain\nTieng Viet: https://c.example/alerts/"),
        ("sms", "zh", "Heavy rain\n中文: https://c.example/alerts/"),
        ("alimtalk", "vi", "Heavy rain"),
    ],
)
def test_a_text_said_in_english_leads_to_the_citizen_s_own_language(
    channel: str, language: str, said: str
) -> None:
    broadcast = uuid4()
    link = alert_link("https://c.example", broadcast, language)
    words = alert_words(channel, "+821012345678", "Cảnh báo", None, "Heavy rain", link)
    assert words.startswith(said)
    assert words.endswith(f"{alert_code(broadcast)}/{language}") is (channel == "sms")
    assert keeps_letters(words)
    assert alert_words(channel, "+821012345678", "호우", None, "Heavy rain", link) == "호우"
    # A voice needs no letters.
    assert alert_words("call", "+821012345678", "Cảnh báo", "x", "Heavy rain", link) == "Cảnh báo"


def test_the_code_of_an_alert_leads_back_to_it_and_no_other_letters_do() -> None:
    broadcast = uuid4()
    code = alert_code(broadcast)
    assert len(code) == 22
    assert alert_of(code) == broadcast
    for wrong in ("", "x", code[:-1], code + "A", code[:-1] + "_", "é" * 22, str(broadcast)):
        assert alert_of(wrong) is None, wrong
