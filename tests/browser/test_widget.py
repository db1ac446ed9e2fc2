"""The chat for everybody: keyboard, screen reader, input methods, small windows, languages."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.chat import (
    MATTER,
    NUMBER,
    YES,
    heard,
    listen,
    overflow,
    upload,
    violations,
    window,
    write,
)
from tests.city import City

LOOKS: list[dict[str, Any]] = [
    {"width": 390},
    {"width": 1280, "height": 800, "color_scheme": "dark"},
    {"width": 390, "contrast": "more"},
    {"width": 390, "contrast": "more", "color_scheme": "dark"},
    {"width": 390, "forced_colors": "active"},
]


def test_axe_finds_no_violation(city: City, browser: Browser) -> None:
    for look in LOOKS:
        with window(browser, **look) as opened:
            page = opened.new_page()
            page.goto(city.url)
            expect(page.locator("#welcome")).to_be_visible()
            assert violations(page) == [], (look, "welcome")
            page.locator("#file").set_input_files(upload())
            expect(page.locator("#tray img")).to_be_visible()
            assert violations(page) == [], (look, "a photo waits")
            write(page, MATTER)
            expect(page.get_by_role("button", name=YES)).to_be_visible()
            expect(page.locator("#typing")).to_be_hidden()
            assert violations(page) == [], (look, "an answer with choices")
            if look["width"] == 390:
                page.locator("#open-info").click()
                assert violations(page) == [], (look, "the help")
                page.get_by_role("dialog").get_by_role("button", name="대화 지우기").click()
                expect(page.get_by_role("dialog")).to_contain_text("지울까요?")
                assert violations(page) == [], (look, "a question")


def _focused(page: Page) -> str:
    name: str = page.evaluate(
        """() => {
          const at = document.activeElement;
          return at.ariaLabel || at.labels?.[0]?.textContent.trim() || at.textContent.trim();
        }"""
    )
    return name


def _tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until what is called `name` has the focus; every stop on the way shows it."""
    for _ in range(30):
        page.keyboard.press(key)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"the focus on {_focused(page)} can't be seen"
        if name in _focused(page):
            return
    pytest.fail(f"Tab does not lead to {name}")


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_a_petition_is_filed_by_the_keyboard_alone(city: City, browser: Browser, path: str) -> None:
    with window(browser) as opened:
        page = opened.new_page()
        page.goto(city.url + path)
        log = page.get_by_role("log")
        expect(page.locator("#welcome")).to_be_visible()
        page.locator("body").press("Tab")
        _tab_to(page, "불편한 점 신고하기", "Shift+Tab" if path == "/" else "Tab")
        page.keyboard.press("Enter")
        expect(log).to_contain_text("적어 주세요")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type(MATTER)
        page.keyboard.press("Enter")
        expect(log).to_contain_text("이렇게 접수할까요?")
        expect(page.locator("#text")).to_be_focused()
        _tab_to(page, YES, "Shift+Tab")
        page.keyboard.press("Enter")
        expect(log).to_contain_text(re.compile(NUMBER))
        expect(page.locator("#text")).to_be_focused()
        # The help opens, closes and gives the focus back; a language is chosen.
        _tab_to(page, "안내", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="안내")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert _focused(page) == "안내"
        _tab_to(page, "언어")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#text")).to_have_attribute("placeholder", "Write a message")


def test_a_screen_reader_finds_its_way_and_hears_each_answer_once(
    city: City, browser: Browser
) -> None:
    with window(browser) as opened:
        page = opened.new_page()
        listen(page)
        page.goto(city.url)
        expect(page.locator("#welcome")).to_be_visible()
        tree = page.locator("body").aria_snapshot()
        for line in (
            '- banner:', '- main:', '- heading "시민 상담" [level=1]', '- region "시민 상담":',
            '- log "대화 내용"', '- textbox "보낼 메시지"', '- button "사진 첨부"',
            '- button "보내기"', '- combobox "언어 / Language"', '- button "불편한 점 신고하기"',
            '- status: 자동 응답이 답하고 있어요', '- link "119에 전화하기. 화재, 구조, 응급"',
        ):  # fmt: skip
            assert line in tree, line
        page.get_by_role("textbox", name="보낼 메시지").fill(MATTER)
        page.get_by_role("button", name="보내기").click()
        choices = page.get_by_role("group", name="고를 수 있는 답")
        choices.get_by_role("button", name=YES).click()
        log = page.get_by_role("log", name="대화 내용")
        expect(log).to_contain_text(re.compile(NUMBER))
        expect(page.locator("#typing")).to_be_hidden()
        said = heard(page)
        assert sum("이렇게 접수할까요?" in one for one in said) == 1
        assert sum(f"고를 수 있는 답: {YES}" in one for one in said) == 1
        assert sum(re.search(NUMBER, one) is not None for one in said) == 1
        # Nobody wants their own words read out.
        assert not any(one.startswith("나") for one in said)
        assert page.evaluate("window.heard.every((one) => !one.includes('…'))")
        items = log.get_by_role("listitem")
        expect(items.first).to_contain_text("나")
        expect(items.nth(1)).to_contain_text("자동 응답")
        # What was said before is there after a reload, and is not read out again.
        page.reload()
        expect(log).to_contain_text(re.compile(NUMBER))
        assert not any(re.search(NUMBER, one) for one in heard(page))
        full = _roles(opened.new_cdp_session(page))
        assert {"log", "banner", "main", "textbox", "combobox", "list", "listitem"} <= full.keys()
        assert full["log"] == ["대화 내용"]
        assert all(full["button"]), "a button without a name"
        assert all(full["link"]), "a link without a name"


