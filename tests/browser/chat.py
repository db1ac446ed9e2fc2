"""A citizen at the chat: windows of every kind, what axe says, what a screen reader hears."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.browser.conftest import LAUNCH
from tests.city import City

MATTER = "마포구 망원동 포은로 87 앞 도로에 큰 구멍이 났어요"
YES = "네, 접수해 주세요"
NUMBER = r"P-\d{4}-\d{7}"

# What a screen reader does with live regions: it says what is added to one that is not off.
_LISTENER = """
window.heard = [];
new MutationObserver((changes) => {
  for (const { addedNodes, target } of changes) for (const node of addedNodes) {
    const element = node.nodeType === 1 ? node : target;
    const region = element.closest?.("[aria-live],[role=log],[role=status],[role=alert]");
    const off = element.closest?.("[aria-live=off],[aria-hidden=true],[hidden]");
    if (region && !off && node.textContent.trim()) window.heard.push(node.textContent.trim());
  }
}).observe(document, { childList: true, subtree: true });
"""


@contextmanager
def window(
    browser: Browser,
    width: int = 390,
    height: int = 844,
    *,
    expected: str = "",
    profile: Path | None = None,
    **options: Any,
) -> Iterator[BrowserContext]:
    """Open a citizen's browser; an error in its console fails the test unless it is `expected`.

    With `profile`, a folder, it is one as people have it, in which the frames of other sites keep
    things for themselves; the tests' usual one forbids them to keep any.
    """
    settings = {"locale": "ko-KR", "timezone_id": "Asia/Seoul", **options}
    settings["viewport"] = {"width": width, "height": height}
    opened = (
        _as_installed(browser, profile, settings) if profile else browser.new_context(**settings)
    )
    opened.set_default_timeout(60_000)
    troubles: list[str] = []
    opened.on("weberror", lambda error: troubles.append(str(error.error)))
    opened.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    try:
        yield opened
    finally:
        opened.close()
    unexpected = [trouble for trouble in troubles if not expected or expected not in trouble]
    assert not unexpected, unexpected


def _as_installed(browser: Browser, profile: Path, settings: dict[str, Any]) -> BrowserContext:
    """Launch Chromium with its own defaults, not with those that playwright tests by."""
    needed = ["--headless", "--remote-debugging-pipe", "--password-store=basic",
              f"--user-data-dir={profile}"]  # fmt: skip
    return browser.browser_type.launch_persistent_context(
        profile,
        executable_path=LAUNCH["executable_path"],
        args=[*LAUNCH["args"], *needed],
        ignore_default_args=True,
        **settings,
    )


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands, in all of its frames."""
    for frame in page.frames:
        # Evaluated in the page by the browser's own tools, which its CSP does not concern.
        frame.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"], "axe did not run"
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def ready(page: Page | FrameLocator) -> None:
    """Wait until the page's script listens: what it alone serves is inert until then."""
    expect(page.locator("main")).to_be_attached()
    expect(page.locator("[inert]")).to_have_count(0)


def on_duty(desk: Page, city: City) -> None:
    """Wait until the city knows that there is an agent at the desk, open in `desk`."""
    handoffs = f"{city.url}/api/v1/handoffs"
    city.until(lambda: desk.request.get(handoffs).json()["on_duty"], bool)


def write(page: Page | FrameLocator, text: str) -> None:
    """Write a message and send it by Enter, once the page's script listens."""
    ready(page)
    box = page.locator("#text")
    box.fill(text)
    box.press("Enter")


def listen(page: Page) -> None:
    """Note from now on what a screen reader would say of its own accord; see `heard`."""
    page.add_init_script(_LISTENER)


def heard(page: Page) -> list[str]:
    """Return what was announced since `listen`."""
    said: list[str] = page.evaluate("window.heard")
    return said


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    wide: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wide


def photo(colour: str = "red", width: int = 2400, height: int = 1800) -> bytes:
    """Return a photo of a phone that says where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone X-1"
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 54.0, 1.0)})
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "JPEG", exif=exif)
    return written.getvalue()


def upload(name: str = "사진.jpg", content: bytes | None = None) -> Any:
    """Return a file for `set_input_files`."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": content or photo()}
