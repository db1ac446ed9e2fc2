"""Answers to an alert: understood as such, counted, and help goes to the front of the desk."""

import itertools
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from backend.contacts import alert_replies
from backend.db import Sessions, libpq_url
from tests.city import City

_PHONES = itertools.count(44_000_000)


@pytest.fixture
def alerted(city: City, database_url: str) -> "Alerted":
    """A city in which an alert can be sent."""
    return Alerted(city, database_url)


class Alerted:
    """A city whose citizens were sent an alert."""

    def __init__(self, city: City, url: str) -> None:
        self.city, self.url = city, url

    def citizen(self) -> str:
        """Return the phone of somebody who gets alerts and was sent one."""
        phone = f"+8210{next(_PHONES)}"
        self.city.sms(phone, "마포구 재난 알림 켜줘")
        return phone

    def alert(self, phone: str) -> str:
        """Send `phone` an alert; return its event."""
        with psycopg.connect(libpq_url(self.url), autocommit=True) as connection:
            # Nobody wrote or approved this one, as the database would ask.
            connection.execute("SET session_replication_role = replica")
            staff = connection.execute("SELECT min(id) FROM staff").fetchone()
            broadcast = connection.execute(
                "INSERT INTO broadcasts (environment, title, texts, correction, districts, status,"
                " version, content_hash, expires_at, created_by) VALUES ('live', '비', %s, %s,"
                " %s, 'draft', 1, 'h', now() + interval '2 hours', %s) RETURNING id",
                (Jsonb({"ko": "호우경보"}), Jsonb({}), Jsonb(["마포구"]), staff[0] if staff else 1),
            ).fetchone()
            assert broadcast is not None
            event = connection.execute(
                "INSERT INTO broadcast_events (broadcast_id, kind, environment, texts, area,"
                " audience, expires_at) VALUES (%s, 'alert', 'live', %s, %s, 1,"
                " now() + interval '2 hours') RETURNING id",
                (broadcast[0], Jsonb({"ko": "호우경보"}), Jsonb({"districts": ["마포구"]})),
            ).fetchone()
            assert event is not None
            connection.execute(
                "INSERT INTO deliveries (lane, event_id, contact_id, address_id, channel, language,"
                " status, attempts, expires_at) SELECT 'siren', %s, contact_id, id, 'sms', 'ko',"
                " 'delivered', 1, now() + interval '2 hours' FROM addresses WHERE address = %s",
                (event[0], phone),
            )
        return str(event[0])

    def kept(self, event: str) -> list[str]:
        """Return the answers to an event."""
        with psycopg.connect(libpq_url(self.url)) as connection:
            rows = connection.execute(
                "SELECT answer FROM alert_replies WHERE event_id = %s", (event,)
            )
            return [row[0] for row in rows]

    def urgencies(self) -> list[int]:
        """Return how urgent each handoff is."""
        with psycopg.connect(libpq_url(self.url)) as connection:
            return [r[0] for r in connection.execute("SELECT urgency FROM handoffs ORDER BY id")]


@pytest.mark.parametrize("said", ["1", "안전해요", "저희 다 무사합니다", "I'm safe", "安全です"])
def test_somebody_is_safe(alerted: Alerted, said: str) -> None:
    phone = alerted.citizen()
    event = alerted.alert(phone)
    answer = " ".join(alerted.city.sms(phone, said))
    assert "안전" in answer or "safe" in answer or "安全" in answer
    assert alerted.kept(event) == ["safe"]
    assert alerted.urgencies() == []


@pytest.mark.parametrize("said", ["2", "도와주세요", "안전하지 않아요", "갇혔어요", "I am trapped"])
def test_somebody_needs_help(alerted: Alerted, said: str) -> None:
    phone = alerted.citizen()
    event = alerted.alert(phone)
    assert "119" in " ".join(alerted.city.sms(phone, said))
    assert alerted.kept(event) == ["help"]
    assert alerted.urgencies() == [2]


def test_a_number_after_other_talk_is_no_answer_and_minds_change(alerted: Alerted) -> None:
    phone = alerted.citizen()
    event = alerted.alert(phone)
    alerted.city.sms(phone, "투표할래요")
    assert "심야버스" in " ".join(alerted.city.sms(phone, "1"))
    assert alerted.kept(event) == []
    alerted.city.sms(phone, "취소")
    alerted.city.sms(phone, "안전해요")
    alerted.city.sms(phone, "도와주세요 물이 들어와요")
    assert alerted.kept(event) == ["help"]


def test_without_an_alert_the_words_mean_what_they_mean(alerted: Alerted) -> None:
    phone = alerted.citizen()
    assert "안전하시다니" not in " ".join(alerted.city.sms(phone, "안전해요"))


async def test_the_siren_can_count(alerted: Alerted, sessions: Sessions) -> None:
    phones = [alerted.citizen(), alerted.citizen()]
    event = alerted.alert(phones[0])
    alerted.city.sms(phones[0], "1")
    async with sessions() as session:
        assert await alert_replies.counts(session, UUID(event)) == {"safe": 1, "help": 0}
