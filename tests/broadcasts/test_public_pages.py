"""The page behind an SMS's link: the whole alert in five languages, and what became of it."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy import func, update

from backend.delivery.alert_words import alert_link
from backend.models import Broadcast, BroadcastEvent
from broadcasts import answers, content, correction, public_pages, service
from tests.broadcasts.conftest import EN, KO, Office, total

VI = "Cảnh báo mưa lớn lúc 14:30. Tránh xa sông Hàn. Hỏi: 120"
LONG = "Cảnh báo mưa lớn lúc 14:30 tại quận Mapo. Nước sông Hàn dâng nhanh. Hãy lên chỗ cao."
WRONG = {
    "ko": "[정정] 호우경보는 잘못 보낸 것입니다. 죄송합니다. 문의 120",
    "en": "[Correction] The warning was sent by mistake. Questions: 120",
    "vi": "[ĐÍNH CHÍNH] Cảnh báo vừa gửi là nhầm lẫn.",
}
OVER = {"ko": "[해제] 호우경보가 끝났습니다.", "en": "[All clear] The heavy rain is over."}


async def sent(office: Office, **changes: object) -> uuid.UUID:
    people = await total(office.sessions, ["마포구"])
    event = await office.approved(
        people, texts={"ko": KO, "en": EN, "vi": VI}, long_texts={"vi": LONG}, correction=WRONG,
        all_clear=OVER, **changes,
    )  # fmt: skip
    return event.broadcast_id


async def shown(
    client: httpx.AsyncClient, broadcast: uuid.UUID, language: str
) -> tuple[str, httpx.Response]:
    answer = await client.get(alert_link("", broadcast, language))
    assert answer.status_code == 200, answer.text
    assert not re.search(r"<script|\son\w+=|\sstyle=", answer.text)
    return answer.text, answer


@pytest.fixture
def nobody(clients: dict[str, httpx.AsyncClient]) -> httpx.AsyncClient:
    """Whoever opens the link: a browser that nobody has logged in with."""
    return clients["nobody"]


async def test_the_whole_text_stands_there_in_the_language_of_the_link(
    nobody: httpx.AsyncClient, office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await sent(office)
    html, answer = await shown(nobody, broadcast, "vi")
    assert '<html lang="vi">' in html
    assert LONG in html
    assert "Cảnh báo này đang có hiệu lực" in html
    assert "Mapo" in html
    assert answer.headers["Cache-Control"] == "public, max-age=10"
    assert "set-cookie" not in answer.headers
    korean, _ = await shown(nobody, broadcast, "ko")
    assert KO in korean
    chinese, _ = await shown(nobody, broadcast, "zh")
    assert f'lang="en">{EN}' in chinese
    assert "此警报没有您所选语言的版本" in chinese


async def test_a_cookie_or_who_is_logged_in_changes_nothing(
    clients: dict[str, httpx.AsyncClient], office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await sent(office)
    theirs, _ = await shown(clients["nobody"], broadcast, "vi")
    clients["author"].cookies.set("eungdap_language", "ko")
    ours, _ = await shown(clients["author"], broadcast, "vi")
    assert ours == theirs
    for name in ("author", "approver", str(crowd[0])):
        assert f">{name}<" not in ours


async def test_what_became_of_it_is_said_first(
    nobody: httpx.AsyncClient, office: Office, crowd: list[uuid.UUID]
) -> None:
    corrected = await sent(office)
    await office.do(service.cancel, office.author, corrected)
    async with office.sessions() as session, session.begin():
        event = (await office.events(corrected))[0]
        session.add(
            BroadcastEvent(
                broadcast_id=corrected, kind="correction", environment="live", texts=WRONG,
                area=event.area, audience=1, expires_at=func.now() + timedelta(hours=1),
            )
        )  # fmt: skip
    html, _ = await shown(nobody, corrected, "vi")
    assert "Cảnh báo này bị nhầm và đã được thu hồi" in html
    assert html.index(WRONG["vi"]) < html.index(LONG)
    assert 'class="words over"' in html


async def test_an_all_clear_and_an_end_are_told(
    nobody: httpx.AsyncClient, office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await sent(office)
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(BroadcastEvent)
            .where(BroadcastEvent.broadcast_id == broadcast)
            .values(expires_at=func.now() - timedelta(minutes=1))
        )
    html, _ = await shown(nobody, broadcast, "en")
    assert "This alert is over" in html
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(Broadcast).where(Broadcast.id == broadcast).values(status="sent")
        )
    await office.do(correction.all_clear, office.author, broadcast)
    html, _ = await shown(nobody, broadcast, "en")
    assert "The danger is over" in html
    assert html.index(OVER["en"]) < html.index(EN)


async def test_an_exercise_says_so_and_a_reminder_is_nobody_s_business(
    nobody: httpx.AsyncClient, office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await sent(office, environment="exercise")
    alert = (await office.events(broadcast))[0]
    async with office.sessions() as session, session.begin():
        session.add(
            BroadcastEvent(
                broadcast_id=broadcast, kind="reminder", environment="exercise",
                texts=answers.QUESTION, area=alert.area, audience=1,
                expires_at=func.now() + timedelta(hours=1),
            )
        )  # fmt: skip
    html, _ = await shown(nobody, broadcast, "vi")
    assert "Đây là diễn tập" in html
    assert answers.QUESTION["vi"] not in html


async def test_nothing_is_shown_before_it_went_out_or_at_a_wrong_address(
    nobody: httpx.AsyncClient, office: Office, crowd: list[uuid.UUID]
) -> None:
    draft = await office.submitted()
    for path in (
        alert_link("", draft.id, "vi"),
        alert_link("", uuid.uuid4(), "vi"),
        "/alerts/nonsense/vi",
        alert_link("", await sent(office), "fr"),
    ):
        assert (await nobody.get(path)).status_code == 404, path


async def test_the_address_without_a_language_asks_the_browser(
    nobody: httpx.AsyncClient, office: Office, crowd: list[uuid.UUID]
) -> None:
    link = alert_link("", await sent(office), "vi")
    answer = await nobody.get(link.removesuffix("/vi"), headers={"Accept-Language": "zh-CN,en"})
    assert (answer.status_code, answer.headers["location"]) == (303, link[:-2] + "zh")
    assert answer.headers["vary"] == "Accept-Language"


def test_every_language_has_the_same_texts() -> None:
    def keys(node: object, path: str = "") -> set[str]:
        if not isinstance(node, dict):
            return {path + ":" + ",".join(sorted(re.findall(r"\{\w+\}", str(node))))}
        return {key for name in node for key in keys(node[name], f"{path}.{name}")}

    folder = Path(public_pages.__file__).parent / "locales"
    read = {
        language: yaml.safe_load((folder / f"{language}.yml").read_text(encoding="utf-8"))
        for language in content.LANGUAGES
    }
    for texts in read.values():
        assert keys(texts["public_alert"]) == keys(read["ko"]["public_alert"])
