"""Officials and the citizens whom they warn, for the browser tests."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
import pyotp
from playwright.sync_api import Browser, BrowserContext, Page

from backend import db
from tests.browser.conftest import SIZES
from tests.city import City


@contextmanager
def official(
    browser: Browser, size: str, scheme: str = "light", locale: str = "ko-KR"
) -> Iterator[BrowserContext]:
    """A fresh browser of an official; an error in a page's script fails the test."""
    width, height = SIZES[size]
    opened = browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, timezone_id="Asia/Seoul",
        color_scheme="dark" if scheme == "dark" else "light",
    )  # fmt: skip
    opened.set_default_timeout(60_000)
    troubles: list[str] = []
    opened.on("weberror", lambda error: troubles.append(str(error.error)))
    yield opened
    opened.close()
    assert troubles == []


def log_in(
    window: BrowserContext, city: City, login: str, password: str, path: str = "/siren"
) -> Page:
    """Return a page on which `login` is in, at `path`."""
    page = window.new_page()
    page.goto(f"{city.url}/login?next={path}")
    page.locator("input[name=login]").fill(login)
    page.locator("input[type=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    page.locator("h1").wait_for()
    return page


def register(database_url: str, people: Mapping[str, int], language: str = "ko") -> list[str]:
    """Let so many citizens of each district want to be warned by SMS; return their phones."""
    phones = []
    with psycopg.connect(db.libpq_url(database_url)) as connection:
        for district, count in people.items():
            for _ in range(count):
                contact = connection.execute("INSERT INTO contacts DEFAULT VALUES RETURNING id")
                (owner,) = contact.fetchone() or (None,)
                phones.append(f"+82105550{len(phones):04d}")
                address = connection.execute(
                    "INSERT INTO addresses (contact_id, scheme, address, verified_at) "
                    "VALUES (%s, 'phone', %s, now()) RETURNING id",
                    (owner, phones[-1]),
                )
                (place,) = address.fetchone() or (None,)
                connection.execute(
                    "INSERT INTO subscriptions (contact_id, address_id, channel, district, "
                    "language) VALUES (%s, %s, 'sms', %s, %s)",
                    (owner, place, district, language),
                )
    return phones


def enrol(browser: Browser, city: City, login: str, password: str) -> pyotp.TOTP:
    """Set an authenticator up, in a browser that is closed afterwards."""
    with official(browser, "1280") as window:
        page = log_in(window, city, login, password)
        api = f"{city.url}/api/v1/staff/me/second-factor"
        begun = page.request.post(api)
        assert begun.status == 201, begun.text()
        totp = pyotp.TOTP(begun.json()["secret"])
        confirmed = page.request.post(f"{api}/confirm", data={"code": totp.now()})
        assert confirmed.ok, confirmed.text()
        return totp


def next_code(totp: pyotp.TOTP) -> str:
    """Return a code that was not used yet: the following one, within the leeway of clocks."""
    return totp.at(int(time.time()) + 30)
