"""Between the pages: the browser's Back, and the models that a page without pickers does not show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import OpenPage, settled, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = sync_api.expect


def visit(page: Page, name: str) -> None:
    """Open a page from the sidebar, once the browser's part of the dashboard has been loaded."""
    page.wait_for_function("window[Symbol.for('fairkd.oneEntryPerAction')]")
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.wait_for_url(re.compile(f"/{name.lower()}"))
    settled(page)


def picker(page: Page, label: str) -> str:
    return page.get_by_test_id("stSidebar").get_by_role("combobox", name=label, exact=True).input_value()


@pytest.mark.parametrize("name", ["Gaps", "Distill", "Runs", "About"])
def test_one_press_returns_from_a_page_to_the_sentence(open_page: OpenPage, name: str) -> None:
    page = open_page("/?text=_+likes+tea.")
    visit(page, name)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?text="))
    expect(page.get_by_role("textbox", name="Sentence", exact=True)).to_have_value("_ likes tea.")


def test_one_press_returns_from_a_sentences_gap(open_page: OpenPage) -> None:
    page = open_page("/?text=[MASK]+is+a+nurse.")
    page.wait_for_function("window[Symbol.for('fairkd.oneEntryPerAction')]")
    page.get_by_role("link", name="Measure this sentence on Gaps").click()
    page.wait_for_url(re.compile("/gaps"))
    settled(page)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?text="))
    expect(page.get_by_role("textbox", name="Sentence", exact=True)).to_have_value("[MASK] is a nurse.")


def test_models_are_kept_by_pages_that_do_not_show_them(open_page: OpenPage) -> None:
    page = open_page("/?student=embedded/student-plain")
    visit(page, "Distill")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("combobox", name="Teacher", exact=True)).to_be_visible()
    expect(sidebar.get_by_role("combobox", name="Student", exact=True)).to_have_count(0)
    visit(page, "Runs")
    expect(sidebar.get_by_role("combobox")).to_have_count(0)
    visit(page, "Gaps")
    assert picker(page, "Student") == "embedded/student-plain"
    expect(page).to_have_url(re.compile("student=embedded"))


def test_a_presenter_keeps_the_models_across_pages_and_back(open_page: OpenPage) -> None:
    page = open_page("/?present=1&student=embedded/student-plain&student2=embedded/student-fair")
    page.wait_for_function("window[Symbol.for('fairkd.oneEntryPerAction')]")
    page.get_by_role("link", name="Gaps").first.click()
    page.wait_for_url(re.compile("/gaps"))
    settled(page)
    expect(page).to_have_url(re.compile(r"student=embedded(/|%2F)student-plain"))
    page.go_back()
    expect(page.locator("figure.columns .title")).to_contain_text("student-fair")
    settled(page)
    expect(page).to_have_url(re.compile(r"student=embedded(/|%2F)student-plain&student2=embedded"))
    page.get_by_role("button", name="Models").click()
    expect(page.get_by_role("combobox", name="Student", exact=True)).to_have_value("embedded/student-plain")


def test_the_presenter_view_costs_no_press_of_back(open_page: OpenPage) -> None:
    page = open_page("/?text=_+likes+tea.")
    visit(page, "About")
    page.get_by_text("Presenter view", exact=True).click()
    expect(page.get_by_role("button", name="Leave presenter view")).to_be_visible()
    expect(page).to_have_url(re.compile("present=1"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?.*text="))
    expect(page.get_by_role("textbox", name="Sentence", exact=True)).to_have_value("_ likes tea.")


def test_what_a_presenter_folds_away_is_there_after_back(open_page: OpenPage) -> None:
    page = open_page("/?present=1&k=3")
    page.wait_for_function("window[Symbol.for('fairkd.oneEntryPerAction')]")
    page.get_by_role("link", name="Gaps").first.click()
    page.wait_for_url(re.compile("/gaps"))
    settled(page)
    page.go_back()
    expect(page.locator("figure.columns .title")).to_be_visible()
    settled(page)
    expect(page).to_have_url(re.compile("k=3"))
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("slider", name="Words per column")).to_have_value("3")
