"""Administration: an account with a phone, a role that two people give, a key's environment."""

from collections.abc import Callable

import psycopg
from playwright.sync_api import Browser, Page, expect

from backend import db
from backend.security import hash_password
from tests.browser.chat import violations
from tests.browser.officials import log_in, official
from tests.city import City

Picture = Callable[[Page, str], None]
SECOND = "password-of-second"


def hire_another(database_url: str) -> None:
    """A second administrator, as whoever sets a house up makes one."""
    with psycopg.connect(db.libpq_url(database_url)) as connection:
        connection.execute(
            "INSERT INTO staff (login, name, password_hash, roles, active) "
            "VALUES ('second', '둘째 관리자', %s, '[\"admin\"]', true)",
            (hash_password(SECOND),),
        )


def test_two_administrators_give_a_role(
    city: City, browser: Browser, database_url: str, passwords: dict[str, str], size: str,
    picture: Picture,
) -> None:  # fmt: skip
    hire_another(database_url)
    with official(browser, size) as window, official(browser, size, "dark", "en-GB") as other:
        page = log_in(window, city, "admin", passwords["admin"], "/admin")
        page.get_by_label("이름").fill("박서준")
        page.get_by_label("아이디").fill("seojun")
        page.get_by_label("긴급 연락 전화").fill("+821012345678")
        page.get_by_label("처음 비밀번호").fill("correct-horse-9")
        page.get_by_role("checkbox", name="재난문자 승인").check()
        page.get_by_role("button", name="추가하기").click()
        expect(page.locator("#result")).to_contain_text("확인을 기다리는 권한")
        expect(page.locator("#staff")).to_contain_text("+821012345678")
        waiting = page.locator("#grants li", has_text="박서준")
        expect(waiting).to_contain_text("다른 관리자가 확인해야")
        assert waiting.get_by_role("button", name="확인하기").count() == 0

        page.get_by_label("받을 사람").select_option(label="재난문자 작성자 데모 (author)")
        page.locator("#grant-role").select_option("breakglass")
        page.get_by_label("이유").fill("야간 당직")
        page.get_by_role("button", name="제안하기").press("Enter")
        expect(page.locator("#grants li")).to_have_count(2)

        page.get_by_label("쓰는 곳").fill("강우 관측")
        page.locator("#key-role").select_option("author")
        page.get_by_label("환경").select_option("exercise")
        page.get_by_role("button", name="키 만들기").click()
        page.locator("#new-key form button").click()
        expect(page.locator("#keys")).to_contain_text("훈련")
        assert violations(page) == []
        picture(page, "admin-roles")
        page.locator("#grants-title").scroll_into_view_if_needed()
        picture(page, "admin-grants")

        theirs = log_in(other, city, "second", SECOND, "/admin")
        theirs.get_by_role("button", name="Confirm: 박서준, Alert approver").press("Enter")
        expect(theirs.locator("#result")).to_contain_text("given")
        row = theirs.locator("#staff tr", has_text="seojun")
        expect(row).to_contain_text("Alert approver")
        theirs.get_by_role("button", name="Refuse: 재난문자 작성자 데모").click()
        expect(theirs.locator("#grants")).to_contain_text("Nothing waits")
        theirs.locator("details summary").click()
        expect(theirs.locator("#decided li")).to_have_count(2)
        assert violations(theirs) == []
        theirs.locator("#grants-title").scroll_into_view_if_needed()
        picture(theirs, "admin-english")
