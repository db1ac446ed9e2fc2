"""The widget in another site's page: a strict CSP, styles that fight it, a talk that stays."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser.chat import MATTER, NUMBER, YES, overflow, violations, window, write
from tests.city import City

PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Library</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/site.css"><script src="{city}/widget.js" async {more}></script></head>
<body><main><h1>Library</h1><p>Open from nine to six.</p><a href="/">Again</a></main></body></html>
"""
# The site's own taste, which must not reach into the widget.
CSS = "* { color: #eee; font-size: 3px; display: inline } html { background: #222 }"


class _Site(BaseHTTPRequestHandler):
    """A site that lets nothing run, load or be framed but what the widget needs."""

    def __init__(self, city: str, language: str, more: str, *args: object) -> None:
        self.city, self.language, self.more = city, language, more
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        page = PAGE.format(city=self.city, language=self.language, more=self.more)
        style = self.path == "/site.css"
        body = (CSS if style else page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/css" if style else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src {self.city}; frame-src {self.city}; "
            "style-src 'self'; img-src 'self'; base-uri 'none'",
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked for is the test's own."""


@contextmanager
def site(city: City, language: str = "ko", more: str = "") -> Iterator[str]:
    """Serve a page that holds the widget, from an origin of its own."""
    server = ThreadingHTTPServer(("localhost", 0), partial(_Site, city.url, language, more))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _talk(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='응답 시민 상담']")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_petition_is_filed_in_another_sites_page(
    city: City, browser: Browser, tmp_path: Path, width: int
) -> None:
    with (
        window(browser, width, 800, expected="favicon", profile=tmp_path) as opened,
        site(city) as url,
    ):
        page = opened.new_page()
        page.goto(url)
        ask = page.get_by_role("button", name="응답에 물어보기")
        expect(ask).to_have_attribute("aria-expanded", "false")
        expect(page.locator("iframe")).to_have_count(0)  # nothing loads before it is wanted
        assert violations(page) == []
        shape = ask.bounding_box()  # whatever size the site's letters have
        assert shape is not None
        assert shape["height"] >= 44
        assert shape["width"] >= 150
        ask.focus()
        page.keyboard.press("Enter")
        talk = _talk(page)
        expect(page.get_by_role("dialog", name="응답 시민 상담")).to_be_visible()
        expect(talk.locator("#text")).to_be_focused()
        page.keyboard.type(MATTER)
        page.keyboard.press("Enter")
        talk.get_by_role("button", name=YES).click()
        log = talk.get_by_role("log")
        expect(log).to_contain_text(re.compile(NUMBER))
        assert violations(page) == []
        assert overflow(page) <= 0
        panel = page.locator(".panel").bounding_box()
        assert panel is not None
        assert panel["width"] == (390 if width == 390 else 416)
        assert panel["height"] > 600

        # The talk stays open through the pages of the site, and its focus is left alone.
        page.reload()
        expect(log).to_contain_text(re.compile(NUMBER))
        expect(talk.locator("#text")).not_to_be_focused()

        # Escape closes it and gives the focus back to the button.
        talk.locator("#text").focus()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(ask).to_be_focused()
        page.reload()
        expect(page.locator(".panel")).to_be_hidden()
        ask.click()
        expect(log).to_contain_text(re.compile(NUMBER))
        talk.get_by_role("button", name="상담 창 닫기").click()
        expect(ask).to_be_focused()


def test_what_comes_while_it_is_closed_is_told(
    city: City, browser: Browser, passwords: dict[str, str]
) -> None:
    with window(browser, expected="favicon") as opened, site(city) as url:
        page = opened.new_page()
        page.goto(url)
        page.get_by_role("button", name="응답에 물어보기").click()
        write(_talk(page), "상담원과 이야기하고 싶어요")
        expect(_talk(page).locator("#owner")).to_have_attribute("data-owner", "queue")
        page.keyboard.press("Escape")
        agent = city.staff("agent", passwords["agent"])
        [item] = agent.get("/api/v1/handoffs").json()["items"]
        desk = f"/api/v1/handoffs/{item['id']}"
        assert agent.post(f"{desk}/claim").is_success
        answer = {"text": "무엇을 도와드릴까요?", "client_id": "answer-01"}
        assert agent.post(f"{desk}/reply", json=answer).is_success
        told = page.get_by_role("button", name=re.compile(r"새 메시지 \d개"))
        expect(told).to_be_visible()
        expect(page.locator("[role=status]")).to_have_text(re.compile(r"새 메시지 \d개"))
        assert violations(page) == []
        told.click()
        expect(_talk(page).get_by_role("log")).to_contain_text("무엇을 도와드릴까요?")
        expect(page.locator(".count")).to_be_hidden()


def test_the_words_follow_the_tag_or_the_page(city: City, browser: Browser) -> None:
    for language, more, name, send in (
        ("vi-VN", "", "Hỏi thành phố", "Gửi"),
        ("ko", 'data-language="ja"', "市民相談", "送信"),
        ("fr", "", "응답에 물어보기", "보내기"),
    ):
        with window(browser, expected="favicon") as opened, site(city, language, more) as url:
            page = opened.new_page()
            page.goto(url)
            page.get_by_role("button", name=name).click()
            expect(page.frame_locator("iframe").locator("#send")).to_have_text(send)


def test_a_site_that_is_not_named_can_not_frame_the_chat(city: City, browser: Browser) -> None:
    city.settings.widget_origins = "https://www.city.example"
    with window(browser, expected="frame-ancestors") as opened, site(city) as url:
        page = opened.new_page()
        page.goto(url)
        refused = page.expect_console_message(lambda line: "frame-ancestors" in line.text)
        with refused:
            page.get_by_role("button", name="응답에 물어보기").click()
        assert page.frame_locator("iframe").locator("#text").count() == 0
