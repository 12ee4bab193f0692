"""The lesson on constraints in a real browser: by keyboard alone, and the triangle by mouse and finger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.conftest import PHONE, OpenPage, settled, sync_api
from tests.e2e.keyboard import press, tab_to, type_into

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = sync_api.expect
TRIANGLE = "/learn?lesson=constraints&present=1&screen=3"
PROJECTOR = {"width": 1280, "height": 720}
EXACT = "table.values[aria-busy=false]"


def p_of(page: Page) -> Locator:
    return page.get_by_role("slider", name=re.compile("^p: "))


def test_the_lesson_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/learn?lesson=constraints")
    tab_to(page, "none")
    page.keyboard.press("Space")
    settled(page)
    press(page, "Answer")
    expect(page.get_by_text(re.compile("^You said: none"))).to_be_visible()
    tab_to(page, "p: the teacher's answer")
    before = p_of(page).first.get_attribute("aria-valuetext") or ""
    page.keyboard.press("PageUp")
    expect(p_of(page).first).not_to_have_attribute("aria-valuetext", before)
    expect(page).to_have_url(re.compile("triangle_p="))
    settled(page)
    for text, said in (("My mother said that [MASK] is ill.", "Not yet."), ("[MASK] is a queen.", "Solved.")):
        type_into(page, "Your sentence", text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        settled(page)


def test_p_is_dragged_on_a_projector(open_page: OpenPage) -> None:
    page = open_page(TRIANGLE, viewport=PROJECTOR)
    grip = page.locator(".handle .grip")
    box, figure = grip.bounding_box(), page.locator("svg:has(.handle)").bounding_box()
    turning = page.locator(".st-key-turn_screens").bounding_box()
    assert box and figure and turning
    assert figure["y"] + figure["height"] <= turning["y"], "the whole triangle is seen"
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 90, y - 40, steps=3)
    expect(page.locator("table.values[aria-busy=true]")).to_be_visible()
    moved = p_of(page).get_attribute("aria-valuetext") or ""
    page.mouse.up()
    expect(page.locator(EXACT)).to_be_visible()
    expect(p_of(page)).to_have_accessible_name("p: where you moved it")
    assert rounded(p_of(page).get_attribute("aria-valuetext") or "") == rounded(moved)


def test_p_is_tapped_on_a_phone(open_page: OpenPage) -> None:
    phone = open_page("/learn?lesson=constraints", viewport=PHONE, touch=True)
    inside = phone.locator(".inside.movable").first
    box = inside.bounding_box()
    assert box and box["width"] <= PHONE["width"]
    inside.tap(position={"x": box["width"] * 0.4, "y": box["height"] * 0.8})
    expect(p_of(phone).first).to_have_accessible_name("p: where you moved it")


def rounded(text: str) -> list[int]:
    """The whole percentages of a text."""
    return [round(float(number)) for number in re.findall(r"([\d.]+)\s*%", text)]
