"""Every page is served, safe, complete in both languages, and shown to its roles only."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from pydantic import ValidationError

from backend import db, errors
from backend.config import ROOT, Settings
from backend.console import pages, routes
from backend.context import Context
from backend.models.staff import ROLES
from backend.staff import routes as staff
from bot.picks import SURE
from channels import web_requests
from nlu.builtin import BuiltinParser
from tests.backend.desk import cookie, employee

CONSOLE = pages.HERE
PAGES = {
    "/": set(),
    "/embed": set(),
    "/desk": {"agent", "admin"},
    "/admin": {"admin"},
    "/account": set(ROLES),
    "/account/second-factor": set(ROLES),
}
KOREAN = {"Accept-Language": "ko-KR"}


@pytest.fixture
def client(context: Context) -> httpx.AsyncClient:
    app = FastAPI()
    app.state.context = context
    errors.install(app, pages.problem)
    app.include_router(staff.router)
    routes.install(app)
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=KOREAN)


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_is_whole_for_every_role(
    client: httpx.AsyncClient, sessions: db.Sessions, role: str
) -> None:
    headers = await cookie(sessions, await employee(sessions, "someone", role))

    for language, (path, roles) in product(pages.LANGUAGES, PAGES.items()):
        answer = await client.get(f"{path}?lang={language}", headers=headers)
        assert answer.status_code == (200 if not roles or role in roles else 403), path
        assert f'<html lang="{language}">' in answer.text
        assert answer.text.count("<h1") == 1
        assert '<main id="main"' in answer.text
        assert "{{" not in answer.text


async def test_nobody_sees_staff_pages_before_the_log_in(client: httpx.AsyncClient) -> None:
    for path in ("/desk", "/admin", "/account"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")
    assert (await client.get("/login")).status_code == 200


async def test_whoever_is_in_goes_on_from_the_log_in(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    agent = await cookie(sessions, await employee(sessions))
    officer = await cookie(sessions, await employee(sessions, "officer", "officer"))

    assert (await client.get("/login", headers=agent)).headers["location"] == "/desk"
    assert (await client.get("/login", headers=officer)).headers["location"] == "/account"
    asked = await client.get("/login?next=//elsewhere.example", headers=agent)
    assert asked.headers["location"] == "/desk"


async def test_nothing_runs_and_nothing_loads_that_is_not_ours(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    headers = await cookie(sessions, await employee(sessions, "all", "agent", "admin"))

    for path in [*PAGES, "/login"]:
        answer = await client.get(path, headers=headers if path != "/login" else {})
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text), path
        assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text), path
        for address in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
            assert address.startswith(("/", "?", "#", "tel:")), address
            if address.startswith("/static/"):
                assert (await client.get(address)).status_code == 200, address


async def test_the_page_lets_through_what_the_door_takes(client: httpx.AsyncClient) -> None:
    for path in ("/", "/embed"):
        page = (await client.get(path)).text
        assert f'data-text-max="{web_requests.TEXT_MAX}"' in page
        assert f'data-photos-max="{web_requests.PHOTOS_MAX}"' in page


async def test_modules_load_only_modules_that_are_there() -> None:
    modules = list((CONSOLE / "static").glob("*.js"))
    assert len(modules) >= 8
    for module in modules:
        source = module.read_text(encoding="utf-8")
        for wanted in re.findall(r'from "(.+?)"', source):
            assert (module.parent / wanted).is_file(), f"{module.name} imports {wanted}"
        assert "innerHTML" not in source


async def test_static_files_are_asked_for_again_and_only_sent_when_changed(
    client: httpx.AsyncClient,
) -> None:
    first = await client.get("/static/tokens.css")
    again = await client.get("/static/tokens.css", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304
    assert (await client.get("/static/../pages.py")).status_code == 404
    assert (await client.get("/static/%2e%2e/pages.py")).status_code == 404


async def test_the_language_is_chosen_kept_and_guessed(client: httpx.AsyncClient) -> None:
    guessed = await client.get("/login", headers={"Accept-Language": "en-US,en;q=0.9"})
    chosen = await client.get("/login?lang=en")
    kept = await client.get("/login", headers={"Cookie": f"{pages.LANGUAGE_COOKIE}=en"})
    client.cookies.clear()
    strange = await client.get("/login?lang=xx")

    assert 'lang="en"' in guessed.text[:60]
    assert 'lang="en"' in chosen.text[:60]
    assert chosen.cookies[pages.LANGUAGE_COOKIE] == "en"
    assert 'lang="en"' in kept.text[:60]
    assert 'lang="ko"' in strange.text[:60]
    assert "set-cookie" not in strange.headers


def _locale(language: str) -> dict[str, Any]:
    file = CONSOLE / "locales" / f"{language}.yml"
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, below in tree.items():
            yield from _leaves(below, f"{path}.{name}")
    elif isinstance(tree, list):
        for number, below in enumerate(tree):
            yield from _leaves(below, f"{path}.{number}")
    else:
        yield path, tree


def test_the_chats_fixed_words_are_whole_in_every_language() -> None:
    english = dict(_leaves(_locale("en")["chat"]))
    for language in pages.CITIZENS_LANGUAGES:
        words = dict(_leaves(_locale(language)["chat"]))
        assert words.keys() == english.keys(), language
        for key, text in words.items():
            assert text, (language, key)
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[key]), key


@pytest.mark.parametrize("language", pages.CITIZENS_LANGUAGES)
async def test_what_a_button_says_is_understood(parser: BuiltinParser, language: str) -> None:
    starts = [start["text"] for start in _locale(language)["chat"]["starts"]]
    intents = [(await parser.parse(text, language)).intent for text in starts]
    assert [intent.name for intent in intents] == [
        "file_petition", "check_status", "list_polls", "subscribe_alerts", "ask_faq",
        "talk_to_agent",
    ]  # fmt: skip
    assert min(intent.confidence for intent in intents) >= SURE


async def test_whoever_loses_their_way_in_a_browser_gets_a_page(
    client: httpx.AsyncClient,
) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/nowhere", "/photos/x/full", "/api/v1/nowhere"):
        page = await client.get(path, headers=browser)
        assert page.status_code in (404, 422)
        assert page.headers["content-type"].startswith("text/html")
        assert "주소" in page.text or "처리하지 못했어요" in page.text
        assert 'href="/"' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    english = await client.get("/nowhere", headers=browser | {"Accept-Language": "en"})
    assert "There is no such page" in english.text
    for headers in ({}, {"Accept": "application/json"}):
        data = await client.get("/nowhere", headers=headers)
        assert data.headers["content-type"] == errors.PROBLEM
    assert (await client.post("/nowhere", headers=browser)).headers[
        "content-type"
    ] == errors.PROBLEM


async def test_the_chat_can_be_framed_and_no_other_page(
    context: Context, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def framed(answer: httpx.Response) -> str:
        return answer.headers["content-security-policy"].rpartition("frame-ancestors ")[2]

    for path in ("/", "/login", "/nowhere"):
        assert framed(await client.get(path, headers={"Accept": "text/html"})) == "'none'"
    embedded = await client.get("/embed?lang=ja")
    assert framed(embedded) == "*"
    assert '<html lang="ja">' in embedded.text
    assert "/login" not in embedded.text
    monkeypatch.setattr(context.settings, "widget_origins", "https://a.example https://b.example")
    assert framed(await client.get("/embed")) == "https://a.example https://b.example"


@pytest.mark.parametrize("origins", ["'none'", "https://a.example; script-src *", "a.example"])
def test_only_origins_may_frame_the_chat(origins: str) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, widget_origins=origins)
    assert Settings(
        _env_file=None, widget_origins=" https://a.example\n http://*.b.example:8080 "
    ).widget_origins == ("https://a.example http://*.b.example:8080")


async def test_the_widget_is_one_script_that_any_site_may_load(client: httpx.AsyncClient) -> None:
    script = await client.get("/widget.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "innerHTML" not in script.text
    assert "eval(" not in script.text
    assert set(re.findall(r"https?://[\w.-]+", script.text)) == {
        "https://the-city", "http://www.w3.org",
    }  # fmt: skip
    for language in pages.CITIZENS_LANGUAGES:
        assert f"{language}: {{ ask:" in script.text


def test_both_languages_say_the_same_things_with_the_same_gaps() -> None:
    korean, english = dict(_leaves(_locale("ko"))), dict(_leaves(_locale("en")))

    assert korean.keys() == english.keys()
    for key, words in korean.items():
        assert isinstance(words, str), key
        assert words, key
        gaps = sorted(re.findall(r"\{\w+\}", words))
        assert gaps == sorted(re.findall(r"\{\w+\}", english[key])), key


@pytest.mark.parametrize(
    ("section", "modules"),
    [
        ("chat", ["chat.js", "chat-view.js", "chat-send.js", "photo-tray.js"]),
        (
            "desk",
            ["desk.js", "desk-list.js", "desk-talk.js", "desk-self.js", "photo-tray.js"],
        ),
        ("admin", ["admin.js"]),
    ],
)
def test_scripts_ask_for_texts_that_exist(section: str, modules: list[str]) -> None:
    texts = _locale("ko")[section]
    for module in modules:
        source = (CONSOLE / "static" / module).read_text(encoding="utf-8")
        asked = set(re.findall(r"\btexts(?:\(\))?\.(\w+)", source)) - {"length"}
        assert asked, module
        assert asked <= texts.keys(), (module, asked - texts.keys())


def test_a_package_above_brings_its_own_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_folders", [*pages._folders])
    own = [area for area in pages._areas if area.path in ("/desk", "/admin")]
    monkeypatch.setattr(pages, "_areas", own)
    monkeypatch.setattr(pages.static, "all_directories", [*pages.static.all_directories])
    before = list(pages._loaders)
    for name in ("templates", "static", "locales"):
        (tmp_path / name).mkdir()
    for language in pages.LANGUAGES:
        (tmp_path / "locales" / f"{language}.yml").write_text("siren: {title: Siren}")
    (tmp_path / "templates" / "siren.html").write_text("{{ 1 + 1 }}")
    (tmp_path / "static" / "siren.js").write_text("")
    area = pages.Area("/siren", "siren.title", frozenset({"author"}))

    try:
        for _ in range(2):
            pages.extend(tmp_path, [area])

        assert pages._environment.get_template("siren.html").render() == "2"
        assert pages.t("en", "siren.title") == "Siren"
        assert pages.static.lookup_path("siren.js")[1] is not None
        assert [a.path for a in pages.areas_of(["author", "agent", "admin"])] == [
            "/desk", "/siren", "/admin",
        ]  # fmt: skip
        assert pages.home_of(["author"]) == "/siren"
    finally:
        pages._loaders[:] = before
        pages._texts.cache_clear()


async def test_a_lone_administrator_is_told_that_nobody_can_confirm(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    first = await cookie(sessions, await employee(sessions, "one", "admin"))
    assert 'id="alone"' in (await client.get("/admin", headers=first)).text
    await employee(sessions, "two", "admin")
    page = (await client.get("/admin", headers=first)).text
    assert 'id="alone"' not in page
    assert 'id="code-wanted"' not in page, "this house asks for no second factor"


def test_no_form_puts_what_is_typed_into_an_address() -> None:
    forms = [
        tag
        for package in ("backend", "broadcasts", "channels")
        for page in (ROOT / package).rglob("*.html")
        for tag in re.findall(r"<form\b[^>]*", page.read_text(encoding="utf-8"))
    ]
    assert len(forms) > 10
    assert [tag for tag in forms if not re.search(r'method="(post|dialog)"', tag)] == []
    # One without an address of its own is its script's: nobody can press it before that is there.
    served = [tag for tag in forms if 'method="post"' in tag and "action=" not in tag]
    assert [tag for tag in served if not re.search(r"\b(inert|hidden)\b", tag)] == []
