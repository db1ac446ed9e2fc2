"""An alert on its way: chart and map as they are pushed, and the page that an SMS leads to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.delivery.alert_words import alert_link
from bench.siren_city import CLEAR, FACTS
from tests.browser.chat import overflow, violations
from tests.browser.officials import log_in, official, register
from tests.city import City

Picture = Callable[[Page, str], None]
AREA = {"마포구": 6, "용산구": 4, "강동구": 2}
# Korean words on an English page, but for what is marked as Korean, titles and people's names.
UNTRANSLATED = """() => {
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const { textContent: said, parentElement: near } = walk.currentNode;
    const meant =
      near.closest("[lang]").lang !== "en" || near.closest(".alert-title, h1, textarea");
    if (/[가-힣]/.test(said) && !meant && !said.includes("데모")) found.push(said.trim());
  }
  return found;
}"""


def written() -> dict[str, object]:
    """A drill for three districts, in three languages."""
    return {
        "environment": "exercise",
        "title": "호우 훈련",
        "texts": {
            "ko": "[서울특별시] 14:30 호우(Heavy rain)경보. 한강변 출입 금지. 문의 120",
            "en": "[Seoul] 14:30 heavy rain warning. Keep away from the river. Questions: 120",
            "vi": "[Seoul] Cảnh báo mưa lớn lúc 14:30. Tránh xa sông Hàn. Hỏi: 120",
        },
        "correction": {
            "ko": "[정정] 방금 보낸 안내는 잘못 보낸 것입니다. 문의 120",
            "en": "[Correction] The alert was sent by mistake. Questions: 120",
            "vi": "[ĐÍNH CHÍNH] Thông báo vừa gửi là nhầm lẫn. Hỏi: 120",
        },
        "facts": FACTS,
        "all_clear": CLEAR,
        "districts": list(AREA),
        "expires_at": (datetime.now(UTC) + timedelta(hours=4)).isoformat(),
    }


def submitted(author: Page, city: City) -> dict[str, Any]:
    """Have a drill written and submitted; return it."""
    api = f"{city.url}/api/v1/broadcasts"
    made: dict[str, Any] = author.request.post(api, data=written()).json()
    author.request.post(f"{api}/{made['id']}/submit", data={"version": made["version"]})
    return made


def sent(author: Page, approver: Page, city: City) -> UUID:
    """Have a drill written, submitted and approved; return its id."""
    made, api = submitted(author, city), f"{city.url}/api/v1/broadcasts"
    answer = approver.request.post(
        f"{api}/{made['id']}/approve",
        data={
            "version": made["version"],
            "content_hash": made["content_hash"],
            "audience": sum(AREA.values()),
        },
    )
    assert answer.ok, answer.text()
    return UUID(made["id"])


@pytest.mark.parametrize(("scheme", "size"), [("light", "1280"), ("dark", "390")])
def test_an_alert_is_watched_as_it_goes(
    city: City, browser: Browser, database_url: str, passwords: dict[str, str], size: str,
    picture: Picture, scheme: str,
) -> None:  # fmt: skip
    phones = register(database_url, AREA)
    mark = "" if scheme == "light" else "-dark"
    with official(browser, size, scheme) as window, official(browser, size, scheme) as other:
        author = log_in(window, city, "author", passwords["author"])
        page = log_in(other, city, "approver", passwords["approver"])
        broadcast = sent(author, page, city)
        page.goto(f"{city.url}/siren/{broadcast}")
        expect(page.locator("#state")).to_contain_text("다 보냄")  # it loads itself anew till then
        expect(page.locator("#chart-legend")).to_contain_text("접수됨 12")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        mapo = page.locator('#live-map [data-district="마포구"]')
        expect(mapo).to_contain_text("100%")
        assert page.locator("#live-map [data-level='none']").count() == 22

        for phone in phones[:4]:
            city.sms(phone, "1")
        city.sms(phones[4], "2")
        page.get_by_label("안전 답").check()
        expect(mapo).to_contain_text("67%")
        page.get_by_label("도움 요청").focus()
        page.keyboard.press("Space")
        expect(mapo).to_contain_text("! 1")
        expect(mapo).to_have_attribute("data-level", "4")
        # Pushed: once the page stands, nothing was asked for again while the answers came in.
        reads = [url for url in asked if "/answers" in url or "/timeline" in url]
        assert len(reads) <= 2, reads

        for table in ("#by-district", "#chart-table"):
            page.locator(f"details:has({table}) summary").press("Enter")
        row = page.get_by_role("row", name="마포")
        expect(row).to_contain_text("4 66.7%")
        expect(page.locator("#chart-table tbody tr").last).to_contain_text("12")
        expect(page.locator("#chart-said")).to_contain_text("모두 12명 가운데 내보냄 12")
        assert len(set(page.locator("#chart > path").evaluate_all(
            "lines => lines.map(line => getComputedStyle(line).strokeDasharray "
            "+ getComputedStyle(line).strokeWidth)"
        ))) == 5  # fmt: skip
        assert violations(page) == []
        page.locator("#chart-title").scroll_into_view_if_needed()
        picture(page, f"siren-live{mark}")
        page.locator("#districts-title").scroll_into_view_if_needed()
        picture(page, f"siren-districts{mark}")

        page.goto(city.url + alert_link("", broadcast, "vi"))
        expect(page.locator("html")).to_have_attribute("lang", "vi")
        expect(page.locator("main")).to_contain_text("Đây là diễn tập")
        expect(page.locator(".words")).to_contain_text("Tránh xa sông Hàn")
        assert violations(page) == []
        picture(page, f"alert-vi{mark}")


def test_every_page_of_the_siren_fits_in_english(
    city: City, browser: Browser, database_url: str, passwords: dict[str, str], size: str,
    picture: Picture,
) -> None:  # fmt: skip
    register(database_url, AREA)
    with (
        official(browser, size, locale="en-GB") as window,
        official(browser, size, locale="en-GB") as other,
    ):
        page = log_in(window, city, "author", passwords["author"])
        approver = log_in(other, city, "approver", passwords["approver"])
        waiting = submitted(page, city)
        approver.goto(f"{city.url}/siren/{waiting['id']}")
        expect(approver.locator("#decide-title")).to_be_visible()
        running = sent(page, approver, city)
        for who, path, name in (
            (page, "/siren", "list"),
            (page, "/siren/new", "compose"),
            (approver, f"/siren/{waiting['id']}", "approve"),
            (approver, f"/siren/{running}", "live"),
            (page, "/siren/log/drills", "drills"),
            (page, "/siren/log/alone", "alone"),
            (page, alert_link("", running, "en"), "public"),
        ):
            who.goto(city.url + path)
            who.wait_for_load_state("networkidle") if path != f"/siren/{running}" else None
            if name == "compose":
                who.locator("#hazard").select_option("heavy_rain")
                who.locator('input[name="environment"][value="exercise"]').check()
                who.locator("#field-polygons summary").click()
            if name == "live":
                expect(who.locator("#state")).to_contain_text("Finished")
                expect(who.locator("#live-map")).to_contain_text("100%")
            assert overflow(who) <= 0, path
            assert violations(who) == [], path
            korean = who.evaluate(UNTRANSLATED)
            assert korean == [], (path, korean)
            picture(who, f"english-{name}")
