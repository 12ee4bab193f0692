"""The page Learn in a real browser: lessons by keyboard alone, a class of thirty, and a projector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from app.shared.visitor import COOKIE
from benchmarks.sessions import Session
from fairkd.lessons import lesson
from tests.e2e.conftest import PHONE, OpenPage, dashboard, settled, sync_api
from tests.e2e.keyboard import press, tab_to, type_into

if TYPE_CHECKING:
    from playwright.sync_api import Browser

expect = sync_api.expect
CLASS = 30
PROJECTOR = {"width": 1280, "height": 720}


def test_the_first_lesson_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/learn")
    press(page, "1. What a masked language model predicts")
    expect(page.get_by_role("heading", name="A sentence with a hidden word")).to_be_visible()
    settled(page)
    tab_to(page, "more than 90 %")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    settled(page)
    press(page, "Answer")
    expect(page.get_by_text(re.compile("^You said: between 50 % and 90 %"))).to_be_visible()
    for text, said in (("Milk is a [MASK].", "Not yet."), ("She saw the [MASK] yesterday.", "Solved.")):
        type_into(page, "Your sentence", text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        settled(page)


def test_thirty_browsers_answer_and_the_presenter_sees_the_counts_live(
    browser: Browser, tmp_path: Path
) -> None:
    choices = lesson("predictions").screens[1].question.choices
    with dashboard(tmp_path / "home", tmp_path / "log.txt", FAIRKD_MODE="class") as (url, _):
        context = browser.new_context(viewport=PROJECTOR)
        page = context.new_page()
        page.goto(f"{url}/learn?lesson=predictions&present=1&screen=2")
        title = page.locator("figure .title")
        expect(title).to_have_text("0 answers", timeout=120_000)
        visitors = []
        for number in range(CLASS):
            cookies = {COOKIE: f"{number:043}"}
            visitors.append(Session(url, "learn", {"lesson": "predictions"}, cookies))
        for number, visitor in enumerate(visitors):
            assert visitor.wait()
            visitor.rerun("Your answer", choices[number % 3])
            visitor.rerun("Answer")
        expect(title).to_have_text(f"{CLASS} answers")
        bars = page.locator(".js-plotly-plot .bartext")
        expect(bars).to_have_text(["10", "10", "10", "0"])
        # A browser that answers again, in another tab, still counts once.
        again = Session(url, "learn", {"lesson": "predictions"}, {COOKIE: f"{0:043}"})
        assert again.wait()
        assert "Your answer" not in again.widgets
        for visitor in (*visitors, again):
            visitor.leave()
        phone = browser.new_context(viewport=PHONE).new_page()
        phone.goto(f"{url}/learn?lesson=predictions&class=1")
        phone.get_by_text(choices[0]).click()
        settled(phone)
        phone.get_by_role("button", name="Answer", exact=True).click()
        expect(phone.get_by_text("Your answer is counted.")).to_be_visible()
        expect(phone.get_by_text("Notes for teachers")).to_have_count(0)
        page.get_by_role("button", name="Reveal the answer").click()
        for one in (page, phone):
            expect(one.get_by_text(re.compile("The first word, “"))).to_be_visible()
        phone.context.close()
        context.close()


def test_arrow_keys_turn_the_screens_and_leave_text_boxes_alone(open_page: OpenPage) -> None:
    page = open_page("/learn?lesson=predictions&present=1&screen=3", viewport=PROJECTOR)
    keys = page.locator(".st-key-turn_next button")
    expect(keys).to_have_attribute("aria-keyshortcuts", "ArrowRight PageDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Not only at the hidden word")).to_be_visible()
    settled(page)
    page.get_by_role("textbox", name="Sentence").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", name="Not only at the hidden word")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=2).click()
    page.keyboard.press("PageUp")
    expect(page.get_by_role("heading", name="Several answers are right")).to_be_visible()
