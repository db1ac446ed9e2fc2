"""The great switch in a real browser: stopped by one hand, released by another with a code."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.config import Settings
from tests.browser.chat import overflow, violations
from tests.browser.officials import enrol, log_in, next_code, official
from tests.city import City

Picture = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """A house that asks for the second factor, as a real one does."""
    return settings.model_copy(update={"siren_second_factor": "on"})


@pytest.mark.parametrize(("size", "scheme"), [("390", "light"), ("1280", "dark")])
def test_one_hand_stops_everything_and_another_releases_it(
    city: City, browser: Browser, passwords: dict[str, str], size: str, scheme: str,
    picture: Picture,
) -> None:  # fmt: skip
    app = enrol(browser, city, "admin", passwords["admin"])
    with official(browser, size, scheme) as window:
        page = log_in(window, city, "operator", passwords["operator"], "/siren/switch")
        expect(page.locator("#house")).to_contain_text("실제 모드")
        page.locator('[data-to="stopped"] textarea').fill("계정이 도용된 것 같아요")
        page.locator('[data-to="stopped"] button').click()
        expect(page.locator("#house")).to_have_attribute("data-stopped", "yes")
        expect(page.locator("#house")).to_contain_text("멈춘 사람이 본인이라서 풀 수 없어요")
        expect(page.locator("form[data-to]:not([inert])")).to_have_count(1)
        expect(page.locator('[data-to="released"]')).to_have_count(0)
        assert violations(page) == []
        assert overflow(page) <= 0
        picture(page, "siren-switch-stopped")
        page.goto(f"{city.url}/siren")
        expect(page.locator("#house")).to_contain_text("모든 발송이 멈춰 있어요")
        assert violations(page) == []
    with official(browser, size, scheme) as window:
        page = log_in(window, city, "admin", passwords["admin"], "/siren/switch")
        release = page.locator('[data-to="released"]')
        expect(release).not_to_have_attribute("inert", "")
        release.locator("textarea").fill("확인했어요")
        release.locator("[data-code]").fill("000000")
        release.locator("button").click()
        expect(page.locator("#problem")).to_be_visible()
        assert violations(page) == []
        release.locator("[data-code]").fill(next_code(app))
        release.locator("button").click()
        expect(page.locator("#house")).to_have_attribute("data-stopped", "no")
        training = page.locator('form[data-to="training"]:not([inert])')
        training.locator("textarea").fill("민방위 훈련")
        training.locator("button").click()
        expect(page.locator("#house")).to_have_attribute("data-mode", "training")
        expect(page.locator('form[data-to="live"]:not([inert])')).to_have_count(1)
        assert violations(page) == []
        assert overflow(page) <= 0
        picture(page, "siren-switch-training")
