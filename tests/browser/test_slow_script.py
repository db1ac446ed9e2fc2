"""Pages whose script comes late, or never: no press is lost, and nothing typed gets into a URL."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pyotp
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from backend.config import Settings
from tests.browser.chat import ready, violations, window, write
from tests.browser.officials import enrol, log_in, next_code, official, register
from tests.browser.test_embedding import site
from tests.browser.test_siren_live import AREA, submitted
from tests.city import City

Picture = Callable[[Page, str], None]
TYPED = "493027"
# Whatever a hand can press or write into, but for the links and the log-out, which need no script;
# of the districts one is enough.
CONTROLS = (
    ":is(main, .chat-aside) :is(button, input:not(.zone *), textarea, select, "
    "[value='마포구'], [data-district='마포구']), .top :is(select, button[type=button])"
)
STATE = """() => [...document.querySelectorAll("input, textarea, select")].map(
    (field) => [field.id, field.name, field.value, field.checked])"""


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """A house that asks for the second factor, as a real one does."""
    return settings.model_copy(update={"siren_second_factor": "on"})


@dataclass
class Line:
    """A slow line to the city: scripts wait on it until `release`."""

    asked: list[str] = field(default_factory=list)
    _held: list[Route] = field(default_factory=list)
    _open: bool = False

    def watch(self, page: Page) -> None:
        """Carry what `page` asks for from now on."""
        page.on("request", self._note)
        page.route("**/*.js", self._carry)

    def release(self) -> None:
        """Let the scripts through, those that wait and those that they ask for."""
        self._open = True
        for route in self._held:
            route.continue_()

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)

    def _carry(self, route: Route) -> None:
        if self._open or route.request.url.endswith("/widget.js"):
            route.continue_()
        else:
            self._held.append(route)


def press_everything(page: Page) -> int:
    """Be an impatient hand: click on every control, write, press Enter; return how many it saw."""
    seen = 0
    for control in page.locator(CONTROLS).all():
        if not control.is_visible():
            continue
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.keyboard.type(TYPED)
        page.keyboard.press("Enter")
        seen += 1
    return seen


@dataclass(frozen=True)
class Case:
    """A page, who opens it, and what its first press does once the script is there."""

    path: str
    login: str
    serve: Callable[[Page, pyotp.TOTP], None]


def compose(page: Page, _: pyotp.TOTP) -> None:
    page.locator('#map [data-district="마포구"]').click()
    expect(page.locator("input[name=district]:checked")).to_have_value("마포구")


def approve(page: Page, app: pyotp.TOTP) -> None:
    page.locator("#audience").fill(str(sum(AREA.values())))
    page.locator("#code-approve").fill(next_code(app))
    page.locator("#approve button").click()
    expect(page.locator("#outcomes")).to_be_visible()


def send_back(page: Page, _: pyotp.TOTP) -> None:
    page.locator('[data-open="return"]').click()
    expect(page.locator("#dialog-return")).to_be_visible()


def hire(page: Page, _: pyotp.TOTP) -> None:
    page.locator("#name").fill("박서준")
    page.locator("#login").fill("seojun")
    page.locator("#password").fill("correct-horse-9")
    page.locator('input[name="roles"][value="officer"]').check()
    page.locator("#add-staff button").click()
    expect(page.locator("#staff")).to_contain_text("seojun")


def look_at_callbacks(page: Page, _: pyotp.TOTP) -> None:
    page.locator('[data-tab="callback"]').click()
    expect(page.locator('[data-tab="callback"]')).to_have_attribute("aria-pressed", "true")


def greet(page: Page, _: pyotp.TOTP) -> None:
    page.locator("#text").fill("안녕하세요")
    page.locator("#send").click()
    expect(page.get_by_role("log").get_by_role("listitem")).to_have_count(2)


def text(page: Page, _: pyotp.TOTP) -> None:
    page.locator("#text").fill("안녕하세요")
    page.locator("#write button.primary").click()
    expect(page.locator("#phones")).to_contain_text("응답이에요")


CASES = {
    "compose": Case("/siren/new", "author", compose),
    "approve": Case("/siren/{waiting}", "approver", approve),
    "send-back": Case("/siren/{waiting}", "approver", send_back),
    "admin": Case("/admin", "admin", hire),
    "desk": Case("/desk", "agent", look_at_callbacks),
    "chat": Case("/", "", greet),
    "simulator": Case("/simulator", "", text),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", ["390"])
def test_a_page_takes_nothing_before_its_script_is_there(
    city: City, browser: Browser, database_url: str, passwords: dict[str, str], size: str,
    picture: Picture, name: str,
) -> None:  # fmt: skip
    case, path, app = CASES[name], CASES[name].path, pyotp.TOTP(pyotp.random_base32())
    with official(browser, size) as opened:
        page = opened.new_page()
        if case.login:
            page = log_in(opened, city, case.login, passwords[case.login], "/account")
        if "{waiting}" in path:
            register(database_url, AREA)
            app = enrol(browser, city, case.login, passwords[case.login])
            with official(browser, size) as other:
                author = log_in(other, city, "author", passwords["author"])
                path = path.format(waiting=submitted(author, city)["id"])
        line = Line()
        line.watch(page)
        page.goto(city.url + path, wait_until="commit")
        expect(page.locator("h1")).to_be_attached()
        before = page.evaluate(STATE)
        assert press_everything(page) >= 4
        assert page.evaluate(STATE) == before
        assert page.url == city.url + path

        late = page.locator(".late")
        expect(late).to_have_css("animation-delay", "10s")
        page.evaluate("document.getAnimations().forEach((each) => each.finish())")
        expect(late).to_be_visible()
        picture(page, f"late-{name}")

        line.release()
        ready(page)
        expect(late).to_have_count(0)
        case.serve(page, app)
        assert not [url for url in line.asked if TYPED in url or "code" in url], line.asked


def test_what_was_chosen_before_the_script_came_is_taken_over(
    city: City, browser: Browser, passwords: dict[str, str]
) -> None:
    with official(browser, "1280") as opened:
        page = log_in(opened, city, "author", passwords["author"])
        line = Line()
        line.watch(page)
        page.goto(f"{city.url}/siren/new", wait_until="commit")
        expect(page.locator("#send-at")).to_be_attached()
        # As a browser puts back what stood in the fields, without an event.
        page.evaluate("""() => {
            document.querySelector("#hazard").value = "heavy_rain";
            document.querySelector("[name=environment][value=exercise]").checked = true;
            document.querySelector("[name=district][value=마포구]").checked = true;
            document.querySelector("#fact-what").value = "한강 물이 불어나요";
        }""")
        line.release()
        ready(page)
        expect(page.locator("#title")).to_have_value("호우")
        expect(page.locator("#map .chosen")).to_have_text("마포")
        expect(page.locator("#fact-what")).to_have_value("한강 물이 불어나요")
        expect(page.locator("#texts-ko")).to_have_value(re.compile("마포구 한강 물이 불어나요"))


def test_the_widget_can_be_left_while_its_frame_is_not_there_yet(
    city: City, browser: Browser
) -> None:
    with window(browser, 390, expected="favicon") as opened, site(city) as url:
        page = opened.new_page()
        line = Line()
        line.watch(page)
        page.goto(url)
        page.get_by_role("button", name="응답에 물어보기").click()
        page.get_by_role("button", name="상담 창 닫기").last.click()
        expect(page.locator(".panel")).to_be_hidden()
        page.get_by_role("button", name="응답에 물어보기").click()
        line.release()
        talk = page.frame_locator("iframe")
        ready(talk)
        expect(page.locator("button.button")).to_be_hidden()
        assert violations(page) == []
        write(talk, "안녕하세요")
        expect(talk.get_by_role("log").get_by_role("listitem")).to_have_count(2)
