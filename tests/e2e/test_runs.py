"""The Runs page in a real browser, on runs that the tests lay down: its live parts run without the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fairkd import runs
from tests.app.some_runs import add_run, training
from tests.e2e.conftest import OpenPage, settled, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = sync_api.expect
LONG = 300_000  # milliseconds: the browser reads plotly once


@pytest.fixture
def run(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of a finished run, gone after the test."""
    monkeypatch.setenv("FAIRKD_HOME", str(app_home))
    id = add_run("fair", "finished", preset="fair", events=training(400))
    yield id
    runs.delete(id)


def shows(page: Page, id: str, condition: str) -> None:
    """Wait until the chart of the loss has drawn a last step of which the condition on `last` holds."""
    plot = f"document.querySelector('.st-key-loss_{id} .js-plotly-plot')"
    page.wait_for_function(
        f"() => {{ const last = {plot}?._fullLayout?.xaxis?.range?.[1]; return {condition} }}", timeout=LONG
    )


def test_a_click_on_a_name_opens_its_run(open_page: OpenPage, run: str) -> None:
    page = open_page("/runs")
    page.get_by_role("button", name="fair").click()
    expect(page.get_by_role("heading", name="fair", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={run}"))


def test_a_word_that_is_no_mask_is_chosen_and_its_curves_go(open_page: OpenPage, run: str) -> None:
    page = open_page(f"/runs?run={run}")
    words = page.locator(f".st-key-probe_words_{run}")
    expect(words).to_be_visible(timeout=LONG)
    page.get_by_role("option", name=re.compile("^position 1, ")).click()
    expect(page.get_by_text("choose one to see how its words")).to_be_visible()
    expect(words).to_have_count(0)
    expect(page.locator(".column[aria-selected=true]")).to_have_attribute("data-number", "1")


def test_a_zoom_stays_and_has_a_way_out(open_page: OpenPage, run: str) -> None:
    page = open_page(f"/runs?run={run}")
    shows(page, run, "last >= 400")
    loss = page.locator(f".st-key-loss_{run} .js-plotly-plot")
    box = loss.locator(".nsewdrag").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    page.mouse.up()
    shows(page, run, "last < 300")
    page.wait_for_timeout(1500)  # Python hears of it and draws the chart anew
    settled(page)
    shows(page, run, "last < 300")
    loss.hover()
    loss.locator("[data-title=Autoscale]").click()
    shows(page, run, "last >= 400")
    page.wait_for_timeout(1500)
    settled(page)
    shows(page, run, "last >= 400")
