"""A real Chromium: the Debian package, driven by playwright; its screenshots are for people."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from backend.config import ROOT

LAUNCH: dict[str, Any] = {
    "executable_path": shutil.which("chromium") or shutil.which("chromium-browser"),
    "args": [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
}  # fmt: skip
SIZES = {"390": (390, 844), "1280": (1280, 800)}
# Outside the tree by default: a test run leaves nothing behind. `make screenshots` sets it to
# docs/images, from where the README shows them.
expect.set_options(timeout=60_000)

PICTURES = Path(os.environ.get("SCREENSHOTS", ROOT / "var" / "screenshots"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module; where there is none the tests skip, and in CI they fail.

    Its driver keeps an event loop in this thread, which the async tests of other modules need.
    """
    if LAUNCH["executable_path"] is None:
        reason = "no Chromium here: on Debian, apt-get install chromium fonts-noto-cjk"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(**LAUNCH)
        yield launched
        launched.close()


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    """The width of the window: a phone's and a desktop's."""
    return str(request.param)


@pytest.fixture
def window(browser: Browser, size: str) -> Iterator[BrowserContext]:
    """A fresh browser of a Korean citizen; a page that fails in its console fails the test."""
    width, height = SIZES[size]
    opened = browser.new_context(
        viewport={"width": width, "height": height}, locale="ko-KR", timezone_id="Asia/Seoul"
    )
    opened.set_default_timeout(60_000)
    troubles: list[str] = []
    opened.on("weberror", lambda error: troubles.append(str(error.error)))
    opened.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    yield opened
    opened.close()
    assert troubles == []


@pytest.fixture
def picture(size: str) -> Callable[[Page, str], None]:
    """Save a screenshot as `name-width.png`, after checking that nothing runs off the side."""

    def take(page: Page, name: str) -> None:
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} is {overflow}px too wide at {size}px"
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{size}.png", animations="disabled")

    return take
