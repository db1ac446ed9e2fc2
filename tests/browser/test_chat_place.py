"""Sending one's place in the chat: asked for by the browser, optional, and named where it fails."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.chat import NUMBER, YES, heard, listen, violations, window, write
from tests.city import City

HONGDAE = {"latitude": 37.5563, "longitude": 126.9236}


def test_a_place_that_the_browser_gives_answers_where_it_is(city: City, browser: Browser) -> None:
    with window(browser, geolocation=HONGDAE, permissions=["geolocation"]) as opened:
        page = opened.new_page()
        page.goto(city.url)
        log = page.get_by_role("log")
        write(page, "쓰레기가 쌓여 있어요")
        expect(log).to_contain_text("어디에서")
        page.get_by_role("button", name="내 위치 알리기").press("Enter")
        expect(log).to_contain_text("내 위치를 보냈어요")
        expect(log).to_contain_text("마포구인 것 같아요")
        expect(page.locator("#typing")).to_be_hidden()
        expect(page.locator("#text")).to_be_focused()
        assert violations(page) == []
        page.get_by_role("button", name="네, 맞아요").click()
        expect(log).to_contain_text("지도에 표시한 곳")
        page.get_by_role("button", name=YES).click()
        expect(log).to_contain_text(re.compile(NUMBER))
        page.reload()
        expect(log).to_contain_text("내 위치를 보냈어요")


def test_who_refuses_is_told_to_write_the_place(city: City, browser: Browser) -> None:
    with window(browser) as opened:
        page = opened.new_page()
        listen(page)
        page.goto(city.url)
        expect(page.locator("#send")).to_be_enabled()
        page.get_by_role("button", name="내 위치 알리기").click()
        expect(page.locator("#problem")).to_contain_text("장소를 글로 적어 주세요")
        assert any("내 위치를 찾고 있어요" in one for one in heard(page))
        write(page, "마포구청역 앞에 쓰레기가 쌓여 있어요")
        expect(page.get_by_role("log")).to_contain_text("접수할까요")
        expect(page.locator("#problem")).to_be_empty()