def _roles(devtools: CDPSession) -> dict[str, list[str]]:
    """Return the names by role in the browser's own accessibility tree."""
    found: dict[str, list[str]] = {}
    for node in devtools.send("Accessibility.getFullAXTree")["nodes"]:
        if not node.get("ignored"):
            name = node.get("name", {}).get("value", "")
            found.setdefault(node["role"]["value"], []).append(name)
    return found


_EVENTS = """() => {
  window.keys = [];
  for (const type of ["compositionstart", "compositionend", "keydown"])
    document.addEventListener(type, (event) =>
      window.keys.push([type, event.isComposing ?? null, event.keyCode ?? null]), true);
}"""


def test_enter_in_the_middle_of_a_composition_sends_nothing(city: City, browser: Browser) -> None:
    with window(browser) as opened:
        page = opened.new_page()
        page.goto(city.url)
        page.evaluate(_EVENTS)
        devtools = opened.new_cdp_session(page)
        box, items = page.locator("#text"), page.get_by_role("log").get_by_role("listitem")
        box.focus()
        enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        for text in ("ㅇ", "아", "안", "안ㄴ", "안녕", "안녕하세ㅇ", "안녕하세요"):
            composed = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
            devtools.send("Input.imeSetComposition", composed)
        devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
        devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
        keys = page.evaluate("window.keys")
        assert [key[0] for key in keys if key[0].startswith("comp")] == ["compositionstart"]
        assert ["keydown", True, 13] in keys, "Chromium saw no composition"
        # Windows and Safari say it by the key code 229, Safari after the composition has ended.
        devtools.send("Input.insertText", {"text": "안녕하세요"})
        assert "compositionend" in [key[0] for key in page.evaluate("window.keys")]
        late = {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229}
        devtools.send("Input.dispatchKeyEvent", late)
        expect(box).to_have_value("안녕하세요")
        expect(items).to_have_count(0)
        page.keyboard.press("Shift+Enter")
        expect(box).to_have_value("안녕하세요\n")
        page.keyboard.press("Enter")
        expect(items.first).to_contain_text("안녕하세요")
        expect(box).to_have_value("")
        expect(items).to_have_count(2)


FITS: list[dict[str, Any]] = [
    {"width": 320, "height": 600},
    {"width": 320, "height": 256},
    {"width": 768, "height": 1024},
    {"width": 1280, "height": 800},
    {"width": 390, "forced_colors": "active", "reduced_motion": "reduce"},
]


def test_it_fits_every_window_with_letters_of_twice_the_size(city: City, browser: Browser) -> None:
    for look in FITS:
        for size in ("100%", "200%"):
            _fits(city, browser, look, size)


def _fits(city: City, browser: Browser, look: dict[str, Any], size: str) -> None:
    # The test writes a style of its own, which the page's CSP would refuse.
    with window(browser, **look, bypass_csp=True) as opened:
        page = opened.new_page()
        page.goto(city.url)
        page.add_style_tag(content=f"html {{ font-size: {size} }}")
        expect(page.locator("#welcome")).to_be_visible()
        assert overflow(page) <= 0, (look, size, "welcome")
        write(page, MATTER)
        yes = page.get_by_role("button", name=YES)
        expect(yes).to_be_attached()
        assert overflow(page) <= 0, (look, size, "talk")
        assert page.evaluate("getComputedStyle(document.body).overflowY") == "auto"
        page.locator("#send").focus()
        expect(page.locator("#send")).to_be_in_viewport(ratio=0.9)
        box, send = page.locator("#text").bounding_box(), page.locator("#send").bounding_box()
        assert box is not None
        assert send is not None
        assert box["width"] >= 100
        assert send["x"] + send["width"] <= look["width"]
        yes.click()
        expect(page.get_by_role("log")).to_contain_text(re.compile(NUMBER))
        if "reduced_motion" in look:
            moves = "getComputedStyle(document.querySelector('.dots i')).animationName"
            assert page.evaluate(moves) == "none"


WORDS = {
    "ko": ("보내기", "자동 응답이 답하고 있어요"),
    "en": ("Send", "The automatic service answers"),
    "zh": ("发送", "自动服务正在回答"),
    "ja": ("送信", "自動応答がお答えしています"),
    "vi": ("Gửi", "Hệ thống tự động đang trả lời"),
}


def test_the_fixed_words_come_in_five_languages(city: City, browser: Browser) -> None:
    for language, (send, waits) in WORDS.items():
        with window(browser, locale="en-US" if language == "ko" else "ko-KR") as opened:
            page = opened.new_page()
            page.goto(city.url)
            expect(page.locator("html")).not_to_have_attribute("lang", language)
            page.locator("#language").select_option(language)
            for _ in range(2):  # at once, and after a reload
                expect(page.locator("html")).to_have_attribute("lang", language)
                expect(page.locator("#send")).to_have_text(send)
                expect(page.locator("#owner")).to_have_text(waits)
                page.reload()
            assert overflow(page) <= 0
        with window(browser, locale=language) as opened:
            page = opened.new_page()
            page.goto(city.url)
            expect(page.locator("#send")).to_have_text(send)  # as the browser asks
            assert violations(page) == []
