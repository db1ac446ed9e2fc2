"""The page of the great switch: who sees how the house stands, and who finds what to change."""

import re

import pytest

from broadcasts import switch
from tests.broadcasts.browsers import Browsers
from tests.broadcasts.conftest import Office
from tests.broadcasts.test_control_routes import hire
from tests.broadcasts.test_pages import page


def offered(html: str) -> list[str]:
    return re.findall(r'data-to="(\w+)"', html)


@pytest.mark.parametrize(
    ("language", "said"), [("ko", "실제 모드"), ("en", "Live mode")], ids=["ko", "en"]
)
async def test_everybody_of_the_siren_sees_how_it_stands_and_operators_change_it(
    browsers: Browsers, office: Office, language: str, said: str
) -> None:
    await hire(browsers, office, "operator")
    for login in ("author", "approver", "operator"):
        browsers[login].headers["Accept-Language"] = language
        html = await page(browsers[login], "/siren/switch")
        assert said in html
        assert offered(html) == (["stopped", "training"] if login == "operator" else [])


async def test_who_stopped_it_finds_no_way_to_release_it_and_another_does(
    browsers: Browsers, office: Office
) -> None:
    await hire(browsers, office, "operator")
    await hire(browsers, office, "auditor")
    assert 'id="house"' not in await page(browsers["author"], "/siren")
    stopped = {"to": "stopped", "reason": "<b>이상해요</b>"}
    answer = await browsers["operator"].post("/api/v1/siren/switch", json=stopped)
    assert answer.status_code == 200, answer.text
    html = await page(browsers["operator"], "/siren/switch")
    assert offered(html) == ["training"]
    assert "멈춘 사람이 본인이라서" in html
    assert "&lt;b&gt;이상해요" in html
    assert 'id="house"' in await page(browsers["author"], "/siren")
    assert offered(await page(browsers["auditor"], "/siren/switch")) == []
    await office.do(switch.set_mode, office.second, "training", "훈련 주간")
    await hire(browsers, office, "operator", "chief")
    html = await page(browsers["chief"], "/siren/switch")
    assert offered(html) == ["released", "live"]
    for step in ("released", "live"):
        body = {"to": step, "reason": "확인했어요"}
        answer = await browsers["chief"].post("/api/v1/siren/switch", json=body)
        assert answer.status_code == 200, answer.text
    assert offered(await page(browsers["chief"], "/siren/switch")) == ["stopped", "training"]


async def test_a_stranger_is_sent_to_the_log_in(browsers: Browsers) -> None:
    stranger = browsers.client()
    answer = await stranger.get("/siren/switch")
    await stranger.aclose()
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/siren/switch")
