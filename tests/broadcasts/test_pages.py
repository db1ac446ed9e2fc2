"""The officials' pages: what each person sees in each state, in both languages."""

import re
import uuid
from datetime import UTC, datetime

import httpx
import pytest
import yaml

from backend import audit, errors
from backend.console import pages as console
from backend.models import Broadcast
from backend.models.broadcast import STATUSES
from broadcasts import approval, audience, districts, pages, service
from tests.broadcasts.conftest import KO, Office, draft, seen
from tests.broadcasts.test_transitions import in_state


async def page(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status
    html = answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", html)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), "an id stands twice"
    labels = set(re.findall(r'\bfor="([^"]+)"', html))
    assert labels <= set(ids)
    described = re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', html)
    assert {name for names in described for name in names.split()} <= set(ids)
    return html


async def test_who_is_not_logged_in_is_sent_to_the_log_in(
    clients: dict[str, httpx.AsyncClient],
) -> None:
    for path in ("/siren", "/siren/new", f"/siren/{uuid.uuid4()}"):
        answer = await clients["nobody"].get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


async def test_an_approver_does_not_write(clients: dict[str, httpx.AsyncClient]) -> None:
    await page(clients["approver"], "/siren/new", 403)
    assert "/siren/new" not in await page(clients["approver"], "/siren")
    assert "/siren/new" in await page(clients["author"], "/siren")


async def test_what_is_not_there_says_so(clients: dict[str, httpx.AsyncClient]) -> None:
    await page(clients["author"], f"/siren/{uuid.uuid4()}", 404)
    await page(clients["author"], f"/siren/{uuid.uuid4()}/edit", 404)


async def test_the_list_groups_by_what_has_to_be_done(
    clients: dict[str, httpx.AsyncClient], office: Office, crowd: list[uuid.UUID]
) -> None:
    assert "아직 알림이 없어요" in await page(clients["author"], "/siren")
    for status in STATUSES:
        await in_state(office, status)
    html = await page(clients["approver"], "/siren")
    order = [html.index(f'id="group-{name}"') for name in ("waiting", "running", "open", "past")]
    assert order == sorted(order)
    assert html.count('class="card alert-row"') == len(STATUSES)


async def test_writing_offers_every_district_language_and_kind(
    clients: dict[str, httpx.AsyncClient], crowd: list[uuid.UUID]
) -> None:
    html = await page(clients["author"], "/siren/new")
    assert len(re.findall(r'name="district"', html)) == 25
    assert set(re.findall(r'name="environment" value="(\w+)"', html)) == {
        "live",
        "exercise",
        "test",
    }
    assert set(re.findall(r'name="texts\.(\w+)"', html)) == {"ko", "en", "zh", "ja", "vi"}
    assert "[정정]" in html


async def test_changing_shows_what_was_written(
    clients: dict[str, httpx.AsyncClient], office: Office
) -> None:
    broadcast = await office.submitted()
    html = await page(clients["author"], f"/siren/{broadcast.id}/edit")
    assert KO in html
    assert f'data-version="{broadcast.version}"' in html
    assert re.search(r'value="마포구" checked', html)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("status", STATUSES)
async def test_the_review_offers_only_what_may_be_done(
    clients: dict[str, httpx.AsyncClient],
    office: Office,
    crowd: list[uuid.UUID],
    status: str,
    language: str,
) -> None:
    broadcast_id = await in_state(office, status)
    for login in ("author", "second"):
        client = clients[login]
        client.headers["Accept-Language"] = language
        html = await page(client, f"/siren/{broadcast_id}")
        assert KO in html
        assert ('id="approve"' in html) is (login == "second" and status == "submitted")
        assert ('id="dialog-cancel"' in html) is (status in service.CANCELLABLE)
        assert ('id="dialog-return"' in html) is (login == "second" and status == "submitted")
        assert ('id="dialog-reject"' in html) is (status in service.REJECTABLE)
        assert (f"/siren/{broadcast_id}/edit" in html) is (
            login == "author" and status in service.EDITABLE
        )
        assert ('id="outcomes"' in html) is (await office.events(broadcast_id) != [])


async def test_who_wrote_it_is_told_why_they_can_t_approve(
    clients: dict[str, httpx.AsyncClient], office: Office, crowd: list[uuid.UUID]
) -> None:
    await office.promote("author", "approver")
    broadcast = await office.submitted()
    html = await page(clients["author"], f"/siren/{broadcast.id}")
    assert 'id="approve"' not in html
    assert "다른 승인자에게 요청해 주세요" in html


async def test_nobody_registered_is_said_before_anyone_tries(
    clients: dict[str, httpx.AsyncClient], office: Office
) -> None:
    broadcast = await office.submitted()
    html = await page(clients["approver"], f"/siren/{broadcast.id}")
    assert 'id="approve"' not in html
    assert "받는 사람이 없어서" in html


async def test_every_deed_and_state_has_words(
    clients: dict[str, httpx.AsyncClient], office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await office.submitted()
    with pytest.raises(errors.Forbidden):
        await office.do(approval.approve, office.author, broadcast.id, seen(broadcast, 12))
    async with office.sessions() as session, session.begin():
        for deed in console.section("ko", "siren")["deeds"]:
            audit.record(session, "system", f"broadcast.{deed}", f"broadcast:{broadcast.id}")
        audit.record(session, "key:9", "broadcast.approval_refused", f"broadcast:{broadcast.id}")
    html = await page(clients["approver"], f"/siren/{broadcast.id}")
    for words in console.section("ko", "siren")["deeds"].values():
        assert words in html


def test_both_languages_have_the_same_texts() -> None:
    def keys(node: object, path: str = "") -> set[str]:
        if not isinstance(node, dict):
            return {path + ":" + ",".join(sorted(re.findall(r"\{\w+\}", str(node))))}
        return {key for name in node for key in keys(node[name], f"{path}.{name}")}

    read = [
        yaml.safe_load(
            (pages.Path(pages.__file__).parent / "locales" / f"{language}.yml").read_text()
        )
        for language in ("ko", "en")
    ]
    assert keys(read[0]) == keys(read[1])
    for state in STATUSES:
        assert state in read[0]["siren"]["statuses"]


def test_every_district_stands_once_in_a_zone_and_alone_on_the_map() -> None:
    named = [name for zone in districts.zones() for name in zone.districts]
    assert sorted(named) == sorted(districts.allowed("live"))
    assert len(named) == len(set(named)) == 25
    places = [place for zone in districts.zones() for place in zone.districts.values()]
    assert None not in places
    assert len(set(places)) == 25
    assert districts.allowed("test") == (audience.TEST_LIST,)


def test_moments_are_shown_in_the_city_s_time() -> None:
    at = datetime(2026, 6, 30, 16, 5, tzinfo=UTC)
    assert pages.when(at, "ko") == "7월 1일(수) 01:05"
    assert pages.when(at, "en") == "Wed 1 Jul, 01:05"
    assert pages.when(None, "ko") == ""


async def test_the_words_on_a_page_are_escaped(
    clients: dict[str, httpx.AsyncClient], office: Office
) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    made: Broadcast = await office.do(
        service.create, office.author, draft(title=nasty, texts={"ko": nasty, "en": "'\"><b>"})
    )
    for path in ("/siren", f"/siren/{made.id}", f"/siren/{made.id}/edit"):
        answer = await clients["author"].get(path)
        assert nasty not in answer.text
        assert '"><b>' not in answer.text


@pytest.mark.parametrize(
    "file", ["siren.css", "compose.js", "review.js", "progress.js", "words.js"]
)
async def test_the_static_files_are_served(
    clients: dict[str, httpx.AsyncClient], file: str
) -> None:
    assert (await clients["nobody"].get(f"/static/siren/{file}")).status_code == 200
