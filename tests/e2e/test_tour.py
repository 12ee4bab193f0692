"""The tour for whoever is here for the first time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from app.predictions.newcomers import GREETING, STEPS
from tests.e2e.conftest import DESKTOP, PHONE, settled, sync_api
from tests.e2e.test_accessibility import AXE, violations
from tests.e2e.test_history import visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

expect = sync_api.expect
Arrive = Callable[..., "Page"]
# What has the dashed outline of a step: part of the address, key, or test id.
OUTLINED = r"""() => [...document.querySelectorAll("[class*=st-key-], a, button")]
    .filter(one => getComputedStyle(one).outlineStyle === "dashed")
    .map(one => one.href ? new URL(one.href).pathname
      : one.className.match(/st-key-(\w+)/)?.[1] ?? one.dataset.testid)"""


@pytest.fixture
def arrive(browser: Browser, app_url: str) -> Iterator[Arrive]:
    """`arrive(viewport=PHONE)` opens the front page in a browser that was never here."""
    contexts = []

    def open_(viewport: dict = DESKTOP) -> Page:
        contexts.append(browser.new_context(viewport=viewport, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.goto(app_url)
        first_figure(page)
        return page

    yield open_
    for context in contexts:
        context.close()


def first_figure(page: Page) -> None:
    page.get_by_role("option").first.wait_for()
    settled(page)
    # Streamlit fetches sliders later, and they are higher than what stands in their place meanwhile.
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def back_to_predictions(page: Page) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Predictions").click()
    first_figure(page)


def tour(page: Page) -> Locator:
    return page.get_by_role("dialog").filter(has_text="Step")


def is_gone(page: Page) -> None:
    expect(tour(page)).to_have_count(0)
    assert page.evaluate(OUTLINED) == []


def test_all_steps_by_keyboard_then_it_is_gone_for_good(arrive: Arrive) -> None:
    page = arrive()
    figure = page.locator(".st-key-columns").bounding_box()
    expect(tour(page)).to_contain_text(GREETING)
    page.add_script_tag(path=AXE)
    assert not violations(page), "in light"
    assert page.evaluate("document.activeElement === document.body"), "nobody is interrupted"
    page.keyboard.press("Tab")
    expect(tour(page).get_by_role("button", name="Skip the tour")).to_be_focused()
    page.keyboard.press("Tab")  # past Back, which leads nowhere at first
    expected = (["columns"], ["teacher", "student"], ["text", "each"], ["/gaps"], ["/distill"])
    for number, (step, names) in enumerate(zip(STEPS, expected, strict=True), 1):
        expect(tour(page)).to_contain_text(f"Step {number} of 5")
        expect(tour(page)).to_contain_text(step.text)
        assert page.evaluate(OUTLINED) == names
        page.keyboard.press("Enter")
    is_gone(page)
    assert page.locator(".st-key-columns").bounding_box() == figure, "the card moves nothing"
    visit(page, "About")
    back_to_predictions(page)
    is_gone(page)
    page.reload()
    first_figure(page)
    is_gone(page)


def test_it_waits_on_another_page_until_escape_and_a_button_shows_it_again(arrive: Arrive) -> None:
    page = arrive()
    tour(page).get_by_role("button", name="Next").press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(tour(page)).to_contain_text("Step 3 of 5")
    page.keyboard.press("ArrowLeft")
    visit(page, "About")
    is_gone(page)
    back_to_predictions(page)
    expect(tour(page)).to_contain_text("Step 2 of 5")
    page.get_by_role("textbox", name="Sentence", exact=True).press("Escape")
    expect(tour(page)).to_be_visible()
    page.get_by_role("textbox", name="Sentence", exact=True).blur()
    page.keyboard.press("Escape")
    is_gone(page)
    page.get_by_role("button", name="What am I looking at?").click()
    page.get_by_role("button", name="Show the tour again").click()
    expect(tour(page)).to_be_focused()
    expect(page.get_by_role("button", name="Show the tour again")).to_have_count(0)
    expect(tour(page)).to_contain_text("Step 1 of 5")


def test_on_a_dark_phone_each_step_stands_above_the_sheet(arrive: Arrive) -> None:
    page = arrive(viewport=PHONE)
    page.emulate_media(color_scheme="dark")
    page.add_script_tag(path=AXE)
    assert not violations(page), "in dark"
    menu = "stExpandSidebarButton"
    for names in (["columns"], ["columns"], ["text", "each"], [menu], [menu]):
        assert page.evaluate(OUTLINED) == names
        place = page.locator(f".st-key-{names[0]}, [data-testid={names[0]}]").bounding_box()
        assert 0 <= place["y"] < tour(page).bounding_box()["y"]
        tour(page).get_by_role("button").last.click()
    is_gone(page)
