"""The Measures page in a real browser: from the choice to an item in Predictions, with tiny models."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.benchmarks.test_crows_pairs import FILES
from tests.e2e.conftest import OpenPage, settled, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = sync_api.expect
LONG = 300_000  # milliseconds: a process starts, imports torch, and measures


def test_models_are_measured_compared_and_an_item_opens_in_predictions(
    open_page: OpenPage, tiny_folder: Callable[[str], Path]
) -> None:
    teacher, student = (str(tiny_folder(family)) for family in ("bert", "roberta"))
    page = open_page(
        f"/measures?teacher={quote(teacher)}&student={quote(student)}&measures=crows-pairs&measures=aul"
    )
    expect(page.get_by_role("checkbox", name="CrowS-Pairs", exact=True)).to_be_checked()
    page.get_by_text("AUL", exact=True).click()
    expect(page.get_by_role("checkbox", name="AUL", exact=True)).not_to_be_checked()
    settled(page)
    page.get_by_text("Data: other languages, your own files").click()
    expect(page.get_by_role("combobox", name="Data of CrowS-Pairs")).to_be_visible()
    settled(page)  # a list that is opened while the page is redrawn closes again
    page.get_by_role("combobox", name="Data of CrowS-Pairs").click()
    page.get_by_role("option", name="Your own file").click()
    settled(page)
    file = {"name": "pairs.csv", "mimeType": "text/csv", "buffer": FILES["pairs.csv"]}
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_text("pairs.csv is measured")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page).to_have_url(re.compile(r"measurement=\w+"))
    expect(page.locator(".stMarkdownBadge").filter(has_text="finished")).to_be_visible(timeout=LONG)
    settled(page)
    expect(page.locator("figure .title").first).to_have_text(re.compile("^CrowS-Pairs: "))

    page.get_by_text("Changes", exact=True).click()
    expect(page.locator("figure .title").first).to_have_text(re.compile(r"of 6 items flipped|in all 6 items"))
    page.reload()
    expect(page.get_by_text("Item by item")).to_be_visible()
    settled(page)
    page.get_by_text(re.compile("^Show the items")).click()
    settled(page)
    select_row(page, 1)
    buttons = page.get_by_role("button", name=re.compile("Open in Predictions"))
    expect(buttons).to_have_count(2)
    sentence = page.get_by_text(re.compile("^more: ")).inner_text().removeprefix("more: ")
    buttons.first.click()
    expect(page.get_by_role("heading", name="Which words do the models expect")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("textbox", name="Sentence")).to_have_value(sentence)
    expect(page.get_by_role("combobox", name="Teacher")).to_have_value(teacher)
    page.go_back()
    expect(page).to_have_url(re.compile(r"measurement=\w+"))
    expect(page.get_by_text("Item by item")).to_be_visible()
    settled(page)
    page.get_by_role("button", name=re.compile("Delete")).click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_role("heading", name=re.compile("^Measure models"))).to_be_visible()


def select_row(page: Page, number: int) -> None:
    """Click the box at the left of a row of the last table, which is a canvas."""
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    box = table.locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 * number + 17)
    settled(page)
