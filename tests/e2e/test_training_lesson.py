"""The lesson on training in a real browser, by keyboard alone to its exercise."""

from __future__ import annotations

from tests.e2e.conftest import OpenPage, settled, sync_api
from tests.e2e.keyboard import tab_to, type_into

expect = sync_api.expect


def test_the_training_lesson_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/learn?lesson=training")
    expect(page.get_by_role("heading", name="A student is a smaller network")).to_be_visible()
    settled(page)
    expect(page.get_by_role("button", name="Train for 60 seconds")).to_be_enabled()
    tab_to(page, "Train for 60 seconds")  # not pressed: the run would outlast the test
    for text, said in (
        ("The [MASK] barked all night.", "Not yet."),
        ("The surgeon put the [MASK] on the table.", "Solved."),
    ):
        type_into(page, "Your sentence", text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        settled(page)
