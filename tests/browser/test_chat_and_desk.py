"""Citizens and agents in a real browser, at a phone's and a desktop's width."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chat import on_duty
from tests.city import City

Picture = Callable[[Page, str], None]


def _write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.keyboard.press("Enter")


def test_a_citizen_files_a_petition_and_finds_the_talk_again_after_a_reload(
    city: City, window: BrowserContext, picture: Picture
) -> None:
    page = window.new_page()
    page.goto(city.url)
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    picture(page, "welcome")
    _write(page, "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요")
    log = page.get_by_role("log")
    expect(log).to_contain_text("이렇게 접수할까요?")
    picture(page, "chat")
    page.get_by_role("button", name="네, 접수해 주세요").click()
    expect(log).to_contain_text(re.compile(r"P-\d{4}-\d{7}"))
    page.reload()
    expect(log).to_contain_text(re.compile(r"P-\d{4}-\d{7}"))


def test_enter_while_a_syllable_is_composed_sends_nothing(
    city: City, window: BrowserContext
) -> None:
    page = window.new_page()
    page.goto(city.url)
    box = page.locator("#text")
    box.fill("안녕하")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(box).to_have_value("안녕하")
    expect(page.get_by_role("log").locator("li")).to_have_count(0)


def test_an_agent_takes_a_talk_over_answers_and_gives_it_back(
    city: City, browser: object, window: BrowserContext, picture: Picture, passwords: dict[str, str]
) -> None:
    desk = window.new_page()
    desk.goto(f"{city.url}/desk")
    desk.get_by_label("아이디").fill("agent")
    desk.locator("input[type=password]").fill(passwords["agent"])
    desk.keyboard.press("Enter")
    expect(desk.locator("#list")).to_be_attached()
    on_duty(desk, city)

    citizen = window.new_page()
    citizen.goto(city.url)
    _write(citizen, "상담원과 이야기하고 싶어요")
    expect(citizen.get_by_role("log")).to_contain_text("상담원")
    expect(desk.locator("#list li")).to_have_count(1)
    picture(desk, "desk-list")
    desk.locator("#list li").first.get_by_role("button").first.click()
    desk.locator("#claim").click()
    expect(desk.locator("#log")).to_contain_text("상담원이 연결되었어요")
    answer = "안녕하세요, 상담원입니다. 어떤 점이 불편하세요?"
    desk.locator("#text").fill(answer)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#log")).to_contain_text(answer)
    expect(citizen.get_by_role("log")).to_contain_text(answer)
    _write(citizen, "집 앞 하수구에서 냄새가 심하게 나요")
    expect(desk.locator("#log")).to_contain_text("하수구에서 냄새")
    picture(desk, "desk")
    picture(citizen, "chat-agent")

    desk.locator("#return").click()
    desk.locator("#ask-return").get_by_role("button").last.click()
    expect(citizen.locator("#owner")).to_have_attribute("data-owner", "bot")


def test_the_other_pages_fit_their_windows(
    city: City, window: BrowserContext, picture: Picture, passwords: dict[str, str]
) -> None:
    said = {"provider": "sms", "from": "+821011110100", "text": "안녕하세요"}
    assert city.client.post("/simulator/incoming", json=said).is_success
    page = window.new_page()
    page.goto(f"{city.url}/simulator")
    expect(page.locator("body")).to_contain_text("응답이에요")
    picture(page, "simulator")
    page.goto(f"{city.url}/admin")
    picture(page, "login")
    page.get_by_label("아이디").fill("admin")
    page.locator("input[type=password]").fill(passwords["admin"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{city.url}/admin")
    picture(page, "admin")
