"""Where an alert goes: the map by keyboard, an area drawn with the mouse and typed as numbers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat import violations
from tests.browser.officials import log_in, official, register
from tests.city import City

Picture = Callable[[Page, str], None]
MAPO = "37.556, 126.905\n37.562, 126.905\n37.562, 126.912\n37.556, 126.912"


def tile(page: Page, district: str) -> Locator:
    return page.locator(f'#map [data-district="{district}"]')


def choose_on_the_map(page: Page) -> None:
    """From the first tile to 마포구 with arrows, chosen and let go by Space and Enter."""
    page.locator("#map [tabindex='0']").focus()
    expect(tile(page, "종로구")).to_be_focused()
    for key in ("ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    mapo = tile(page, "마포구")
    expect(mapo).to_be_focused()
    assert (
        mapo.evaluate("tile => getComputedStyle(tile.querySelector('rect')).strokeWidth") == "4px"
    )
    box = page.get_by_role("checkbox", name="마포구")
    page.keyboard.press("Space")
    expect(mapo).to_have_attribute("aria-pressed", "true")
    expect(box).to_be_checked()
    page.keyboard.press("Enter")
    expect(mapo).to_have_attribute("aria-pressed", "false")
    expect(box).not_to_be_checked()
    page.keyboard.press("Home")
    expect(tile(page, "종로구")).to_be_focused()
    page.keyboard.press("Tab")  # one stop for the whole map
    expect(page.locator("[data-all]")).to_be_focused()


def type_an_area(page: Page) -> None:
    """Wrong ones are refused with the reason beside the field; the right one is counted."""
    page.locator("#field-polygons summary").press("Enter")
    field, problem = page.get_by_label("모서리 좌표"), page.locator("#points-problem")
    for wrong, said in (
        ("", "점을 찍거나"),
        ("37.5, 126.9\n37.6, 126.9", "세 개는 있어야"),
        ("37.5, 126.9\n37.6, 127\n37.5, 127\n37.6, 126.9", "스스로 엇갈려요(37.55000, 126.95000"),
        ("35.1, 129\n35.2, 129\n35.2, 129.1", "도시 밖"),
        ("37.5, 126.9\n마포", "2번째 점을 읽을 수 없어요"),
    ):
        field.fill(wrong)
        page.get_by_role("button", name="이 지역 넣기").press("Enter")
        expect(problem).to_contain_text(said)
        expect(field).to_be_focused()
        assert field.input_value() == wrong
    field.fill(MAPO)
    page.get_by_role("button", name="이 지역 넣기").press("Enter")
    expect(page.locator("#drawn li")).to_contain_text("모서리 4개 닿는 구: 마포구")
    expect(problem).to_be_hidden()
    assert field.input_value() == ""


@pytest.mark.parametrize(("scheme", "size"), [("light", "1280"), ("dark", "390")])
def test_an_area_is_chosen_by_keyboard_drawn_and_kept(
    city: City, browser: Browser, database_url: str, passwords: dict[str, str], size: str,
    picture: Picture, scheme: str,
) -> None:  # fmt: skip
    register(database_url, {"마포구": 7, "강동구": 3})
    mark = "" if scheme == "light" else "-dark"
    with official(browser, size, scheme) as window:
        page = log_in(window, city, "author", passwords["author"], "/siren/new")
        page.locator('input[name="environment"][value="exercise"]').check()
        page.locator("#hazard").select_option("heavy_rain")
        choose_on_the_map(page)
        type_an_area(page)
        expect(page.locator("#sum")).to_contain_text("7명")
        expect(page.locator("#sum")).to_contain_text("닿는 구 1곳")
        expect(page.locator("#fact-where")).to_have_value("마포구")

        canvas = page.locator("#canvas")
        canvas.scroll_into_view_if_needed()
        corners = ((0.90, 0.30), (0.96, 0.30), (0.96, 0.38), (0.90, 0.38), (0.90, 0.30))
        for x, y in corners:
            box = canvas.bounding_box()
            assert box is not None
            canvas.click(position={"x": box["width"] * x, "y": box["height"] * y})
        expect(page.locator("#drawn li")).to_have_count(2)
        expect(page.locator("#drawn li").last).to_contain_text("강동구")
        expect(page.locator("#sum")).to_contain_text("10명")
        assert violations(page) == []
        canvas.scroll_into_view_if_needed()
        picture(page, f"siren-draw{mark}")

        page.get_by_role("button", name="그린 지역 2 지우기").click()
        expect(page.locator("#sum")).to_contain_text("7명")
        page.locator('button[value="save"]').click()
        expect(page.locator("#drawn-map .drawn path")).to_have_count(1)
        assert violations(page) == []
        page.locator("#drawn-map").scroll_into_view_if_needed()
        picture(page, f"siren-drawn{mark}")
        page.locator('a[href$="/edit"]').click()
        expect(page.locator("#drawn li")).to_contain_text("모서리 4개")
        expect(page.locator("#sum")).to_contain_text("7명")
