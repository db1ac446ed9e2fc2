"""Officials in a real browser: a drill by the runbook, approved, corrected; each step counted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from backend.config import Settings
from broadcasts.districts import zones
from tests.browser.chat import overflow, violations
from tests.browser.officials import enrol, log_in, next_code, official, register
from tests.city import City

Picture = Callable[[Page, str], None]
PEOPLE = 12


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """A house that asks for the second factor, as a real one does."""
    return settings.model_copy(update={"siren_second_factor": "on"})


@pytest.fixture
def registered(city: City, database_url: str) -> int:
    """Citizens of Mapo who want to be warned by SMS."""
    register(database_url, {"마포구": PEOPLE})
    return PEOPLE


class Hand:
    """A person's hand on a page: every field and click is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.done = 0
        self.codes = 0

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.done += 1

    def fill(self, selector: str, text: str) -> None:
        self.page.locator(selector).fill(text)
        self.done += 1

    def choose(self, selector: str, value: str) -> None:
        self.page.locator(selector).select_option(value)
        self.done += 1

    def reach_and_tick(self, district: str) -> None:
        """Tick a district by keyboard alone: each group's box, then its districts, in order."""
        self.page.locator("[data-none]").focus()
        for zone in zones():
            for name in (f"{zone.names['ko']} 모두", *zone.districts):
                self.page.keyboard.press("Tab")
                said = self.page.locator("label:has(:focus)").aria_snapshot()
                assert f'- checkbox "{name}' in said, (said, name)
                if name == district:
                    assert f"{name} {PEOPLE}명" in said
                    self.page.keyboard.press("Space")
                    self.done += 1
                    return
        raise AssertionError(f"no {district}")

    def code(self, selector: str, code: str) -> None:
        """Type the second factor, which is counted apart."""
        self.page.locator(selector).fill(code)
        self.codes += 1


def seen_by_axe(page: Page) -> list[str]:
    """Return what axe finds; the page of a running alert may reload under it, then once more."""
    for _ in range(5):
        try:
            return violations(page)
        except Error:
            page.wait_for_load_state()
    return violations(page)


@pytest.mark.parametrize(("scheme", "size"), [("light", "390"), ("dark", "390"), ("light", "1280")])
def test_a_drill_is_sent_by_two_people_and_corrected(
    city: City, browser: Browser, registered: int, passwords: dict[str, str], size: str,
    picture: Picture, scheme: str,
) -> None:  # fmt: skip
    mark = "" if scheme == "light" else "-dark"
    apps = {
        login: enrol(browser, city, login, passwords[login]) for login in ("author", "approver")
    }
    with official(browser, size, scheme) as window:
        page = log_in(window, city, "author", passwords["author"])
        hand = Hand(page)
        hand.click("a.button.primary")
        hand.click('input[name="environment"][value="exercise"]')
        hand.choose("#hazard", "heavy_rain")
        for chosen in (1, 0):
            page.locator('#map [data-district="용산구"]').click()
            expect(page.locator("input[name=district]:checked")).to_have_count(chosen)
        hand.reach_and_tick("마포구")
        expect(page.locator("#map .chosen")).to_have_text("마포")
        expect(page.locator("#texts-ko")).to_have_value(
            "[서울특별시] " + page.locator("#fact-time").input_value()
            + " 마포구 호우(Heavy rain)경보. 하천 급증. 지하에서 바로 대피. 높은 곳. 문의 120"
        )  # fmt: skip
        expect(page.locator("#preview")).to_contain_text("[훈련] 실제 상황 아님.")
        expect(page.locator("#channels")).to_contain_text("LMS")
        expect(page.locator("#sum")).to_contain_text(f"{registered}명")
        assert violations(page) == []
        picture(page, f"siren-compose{mark}")
        page.locator("#preview").scroll_into_view_if_needed()
        picture(page, f"siren-preview{mark}")
        hand.click('button[value="submit"]')
        expect(page.locator("#state")).to_contain_text("승인 기다림")
        assert hand.done <= 15, hand.done
        print(f"interactions: drill {hand.done} at {size}")

    with official(browser, size, scheme) as window:
        page = log_in(window, city, "approver", passwords["approver"])
        assert violations(page) == []
        picture(page, f"siren-list{mark}")
        hand = Hand(page)
        hand.click(".alert-title")
        expect(page.locator("#approve-text")).to_contain_text(f"{registered}명")
        expect(page.locator(".costs")).to_contain_text("문자")
        assert violations(page) == []
        assert overflow(page) <= 0
        page.locator("#approve").scroll_into_view_if_needed()
        picture(page, f"siren-approve{mark}")
        hand.fill("#audience", str(registered))
        hand.fill("#code-approve", next_code(apps["approver"]))
        hand.click("#approve button")
        expect(page.locator("#outcomes")).to_contain_text(f"모두 {registered}명")
        assert hand.done <= 4, hand.done
        print(f"interactions: approval {hand.done} at {size}")
        expect(page.locator("#outcomes")).to_contain_text("나감")
        expect(page.locator("#state")).to_contain_text("보냄")
        assert seen_by_axe(page) == []
        picture(page, f"siren-progress{mark}")

    with official(browser, size, scheme) as window:
        page = log_in(window, city, "author", passwords["author"])
        page.locator(".alert-title").first.click()
        hand = Hand(page)
        hand.click('[data-open="cancel"]')
        expect(page.locator("#code-cancel")).to_be_focused()
        assert violations(page) == []
        picture(page, f"siren-correct{mark}")
        hand.code("#code-cancel", next_code(apps["author"]))
        hand.click('#dialog-cancel button[value="yes"]')
        expect(page.locator("#outcomes")).to_contain_text("정정")
        assert (hand.done, hand.codes) == (2, 1)
        print(f"interactions: correction {hand.done} and the second factor at {size}")
        for path in ("/siren/log/drills", "/siren/log/alone"):
            page.goto(city.url + path)
            assert violations(page) == []
            picture(page, f"siren-{path.rsplit('/')[-1]}{mark}")
