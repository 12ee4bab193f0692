"""The Gaps page in a real browser, on the embedded models."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.conftest import PHONE, OpenPage, settled

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

FIRST = 120_000  # milliseconds: the first visit measures both models


def chart(page: Any) -> Any:
    """The first figure on the page."""
    return page.locator(".js-plotly-plot").first


def title(page: Any) -> Any:
    return chart(page).locator(".gtitle")


@pytest.fixture
def gaps_page(open_page: OpenPage) -> OpenPage:
    """Opens the page with these parameters, and waits for its figure."""

    def page(query: str = "", **options: Any) -> Any:
        opened = open_page(f"/gaps{query}", **options)
        expect(title(opened)).to_be_visible(timeout=FIRST)
        settled(opened)
        return opened

    return page


def add_profession(page: Any, name: str) -> None:
    """Type a new row into the professions, as a person does."""
    page.get_by_text("Patterns and professions").click()
    table = page.get_by_test_id("stDataFrame").nth(1)
    table.scroll_into_view_if_needed()
    table.hover()
    table.get_by_role("button", name=re.compile("add row", re.I)).click()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    settled(page)


def test_the_page_shows_the_summary_and_every_professions_gap(gaps_page: OpenPage) -> None:
    page = gaps_page()
    expect(page.get_by_test_id("stMetric")).to_have_count(2)
    expect(title(page)).to_contain_text(re.compile("smaller than the"))
    names = chart(page).locator(".yaxislayer-above text").all_text_contents()
    assert len(names) == 24 and "nurse" in names
    page.get_by_role("radio", name=re.compile("^All ")).or_(
        page.get_by_role("button", name=re.compile("^All "))
    ).click()
    expect(chart(page).locator(".yaxislayer-above text")).to_have_count(
        len(chart(page).locator(".yaxislayer-above text").all_text_contents()) if False else 87
    )
