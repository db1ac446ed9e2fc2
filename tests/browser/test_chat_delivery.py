"""The chat on bad networks: nothing lost, nothing doubled; and photos, both ways."""

import re
from typing import Any

from playwright.sync_api import Browser, Locator, Route, expect

from tests.browser.chat import (
    MATTER,
    NUMBER,
    YES,
    heard,
    listen,
    on_duty,
    photo,
    upload,
    violations,
    window,
    write,
)
from tests.city import City


def _claim(city: City, password: str) -> tuple[Any, str]:
    """Return the agent's browser and the conversation they took over."""
    agent = city.staff("agent", password)
    [item] = city.until(
        lambda: agent.get("/api/v1/handoffs").json()["items"], lambda items: len(items) == 1
    )
    desk = f"/api/v1/handoffs/{item['id']}"
    assert agent.post(f"{desk}/claim").is_success
    return agent, desk


def test_without_a_websocket_an_agents_words_and_photo_come_all_the_same(
    city: City, browser: Browser, passwords: dict[str, str]
) -> None:
    with window(browser) as opened:
        opened.add_init_script("window.WebSocket = function () { throw new Error('forbidden'); };")
        page = opened.new_page()
        page.goto(city.url)
        write(page, "상담원과 이야기하고 싶어요")
        agent, desk = _claim(city, passwords["agent"])
        uploaded = agent.post("/api/v1/photos", content=photo("green"))
        assert uploaded.status_code == 201, uploaded.text
        answer = {
            "text": "이 양식을 보세요.",
            "client_id": "answer-01",
            "photo": uploaded.json()["id"],
        }
        assert agent.post(f"{desk}/reply", json=answer).is_success
        log = page.get_by_role("log")
        expect(log).to_contain_text("이 양식을 보세요.")
        _is_seen(log.get_by_role("img", name="상담원이 보낸 사진 1"))
        expect(page.locator("#owner")).to_have_text("상담원이 직접 답하고 있어요")


def _is_seen(image: Locator) -> None:
    expect(image).to_be_visible()
    expect(image).not_to_have_js_property("naturalWidth", 0)


def test_a_message_whose_answer_is_lost_counts_once(city: City, browser: Browser) -> None:
    with window(browser, expected="ERR_") as opened:
        page = opened.new_page()
        lost: list[str] = []

        def lose(route: Route) -> None:
            if route.request.method == "POST" and len(lost) < 2:
                lost.append(route.request.post_data_json["message_id"])
                route.fetch()  # the city has it; the citizen never learns
                route.abort()
            else:
                route.continue_()

        page.route("**/channels/web/messages*", lose)
        page.goto(city.url)
        write(page, MATTER)
        log = page.get_by_role("log")
        expect(log).to_contain_text("이렇게 접수할까요?")
        expect(log.get_by_role("listitem")).to_have_count(2)
        assert len(lost) == 2
        assert len(set(lost)) == 1
        session = page.evaluate("localStorage.getItem('eungdap.session')")
        authors = [message["author"] for message in city.later(session)]
        assert authors == ["citizen", "bot"]


def test_what_was_written_without_a_network_is_sent_when_it_is_back(
    city: City, browser: Browser
) -> None:
    with window(browser, expected="ERR_") as opened:
        page = opened.new_page()
        listen(page)
        page.goto(city.url)
        log = page.get_by_role("log")
        expect(page.locator("#welcome")).to_be_visible()
        opened.set_offline(True)
        expect(page.locator("#connection")).to_have_text("연결이 끊겼어요. 다시 연결하고 있어요.")
        write(page, MATTER)
        expect(log).to_contain_text("보내지 못했어요")
        assert "보내지 못했어요" in heard(page)
        opened.set_offline(False)
        expect(log).to_contain_text("이렇게 접수할까요?")
        expect(log.get_by_role("listitem")).to_have_count(2)
        assert "연결이 끊겼어요. 다시 연결하고 있어요." in heard(page)

        # A page that is closed before its message left sends it when it is opened again.
        page.route("**/channels/web/messages", lambda route: route.abort())
        page.get_by_role("button", name=YES).click()
        expect(log).to_contain_text("보내지 못했어요")
        page.unroute("**/channels/web/messages")
        page.reload()
        expect(log).to_contain_text(re.compile(NUMBER))
        session = page.evaluate("localStorage.getItem('eungdap.session')")
        authors = [message["author"] for message in city.later(session)]
        assert authors == ["citizen", "bot"] * 2


def test_photos_are_chosen_taken_back_sent_and_seen_at_the_desk(
    city: City, browser: Browser, passwords: dict[str, str]
) -> None:
    with window(browser, expected="422") as opened:
        page = opened.new_page()
        page.goto(city.url)
        tray, said = page.get_by_role("list", name="보낼 사진"), page.locator("#tray-said")
        files = [upload(f"{n}.jpg", photo(colour)) for n, colour in enumerate(("red", "blue"))]
        page.locator("#file").set_input_files(files)
        expect(said).to_have_text("사진 2장을 함께 보낼 수 있어요")
        page.get_by_role("button", name="사진 1 빼기").click()
        expect(tray.get_by_role("listitem")).to_have_count(1)
        expect(page.get_by_role("button", name="사진 1 빼기")).to_be_focused()
        page.locator("#file").set_input_files(upload("not.jpg", b"no photo at all"))
        expect(page.get_by_role("alert")).to_contain_text("읽을 수 없는 사진이에요")
        page.locator("#text").fill("보도블록이 깨졌어요")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("사진을 올리지 못했어요")
        page.get_by_role("button", name="사진 2 빼기").click()
        page.locator("#file").set_input_files({**upload(), "mimeType": "application/pdf"})
        expect(page.get_by_role("alert")).to_contain_text("사진 파일만 보낼 수 있어요")
        page.locator("#text").press("Enter")
        log = page.get_by_role("log")
        expect(log.get_by_role("img", name="내가 보낸 사진 1")).to_have_count(1)
        expect(tray).to_be_hidden()
        page.reload()
        _is_seen(log.get_by_role("img", name="내가 보낸 사진 1"))
        kept = city.client.get(log.locator("img").first.get_attribute("src") or "")
        assert kept.headers["content-type"] == "image/jpeg"
        assert b"SecretPhone" not in kept.content
        with window(browser, 1280, 800) as opened:
            desk = opened.new_page()
            desk.goto(f"{city.url}/desk")
            desk.get_by_label("아이디").fill("agent")
            desk.locator("input[type=password]").fill(passwords["agent"])
            desk.keyboard.press("Enter")
            expect(desk.locator("#list")).to_be_attached()
            on_duty(desk, city)
            write(page, "상담원과 이야기하고 싶어요")
            expect(page.locator("#owner")).to_have_attribute("data-owner", "queue")
            desk.locator("#list li").first.get_by_role("button").first.click()
            _is_seen(desk.locator("#log").get_by_role("img", name="시민이 보낸 사진 1"))
            desk.locator("#claim").click()
            expect(desk.locator("#log")).to_contain_text("상담원이 연결되었어요")
            desk.locator("#file").set_input_files(upload())
            expect(desk.locator("#tray-said")).to_have_text("사진을 함께 보낼 수 있어요")
            desk.locator("#text").press("Control+Enter")  # a photo needs no words
            _is_seen(desk.locator("#log").get_by_role("img", name="상담원이 보낸 사진 1"))
            expect(desk.locator("#tray")).to_be_hidden()
            assert violations(desk) == []
