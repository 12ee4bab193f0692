"""Lessons by keyboard alone, from the first question to the exercise, with wrong and right answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.conftest import OpenPage, settled, sync_api
from tests.e2e.keyboard import press, tab_to, type_into

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = sync_api.expect


def answer(page: Page, choice: str) -> None:
    """Answer the first question with its first choice."""
    tab_to(page, choice)
    page.keyboard.press("Space")
    settled(page)
    press(page, "Answer")
    expect(page.get_by_text(re.compile(f"^You said: {choice}"))).to_be_visible()


def expect_result(page: Page, said: str) -> None:
    expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
    settled(page)


def test_the_lesson_on_temperature_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/learn?lesson=temperature")
    answer(page, "more than nine tenths")
    type_into(page, "Your sentence", "[MASK] is a nurse.")
    page.keyboard.press("Enter")
    expect_result(page, "Not yet.")
    page.keyboard.press("Tab")
    for _ in range(10):  # from 1 to 2
        page.keyboard.press("ArrowRight")
    press(page, "Check")
    expect_result(page, "Solved.")


def test_the_lesson_on_gaps_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/learn?lesson=gaps")
    answer(page, "up to 2 times")
    type_into(page, "First: a large gap with no mass", "[MASK] sings well.")
    type_into(page, "Second: a small gap with much mass", "[MASK] sings well.")
    page.keyboard.press("Enter")
    expect_result(page, "Not yet.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("The king lost [MASK] crown.")
    page.keyboard.press("Enter")
    expect_result(page, "Solved.")
